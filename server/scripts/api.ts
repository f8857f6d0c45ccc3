/**
 * The table `redis` of scripts: calling commands, making replies, logging, and what else a script may ask the server.
 *
 * Errors are raised as tables with the field `err`, as redis-server does, so that they bear no position.
 */

import { LuaError } from "../../lua/error.ts";
import { toNumber, toText } from "../../lua/number.ts";
import { LuaTable } from "../../lua/table.ts";
import { hostFunction, type LuaValue, NOTHING, type PlainFunction } from "../../lua/value.ts";
import { fromLatin1 } from "../../types/bytes.ts";
import { sha1Hex } from "../../types/sha1.ts";
import type { RedisServer } from "../server.ts";
import { REDIS_VERSION } from "../version.ts";
import type { ScriptCaller } from "./caller.ts";
import { errorTable } from "./to_lua.ts";

const NO_SCRIPT = "ERR redis.call/pcall can only be called inside a script invocation";
const WRONG_REPLY = "ERR wrong number or type of arguments";
const WRONG_COUNT = "ERR wrong number of arguments";
const LOG_ARGUMENTS = "ERR redis.log() requires two arguments or more.";
const LOG_LEVEL = "ERR First argument must be a number (log level).";
const NO_SUCH_LEVEL = "ERR Invalid debug level.";
const SETRESP_ARGUMENTS = "ERR redis.setresp() requires one argument.";
const SETRESP_VERSION = "ERR RESP version must be 2 or 3.";
const REPL_ARGUMENTS = "ERR redis.set_repl() requires two arguments.";
const REPL_FLAGS = "ERR Invalid replication flags. Use REPL_AOF, REPL_REPLICA, REPL_ALL or REPL_NONE.";

const LOG_LEVELS = ["debug", "verbose", "notice", "warning"] as const;
/** The longest line that redis.log writes, bytes. */
const LOG_BYTES = 1023;

/** Functions and constants that there are everywhere: while a library is loaded too. */
export function commonApi(server: RedisServer): Record<string, LuaValue> {
  const [major, minor, patch] = REDIS_VERSION.split(".").map(Number) as [number, number, number];
  return {
    log: hostFunction("log", (...args) => log(server, args)),
    LOG_DEBUG: 0,
    LOG_VERBOSE: 1,
    LOG_NOTICE: 2,
    LOG_WARNING: 3,
    REDIS_VERSION,
    REDIS_VERSION_NUM: major << 16 | minor << 8 | patch,
  };
}

/** What scripts and functions may use while they run. */
export function scriptApi(caller: ScriptCaller): Record<string, LuaValue> {
  const functions: Record<string, PlainFunction> = {
    call: (...args) => {
      if (!caller.active) raise(NO_SCRIPT);
      return caller.call(args, true);
    },
    pcall: (...args) => {
      if (!caller.active) raise(NO_SCRIPT);
      return caller.call(args, false);
    },
    setresp: (...args) => setresp(caller, args),
    error_reply: errorReply,
    status_reply: statusReply,
    sha1hex,
    set_repl: (...args) => setRepl(caller, args),
    acl_check_cmd: (...args) => caller.allows(args),
  };
  return {
    ...hosted(functions),
    REPL_NONE: 0,
    REPL_AOF: 1,
    REPL_SLAVE: 2,
    REPL_REPLICA: 2,
    REPL_ALL: 3,
  };
}

/** What EVAL knows besides: left over from older versions, and hooks of the debugger, which is never at work here. */
export function evalApi(): Record<string, LuaValue> {
  return hosted({
    replicate_commands: () => true,
    breakpoint: () => false,
    debug: () => NOTHING,
  });
}

/** A table with these fields. */
export function tableOf(fields: Record<string, LuaValue>): LuaTable {
  const table = new LuaTable();
  for (const [name, value] of Object.entries(fields)) table.setStr(name, value);
  return table;
}

function hosted(functions: Record<string, PlainFunction>): Record<string, LuaValue> {
  const values: Record<string, LuaValue> = {};
  for (const [name, fn] of Object.entries(functions)) values[name] = hostFunction(name, fn);
  return values;
}

function raise(text: string): never {
  throw new LuaError(errorTable(text, false));
}

/** A number as C reads it from the value: 0 where it is none, without its fraction. */
function intOf(value: LuaValue): number {
  const number = toNumber(value);
  return number !== undefined && Number.isFinite(number) ? Math.trunc(number) : 0;
}

/** redis.log(level, text, ...) */
function log(server: RedisServer, args: readonly LuaValue[]): LuaValue[] {
  if (args.length < 2) raise(LOG_ARGUMENTS);
  const [level] = args;
  if (toNumber(level) === undefined) raise(LOG_LEVEL);
  const name = LOG_LEVELS[intOf(level)];
  if (name === undefined) raise(NO_SUCH_LEVEL);
  const text = args.slice(1).map(toText).filter((part) => part !== undefined).join(" ");
  server.log[name](text.slice(0, LOG_BYTES));
  return [];
}

/** redis.setresp(2|3): the protocol in which replies of commands come from now on. */
function setresp(caller: ScriptCaller, args: readonly LuaValue[]): LuaValue[] {
  if (args.length !== 1) raise(SETRESP_ARGUMENTS);
  const version = intOf(args[0]);
  if (version !== 2 && version !== 3) raise(SETRESP_VERSION);
  caller.client.reply.protocol = version;
  return [];
}

/** redis.error_reply(text): what a script returns to answer with an error; a text of one word gets a code. */
function errorReply(...args: LuaValue[]): LuaValue {
  const [given] = args;
  if (args.length !== 1 || typeof given !== "string") return errorTable(WRONG_REPLY, false);
  const text = (given.startsWith("-") ? given.slice(1) : given).replace(/^[\r\n]+|[\r\n]+$/g, "");
  return errorTable(text.includes(" ") ? text : `ERR ${text}`, false);
}

/** redis.status_reply(text) */
function statusReply(...args: LuaValue[]): LuaValue {
  const [text] = args;
  if (args.length !== 1 || typeof text !== "string") return errorTable(WRONG_REPLY, false);
  return tableOf({ ok: text });
}

/** redis.sha1hex(text) */
function sha1hex(...args: LuaValue[]): LuaValue {
  if (args.length !== 1) raise(WRONG_COUNT);
  const bytes = fromLatin1(toText(args[0]) ?? "");
  return sha1Hex(bytes, 0, bytes.length);
}

/** redis.set_repl(flags): who gets the effects of the commands that follow. */
function setRepl(caller: ScriptCaller, args: readonly LuaValue[]): LuaValue[] {
  if (args.length !== 1) raise(REPL_ARGUMENTS);
  const targets = intOf(args[0]);
  if ((targets & ~3) !== 0) raise(REPL_FLAGS);
  caller.client.targets = targets;
  return [];
}
