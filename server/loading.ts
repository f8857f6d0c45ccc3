/**
 * Bringing the data set back from disk, at the start and after DEBUG RELOAD or a full resync: in slices, so that
 * clients are told LOADING meanwhile, and with progress for INFO.
 *
 * The work is a generator that stops after each slice. At the start {@link inSlices} drives it and serves the network
 * in between; DEBUG RELOAD, which is one command, drives it with {@link atOnce}.
 */
import { Args } from "../commands/args.ts";
import { CommandError } from "../commands/errors.ts";
import { listOptions } from "../commands/list_access.ts";
import { type AofLoadHost, loadAppendOnlyFile, LoadError, type Loading } from "../persistence/aof_loader.ts";
import { ArrivingBytes, Starved } from "../persistence/arriving.ts";
import { ManifestError, manifestName } from "../persistence/aof_manifest.ts";
import { type DiskFile, errnoText, joinPath } from "../persistence/disk.ts";
import { type ByteSource, RdbError, RdbInput } from "../persistence/rdb_input.ts";
import { RdbLoad } from "../persistence/rdb_load.ts";
import { RdbReader } from "../persistence/rdb_reader.ts";
import type { Database } from "../store.ts";
import { latin1 } from "../types/bytes.ts";
import { Client } from "./client.ts";
import type { Clock } from "./clock.ts";
import type { RedisServer } from "./server.ts";

/** Longest stretch of loading between two looks at the network, milliseconds. */
const SLICE_MS = 20;
/** A key-load-delay of so many milliseconds is waited for after each key, a shorter one after several. */
const NOTICEABLE_DELAY_MS = 0.1;

/** How far the loading is. */
export interface LoadProgress {
  readonly startedSeconds: number;
  totalBytes: number;
  loadedBytes: number;
  /** What the file says its data set took, 0 where it does not. */
  usedMemory: number;
}

/** How an RDB file is loaded. */
export interface RdbFlags {
  /** Keys whose time has come are kept: the commands behind the file speak of them. */
  readonly keepExpired: boolean;
  /** Replicas that go on from the file hear of the keys that are not kept. */
  readonly announceExpired?: boolean;
  readonly allowDuplicates: boolean;
  /** Where the records go, if not into the store. */
  readonly beside?: DataSetBeside;
}

/** Drives a loading to its end, serving the network between its slices, and waiting where its source is still arriving. */
export async function inSlices(loading: Loading<void>, source?: ByteSource): Promise<void> {
  const arriving = source instanceof ArrivingBytes ? source : undefined;
  try {
    for (;;) {
      const { done, value } = loading.next();
      if (done === true) return;
      if (arriving?.isStarved === true) await arriving.more();
      else await new Promise((resolve) => setTimeout(resolve, value));
    }
  } finally {
    arriving?.release();
  }
}

/** Drives a loading to its end without letting anyone else in. */
export function atOnce(loading: Loading<void>, clock: Clock): void {
  for (;;) {
    const { done, value } = loading.next();
    if (done === true) return;
    if (value > 0) clock.sleep(value);
  }
}

/** key-load-delay: milliseconds for a key; where it is negative, one microsecond for so many keys. */
function loadDelayMs({ config: { keyLoadDelay } }: RedisServer): number {
  return keyLoadDelay >= 0 ? keyLoadDelay / 1000 : -1 / keyLoadDelay / 1000;
}

/** Loads what is on disk into the empty store. Throws an Error whose message is for the log. */
export function loadDataSet(server: RedisServer): Loading<void> {
  const { config, log, clock, persistence } = server;
  return whileLoading(server, function* () {
    readManifest(server);
    if (config.appendonly) return yield* aofSteps(server);
    const path = joinPath(config.dir, config.dbfilename);
    if (persistence.disk.stat(path) === null) return;
    const started = clock.monoMs();
    // Keys whose time has come are a replica's primary's to delete; and where our own replicas may go on from the file,
    // they must hear of each deletion.
    const keepExpired = server.isReplica;
    yield* rdbFileSteps(server, path, { keepExpired, announceExpired: true, allowDuplicates: false });
    log.notice(`DB loaded from disk: ${((clock.monoMs() - started) / 1000).toFixed(3)} seconds`);
  });
}

