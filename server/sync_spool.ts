/**
 * The file of a full resync on its way in: kept on disk, or in memory (repl-diskless-load), until it is complete, and
 * then loaded in place of what was there. The old data are served meanwhile.
 */
import { type DiskFile, joinPath, writeAll } from "../persistence/disk.ts";
import { removeQuietly } from "../persistence/rdb_save.ts";
import type { ByteSource } from "../persistence/rdb_input.ts";
import type { ReceivedFile } from "../replication/replica.ts";
import type { RedisServer } from "./server.ts";

function announceLoading(server: RedisServer, flushes: boolean): void {
  if (flushes) server.log.notice("MASTER <-> REPLICA sync: Flushing old data");
  server.log.notice("MASTER <-> REPLICA sync: Loading DB in memory");
}

/** On disk, where it becomes the server's own RDB file. */
export class SpoolFile implements ReceivedFile {
  readonly isOnDisk = true;
  readonly #server: RedisServer;
  readonly #path: string;
  #file: DiskFile | null;
  #size = 0;

  constructor(server: RedisServer) {
    this.#server = server;
    this.#path = joinPath(
      server.config.dir,
      `temp-${Math.floor(server.clock.wallMs() / 1000)}.${Deno.pid}.rdb`,
    );
    this.#file = server.persistence.disk.open(this.#path, "create");
    server.persistence.syncFiles.add(this.#path);
  }

  async write(piece: Uint8Array): Promise<void> {
    await writeAll(this.#file!, piece);
    this.#size += piece.length;
  }

  async load(_isSameHistory: boolean, replaced: () => void): Promise<number> {
    const { config, persistence } = this.#server;
    const { disk } = persistence;
    await this.#file!.syncData();
    this.#file!.close();
    this.#file = null;
    const path = joinPath(config.dir, config.dbfilename);
    persistence.snapshots.abort("rdb");
    replaced();
    announceLoading(this.#server, true);
    disk.rename(this.#path, path);
    persistence.syncFiles.delete(this.#path);
    disk.syncDirectory(config.dir);
    const source = disk.open(path, "read");
    try {
      return await persistence.replace(source, this.#size);
    } finally {
      source.close();
      const keeps = config.appendonly || config.save.length > 0;
      if (config.rdbDelSyncFiles && !keeps) removeQuietly(disk, path);
    }
  }

  discard(): void {
    if (this.#file === null) return;
    this.#file.close();
    this.#file = null;
    this.#server.persistence.syncFiles.delete(this.#path);
    removeQuietly(this.#server.persistence.disk, this.#path);
  }
}

/** In memory. */
export class MemorySpool implements ReceivedFile {
  readonly isOnDisk = false;
  readonly #server: RedisServer;
  /** The old data set stays until the new one is complete. */
  readonly #isBeside: boolean;
  #pieces: Uint8Array[] = [];
  #size = 0;

  constructor(server: RedisServer, isBeside: boolean) {
    this.#server = server;
    this.#isBeside = isBeside;
  }

  write(piece: Uint8Array): Promise<void> {
    this.#pieces.push(piece.slice());
    this.#size += piece.length;
    return Promise.resolve();
  }

  async load(isSameHistory: boolean, replaced: () => void): Promise<number> {
    const { persistence, log } = this.#server;
    announceLoading(this.#server, !this.#isBeside);
    if (!this.#isBeside) {
      replaced();
      return await persistence.replace(this.#source(), this.#size);
    }
    try {
      const db = await persistence.replaceBeside(this.#source(), this.#size, isSameHistory, () => {
        replaced();
        log.notice("MASTER <-> REPLICA sync: Swapping active DB with loaded DB");
      });
      log.notice("MASTER <-> REPLICA sync: Discarding old DB in background");
      return db;
    } catch (error) {
      log.notice("MASTER <-> REPLICA sync: Discarding temporary DB in background");
      throw error;
    }
  }

  /** Each piece is given up once it is read. */
  #source(): ByteSource {
    let at = 0;
    return {
      readSync: (into) => {
        const piece = this.#pieces[0];
        if (piece === undefined) return null;
        const count = Math.min(into.length, piece.length - at);
        into.set(piece.subarray(at, at + count));
        at += count;
        if (at === piece.length) {
          this.#pieces.shift();
          at = 0;
        }
        return count;
      },
    };
  }

  discard(): void {
    this.#pieces = [];
  }
}
