/**
 * A data set as an RDB file: what stands before the keys, the keys, the end.
 *
 * The encoder is used by a running snapshot (BGSAVE, the base of the append-only file, a full resync) and by SAVE,
 * which walks everything at once.
 */
import type { Database, Store } from "../store.ts";
import { NO_EXPIRY } from "../store.ts";
import {
  type Disk,
  type DiskFile,
  errnoText,
  FileError,
  inLongStep,
  inStep,
  joinPath,
  removeIfPresent,
  writeAll,
  writeAllSync,
} from "./disk.ts";
import { ASIDE_BYTES, BUFFER_BYTES, PIECE_BYTES } from "./piece_buffer.ts";
import { Op } from "./rdb_format.ts";
import { RdbWriter } from "./rdb_writer.ts";
import type { SnapshotEncoder, SnapshotSink } from "./snapshot.ts";
import { rdbTypeOf, saveValue } from "./values.ts";
import type { Rest } from "./values/rest.ts";

/** The version that the file says it was written by: readers look at it. */
const REDIS_VERSION = "7.0.15";
/** Bytes written between two syncs, where rdb-save-incremental-fsync asks for them. */
const SYNC_EVERY_BYTES = 4 * 1024 * 1024;

/** What a file says about itself, and how it is written. */
export interface RdbFileOptions {
  /** `rdbcompression` and `rdbchecksum`. */
  readonly compress: boolean;
  readonly checksum: boolean;
  /** Unix time in seconds. */
  readonly createdSeconds: number;
  readonly usedMemory: number;
  /** Whether the file is the base of an append-only file. */
  readonly aofBase: boolean;
  /** Where a replica that loads this file goes on; null where there are no replicas. */
  readonly replication: { readonly db: number; readonly id: string; readonly offset: number } | null;
  /** What is saved of the last use of a key: what the eviction policy looks at. */
  readonly access: "idle" | "frequency" | "none";
  /** Source texts of the function libraries. */
  readonly functions: Iterable<Uint8Array>;
}

/** Writes a file's records in their order. */
export class RdbEncoder implements SnapshotEncoder {
  readonly #writer: RdbWriter;
  readonly #options: RdbFileOptions;

  /** @param first bytes of memory to begin with */
  constructor(options: RdbFileOptions, first = BUFFER_BYTES) {
    this.#options = options;
    this.#writer = new RdbWriter({ ...options, capacity: BUFFER_BYTES, first });
  }

  get length(): number {
    return this.#writer.pending;
  }

  /** What makes it take longer is left out. */
  rush(isRushed: boolean): void {
    this.#writer.compress = this.#options.compress && !isRushed;
  }

  split(capacity?: number): void {
    this.#writer.split(capacity);
  }

  begin(): void {
    const writer = this.#writer;
    const options = this.#options;
    writer.header();
    writer.aux("redis-ver", REDIS_VERSION);
    writer.aux("redis-bits", 64);
    writer.aux("ctime", options.createdSeconds);
    writer.aux("used-mem", options.usedMemory);
    if (options.replication !== null) {
      writer.aux("repl-stream-db", options.replication.db);
      writer.aux("repl-id", options.replication.id);
      writer.aux("repl-offset", options.replication.offset);
    }
    writer.aux("aof-base", options.aofBase ? 1 : 0);
    for (const source of options.functions) writer.functionLibrary(source);
  }

  database(index: number, keys: number, expiring: number): void {
    this.#writer.selectDatabase(index, keys, expiring);
  }

  record(db: Database, addr: number): Rest | null {
    const writer = this.#writer;
    if (db.expiryOf(addr) !== NO_EXPIRY) {
      writer.byte(Op.EXPIRE_MS);
      writer.millis(db.exactExpiryOf(addr));
    }
    this.#access(db, addr);
    writer.byte(rdbTypeOf(db.kind(addr)));
    const start = db.keyStart(addr);
    writer.string(db.bytes(addr), start, start + db.keyLength(addr));
    return saveValue(writer, db, addr);
  }