/** Reads the manifest of the append-only file. Throws LoadError where it cannot be read, and ManifestError. */
function readManifest({ persistence: { aof, disk }, config }: RedisServer): void {
  if (disk.stat(aof.directory)?.isFile === true) {
    throw new LoadError(`Can't open or create append-only dir ${config.appenddirname}: Not a directory`);
  }
  try {
    aof.readManifest();
  } catch (error) {
    if (error instanceof ManifestError) throw error;
    const name = manifestName(config.appendfilename);
    throw new LoadError(
      `Fatal error: can't open the AOF manifest file ${name} for reading: ${errnoText(error)}`,
    );
  }
}

/** Loads an RDB file. Throws an Error whose message is for the log; the store then holds part of the file. */
export function loadRdbFile(server: RedisServer, path: string, flags: RdbFlags): Loading<void> {
  return whileLoading(server, () => rdbFileSteps(server, path, flags));
}

/** Loads the append-only file, as {@link loadRdbFile}. */
export function loadAof(server: RedisServer): Loading<void> {
  return whileLoading(server, () => aofSteps(server));
}

/** A data set that is loaded beside the one that is served. */
export interface DataSetBeside {
  readonly databases: readonly Database[];
  /** Sources of the function libraries. */
  readonly functions: Uint8Array[];
  /** The other one is served meanwhile: it is an older state of the same history. */
  readonly isServing: boolean;
}

/**
 * Loads an RDB file that a primary has sent or is sending, `size` bytes of `source` (0: not known), into the empty store
 * or beside what is there. Else as {@link loadRdbFile}.
 */
export function loadReceived(
  server: RedisServer,
  source: ByteSource,
  size: number,
  beside: DataSetBeside | null,
): Loading<void> {
  const flags = { keepExpired: true, allowDuplicates: false, ...(beside === null ? {} : { beside }) };
  return whileLoading(server, function* () {
    server.persistence.loading!.totalBytes = size;
    yield* rdbSteps(server, source, size, "from the master", flags);
  }, beside?.isServing);
}

/** The server answers LOADING (unless `isServing`), and INFO shows the progress, until the steps are done. */
function* whileLoading(server: RedisServer, steps: () => Loading<void>, isServing = false): Loading<void> {
  const { persistence } = server;
  const startedSeconds = Math.floor(server.clock.wallMs() / 1000);
  server.loading = !isServing;
  server.asyncLoading = isServing;
  persistence.loading = { startedSeconds, totalBytes: 0, loadedBytes: 0, usedMemory: 0 };
  try {
    yield* steps();
  } catch (error) {
    throw explain(error, server);
  } finally {
    server.loading = server.asyncLoading = false;
    persistence.loading = null;
  }
}

/** An Error whose message says what to do, in the words of redis-server where it has some. */
function explain(error: unknown, { log, config }: RedisServer): Error {
  if (error instanceof ManifestError) {
    log.warning("\n*** FATAL AOF MANIFEST FILE ERROR ***\n");
    if (error.line > 0) {
      log.warning(`Reading the manifest file, at line ${error.line}\n`);
      log.warning(`>>> '${error.text}'\n`);
    }
    const file = manifestName(config.appendfilename);
    return new Error(`${error.reason}: ${file} must be mended by hand or restored from a backup. Exiting`);
  }
  if (error instanceof LoadError || error instanceof FatalRdb) return error;
  return new Error(`Fatal error loading the DB: ${errnoText(error)}. Exiting.`);
}

/** What to do with a damaged file, and with one that is the base of an append-only file. */
const ADVICE = "Check it with redis-check-rdb, restore it from a backup, or move it away to start empty";
const ADVICE_FOR_BASE =
  "It is the base of the append-only file, and what follows it is of no use alone: check it with redis-check-aof and " +
  "redis-check-rdb and restore the directory from a backup";

/** An RDB file that cannot be loaded. */
class FatalRdb extends Error {
  constructor(file: string, error: RdbError, advice: string) {
    super(
      `Bad RDB file ${file}: ${error.what}, at offset ${error.offset}. Nothing of it is served and nothing on disk was ` +
        `changed. ${advice}. Exiting`,
      { cause: error },
    );
  }
}

