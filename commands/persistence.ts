/**
 * Commands that bring the data set, or one key of it, out of the server and back. What they need stands in
 * server/persistence.ts (files) and persistence/dump.ts (payloads); MIGRATE has a file of its own.
 */
import { dumpRecord, isPayload, readPayload } from "../persistence/dump.ts";
import { setAccess } from "../persistence/rdb_load.ts";
import { LoadedValue } from "../persistence/values/value.ts";
import { type Expiry, NO_EXPIRY } from "../store.ts";
import type { Args } from "./args.ts";
import type { Context } from "./context.ts";
import { CommandError, SYNTAX } from "./errors.ts";
import { toUnixMs } from "./expiry.ts";
import { listOptions } from "./list_access.ts";
import { migrateRow } from "./migrate.ts";
import { Notify } from "./notify_classes.ts";
import { at, type CommandRow } from "./row.ts";

/** The table rows, in alphabetical order. */
export const persistenceRows: readonly CommandRow[] = [
  {
    name: "BGREWRITEAOF",
    arity: 1,
    flags: ["admin", "noscript", "no_async_loading"],
    keys: [0, 0, 0],
    categories: [],
    run: bgrewriteaof,
  },
  {
    name: "BGSAVE",
    arity: -1,
    flags: ["admin", "noscript", "no_async_loading"],
    keys: [0, 0, 0],
    categories: [],
    run: bgsave,
  },
  {
    name: "DUMP",
    arity: 2,
    flags: ["readonly"],
    keys: [1, 1, 1],
    specs: [at(1, "RO access")],
    categories: ["keyspace"],
    tips: ["nondeterministic_output"],
    run: dump,
  },
  {
    name: "LASTSAVE",
    arity: 1,
    flags: ["loading", "stale", "fast"],
    keys: [0, 0, 0],
    categories: ["admin", "dangerous"],
    tips: ["nondeterministic_output"],
    run: lastsave,
  },
  migrateRow,
  {
    name: "RESTORE",
    arity: -4,
    flags: ["write", "denyoom"],
    keys: [1, 1, 1],
    specs: [at(1, "OW update")],
    categories: ["keyspace", "dangerous"],
    run: restore,
  },
  {
    name: "RESTORE-ASKING",
    arity: -4,
    flags: ["write", "denyoom", "asking"],
    keys: [1, 1, 1],
    specs: [at(1, "OW update")],
    categories: ["keyspace", "dangerous"],
    run: restore,
  },
  {
    name: "SAVE",
    arity: 1,
    flags: ["admin", "noscript", "no_async_loading", "no_multi"],
    keys: [0, 0, 0],
    categories: [],
    run: save,
  },
];

const SAVING = new CommandError("ERR Background save already in progress");
const REWRITING = new CommandError("ERR Background append only file rewriting already in progress");
const OTHER_CHILD = new CommandError(
  "ERR Another child process is active (AOF?): can't BGSAVE right now. Use BGSAVE SCHEDULE in order to schedule a " +
    "BGSAVE whenever possible.",
);
const CANNOT_REWRITE = new CommandError(
  "ERR Can't execute an AOF background rewriting. Please check the server logs for more information.",
);
/** What redis-server answers where it has no words. */
const FAILED = new CommandError("ERR");
const BUSY_KEY = new CommandError("BUSYKEY Target key name already exists.");
const BAD_TTL = new CommandError("ERR Invalid TTL value, must be >= 0");
const BAD_IDLETIME = new CommandError("ERR Invalid IDLETIME value, must be >= 0");
const BAD_FREQ = new CommandError("ERR Invalid FREQ value, must be >= 0 and <= 255");
const BAD_PAYLOAD = new CommandError("ERR DUMP payload version or checksum are wrong");
const BAD_DATA = new CommandError("ERR Bad data format");

// -- The data set -----------------------------------------------------------------------------------------------------

/** BGREWRITEAOF */
function bgrewriteaof(ctx: Context, _args: Args): void {
  const { persistence } = ctx.server;
  if (persistence.snapshots.running === "aof") throw REWRITING;
  if (persistence.snapshots.running !== null || inTransaction(ctx)) {
    persistence.rewrites.scheduled = true;
    persistence.rewrites.failuresInRow = 0; // asked for by hand: no more waiting after failures
    return ctx.reply.simple("Background append only file rewriting scheduled");
  }
  if (!persistence.rewrites.begin()) throw CANNOT_REWRITE;
  ctx.reply.simple("Background append only file rewriting started");
}

/** BGSAVE [SCHEDULE] */
function bgsave(ctx: Context, args: Args): void {
  const { persistence } = ctx.server;
  if (args.count > 2 || (args.count === 2 && !args.is(1, "SCHEDULE"))) throw SYNTAX;
  if (persistence.snapshots.saving) throw SAVING;
  if (persistence.snapshots.running !== null || inTransaction(ctx)) {
    if (args.count < 2 && !inTransaction(ctx)) throw OTHER_CHILD;
    persistence.bgsaveScheduled = true;
    return ctx.reply.simple("Background saving scheduled");
  }
  if (!persistence.bgsave()) throw FAILED;
  ctx.reply.simple("Background saving started");
}

