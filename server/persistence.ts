/**
 * When the data set goes to disk and comes back: SAVE, BGSAVE and save points, the append-only file turned on and off,
 * what happens at the start and at the end, and when writes must be refused. Rewrites are in rewrites.ts.
 *
 * How it goes there is in persistence/. One snapshot is written at a time, whoever wants it: a second one waits, as a
 * second child process would in redis-server.
 */
import { CommandError } from "../commands/errors.ts";
import { AppendOnlyFile } from "../persistence/aof.ts";
import {
  baseName,
  type Disk,
  errnoText,
  inStep,
  joinPath,
  realDisk,
  removeLater,
  renameOver,
} from "../persistence/disk.ts";
import { type ByteSource, DuplicateKeyError } from "../persistence/rdb_input.ts";
import {
  RdbEncoder,
  type RdbFileOptions,
  removeQuietly,
  saveFailure,
  saveFileSync,
} from "../persistence/rdb_save.ts";
import { SnapshotAborted } from "../persistence/snapshot.ts";
import {
  atOnce,
  inSlices,
  loadAof,
  loadDataSet,
  type LoadProgress,
  loadRdbFile,
  loadReceived,
} from "./loading.ts";
import { Database } from "../store.ts";
import { latin1 } from "../types/bytes.ts";
import { messageOf } from "../util/errors.ts";
import { CommitQueue } from "./commit.ts";
import { Rewrites } from "./rewrites.ts";
import type { RedisServer } from "./server.ts";
import { saveDelayMs, Snapshots } from "./snapshots.ts";

/** Seconds after a failed background save before the next automatic try. */
const RETRY_AFTER_SECONDS = 5;

const BGSAVE_FAILED = new CommandError(
  "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk. Commands that may " +
    "modify the data set are disabled, because this instance is configured to report errors during writes if RDB " +
    "snapshotting fails (stop-writes-on-bgsave-error option). Please check the Redis logs for details about the RDB error.",
);

/** What the replication layer tells an RDB file's reader; null where there are no replicas. */
export type ReplicationNote = RdbFileOptions["replication"];

/** One server's persistence. */
export class Persistence {
  readonly disk: Disk;
  readonly aof: AppendOnlyFile;
  readonly snapshots: Snapshots;
  readonly rewrites: Rewrites;
  /** Set while a data set is being loaded. */
  loading: LoadProgress | null = null;
  /** Keys of the last loaded RDB file. */
  lastLoadKeysLoaded = 0;
  lastLoadKeysExpired = 0;
  /** Unix time in seconds of the last save that succeeded. */
  lastSaveSeconds: number;
  lastBgsaveOk = true;
  /** Seconds that the last background save took; -1 before the first. */
  lastBgsaveSeconds = -1;
  saves = 0;
  /** How often everything was emptied: what was saved beside the server before that must not become the RDB file. */
  flushes = 0;
  /** DEBUG AOF-FLUSH-SLEEP: how long every write to the append-only file is held up first. */
  aofFlushDelayMs = 0;
  bgsaveScheduled = false;
  /** Files of full resyncs, which nobody wants once the process has ended. */
  readonly syncFiles = new Set<string>();
  /** The loaded file's place in a replication history; id "" where it says nothing. */
  readonly loadedReplication = { id: "", offset: -1, db: 0 };
  /** For the files' notes; set by those who know. */
  replicationNote: () => ReplicationNote = () => null;
  readonly #server: RedisServer;
  readonly #commits: CommitQueue;
  #temporaries = 0;
  #dirtyAtSave = 0;
  #lastTrySeconds = -Infinity;

