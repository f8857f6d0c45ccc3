/**
 * DEBUG: what tests and people in trouble use to look inside the server and to put it into states that are hard to
 * reach otherwise. Sub-commands are no rows of the table, as in redis-server: they share DEBUG's flags and statistics.
 *
 * What looks into one key stands in debug_object.ts.
 */

import { digestOfStore, digestOfValue } from "../persistence/digest.ts";
import { NO_EXPIRY } from "../store.ts";
import { fromLatin1 } from "../types/bytes.ts";
import { globMatch } from "../types/glob.ts";
import { EMBSTR_LIMIT, Kind } from "../types/kind.ts";
import { DEFAULT_PACKED_THRESHOLD } from "../types/quicklist_node.ts";
import type { Args } from "./args.ts";
import type { Context } from "./context.ts";
import {
  debugHtstats,
  debugHtstatsKey,
  debugListpack,
  debugObject,
  debugQuicklist,
  debugSdslen,
} from "./debug_object.ts";
import { debugProtocol } from "./debug_protocol.ts";
import { CommandError, NEGATIVE_COUNT, subcommandSyntax, SYNTAX } from "./errors.ts";
import { replyHelp } from "./help.ts";
import type { CommandRow } from "./row.ts";

/** The row of DEBUG. */
export const debugRow: CommandRow = {
  name: "DEBUG",
  arity: -2,
  flags: ["admin", "noscript", "loading", "stale"],
  keys: [0, 0, 0],
  categories: [],
  run: debug,
};

/** One sub-command: how many arguments (with both names) it takes, at least and at most. */
interface DebugCommand {
  name: string;
  from: number;
  to: number;
  run: (ctx: Context, args: Args) => void;
}

const ANY = Infinity;

const COMMANDS: readonly DebugCommand[] = [
  { name: "AOF-FLUSH-SLEEP", from: 3, to: 3, run: debugAofFlushSleep },
  { name: "ASSERT", from: 2, to: ANY, run: (ctx) => ctx.server.crash("assertion", "DEBUG ASSERT") },
  { name: "CHANGE-REPL-ID", from: 2, to: 2, run: debugChangeReplId },
  { name: "CLIENT-EVICTION", from: 2, to: 2, run: debugClientEviction },
  { name: "CLUSTERLINK", from: 5, to: 5, run: debugClusterlink },
  { name: "CONFIG-REWRITE-FORCE-ALL", from: 2, to: 2, run: debugConfigRewrite },
  { name: "DIGEST", from: 2, to: 2, run: debugDigest },
  { name: "DIGEST-VALUE", from: 2, to: ANY, run: debugDigestValue },
  { name: "ERROR", from: 3, to: 3, run: debugError },
  { name: "HELP", from: 2, to: 2, run: debugHelp },
  { name: "HTSTATS", from: 3, to: 4, run: debugHtstats },
  { name: "HTSTATS-KEY", from: 3, to: 4, run: debugHtstatsKey },
  { name: "LISTPACK", from: 3, to: 3, run: debugListpack },
  { name: "LOADAOF", from: 2, to: ANY, run: debugLoadaof },
  { name: "LOG", from: 3, to: 3, run: debugLog },
  { name: "OBJECT", from: 3, to: 3, run: debugObject },
  { name: "OOM", from: 2, to: ANY, run: (ctx) => ctx.server.crash("memory", "DEBUG OOM") },
  { name: "PANIC", from: 2, to: ANY, run: (ctx) => ctx.server.crash("panic", "called by debug panic") },
  { name: "PAUSE-CRON", from: 3, to: 3, run: debugPauseCron },
  { name: "POPULATE", from: 3, to: 5, run: debugPopulate },
  { name: "PROTOCOL", from: 3, to: 3, run: debugProtocol },
  { name: "QUICKLIST", from: 3, to: 4, run: debugQuicklist },
  { name: "QUICKLIST-PACKED-THRESHOLD", from: 3, to: 3, run: debugPackedThreshold },
  { name: "RELOAD", from: 2, to: ANY, run: debugReload },
  { name: "REPLICATE", from: 3, to: ANY, run: debugReplicate },
  { name: "REPLYBUFFER", from: 4, to: 4, run: debugReplybuffer },
  { name: "SDSLEN", from: 3, to: 3, run: debugSdslen },
  {
    name: "SEGFAULT",
    from: 2,
    to: ANY,
    run: (ctx) => ctx.server.crash(11, "DEBUG SEGFAULT"),
  },
  { name: "SET-ACTIVE-EXPIRE", from: 3, to: 3, run: debugActiveExpire },
  { name: "SET-DISABLE-DENY-SCRIPTS", from: 3, to: 3, run: debugDenyScripts },
  { name: "SET-SKIP-CHECKSUM-VALIDATION", from: 3, to: 3, run: debugSkipChecksum },
  { name: "SLEEP", from: 3, to: 3, run: debugSleep },
  { name: "STRINGMATCH-TEST", from: 2, to: 2, run: debugStringmatch },
];

