/**
 * One server: what it is made of, how it starts, what its gate and keyspace tell it, how it stops.
 *
 * This file only ties together. Rules of a single concern live beside it: dispatch.ts (the gate), blocking.ts,
 * watch.ts, pause.ts, expire.ts, cron.ts, listeners.ts, admission.ts, connection.ts.
 */

import type { CommandError } from "../commands/errors.ts";
import { Notify, NOTIFY_ALL } from "../commands/notify_classes.ts";
import { closeViews } from "../commands/open_views.ts";
import { type Command, CommandTable } from "../commands/table.ts";
import type { Disk } from "../persistence/disk.ts";
import type { ReaderLimits } from "../resp.ts";
import { type Database, type KeyspaceEvents, Store } from "../store.ts";
import { seedHash } from "../types/hash_function.ts";
import { DEFAULT_PACKED_THRESHOLD } from "../types/quicklist_node.ts";
import { Acl } from "./acl.ts";
import { admit } from "./admission.ts";
import { Blocking } from "./blocking.ts";
import { Client, ReplyMode } from "./client.ts";
import { ClientEviction } from "./client_eviction.ts";
import { clientInfo, clientType, parseClientType } from "./client_info.ts";
import { Clients } from "./clients.ts";
import type { Clock } from "./clock.ts";
import type { CommitQueue } from "./commit.ts";
import type { Config } from "./config.ts";
import { crash, type CrashCause } from "./crash_report.ts";
import { CrossProtocol } from "./cross_protocol.ts";
import { parseMemory } from "./config_types.ts";
import { loadCpuUsage } from "./cpu.ts";
import { Cron } from "./cron.ts";
import { Dispatcher } from "./dispatch.ts";
import { Eviction } from "./evict.ts";
import { ExpiryCycle } from "./expire.ts";
import { infoText } from "./info.ts";
import { LatencyMonitor } from "./latency.ts";
import { Listeners } from "./listeners.ts";
import type { Log } from "./log.ts";
import { Memory } from "./memory.ts";
import { Migration } from "./migration.ts";
import { Monitors } from "./monitor.ts";
import { Notifier } from "./notify.ts";
import { OutputLimits } from "./output_limits.ts";
import { Pauses } from "./pause.ts";
import { Persistence } from "./persistence.ts";
import { Propagation } from "./propagation.ts";
import { PubSub } from "./pubsub.ts";
import type { Random } from "./random.ts";
import { ReplicaExpiry } from "./replica_expiry.ts";
import { Replication } from "./replication.ts";
import { RunRecords } from "./run_records.ts";
import { Scripting } from "./scripting.ts";
import { Shutdown } from "./shutdown.ts";
import { SlowLog } from "./slowlog.ts";
import { ErrorStats, Rate, RecentPeak, ServerStats } from "./stats.ts";
import type { CommandTimer } from "./timing.ts";
import { Tracking } from "./tracking.ts";
import { REDIS_VERSION } from "./version.ts";
import { Turns } from "./turns.ts";
import { WakeUps } from "./wake_ups.ts";
import { Watches } from "./watch.ts";

/** What a server is made with. */
export interface ServerParts {
  config: Config;
  log: Log;
  clock: Clock;
  random: Random;
  /** The commands, where rename-command has changed them. */
  table?: CommandTable;
  /** `user` lines of redis.conf, as UserLines (acl_file.ts) keeps them. */
  users?: readonly (readonly string[])[];
  /** Where persistence writes; the real disk unless a test wants another. */
  disk?: Disk;
}

