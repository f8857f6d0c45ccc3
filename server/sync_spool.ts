/**
 * The file of a full resync on its way in: kept on disk, or in memory (repl-diskless-load), until it is complete, and
 * then loaded in place of what was there. The old data are served meanwhile.
 */
import { type DiskFile, joinPath, writeAll } from "../persistence/disk.ts";
import { removeQuietly } from "../persistence/rdb_save.ts";
import type { ByteSource } from "../persistence/rdb_input.ts";
import type { ReceivedFile } from "../replication/replica.ts";
import type { RedisServer } from "./server.ts";

/** On disk, where it becomes the server's own RDB file. */
export class SpoolFile implements ReceivedFile {
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
  }

  async write(piece: Uint8Array): Promise<void> {
    await writeAll(this.#file!, piece);
    this.#size += piece.length;
  }

  async load(): Promise<number> {
    const { config, persistence } = this.#server;
    const { disk } = persistence;
    await this.#file!.syncData();
    this.#file!.close();
    this.#file = null;
    const path = joinPath(config.dir, config.dbfilename);
    persistence.snapshots.abort("rdb");
    disk.rename(this.#path, path);
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
    removeQuietly(this.#server.persistence.disk, this.#path);
  }
}

/** In memory. */
export class MemorySpool implements ReceivedFile {
  readonly #server: RedisServer;
  #pieces: Uint8Array[] = [];
  #size = 0;

  constructor(server: RedisServer) {
    this.#server = server;
  }

  write(piece: Uint8Array): Promise<void> {
    this.#pieces.push(piece.slice());
    this.#size += piece.length;
    return Promise.resolve();
  }

  load(): Promise<number> {
    return this.#server.persistence.replace(this.#source(), this.#size);
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