/** EXEC must not begin a snapshot between two commands of one transaction. */
function inTransaction(ctx: Context): boolean {
  return ctx.client.transaction !== null;
}

/** LASTSAVE */
function lastsave(ctx: Context, _args: Args): void {
  ctx.reply.integer(ctx.server.persistence.lastSaveSeconds);
}

/** SAVE */
function save(ctx: Context, _args: Args): void {
  const { persistence } = ctx.server;
  if (persistence.snapshots.saving) throw SAVING;
  persistence.saves++;
  if (!persistence.save()) throw FAILED;
  ctx.reply.ok();
}

// -- One key ----------------------------------------------------------------------------------------------------------

/** DUMP key */
function dump(ctx: Context, args: Args): void {
  const addr = ctx.read(args, 1);
  if (addr === 0) return ctx.reply.null();
  const payload = dumpRecord(ctx.db, addr, ctx.server.config.rdbcompression);
  ctx.reply.bulk(payload, 0, payload.length);
}

/** The options of RESTORE. */
interface RestoreOptions {
  replace: boolean;
  absoluteTtl: boolean;
  /** Seconds; -1 where not given. */
  idle: number;
  frequency: number;
}

const value = new LoadedValue();

/** RESTORE key ttl payload [REPLACE] [ABSTTL] [IDLETIME seconds] [FREQ frequency] */
function restore(ctx: Context, args: Args): void {
  const options = restoreOptions(args);
  if (!options.replace && ctx.write(args, 1) !== 0) throw BUSY_KEY;
  const ttl = args.int64(2);
  if (ttl < 0) throw BAD_TTL;
  const { db, server } = ctx;
  const start = args.starts[3]!, end = args.ends[3]!;
  if (!isPayload(args.buf, start, end, server.skipChecksums)) throw BAD_PAYLOAD;
  const target = { db, limits: server.config, lists: listOptions(ctx), deep: true };
  if (!readPayload(args.buf, start, end, target, value)) throw BAD_DATA;
  const expiry = ttl === 0
    ? NO_EXPIRY
    : toUnixMs(ctx, ttl, { seconds: false, absolute: options.absoluteTtl });
  const replaced = options.replace && db.deleteRaw(args.buf, args.starts[1]!, args.ends[1]!);
  if (expiry !== NO_EXPIRY && isPast(ctx, expiry)) {
    value.discard();
    if (replaced) deleteReplaced(ctx, args);
    return ctx.reply.ok();
  }
  const addr = value.store(db, args.buf, args.starts[1]!, args.ends[1]!, expiry);
  setAccess(db, addr, options.idle, options.frequency);
  if (expiry !== NO_EXPIRY && !options.absoluteTtl && ctx.propagates) rewriteAbsolute(ctx, args, expiry);
  ctx.changed(Notify.GENERIC, "restore", args, 1);
  ctx.reply.ok();
}

/** Whether a key with this expiry need not be made: a loader and a replica leave that to the primary. */
function isPast(ctx: Context, expiry: Expiry): boolean {
  return expiry <= ctx.store.now() && !ctx.server.loading && !ctx.server.isReplica;
}

function restoreOptions(args: Args): RestoreOptions {
  const options: RestoreOptions = { replace: false, absoluteTtl: false, idle: -1, frequency: -1 };
  for (let i = 4; i < args.count; i++) {
    const hasMore = i + 1 < args.count;
    if (args.is(i, "REPLACE")) options.replace = true;
    else if (args.is(i, "ABSTTL")) options.absoluteTtl = true;
    else if (args.is(i, "IDLETIME") && hasMore && options.frequency === -1) {
      options.idle = args.integer(++i);
      if (options.idle < 0) throw BAD_IDLETIME;
    } else if (args.is(i, "FREQ") && hasMore && options.idle === -1) {
      options.frequency = args.integer(++i);
      if (options.frequency < 0 || options.frequency > 255) throw BAD_FREQ;
    } else throw SYNTAX;
  }
  return options;
}

/** The value to restore had expired already, so that the key it would have replaced is only deleted. */
function deleteReplaced(ctx: Context, args: Args): void {
  ctx.rewriteAs("DEL", args.bytes(1));
  ctx.changed(Notify.GENERIC, "del", args, 1);
}

/** A time to live means another moment each time it is read: the time itself goes out. */
function rewriteAbsolute(ctx: Context, args: Args, expiry: Expiry): void {
  const items: (Uint8Array | string)[] = [];
  for (let i = 0; i < args.count; i++) items.push(i === 2 ? String(expiry) : args.bytes(i));
  ctx.rewriteAs(...items, "ABSTTL");
}