/** DEBUG subcommand [argument ...] */
function debug(ctx: Context, args: Args): void {
  for (const command of COMMANDS) {
    if (args.count >= command.from && args.count <= command.to && args.is(1, command.name)) {
      return command.run(ctx, args);
    }
  }
  throw subcommandSyntax(args);
}

/** A flag as C's atoi reads it: the digits at the beginning, 0 where there are none. */
function flag(args: Args, i: number): boolean {
  return (parseInt(args.text(i), 10) || 0) !== 0;
}

// -- The data set -----------------------------------------------------------------------------------------------------

/** DEBUG DIGEST */
function debugDigest(ctx: Context): void {
  ctx.reply.simple(digestOfStore(ctx.store));
}

/** DEBUG DIGEST-VALUE key [key ...] */
function debugDigestValue(ctx: Context, args: Args): void {
  ctx.reply.array(args.count - 2);
  for (let i = 2; i < args.count; i++) ctx.reply.simple(digestOfValue(ctx.db, ctx.inspect(args, i)));
}

const RELOAD_FAILED = new CommandError("ERR Error trying to load the RDB dump");
const LOADAOF_FAILED = new CommandError("ERR Error trying to load the AOF files, check server logs.");

/** DEBUG RELOAD [MERGE] [NOFLUSH] [NOSAVE] */
function debugReload(ctx: Context, args: Args): void {
  const options = { save: true, flush: true, merge: false };
  for (let i = 2; i < args.count; i++) {
    if (args.is(i, "MERGE")) options.merge = true;
    else if (args.is(i, "NOFLUSH")) options.flush = false;
    else if (args.is(i, "NOSAVE")) options.save = false;
    else throw new CommandError("ERR DEBUG RELOAD only supports the MERGE, NOFLUSH and NOSAVE options.");
  }
  if (!ctx.server.persistence.reload(options)) throw RELOAD_FAILED;
  ctx.reply.ok();
}

/** DEBUG LOADAOF */
function debugLoadaof(ctx: Context): void {
  if (!ctx.server.persistence.reloadAof()) throw LOADAOF_FAILED;
  ctx.reply.ok();
}

/** DEBUG POPULATE count [prefix] [size] */
function debugPopulate(ctx: Context, args: Args): void {
  const count = args.ranged(2, 0, Number.MAX_SAFE_INTEGER, NEGATIVE_COUNT);
  const size = args.count === 5 ? args.ranged(4, 0, Number.MAX_SAFE_INTEGER, NEGATIVE_COUNT) : 0;
  const prefix = args.count >= 4 ? args.text(3) : "key";
  const { db } = ctx;
  for (let i = 0; i < count; i++) {
    const key = fromLatin1(`${prefix}:${i}`);
    if (db.find(key, 0, key.length) !== 0) continue;
    const text = fromLatin1(`value:${i}`);
    let value = text;
    if (size > 0) {
      value = new Uint8Array(size);
      value.set(text.subarray(0, size));
    }
    const kind = value.length <= EMBSTR_LIMIT ? Kind.EMBSTR : Kind.RAW;
    db.set(key, 0, key.length, kind, value, 0, value.length, NO_EXPIRY);
    ctx.touch(key, 0, key.length);
  }
  ctx.reply.ok();
}