  constructor(server: RedisServer, disk: Disk = realDisk) {
    this.#server = server;
    this.disk = disk;
    this.snapshots = new Snapshots(server, disk);
    this.lastSaveSeconds = Math.floor(server.clock.wallMs() / 1000);
    this.aof = new AppendOnlyFile({
      settings: server.config,
      disk,
      wallMs: () => server.clock.wallMs(),
      monotonicMs: () => server.clock.monoMs(),
      rewriting: () => this.snapshots.running !== null,
      warning: (message) => server.log.warning(message),
      notice: (message) => server.log.notice(message),
      exit: (message) => server.die(message),
      errorChanged: () => this.judgeWrites(),
      took: (event, ms) => server.latency.add(event, ms),
      holdUp: () => {
        if (this.aofFlushDelayMs > 0) server.clock.sleep(this.aofFlushDelayMs);
      },
      place: () => server.isReplica ? this.#placeText() : null,
    });
    this.rewrites = new Rewrites(server, this);
    this.#commits = new CommitQueue(this.aof);
    server.config.onApply("appendonly", () => this.#applyAppendonly());
    server.config.onApply("aof-disable-auto-gc", () => {
      if (this.aof.state !== "off") this.aof.removeHistory();
    });
    server.config.onApply(["stop-writes-on-bgsave-error", "save"], () => this.judgeWrites());
  }

  // -- What others ask --------------------------------------------------------------------------------------------

  /** Changes since the last save that succeeded. */
  get changes(): number {
    return this.#server.dispatcher.ctx.dirty - this.#dirtyAtSave;
  }

  /** Where a file is written beside the server; never the same name again, since one given up may be removed late. */
  temporary(what: string): string {
    const [name, ending] = what.split(".") as [string, string];
    return joinPath(this.#server.config.dir, `${name}-${Deno.pid}-${++this.#temporaries}.${ending}`);
  }

  nowSeconds(): number {
    return Math.floor(this.#server.clock.wallMs() / 1000);
  }

  /** What an RDB file says about itself. */
  rdbOptions(aofBase: boolean): RdbFileOptions {
    const { config } = this.#server;
    const policy = config.maxmemoryPolicy;
    return {
      compress: config.rdbcompression,
      checksum: config.rdbchecksum,
      createdSeconds: this.nowSeconds(),
      usedMemory: this.#server.memory.used,
      aofBase,
      replication: aofBase ? null : this.replicationNote(),
      access: policy.endsWith("-lru") ? "idle" : policy.endsWith("-lfu") ? "frequency" : "none",
      functions: [...this.#server.scripting.librarySources()],
    };
  }

  /** Where the data set stands in a replication history, as a line of the append-only file. */
  #placeText(): string | null {
    const note = this.replicationNote();
    return note === null ? null : `REPL:${note.id}:${note.offset}:${note.db}`;
  }

  // -- Start and end ----------------------------------------------------------------------------------------------

  /** Loads what is on disk and opens the append-only file. Rejects with an Error for the log where the start must end. */
  async start(): Promise<void> {
    const server = this.#server;
    await inSlices(loadDataSet(server));
    this.#dirtyAtSave = server.dispatcher.ctx.dirty;
    this.lastSaveSeconds = this.nowSeconds();
    if (!server.config.appendonly) return;
    this.aof.open((directory, name) => {
      const temp = `temp-rewriteaof-${Deno.pid}.aof`;
      saveFileSync(this.disk, directory, name, temp, server.store, this.rewrites.encoder());
    });
    this.listen();
  }

  /** From now on the append-only file takes what commands do, and replies wait for it. */
  listen(): void {
    this.#server.propagation.add(this.aof);
    this.#server.commits = this.#commits;
  }

  /** From now on it takes nothing. */
  unlisten(): void {
    this.#server.propagation.remove(this.aof);
    this.#commits.release();
    this.#server.commits = null;
  }

  /**
   * Brings everything to disk before the process ends. `save`: "yes" and "no" as SHUTDOWN was told, "default" where save
   * points decide. False where the data set cannot be saved and the server must go on, unless `force`.
   */
  shutdown(save: "yes" | "no" | "default", force: boolean): boolean {
    const { log, config } = this.#server;
    if (this.snapshots.running === "rdb") {
      log.warning("There is a child saving an .rdb. Killing it!");
      this.snapshots.abort("rdb", true);
    }
    if (this.aof.state !== "off") {
      if (this.aof.state === "waiting" && this.snapshots.running === "aof") {
        if (!force) {
          log.warning("Writing initial AOF. Can't exit.");
          return false;
        }
        log.warning("Writing initial AOF. Exit anyway.");
      }
      if (this.snapshots.running === "aof") {
        log.warning("There is a child rewriting the AOF. Killing it!");
        this.snapshots.abort("aof", true);
      }
      // A replica's file says all the time where it stands; a primary's now that nothing follows.
      const place = this.aof.state === "on" ? this.#placeText() : null;
      if (place !== null) this.aof.annotate(place);
      log.notice("Calling fsync() on the AOF file.");
      try {
        this.aof.sync(); // not closed: the save below may fail, and the server go on
      } catch (error) {
        log.warning(`Fail to fsync the AOF file: ${errnoText(error)}.`);
      }
    }
    if (save === "no" || (save === "default" && config.save.length === 0)) return this.#end();
    log.notice("Saving the final RDB snapshot before exiting.");
    if (this.save()) return this.#end();
    log.warning(
      force ? "Error trying to save the DB. Exit anyway." : "Error trying to save the DB, can't exit.",
    );
    return force && this.#end();
  }

  /** The process ends now, whatever was to come of an append-only file that is not complete. */
  #end(): true {
    for (const path of this.syncFiles) removeQuietly(this.disk, path);
    try {
      this.aof.removeTemporary();
    } catch (error) {
      this.#server.log.warning(`Removing a temporary part of the AOF failed: ${errnoText(error)}`);
    }
    return true;
  }

  /** Everything goes, functions too. */
  #empty(lazy: boolean): void {
    for (const db of this.#server.store.databases) db.flush(lazy);
    this.#server.replicaExpiry.clear();
    this.#server.tracking.flushed(this.#server.dispatcher.currentClient);
    this.#server.scripting.flushLibraries();
  }

  // -- DEBUG ------------------------------------------------------------------------------------------------------

  /**
   * DEBUG RELOAD: saves (unless `save` is false), empties the databases (unless `flush` is false) and loads the RDB file,
   * all at once. With `merge` keys that are there already are replaced. False where the file cannot be saved or is not
   * there or cannot be loaded, which the log explains. A key that may not be there but is ends the process.
   */
  reload({ save, flush, merge }: { save: boolean; flush: boolean; merge: boolean }): boolean {
    const { config, log } = this.#server;
    if (save && !this.save()) return false;
    if (flush) this.#empty(false);
    const path = joinPath(config.dir, config.dbfilename);
    if (this.disk.stat(path) === null) return false;
    try {
      const keepExpired = this.#server.isReplica;
      atOnce(loadRdbFile(this.#server, path, { keepExpired, allowDuplicates: merge }), this.#server.clock);
    } catch (error) {
      log.warning(messageOf(error));
      if (error instanceof Error && error.cause instanceof DuplicateKeyError) {
        this.#server.crash("panic", "Duplicated key found in RDB file");
      }
      return false;
    }
    log.warning("DB reloaded by DEBUG RELOAD");
    return true;
  }

  /**
   * Replaces the data set by an RDB file that a primary has sent, serving the network in between. The append-only file,
   * if there is one, begins anew with it. Rejects with an Error for the log; the data set is empty then. Tells
   * which database the file says the stream behind it has selected.
   */
  async replace(source: ByteSource, size: number): Promise<number> {
    const { dispatcher, scripting, config } = this.#server;
    while (dispatcher.busy) await scripting.over;
    this.#stopWriting();
    this.#empty(config.replicaLazyFlush);
    try {
      this.loadedReplication.db = 0;
      await inSlices(loadReceived(this.#server, source, size, null), source);
      return this.loadedReplication.db;
    } catch (error) {
      this.#empty(config.replicaLazyFlush);
      throw error;
    } finally {
      this.#beginAnew();
    }
  }

  /**
   * As {@link replace}, but the new data set is loaded beside the old one and takes its place when it is complete:
   * `replaced` is called at that moment. Where this rejects, the old one is still there. `isServing`: it is served
   * meanwhile, instead of LOADING.
   */
  async replaceBeside(
    source: ByteSource,
    size: number,
    isServing: boolean,
    replaced: () => void,
  ): Promise<number> {
    const { store, scripting, dispatcher, tracking } = this.#server;
    const databases = store.databases.map((db) => new Database(store, db.index));
    const functions: Uint8Array[] = [];
    this.loadedReplication.db = 0;
    try {
      const beside = { databases, functions, isServing };
      await inSlices(loadReceived(this.#server, source, size, beside), source);
      while (dispatcher.busy) await scripting.over;
      replaced();
      this.#stopWriting();
      for (const db of databases) store.exchangeWith(db);
      tracking.flushed(null);
      scripting.flushLibraries();
      for (const source of functions) scripting.loadLibrary(latin1(source), true, false);
      this.#beginAnew();
      return this.loadedReplication.db;
    } finally {
      for (const db of databases) db.flush(true);
    }
  }

  /** Another data set is coming: nothing of the old one is to be written any more. */
  #stopWriting(): void {
    for (const purpose of ["rdb", "aof", "replication"] as const) this.snapshots.abort(purpose);
    if (!this.#server.config.appendonly) return;
    this.unlisten();
    this.#stopAof();
  }

  /** Goes on without an append-only file. That the old one cannot be completed any more is no reason not to. */
  #stopAof(): void {
    try {
      this.aof.stop();
    } catch (error) {
      this.#server.log.warning(`Fail to fsync the AOF file: ${errnoText(error)}`);
    }
  }

  /** The other data set is there. */
  #beginAnew(): void {
    this.#dirtyAtSave = this.#server.dispatcher.ctx.dirty;
    if (!this.#server.config.appendonly) return;
    this.aof.wait();
    if (!this.rewrites.begin()) this.rewrites.scheduled = true;
  }

  /** DEBUG LOADAOF: writes what is pending, empties the databases and loads the append-only file, all at once. */
  reloadAof(): boolean {
    const { log, propagation, config, dispatcher } = this.#server;
    const { dirty } = dispatcher.ctx;
    this.aof.flush(true);
    this.#empty(false);
    propagation.remove(this.aof);
    try {
      atOnce(loadAof(this.#server), this.#server.clock);
    } catch (error) {
      log.warning(messageOf(error));
      return false;
    } finally {
      if (config.appendonly) propagation.add(this.aof);
    }
    // What the file holds is no change: neither must the save points count it, nor this command go to the file.
    this.#dirtyAtSave = dispatcher.ctx.dirty = dirty;
    log.warning("Append Only File loaded by DEBUG LOADAOF");
    return true;
  }

  // -- Saving -----------------------------------------------------------------------------------------------------

  /** Writes the RDB file now, while nobody else is served. False where that fails, which the log explains. */
  save(): boolean {
    const { config, store, log } = this.#server;
    try {
      const encoder = new RdbEncoder(this.rdbOptions(false));
      const temp = `temp-${Deno.pid}.rdb`;
      const ms = saveDelayMs(this.#server);
      const delay = ms > 0 ? () => this.#server.clock.sleep(ms) : undefined;
      saveFileSync(this.disk, config.dir, config.dbfilename, temp, store, encoder, delay);
    } catch (error) {
      log.warning(saveFailure(error, `temp-${Deno.pid}.rdb`, config.dbfilename, config.dir));
      return false;
    }
    log.notice("DB saved on disk");
    this.savedBeside(this.#server.dispatcher.ctx.dirty);
    return true;
  }

  /** Begins to write the RDB file beside the server. False where another snapshot is under way. */
  bgsave(): boolean {
    const { config, log, dispatcher } = this.#server;
    if (this.snapshots.running !== null) return false;
    this.saves++;
    this.bgsaveScheduled = false;
    this.#lastTrySeconds = this.nowSeconds();
    const dirty = dispatcher.ctx.dirty;
    const temp = this.temporary("temp-bg.rdb");
    const { dir } = config;
    const target = joinPath(dir, config.dbfilename);
    const beganSeconds = this.nowSeconds();
    const encoder = new RdbEncoder(this.rdbOptions(false));
    const started = this.snapshots.startFile("rdb", encoder, temp, config.rdbSaveIncrementalFsync, () => {
      inStep("rename", () => renameOver(this.disk, temp, target, `${temp}.old`));
      inStep("directory", () => this.disk.syncDirectory(dir));
      log.notice("DB saved on disk");
      log.notice("Background saving terminated with success");
      this.savedBeside(dirty);
    });
    log.notice(`Background saving started by pid ${Deno.pid}`);
    started.catch((error) => {
      this.#server.latency.measure("rdb-unlink-temp-file", () => removeLater(this.disk, temp));
      if (error instanceof SnapshotAborted) return log.warning("Background saving terminated by signal 10");
      log.warning(saveFailure(error, baseName(temp), baseName(target), dir));
      log.warning("Background saving error");
      this.lastBgsaveOk = false;
    }).finally(() => {
      this.lastBgsaveSeconds = this.nowSeconds() - beganSeconds;
      this.judgeWrites();
    });
    return true;
  }

  /** The RDB file is what the data set was when the context's count of changes was `dirty`. */
  savedBeside(dirty: number): void {
    this.#dirtyAtSave = dirty;
    this.lastSaveSeconds = this.nowSeconds();
    this.lastBgsaveOk = true;
    this.judgeWrites();
  }

  /** FLUSHALL has emptied everything: a save under way would bring it back, and save points want the empty file. */
  flushedAll(): void {
    this.snapshots.abort("rdb");
    this.flushes++;
    if (this.#server.config.save.length === 0) return;
    this.save();
  }

  // -- The append-only file ---------------------------------------------------------------------------------------

  /** CONFIG SET appendonly. Returns a text to refuse it. */
  #applyAppendonly(): string | void {
    const { config, log } = this.#server;
    const isOn = this.aof.state !== "off";
    if (config.appendonly === isOn) return;
    if (!config.appendonly) {
      this.snapshots.abort("aof");
      this.unlisten();
      this.#stopAof();
      this.rewrites.scheduled = false;
      this.judgeWrites();
      return;
    }
    this.aof.wait();
    // Between two commands of a transaction there is no cut: what it has done by now goes to the file at its end.
    if (this.#server.dispatcher.currentClient?.transaction != null) {
      this.rewrites.scheduled = true;
      return;
    }
    if (this.snapshots.running !== null) {
      this.rewrites.scheduled = true;
      log.warning(
        "AOF was enabled but there is already another background operation. An AOF background was scheduled to start when possible.",
      );
      return;
    }
    if (this.rewrites.begin()) {
      if (this.aof.forgetFailure()) log.warning("AOF reopen, just ignore the last error.");
      return;
    }
    this.rewrites.scheduled = false;
    this.aof.state = "off";
    return "Unable to turn on AOF. Check server logs.";
  }

  // -- From time to time ------------------------------------------------------------------------------------------

  /** Called by the server's cron. */
  cron(): void {
    if (this.#server.loading) return;
    this.aof.keepPlace();
    this.aof.flush(false);
    if (this.loading !== null || this.snapshots.running !== null) return;
    if (this.rewrites.scheduled && this.rewrites.mayBegin()) {
      this.rewrites.begin();
      return;
    }
    const now = this.nowSeconds();
    const mayTry = this.lastBgsaveOk || now - this.#lastTrySeconds > RETRY_AFTER_SECONDS;
    if (mayTry && (this.bgsaveScheduled || this.#isSaveDue(now))) this.bgsave();
    else this.rewrites.beginIfGrown();
  }

  #isSaveDue(now: number): boolean {
    const { config, log } = this.#server;
    for (const { seconds, changes } of config.save) {
      if (this.changes < changes || now - this.lastSaveSeconds <= seconds) continue;
      log.notice(`${changes} changes in ${seconds} seconds. Saving...`);
      return true;
    }
    return false;
  }

  /** Whether writes may be acknowledged: what the gate answers otherwise. */
  judgeWrites(): void {
    const server = this.#server, { config } = server;
    if (config.stopWritesOnBgsaveError && config.save.length > 0 && !this.lastBgsaveOk) {
      server.writesUnsafe = BGSAVE_FAILED;
    } else if (this.aof.error !== null) {
      server.writesUnsafe = new CommandError(`MISCONF Errors writing to the AOF file: ${this.aof.error}`);
    } else server.writesUnsafe = null;
  }
}
