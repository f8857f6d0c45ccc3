/**
 * The file of a full resync on its way in: kept on disk until it is complete and then loaded in place of what was there,
 * which is served meanwhile; or loaded as it arrives (repl-diskless-load).
 */
import { ArrivingBytes } from "../persistence/arriving.ts";
import { type DiskFile, joinPath, writeAll } from "../persistence/disk.ts";
import { removeQuietly } from "../persistence/rdb_save.ts";
import type { ReceivedFile } from "../replication/replica.ts";
import type { RedisServer } from "./server.ts";

const DONE = Promise.resolve();

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
  #replaced: () => void = () => {};

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

  begin(_size: number, _isSameHistory: boolean, replaced: () => void): void {
    this.#replaced = replaced;
  }

  async load(): Promise<number> {
    const { config, persistence } = this.#server;
    const { disk } = persistence;
    await this.#file!.syncData();
    this.#file!.close();
    this.#file = null;
    const path = joinPath(config.dir, config.dbfilename);
    persistence.snapshots.abort("rdb");
    this.#replaced();
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
      if (config.rdbDelSyncFiles && !keeps) {
        this.#server.log.notice(
          "Removing the RDB file obtained from the master. This replica has persistence disabled",
        );
        removeQuietly(disk, path);
      }
    }
  }

  discard(): Promise<void> {
    if (this.#file === null) return DONE;
    this.#file.close();
    this.#file = null;
    this.#server.persistence.syncFiles.delete(this.#path);
    removeQuietly(this.#server.persistence.disk, this.#path);
    return DONE;
  }
}

/** Nowhere: what arrives is loaded at once (repl-diskless-load). */
export class DirectLoad implements ReceivedFile {
  readonly isOnDisk = false;
  readonly #server: RedisServer;
  /** The old data set stays until the new one is complete. */
  readonly #isBeside: boolean;
  readonly #bytes = new ArrivingBytes();
  #loading: Promise<number> | null = null;

  constructor(server: RedisServer, isBeside: boolean) {
    this.#server = server;
    this.#isBeside = isBeside;
  }

  begin(size: number, isSameHistory: boolean, replaced: () => void): void {
    const { persistence } = this.#server;
    announceLoading(this.#server, !this.#isBeside);
    if (this.#isBeside) this.#loading = this.#loadBeside(size, isSameHistory, replaced);
    else {
      replaced();
      this.#loading = persistence.replace(this.#bytes, size);
    }
    // Who brings the next piece, or asks for the result, hears of a failure.
    this.#loading.catch(() => this.#bytes.release());
  }

  async #loadBeside(size: number, isSameHistory: boolean, replaced: () => void): Promise<number> {
    const { persistence, log } = this.#server;
    try {
      const db = await persistence.replaceBeside(this.#bytes, size, isSameHistory, () => {
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

  async write(piece: Uint8Array): Promise<void> {
    await Promise.race([this.#bytes.push(piece.slice()), this.#loading]);
  }

  async load(): Promise<number> {
    this.#bytes.end();
    return await this.#loading!;
  }

  async discard(): Promise<void> {
    this.#bytes.fail(new Error("the rest of the file has not come"));
    await this.#loading?.catch(() => {});
  }
}