/** The damage in the words of redis-server, since who watches its log waits for these; where it is comes in our own line. */
function asRedisSaysIt({ what, offset }: RdbError): string {
  const internal = (reason: string) => `Internal error in RDB reading offset ${offset} -> ${reason}`;
  const type = /^unknown record type (\d+)$/.exec(what);
  if (type !== null) return internal(`Unknown RDB encoding type ${type[1]}`);
  if (what === "unexpected end") {
    return "Short read or OOM loading DB. Unrecoverable error, aborting now. " +
      internal("Unexpected EOF reading RDB file");
  }
  if (what === "Wrong RDB checksum") return `${what}. Aborting now. ${internal("RDB CRC error")}`;
  return internal(what);
}

// -- RDB --------------------------------------------------------------------------------------------------------------

function* rdbFileSteps(server: RedisServer, path: string, flags: RdbFlags): Loading<void> {
  const { persistence: { disk, loading }, log } = server;
  let file: DiskFile | null = null;
  try {
    file = disk.open(path, "read");
    const size = disk.stat(path)?.size ?? 0;
    if (loading !== null) loading.totalBytes = size;
    yield* rdbSteps(server, file, size, path, flags);
  } catch (error) {
    if (!(error instanceof FatalRdb)) {
      log.warning(`Fatal error: can't open the RDB file ${path} for reading: ${errnoText(error)}`);
    }
    throw error;
  } finally {
    file?.close();
  }
}

/** Loads the RDB file that begins where `file` stands. Returns the offset behind it. */
function* rdbSteps(
  server: RedisServer,
  file: ByteSource,
  size: number,
  path: string,
  flags: RdbFlags,
  advice = ADVICE,
): Loading<number> {
  const { log, config, clock, persistence } = server;
  const now = clock.wallMs();
  const load = new RdbLoad(server.store, {
    limits: config,
    lists: listOptions(server.dispatcher.ctx),
    dropExpiredBefore: flags.keepExpired ? null : now,
    ...(flags.announceExpired
      ? { expired: (db: Database, key: Uint8Array) => server.replication.expiredAtLoad(db, key) }
      : {}),
    allowDuplicates: flags.allowDuplicates,
    functionLibrary: (source, at) => {
      if (flags.beside === undefined) loadLibrary(server, source, flags.allowDuplicates, at);
      else flags.beside.functions.push(source);
    },
    ...(flags.beside === undefined ? {} : { databases: flags.beside.databases }),
    aux: (name, value) => note(server, name, value, now),
  });
  const arriving = file instanceof ArrivingBytes ? file : null;
  const input = arriving === null ? RdbInput.ofSource(file, size) : RdbInput.ofArriving(arriving);
  const reader = new RdbReader(input, load, { verify: config.rdbchecksum && !server.skipChecksums });
  try {
    for (let reported = 0;;) {
      const deadline = clock.monoMs() + SLICE_MS, delayMs = loadDelayMs(server);
      const stop = reported + config.loadingProcessEventsIntervalBytes;
      const isEnough = () => delayMs > 0 || input.offset >= stop || clock.monoMs() >= deadline;
      const before = load.keysLoaded;
      let more = true;
      try {
        if (reader.version === 0) reader.begin();
        more = load.readUntil(reader, isEnough, delayMs >= NOTICEABLE_DELAY_MS ? 1 : undefined);
      } catch (error) {
        if (!(error instanceof Starved)) throw error;
        arriving!.want(input.rewind(error));
      }
      if (persistence.loading !== null) persistence.loading.loadedBytes += input.offset - reported;
      reported = input.offset;
      persistence.lastLoadKeysLoaded = load.keysLoaded;
      persistence.lastLoadKeysExpired = load.keysExpired;
      if (!more) break;
      yield delayMs * (load.keysLoaded - before);
    }
  } catch (error) {
    if (!(error instanceof RdbError)) throw error;
    log.warning(asRedisSaysIt(error));
    throw new FatalRdb(path, error, advice);
  }
  if (reader.isUnchecked) log.warning("RDB file was saved with checksum disabled: no check performed.");
  const skipped = load.emptyKeysSkipped > 0 ? `, empty keys skipped: ${load.emptyKeysSkipped}` : "";
  log.notice(
    `Done loading RDB, keys loaded: ${load.keysLoaded}, keys expired: ${load.keysExpired}${skipped}.`,
  );
  return input.offset;
}