// -- Replies and the log ----------------------------------------------------------------------------------------------

/** DEBUG ERROR text */
function debugError(ctx: Context, args: Args): void {
  ctx.reply.uncountedError(args.text(2));
}

/** DEBUG LOG text */
function debugLog(ctx: Context, args: Args): void {
  ctx.server.log.warning(`DEBUG LOG: ${args.text(2)}`);
  ctx.reply.ok();
}

/** DEBUG SLEEP seconds: nobody is served meanwhile. What is no 64-bit number of microseconds is no time at all in Redis. */
function debugSleep(ctx: Context, args: Args): void {
  const seconds = parseFloat(args.text(2)) || 0;
  if (seconds > 0 && seconds * 1e6 < 2 ** 63) ctx.server.clock.sleep(seconds * 1000);
  ctx.reply.ok();
}

/** Patterns and texts tried by DEBUG STRINGMATCH-TEST. */
const MATCH_ROUNDS = 20_000;
const MATCH_BYTES = "*?[]^-\\ab\0\xff";

/** DEBUG STRINGMATCH-TEST: random patterns must be matched without an exception or an endless loop. */
function debugStringmatch(ctx: Context): void {
  const some = (longest: number): Uint8Array => {
    const bytes = new Uint8Array(ctx.store.random() % longest);
    for (let i = 0; i < bytes.length; i++) {
      bytes[i] = MATCH_BYTES.charCodeAt(ctx.store.random() % MATCH_BYTES.length);
    }
    return bytes;
  };
  for (let round = 0; round < MATCH_ROUNDS; round++) {
    const pattern = some(32);
    const text = some(32);
    globMatch(pattern, 0, pattern.length, text, 0, text.length);
  }
  ctx.reply.simple("Apparently Redis did not crash: test passed");
}

// -- Switches ---------------------------------------------------------------------------------------------------------

/** DEBUG SET-ACTIVE-EXPIRE 0|1 */
function debugActiveExpire(ctx: Context, args: Args): void {
  ctx.server.expiry.enabled = flag(args, 2);
  ctx.reply.ok();
}

/** DEBUG PAUSE-CRON 0|1 */
function debugPauseCron(ctx: Context, args: Args): void {
  ctx.server.cron.paused = flag(args, 2);
  ctx.reply.ok();
}

/** DEBUG SET-DISABLE-DENY-SCRIPTS 0|1 */
function debugDenyScripts(ctx: Context, args: Args): void {
  ctx.server.scriptsMayRunAll = flag(args, 2);
  ctx.reply.ok();
}

/** DEBUG SET-SKIP-CHECKSUM-VALIDATION 0|1 */
function debugSkipChecksum(ctx: Context, args: Args): void {
  ctx.server.skipChecksums = flag(args, 2);
  ctx.reply.ok();
}

/** DEBUG AOF-FLUSH-SLEEP microseconds */
function debugAofFlushSleep(ctx: Context, args: Args): void {
  ctx.server.persistence.aofFlushDelayMs = (parseInt(args.text(2), 10) || 0) / 1000;
  ctx.reply.ok();
}

const BAD_THRESHOLD = new CommandError(
  "ERR argument must be a memory value bigger than 1 and smaller than 4gb",
);

/** DEBUG QUICKLIST-PACKED-THRESHOLD bytes; 0 is the default. */
function debugPackedThreshold(ctx: Context, args: Args): void {
  const bytes = ctx.server.parseMemory(args.text(2));
  if (bytes === undefined || bytes >= 4294967295) throw BAD_THRESHOLD;
  ctx.server.quicklistPackedThreshold = bytes === 0 ? DEFAULT_PACKED_THRESHOLD : bytes;
  ctx.reply.ok();
}