  aside(): SnapshotEncoder {
    return new RdbEncoder({ ...this.#options, checksum: false, functions: [] }, ASIDE_BYTES);
  }

  append(bytes: Uint8Array): void {
    this.#writer.append(bytes);
  }

  #access(db: Database, addr: number): void {
    const writer = this.#writer;
    const { store } = db;
    if (this.#options.access === "idle") {
      writer.byte(Op.IDLE);
      writer.lengthOf((store.lruClock - db.accessOf(addr)) & 0xffffff);
    } else if (this.#options.access === "frequency") {
      writer.byte(Op.FREQ);
      writer.byte(store.decayedCounter(db.accessOf(addr)));
    }
  }

  end(): void {
    this.#writer.end();
  }

  drain(spare: Uint8Array | null = null): Uint8Array {
    return this.#writer.drain(spare);
  }
}

/** A snapshot's sink that writes a file without holding up the event loop. */
export class FileSink implements SnapshotSink {
  readonly #file: DiskFile;
  readonly #incrementalSync: boolean;
  #unsynced = 0;

  constructor(file: DiskFile, incrementalSync: boolean) {
    this.#file = file;
    this.#incrementalSync = incrementalSync;
  }

  async write(piece: Uint8Array): Promise<void> {
    await inLongStep("write", writeAll(this.#file, piece));
    this.#unsynced += piece.length;
    // Syncing as we go keeps the last sync, and every other writer's, from waiting for gigabytes.
    if (!this.#incrementalSync || this.#unsynced < SYNC_EVERY_BYTES) return;
    this.#unsynced = 0;
    await inLongStep("sync", this.#file.syncData());
  }

  finish(): Promise<void> {
    return inLongStep("sync", this.#file.syncData());
  }
}

/**
 * Writes everything at once, while nobody else is served (SAVE, SHUTDOWN, FLUSHALL): beside the old file, synced, and
 * then in its place. Throws FileError; the old file is then untouched. `saved` is called after each key.
 */
export function saveFileSync(
  disk: Disk,
  directory: string,
  name: string,
  temp: string,
  store: Store,
  encoder: SnapshotEncoder,
  saved?: () => void,
): void {
  const tempPath = joinPath(directory, temp);
  try {
    const file = inStep("open", () => disk.open(tempPath, "create"));
    try {
      encodeAll(store, encoder, (piece) => inStep("write", () => writeAllSync(file, piece)), saved);
      inStep("sync", () => file.syncDataSync());
    } finally {
      file.close();
    }
    inStep("rename", () => disk.rename(tempPath, joinPath(directory, name)));
  } catch (error) {
    removeQuietly(disk, tempPath);
    throw error;
  }
  inStep("directory", () => disk.syncDirectory(directory));
}

/** Writes all databases, piece by piece; `saved` is called after each key. */
export function encodeAll(
  store: Store,
  encoder: SnapshotEncoder,
  write: (piece: Uint8Array) => void,
  saved: () => void = () => {},
): void {
  encoder.begin();
  for (const db of store.databases) {
    if (db.size === 0) continue;
    encoder.database(db.index, db.size, db.volatileSize);
    db.table.forEach((addr) => {
      const rest = encoder.record(db, addr);
      try {
        do {
          if (encoder.length >= PIECE_BYTES) write(encoder.drain(null));
        } while (rest !== null && rest.next().done !== true);
      } finally {
        rest?.return();
      }
      saved();
    });
  }
  encoder.end();
  write(encoder.drain(null));
}

/** Removes what is left of a file that failed; that this fails too is no news. */
export function removeQuietly(disk: Disk, path: string): void {
  try {
    removeIfPresent(disk, path);
  } catch {
    // The disk is in trouble, and the error that led here says so.
  }
}

/** Why an RDB file could not be written, in redis-server's words. */
export function saveFailure(error: unknown, temp: string, name: string, dir: string): string {
  const reason = errnoText(error);
  const where = `(in server root dir ${dir})`;
  switch (error instanceof FileError ? error.step : "write") {
    case "open":
      return `Failed opening the temp RDB file ${temp} ${where} for saving: ${reason}`;
    case "write":
      return `Write error saving DB on disk(rdbSaveRio): ${reason}`;
    case "sync":
      return `Write error saving DB on disk(fsync): ${reason}`;
    case "rename":
      return `Error moving temp DB file ${temp} on the final destination ${name} ${where}: ${reason}`;
    case "directory":
      return `Failed to fsync directory while saving DB: ${reason}`;
  }
}