/** A library of the file. One that cannot be loaded is damage: the server that wrote it had it. */
function loadLibrary({ scripting }: RedisServer, source: Uint8Array, replace: boolean, at: number): void {
  try {
    scripting.loadLibrary(latin1(source), replace, false);
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    throw new RdbError(`Failed creating function, ${error.text.replace(/^ERR /, "")}`, at);
  }
}

function note({ log, persistence }: RedisServer, name: string, value: string, now: number): void {
  if (name.startsWith("repl-")) noteReplication(persistence.loadedReplication, name, value);
  if (name === "redis-ver") log.notice(`Loading RDB produced by version ${value}`);
  else if (name === "ctime") {
    log.notice(`RDB age ${Math.max(0, Math.floor(now / 1000) - Number(value))} seconds`);
  } else if (name === "used-mem") {
    log.notice(`RDB memory usage when created ${(Number(value) / 1048576).toFixed(2)} Mb`);
    if (persistence.loading !== null) persistence.loading.usedMemory = Number(value);
  } else if (name === "aof-base" && value === "1") log.notice("RDB is base AOF");
}

// -- AOF --------------------------------------------------------------------------------------------------------------

function* aofSteps(server: RedisServer): Loading<void> {
  const { aof, disk, loading } = server.persistence;
  const client = loaderClient(server);
  const host: AofLoadHost = {
    disk,
    settings: server.config,
    frame: new Args(),
    execute: (frame) => execute(server, client, frame as Args),
    loadRdb: (file, size, name) =>
      rdbSteps(server, file, size, name, { keepExpired: true, allowDuplicates: false }, ADVICE_FOR_BASE),
    monotonicMs: () => server.clock.monoMs(),
    sliceMs: SLICE_MS,
    delayMs: () => loadDelayMs(server),
    begin: (totalBytes) => loading!.totalBytes = totalBytes,
    progress: (bytes) => loading!.loadedBytes += bytes,
    annotation: (text) => noteAnnotation(server.persistence.loadedReplication, text),
    notice: (message) => server.log.notice(message),
    warning: (message) => server.log.warning(message),
  };
  yield* loadAppendOnlyFile(aof, host);
}

/** The client whose commands the append-only file holds. */
function loaderClient(server: RedisServer): Client {
  const client = new Client(
    0,
    null,
    server.store.databases[0]!,
    server.acl.superuser,
    server.clock.wallMs(),
  );
  client.loader = true;
  client.authenticated = true;
  return client;
}

/** Runs one command of the file. False where there is no such command. */
function execute(server: RedisServer, client: Client, args: Args): boolean {
  const command = server.dispatcher.find(args);
  if (command === undefined || command.run === undefined || !command.takes(args.count)) return false;
  const { reply } = client;
  const errors = reply.errors;
  server.dispatcher.replay(client, command, args);
  if (reply.errors !== errors) {
    server.unexpectedError("server", "AOF-loading-client", reply.lastError, command);
  }
  reply.rewind(0);
  return true;
}

/** Where a file's data set stands in a replication history. */
function noteReplication(
  note: RedisServer["persistence"]["loadedReplication"],
  name: string,
  value: string,
): void {
  if (name === "repl-id" && value.length === 40) note.id = value;
  else if (name === "repl-offset") note.offset = Number(value);
  else if (name === "repl-stream-db") note.db = Number(value);
}

/** As {@link noteReplication}, from the line at the end of an append-only file. */
function noteAnnotation(note: RedisServer["persistence"]["loadedReplication"], text: string): void {
  const match = /^REPL:([0-9a-f]{40}):(\d+):(\d+)$/.exec(text);
  note.id = match?.[1] ?? "";
  note.offset = Number(match?.[2] ?? -1);
  note.db = Number(match?.[3] ?? 0);
}