/** DEBUG REPLYBUFFER PEAK-RESET-TIME NEVER|RESET|ms, DEBUG REPLYBUFFER RESIZING 0|1 */
function debugReplybuffer(ctx: Context, args: Args): void {
  const { replyBuffers } = ctx.server;
  if (args.is(2, "PEAK-RESET-TIME")) {
    if (args.is(3, "NEVER")) replyBuffers.peakResetMs = Infinity;
    else if (args.is(3, "RESET")) replyBuffers.peakResetMs = replyBuffers.defaultPeakResetMs;
    else replyBuffers.peakResetMs = args.integer(3);
  } else if (args.is(2, "RESIZING")) replyBuffers.resizing = flag(args, 3);
  else throw subcommandSyntax(args);
  ctx.reply.ok();
}

// -- The server -------------------------------------------------------------------------------------------------------

/** DEBUG CHANGE-REPL-ID */
function debugChangeReplId(ctx: Context): void {
  ctx.server.log.warning("Changing replication IDs after receiving DEBUG change-repl-id");
  ctx.server.replication.stream.beginHistory();
  ctx.reply.ok();
}

/** DEBUG REPLICATE word [word ...]: a command that the replicas run and this server does not. */
function debugReplicate(ctx: Context, args: Args): void {
  const { stream } = ctx.server.replication;
  stream.feed(stream.selected, args.tail(2)); // in whichever database they are
  ctx.reply.ok();
}

/** DEBUG CLUSTERLINK KILL to|from|all node */
function debugClusterlink(_ctx: Context, args: Args): void {
  if (!args.is(2, "KILL")) throw subcommandSyntax(args);
  throw new CommandError("ERR Debug option only available for cluster mode enabled setup!");
}

/** DEBUG CONFIG-REWRITE-FORCE-ALL */
function debugConfigRewrite(ctx: Context): void {
  const { config, acl } = ctx.server;
  const failure = config.file === ""
    ? "Bad address"
    : config.rewrite(config.aclfile === "" ? acl.configLines() : undefined, true);
  if (failure !== undefined) throw new CommandError(`ERR CONFIG-REWRITE-FORCE-ALL failed: ${failure}`);
  ctx.reply.ok();
}

/** DEBUG CLIENT-EVICTION: how many clients of which size there are. */
function debugClientEviction(ctx: Context): void {
  const { clientEviction } = ctx.server;
  if (!clientEviction.active) throw new CommandError("ERR maxmemory-clients is disabled.");
  let text = "";
  for (const { from, below, bytes, clients } of clientEviction.buckets()) {
    const upper = below === Infinity ? "+            " : ` - ${String(below - 1).padStart(10)}`;
    text += `bucket ${String(from).padStart(10)}${upper}: tot-mem: ${
      String(bytes).padStart(10)
    }, clients: ${clients}\n`;
  }
  ctx.reply.verbatim(text);
}