/** A Redis server on this process's event loop. */
export class RedisServer implements KeyspaceEvents {
  readonly config: Config;
  readonly log: Log;
  readonly clock: Clock;
  readonly random: Random;
  readonly runId: string;
  /** The redis-server whose behaviour this is. */
  readonly version = REDIS_VERSION;
  /** Unix time in milliseconds at which it was made. */
  readonly startedMs: number;
  /** Unix time in milliseconds as of the last cron tick. */
  nowMs: number;
  readonly table: CommandTable;
  readonly store: Store;
  readonly acl: Acl;
  readonly clients: Clients = new Clients();
  readonly turns: Turns = new Turns();
  readonly stats: ServerStats = new ServerStats();
  readonly errorStats: ErrorStats = new ErrorStats();
  readonly propagation: Propagation = new Propagation();
  readonly outputLimits: OutputLimits;
  readonly pubsub: PubSub = new PubSub();
  readonly tracking: Tracking = new Tracking(this.clients);
  readonly notifier: Notifier;
  readonly watches: Watches = new Watches();
  readonly blocking: Blocking;
  readonly crossProtocol: CrossProtocol;
  readonly pauses: Pauses;
  readonly expiry: ExpiryCycle;
  /** Keys of a writable replica that it must delete itself. */
  readonly replicaExpiry: ReplicaExpiry;
  readonly cron: Cron = new Cron(this);
  readonly dispatcher: Dispatcher;
  readonly readerLimits: ReaderLimits;
  readonly listeners: Listeners;
  readonly persistence: Persistence;
  readonly migration: Migration = new Migration(this);
  readonly replication: Replication;
  readonly memory: Memory;
  readonly clientEviction: ClientEviction;
  /** What happens per second, for INFO. */
  readonly rates = {
    commands: new Rate(),
    input: new Rate(),
    output: new Rate(),
    replInput: new Rate(),
    replOutput: new Rate(),
  };
  /** Bytes of the largest request and output buffers of late. */
  readonly recentInput = new RecentPeak();
  readonly recentOutput = new RecentPeak();
  readonly eviction: Eviction;
  readonly shutdown: Shutdown;
  readonly latency: LatencyMonitor;
  readonly slowlog: SlowLog = new SlowLog();
  readonly records: RunRecords;
  /** How long commands take. */
  readonly timer: CommandTimer;
  readonly wakeUps: WakeUps = new WakeUps(this);
  readonly monitors: Monitors;
  readonly scripting: Scripting;

  // State that the gate asks for on each command; plain fields, kept by those who know.
  /** A data set is being loaded: most commands answer LOADING. */
  loading = false;
  /** A data set is being loaded beside the one that is served (repl-diskless-load swapdb). */
  asyncLoading = false;
  /** This server follows a primary. */
  isReplica = false;
  /** A replica whose link is down and that must not serve old data. */
  staleReplica = false;
  /** A replica that refuses writes of its own clients. */
  readOnlyReplica = false;
  /** Too few good replicas for min-replicas-to-write. */
  lacksReplicas = false;
  /** Persistence has failed and writes must not be acknowledged: the error to answer. */
  writesUnsafe: CommandError | null = null;
  /** List elements of at least this many bytes are not packed (DEBUG QUICKLIST-PACKED-THRESHOLD). */
  quicklistPackedThreshold = DEFAULT_PACKED_THRESHOLD;
  /** maxmemory is set. */
  maxmemoryActive = false;
  /** Scripts may call what they may not (DEBUG SET-DISABLE-DENY-SCRIPTS). */
  scriptsMayRunAll = false;
  /** Checksums of payloads and RDB files are not looked at (DEBUG SET-SKIP-CHECKSUM-VALIDATION). */
  skipChecksums = false;
  /** When reply buffers that were large are made small again (DEBUG REPLYBUFFER). */
  readonly replyBuffers = { resizing: true, peakResetMs: 5000, defaultPeakResetMs: 5000 };
  /** Where replies wait for the append-only file; null without one. */
  commits: CommitQueue | null = null;

  /** Resolves with the exit code once the server has stopped; see main.ts. */
  readonly finished: Promise<number>;
  #finish!: (code: number) => void;
  readonly #userLines: readonly (readonly string[])[];
  #stopping = false;

