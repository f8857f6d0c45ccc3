/**
 * One full resync: a snapshot of the data set that several replicas share, by way of a file or straight to their
 * sockets.
 *
 * The snapshot is cut when the sync begins; from then on the stream is kept for each replica from the offset of the
 * cut (its position in the backlog), so it has exactly the changes since. On the way over sockets the length is not
 * known beforehand: the file ends with a mark of 40 random digits, which the replica looks for. It must have found it
 * before other bytes follow, so the stream begins with its first acknowledgement.
 */
import { fromLatin1 } from "../types/bytes.ts";
import type { SnapshotSink } from "../persistence/snapshot.ts";
import { messageOf } from "../util/errors.ts";
import type { ReplicaLink } from "./link.ts";
import type { ReplicationStream } from "./stream.ts";

/** What of the data set a replica wants (REPLCONF rdb-filter-only). */
export interface SnapshotContents {
  readonly keys: boolean;
  readonly functions: boolean;
}

/** A snapshot that is complete on disk. */
export interface SnapshotFile {
  readonly size: number;
  /** Hands the file over, piece by piece; each call of `take` is awaited. Stops where it returns false. */
  read(take: (piece: Uint8Array) => Promise<boolean>): Promise<void>;
  /** Removes the file. */
  remove(): void;
}

/** What a full resync needs of its surroundings. */
export interface FullSyncHost {
  notice(message: string): void;
  warning(message: string): void;
  monotonicMs(): number;
  randomHex(digits: number): string;
  readonly processId: number;
  /** Cuts here and now and hands the RDB file to the sink. */
  snapshotTo(sink: SnapshotSink, contents: SnapshotContents): Promise<void>;
  /** Cuts here and now and writes the RDB file to disk. */
  snapshotFile(contents: SnapshotContents): Promise<SnapshotFile>;
}

const MARK_DIGITS = 40;

/** A full resync under way. */
export class FullSync {
  readonly diskless: boolean;
  readonly contents: SnapshotContents;
  /** Offset of the cut. */
  readonly offset: number;
  /** Replicas may still join: the file is being written. */
  open = true;
  readonly #links = new Set<ReplicaLink>();
  readonly #stream: ReplicationStream;
  readonly #host: FullSyncHost;
  readonly #online: (link: ReplicaLink) => void;
  /** Nothing is sent any more. */
  #isOver = false;

  /** Begins for these replicas; all of them want the same contents. `online`: the file has arrived. */
  constructor(
    links: readonly ReplicaLink[],
    diskless: boolean,
    stream: ReplicationStream,
    host: FullSyncHost,
    online: (link: ReplicaLink) => void,
  ) {
    this.diskless = diskless;
    this.contents = contentsFor(links[0]!);
    this.#stream = stream;
    this.#host = host;
    this.#online = online;
    // What follows the cut is read by a replica that has selected nothing yet.
    stream.selected = -1;
    this.offset = stream.offset;
    for (const link of links) this.join(link);
  }

  /** A replica that shares this snapshot: told where its stream begins. */
  join(link: ReplicaLink): void {
    link.state = this.diskless ? "transfer" : "snapshot";
    link.isDirect = this.diskless;
    link.sent = this.offset;
    this.#links.add(link);
    if (!link.old) link.send(fromLatin1(`+FULLRESYNC ${this.#stream.id} ${this.offset}\r\n`));
  }

  /** The replica is gone. */
  leave(link: ReplicaLink): void {
    if (!this.#links.delete(link) || !this.abandoned || !this.diskless || this.#isOver) return;
    this.#isOver = true;
    this.#host.warning("Diskless rdb transfer, last replica dropped, killing fork child.");
  }

  /** Whether nobody waits for it any more. */
  get abandoned(): boolean {
    return this.#links.size === 0;
  }

  /**
   * Carries the sync out. Never rejects: a replica that did not get its file is disconnected and will ask again. `over`:
   * the snapshot is complete, or given up, and the next sync may begin; called at least once.
   */
  async run(over: () => void): Promise<void> {
    try {
      await (this.diskless ? this.#overSockets() : this.#overDisk(over));
    } catch (error) {
      const reason = messageOf(error);
      if (!this.abandoned) this.#host.warning(`SYNC failed. BGSAVE child returned an error: ${reason}`);
      for (const link of this.#links) link.close();
    } finally {
      this.open = false;
      over();
    }
  }

  async #overSockets(): Promise<void> {
    this.open = false;
    const mark = this.#host.randomHex(MARK_DIGITS);
    this.#host.notice("Starting BGSAVE for SYNC with target: replicas sockets");
    this.#host.notice(`Background RDB transfer started by pid ${this.#host.processId}`);
    // The cut is now; its first piece is sent behind the header, since each link sends in the order of the calls.
    const announced = this.#sendAll(fromLatin1(`$EOF:${mark}\r\n`));
    await Promise.all([
      announced,
      this.#host.snapshotTo({ write: (piece) => this.#sendAll(piece) }, this.contents),
    ]);
    await this.#sendAll(fromLatin1(mark));
    this.#isOver = true;
    this.#host.warning(
      `Diskless rdb transfer, done reading from pipe, ${this.#links.size} replicas still up.`,
    );
    this.#host.notice("Background RDB transfer terminated with success");
    for (const link of this.#links) {
      link.startsOnAck = true;
      this.#host.notice(
        `Streamed RDB transfer with replica ${link.name} succeeded (socket). Waiting for REPLCONF ACK from slave to ` +
          "enable streaming",
      );
      this.#online(link);
    }
  }

  /** Sends one piece to everybody; slower ones hold up the snapshot, not the server. */
  async #sendAll(piece: Uint8Array): Promise<void> {
    await Promise.all(Array.from(this.#links, async (link) => {
      if (!(await link.send(piece))) this.leave(link);
    }));
    if (this.abandoned) throw new Error("no replica is left");
  }

  async #overDisk(over: () => void): Promise<void> {
    this.#host.notice("Starting BGSAVE for SYNC with target: disk");
    this.#host.notice(`Background saving started by pid ${this.#host.processId}`);
    const file = await this.#host.snapshotFile(this.contents);
    this.#host.notice("Background saving terminated with success");
    this.open = false;
    over();
    try {
      await Promise.all(Array.from(this.#links, (link) => this.#sendFile(link, file)));
    } finally {
      file.remove();
    }
  }

  async #sendFile(link: ReplicaLink, file: SnapshotFile): Promise<void> {
    link.state = "transfer";
    let alive = await link.send(fromLatin1(`$${file.size}\r\n`));
    if (alive) await file.read(async (piece) => alive = await link.send(piece));
    if (alive) this.#online(link);
  }
}

/** What this replica wants. */
export function contentsFor(link: ReplicaLink): SnapshotContents {
  return { keys: !link.withoutKeys, functions: !link.withoutFunctions };
}