/** DEBUG HELP: what is here; redis-server knows some more, which have no meaning in this one. */
function debugHelp(ctx: Context, args: Args): void {
  if (args.count > 2) throw SYNTAX;
  replyHelp(ctx, "DEBUG", [
    "AOF-FLUSH-SLEEP <microsec>",
    "    Server will sleep before flushing the AOF, this is used for testing.",
    "ASSERT",
    "    Crash by assertion failed.",
    "CHANGE-REPL-ID",
    "    Change the replication IDs of the instance.",
    "    Dangerous: should be used only for testing the replication subsystem.",
    "CONFIG-REWRITE-FORCE-ALL",
    "    Like CONFIG REWRITE but writes all configuration options, including",
    "    keywords not listed in original configuration file or default values.",
    "DIGEST",
    "    Output a hex signature representing the current DB content.",
    "DIGEST-VALUE <key> [<key> ...]",
    "    Output a hex signature of the values of all the specified keys.",
    "ERROR <string>",
    "    Return a Redis protocol error with <string> as message. Useful for clients",
    "    unit tests to simulate Redis errors.",
    "LOG <message>",
    "    Write <message> to the server log.",
    "HTSTATS <dbid>",
    "    Return hash table statistics of the specified Redis database.",
    "HTSTATS-KEY <key>",
    "    Like HTSTATS but for the hash table stored at <key>'s value.",
    "LOADAOF",
    "    Flush the AOF buffers on disk and reload the AOF in memory.",
    "REPLICATE <string>",
    "    Replicates the provided string to replicas, allowing data divergence.",
    "OBJECT <key>",
    "    Show low level info about `key` and associated value.",
    "OOM",
    "    Crash the server simulating an out-of-memory error.",
    "PANIC",
    "    Crash the server simulating a panic.",
    "POPULATE <count> [<prefix>] [<size>]",
    "    Create <count> string keys named key:<num>. If <prefix> is specified then",
    "    it is used instead of the 'key' prefix. These are not propagated to",
    "    replicas. Cluster slots are not respected so keys not belonging to the",
    "    current node can be created in cluster mode.",
    "PROTOCOL <type>",
    "    Reply with a test value of the specified type. <type> can be: string,",
    "    integer, double, bignum, null, array, set, map, attrib, push, verbatim,",
    "    true, false.",
    "RELOAD [option ...]",
    "    Save the RDB on disk and reload it back to memory. Valid <option> values:",
    "    * MERGE: conflicting keys will be loaded from RDB.",
    "    * NOFLUSH: the existing database will not be removed before load, but",
    "      conflicting keys will generate an exception and kill the server.",
    "    * NOSAVE: the database will be loaded from an existing RDB file.",
    "    Examples:",
    "    * DEBUG RELOAD: verify that the server is able to persist, flush and reload",
    "      the database.",
    "    * DEBUG RELOAD NOSAVE: replace the current database with the contents of an",
    "      existing RDB file.",
    "    * DEBUG RELOAD NOSAVE NOFLUSH MERGE: add the contents of an existing RDB",
    "      file to the database.",
    "SDSLEN <key>",
    "    Show low level SDS string info representing `key` and value.",
    "SEGFAULT",
    "    Crash the server with sigsegv.",
    "SET-ACTIVE-EXPIRE <0|1>",
    "    Setting it to 0 disables expiring keys in background when they are not",
    "    accessed (otherwise the Redis behavior). Setting it to 1 reenables back the",
    "    default.",
    "QUICKLIST-PACKED-THRESHOLD <size>",
    "    Sets the threshold for elements to be inserted as plain vs packed nodes",
    "    Default value is 1GB, allows values up to 4GB. Setting to 0 restores to default.",
    "SET-SKIP-CHECKSUM-VALIDATION <0|1>",
    "    Enables or disables checksum checks for RDB files and RESTORE's payload.",
    "SLEEP <seconds>",
    "    Stop the server for <seconds>. Decimals allowed.",
    "STRINGMATCH-TEST",
    "    Run a fuzz tester against the stringmatchlen() function.",
    "LISTPACK <key>",
    "    Show low level info about the listpack encoding of <key>.",
    "QUICKLIST <key> [<0|1>]",
    "    Show low level info about the quicklist encoding of <key>.",
    "    The optional argument (0 by default) sets the level of detail",
    "CLIENT-EVICTION",
    "    Show low level client eviction pools info (maxmemory-clients).",
    "PAUSE-CRON <0|1>",
    "    Stop periodic cron job processing.",
    "REPLYBUFFER PEAK-RESET-TIME <NEVER||RESET|time>",
    "    Sets the time (in milliseconds) to wait between client reply buffer peak resets.",
    "    In case NEVER is provided the last observed peak will never be reset",
    "    In case RESET is provided the peak reset time will be restored to the default value",
    "REPLYBUFFER RESIZING <0|1>",
    "    Enable or disable the reply buffer resize cron job",
    "CLUSTERLINK KILL <to|from|all> <node-id>",
    "    Kills the link based on the direction to/from (both) with the provided node.",
  ]);
}
