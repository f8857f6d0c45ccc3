/**
 * The snapshot under way, whoever wants it: there is one at a time, as redis-server has one child process at a time.
 * What it is and how it is written is in persistence/snapshot.ts.
 */
import { type Disk, type DiskFile, FileError, removeLater } from "../persistence/disk.ts";
import { FileSink, removeQuietly } from "../persistence/rdb_save.ts";
import {
  Snapshot,
  SnapshotAborted,
  type SnapshotEncoder,
  type SnapshotSink,
} from "../persistence/snapshot.ts";
import type { RedisServer } from "./server.ts";

/**
 * Longest stretch of snapshot work between two looks at the network, milliseconds. A turn that serves twenty clients takes
 * about 0.25; a tenth on top keeps the 99th percentile within twice what it is otherwise. Between two stretches a
 * millisecond or more goes by (there is no shorter timer), so with few or no commands in between they are longer.
 */
const BUSY_SLICE_MS = 0.1;
const CALM_SLICE_MS = 0.5;
const IDLE_SLICE_MS = 2;
const FEW_COMMANDS = 8;

/** What a snapshot is for. */
export type SnapshotPurpose = "rdb" | "aof" | "replication";

interface Running {
  /** The file that is being written, "" where it goes elsewhere. */
  readonly path: string;
  readonly purpose: SnapshotPurpose;
  readonly snapshot: Snapshot;
  readonly startedSeconds: number;
}

/** One server's snapshots. */
export class Snapshots {
  readonly #server: RedisServer;
  readonly #disk: Disk;
  #running: Running | null = null;

  constructor(server: RedisServer, disk: Disk) {
    this.#server = server;
    this.#disk = disk;
  }

  /** What the snapshot under way is for, null without one. */
  get running(): SnapshotPurpose | null {
    return this.#running?.purpose ?? null;
  }

  /** Whether an RDB file is being written, for the disk or for replicas. */
  get saving(): boolean {
    return this.running === "rdb" || this.running === "replication";
  }

  /** Seconds since it began, -1 without one. */
  get seconds(): number {
    return this.#running === null ? -1 : this.#nowSeconds() - this.#running.startedSeconds;
  }

  /** Keys that it has written. */
  get saved(): number {
    return this.#running?.snapshot.saved ?? 0;
  }

  /** Keys at its cut. */
  get total(): number {
    return this.#running?.snapshot.total ?? 0;
  }

  #nowSeconds(): number {
    return Math.floor(this.#server.clock.wallMs() / 1000);
  }

  /**
   * Begins a snapshot into a file, whose data are synced when the promise is fulfilled. Where the file cannot be opened it
   * is rejected, which in redis-server is the child's failure, too: the snapshot has begun all the same.
   */
  startFile(
    purpose: SnapshotPurpose,
    encoder: SnapshotEncoder,
    path: string,
    incrementalSync: boolean,
    complete: () => void,
  ): Promise<void> {
    let file: DiskFile;
    try {
      file = this.#disk.open(path, "create");
    } catch (error) {
      return Promise.reject(new FileError("open", error));
    }
    return this.start(purpose, encoder, new FileSink(file, incrementalSync), complete, path).finally(() =>
      file.close()
    );
  }

  /**
   * Cuts here and now and writes the data set to the sink. There must be no snapshot {@link running}. The promise is
   * rejected with SnapshotAborted or with what the sink or `complete` throws, which is called once all is safe: until
   * then no other snapshot may begin.
   */
  start(
    purpose: SnapshotPurpose,
    encoder: SnapshotEncoder,
    sink: SnapshotSink,
    complete: () => void = () => {},
    path = "",
  ): Promise<void> {
    const server = this.#server;
    let commands = server.stats.commandsProcessed;
    const snapshot = new Snapshot(server.store, encoder, sink, {
      monotonicMs: () => server.clock.monoMs(),
      pause,
      keyDelayMs: saveDelayMs(server),
      sliceMs: () => {
        const since = server.stats.commandsProcessed - commands;
        commands = server.stats.commandsProcessed;
        return since === 0 ? IDLE_SLICE_MS : since <= FEW_COMMANDS ? CALM_SLICE_MS : BUSY_SLICE_MS;
      },
    });
    const running: Running = { path, purpose, snapshot, startedSeconds: this.#nowSeconds() };
    this.#running = running;
    // It runs until the sink is safe too: nobody may take the file for complete, or end the process, in between.
    return snapshot.run().then(() => sink.finish?.()).then(() => {
      if (this.#running !== running) throw new SnapshotAborted("no longer wanted");
      complete();
    }).finally(() => {
      if (this.#running === running) this.#running = null;
    });
  }

  /** Ends the snapshot under way, if it is for this. `isEnd`: so does the process, and what must be removed goes now. */
  abort(purpose: SnapshotPurpose, isEnd = false): void {
    const running = this.#running;
    if (running?.purpose !== purpose) return;
    this.#running = null;
    running.snapshot.abort("no longer wanted");
    if (running.path !== "") (isEnd ? removeQuietly : removeLater)(this.#disk, running.path);
  }
}

/** rdb-key-save-delay: milliseconds for a key; where it is negative, one microsecond for so many keys. */
export function saveDelayMs({ config: { rdbKeySaveDelay } }: RedisServer): number {
  return rdbKeySaveDelay >= 0 ? rdbKeySaveDelay / 1000 : -1 / rdbKeySaveDelay / 1000;
}

/** Lets the event loop serve whoever waits. */
function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