  constructor({ config, log, clock, random, table, users = [], disk }: ServerParts) {
    this.config = config;
    this.table = table ?? new CommandTable();
    this.log = log;
    this.clock = clock;
    this.random = random;
    this.runId = random.secretHex(40);
    this.startedMs = this.nowMs = clock.wallMs();
    seedHash(random.u32(), random.u32());
    this.records = new RunRecords(this);
    this.timer = this.records.timer;
    this.store = new Store(config.databases, () => this.timer.now(), random.u32);
    this.store.events = this;
    this.outputLimits = new OutputLimits(config, clock);
    this.acl = new Acl(this);
    this.#userLines = users;
    this.notifier = new Notifier((channel, message) => this.pubsub.publish(channel, message));
    this.blocking = new Blocking(
      clock,
      (client, key) => this.dispatcher.retry(client, key),
      (client, waiting) => {
        this.dispatcher.expireWait(client, waiting);
        this.wakeUps.wake(client);
      },
      () => this.dispatcher.busy,
    );
    this.crossProtocol = new CrossProtocol(this);
    this.pauses = new Pauses(
      clock,
      (client) => this.wakeUps.release(client),
      () => this.replication.primary.pauseEnded(),
      () => this.dispatcher.busy,
    );
    this.latency = new LatencyMonitor(clock, config);
    this.store.whileExpiring = (work) => this.latency.measure("expire-del", work);
    this.monitors = new Monitors(clock);
    this.replicaExpiry = new ReplicaExpiry(this.store, clock);
    this.expiry = new ExpiryCycle(this.store, clock, this.stats, this.latency);
    this.dispatcher = new Dispatcher(this);
    this.scripting = new Scripting(this);
    this.readerLimits = { maxBulk: config.protoMaxBulkLen, maxQueryBuffer: config.clientQueryBufferLimit };
    this.listeners = new Listeners(config, log, (incoming) => admit(this, incoming));
    this.persistence = new Persistence(this, disk);
    this.replication = new Replication(this);
    this.memory = new Memory(this);
    this.clientEviction = new ClientEviction(this);
    this.eviction = new Eviction(this);
    this.shutdown = new Shutdown(this, () => this.#end(0));
    this.finished = new Promise((resolve) => this.#finish = resolve);
    this.#followConfig();
  }

  // -- Life -----------------------------------------------------------------------------------------------------

  /**
   * Opens the listeners, starts the cron and loads the data set, during which clients are told LOADING. Rejects with an
   * Error whose message is for the log.
   * @param opened called when the listeners are open, before anything is loaded
   */
  async start(opened?: () => void): Promise<void> {
    this.listeners.open();
    opened?.();
    this.log.warning("Server initialized");
    this.acl.loadAtStart(this.#userLines);
    this.cron.start();
    await this.persistence.start();
    this.listeners.announce();
    this.replication.start();
    loadCpuUsage().catch((error) => this.log.verbose(`INFO cpu will say nothing: ${error}`));
  }

  /** Something happened after which no reply may leave any more: the process ends with an error. */
  die(message: string): void {
    this.log.warning(message);
    this.#end(1);
  }

  /** The end by a signal, whose name tells which settings decide: shutdown-on-sigint or -sigterm. */
  async stop(signal: string): Promise<boolean> {
    // Half of a script's work must not be saved.
    while (this.dispatcher.busy) await this.scripting.over;
    const { shutdownOnSigint, shutdownOnSigterm } = this.config;
    const flags = signal === "SIGINT" ? shutdownOnSigint : signal === "SIGTERM" ? shutdownOnSigterm : [];
    const save = flags.includes("save") ? "yes" : flags.includes("nosave") ? "no" : "default";
    const options = { save, now: flags.includes("now"), force: flags.includes("force") } as const;
    return this.shutdown.begin(options);
  }

  /** No new clients, no further replies; what the process ends with is `code`. */
  #end(code: number): void {
    if (this.#stopping) return;
    this.#stopping = true;
    this.listeners.close();
    this.turns.close();
    this.cron.stop();
    this.blocking.stop();
    this.scripting.stop();
    this.pauses.stop();
    this.eviction.stop();
    for (const client of [...this.clients.values()]) client.transport?.destroy();
    this.#finish(code);
  }

  /** The settings that hot code has copies of. */
  #followConfig(): void {
    const config = this.config;
    const copy = (): void => {
      this.readerLimits.maxBulk = config.protoMaxBulkLen;
      this.readerLimits.maxQueryBuffer = config.clientQueryBufferLimit;
      this.notifier.classes = config.notifyKeyspaceEvents;
      this.store.announceNew = (config.notifyKeyspaceEvents & Notify.NEW) !== 0;
      this.store.lfuLogFactor = config.lfuLogFactor;
      this.store.lfuDecayTime = config.lfuDecayTime;
      this.store.lazyServerDel = config.lazyfreeLazyServerDel;
      this.store.lazyExpire = config.lazyfreeLazyExpire;
      this.store.lfu = config.maxmemoryPolicy.endsWith("-lfu");
      this.tracking.maxKeys = config.trackingTableMaxKeys;
      this.maxmemoryActive = config.maxmemory > 0;
    };
    copy();
    config.onApply([
      "proto-max-bulk-len",
      "client-query-buffer-limit",
      "notify-keyspace-events",
      "tracking-table-max-keys",
      "lfu-log-factor",
      "lfu-decay-time",
      "lazyfree-lazy-server-del",
      "lazyfree-lazy-expire",
      "maxmemory",
      "maxmemory-policy",
    ], copy);
    config.onApply("loglevel", () => this.log.setLevel(config.loglevel));
  }

  /** CONFIG RESETSTAT. */
  resetStats(): void {
    this.timer.settle(); // or the commands before this one in the batch would be counted after it
    this.stats.reset();
    this.errorStats.reset();
    this.table.resetStats();
    for (const rate of Object.values(this.rates)) rate.reset();
    const { store, persistence } = this;
    store.keyspaceHits =
      store.keyspaceMisses =
      store.expiredKeys =
      store.lazyfreedObjects =
        0;
    persistence.saves = persistence.rewrites.count = 0;
    const { primary } = this.replication;
    primary.fullSyncs = primary.partialSyncs = primary.partialRefusals = 0;
    if (persistence.aof.writer !== null) persistence.aof.writer.delayedSyncs = 0;
  }

  /** A memory size as redis.conf has it (100b, 1gb), undefined where it is none. */
  parseMemory(text: string): number | undefined {
    const bytes = parseMemory(text);
    return bytes === undefined ? undefined : Number(bytes);
  }

  /** Ends the process on the spot, as a defect would, with a report in the log. */
  crash(cause: CrashCause, reason: string): void {
    crash(this, cause, reason);
  }

  /** INFO with these sections, as a binary string. */
  info(sections: readonly string[]): string {
    this.timer.settle();
    return infoText(this, sections);
  }

  // -- Clients --------------------------------------------------------------------------------------------------

  /** A client is gone: everything that knows it lets go. */
  forget(client: Client): void {
    client.closed = true;
    if (!this.clients.remove(client)) return;
    this.blocking.unblock(client);
    this.pauses.forget(client);
    this.clientEviction.forget(client);
    this.discard(client);
    this.monitors.remove(client);
    this.pubsub.unsubscribeAll(client);
    this.tracking.disable(client);
    this.replication.forget(client);
  }

  /** Closes a client now; its pending replies are lost. */
  kill(client: Client): void {
    client.transport?.destroy();
    this.forget(client);
  }

  /** An error that goes to a client outside of its commands' own replies. */
  replyError(client: Client, text: string): void {
    client.reply.error(text);
    this.errorStats.count(text);
  }

  /**
   * Ends a client's wait as if its time had run out, or with an error; its command has failed either way. False if it did
   * not wait.
   */
  unblock(client: Client, withError: boolean): boolean {
    const { waiting } = client;
    if (waiting === null) return false;
    this.blocking.unblock(client);
    this.records.unblocked(client, waiting.command);
    if (withError) {
      this.replyError(client, "UNBLOCKED client unblocked via CLIENT UNBLOCK");
      this.dispatcher.ctx.command!.stats.failed++; // an error was sent while it ran
    } else this.dispatcher.expireWait(client, waiting);
    // Redis sends the caller's reply first, and there are programs whose two connections rely on that.
    queueMicrotask(() => this.wakeUps.wake(client));
    return true;
  }

  /**
   * A command failed that comes from where it has worked before: a primary, the append-only file. What follows is for
   * propagation-error-behavior to say.
   */
  unexpectedError(from: "replica" | "server", to: string, error: string, command: Command | null): void {
    const name = command?.fullName ?? "<unknown>";
    this.stats.unexpectedErrorReplies++;
    const shown = error.startsWith("ERR ") ? error.slice(4) : `-${error}`;
    this.log.warning(
      `== CRITICAL == This ${from} is sending an error to its ${to}: '${shown}' after processing the command '${name}'`,
    );
    const { propagationErrorBehavior, replicaReadOnly } = this.config;
    const mayPanic = from === "replica"
      ? replicaReadOnly && propagationErrorBehavior !== "ignore"
      : propagationErrorBehavior === "panic";
    if (!mayPanic) return;
    this.crash(
      "panic",
      `This ${from} panicked sending an error to its ${to} after processing the command '${name}'`,
    );
  }

  /** The line of CLIENT LIST for a client. */
  describeClient(client: Client): string {
    return clientInfo(this, client);
  }

  /** The class of a client, and the class that a word names. */
  readonly clientType = clientType;
  readonly parseClientType = parseClientType;
  readonly replyModes = ReplyMode;

  /** RESET: the connection is as if it were new. */
  resetClient(client: Client): void {
    this.discard(client);
    this.monitors.remove(client);
    this.pubsub.unsubscribeAll(client);
    this.tracking.disable(client);
    client.db = this.store.databases[0]!;
    client.protocol = 2;
    client.answerAgain();
    client.name = "";
    client.user = this.acl.defaultUser;
    client.authenticated = client.user.passwordless;
  }

  /** FLUSHALL has emptied everything: persistence starts over. */
  afterFlushAll(): void {
    this.persistence.flushedAll();
  }

  /** Ends a client's transaction without running it. */
  discard(client: Client): void {
    client.transaction = null;
    this.watches.unwatchAll(client);
  }

  // -- What the gate calls --------------------------------------------------------------------------------------

  /** The outermost command is over: clients that it made ready are served. */
  afterCommand(client: Client): void {
    if (this.replication.stream.moved) this.replication.noteWrite(client);
    if (this.tracking.clientCount > 0) this.tracking.afterCommand(client);
    if (this.blocking.pending) this.blocking.serve();
  }

  /** Evicts until memory is under maxmemory; true where that failed. */
  makeRoom(): boolean {
    return this.eviction.makeRoom();
  }

  // -- Events of the keyspace -----------------------------------------------------------------------------------

  touched(db: Database, buf: Uint8Array, start: number, end: number): void {
    this.watches.touched(db, buf, start, end);
    if (this.tracking.active) this.tracking.touched(buf, start, end, this.dispatcher.currentClient);
    this.blocking.touched(db, buf, start, end);
  }

  created(db: Database, buf: Uint8Array, start: number, end: number): void {
    this.dispatcher.ctx.notify(Notify.NEW, "new", buf, start, end, db);
  }

  expired(db: Database, buf: Uint8Array, start: number, end: number): void {
    const ctx = this.dispatcher.ctx;
    ctx.notify(Notify.EXPIRED, "expired", buf, start, end, db);
    this.dispatcher.propagateDelete(db, buf.slice(start, end), this.config.lazyfreeLazyExpire);
  }

  missed(db: Database, buf: Uint8Array, start: number, end: number): void {
    if ((this.notifier.classes & Notify.KEY_MISS) === 0) return;
    this.dispatcher.ctx.notify(Notify.KEY_MISS, "keymiss", buf, start, end, db);
  }

  flushed(db: Database, replacement: Database | null): void {
    this.watches.flushed(db, replacement);
    this.blocking.flushed(db);
    closeViews();
  }
}

/** All notification classes; re-exported so that the configuration can name them. */
export { NOTIFY_ALL };
