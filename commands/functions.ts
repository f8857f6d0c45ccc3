/** Function libraries: FUNCTION, which manages them, and FCALL. What runs them is server/scripting.ts. */

import { fromLatin1 } from "../types/bytes.ts";
import { globMatch } from "../types/glob.ts";
import type { Args } from "./args.ts";
import type { Suspension } from "./block.ts";
import type { Context } from "./context.ts";
import { CommandError, subcommandSyntax } from "./errors.ts";
import { replyHelp } from "./help.ts";
import type { CommandRow } from "./row.ts";
import { anyUse, flushMode, keyCount, readUse, RUN_FLAGS, RUN_RO_FLAGS, showFirst } from "./script_args.ts";

const CHANGE_FLAGS = ["write", "noscript"];
const ADD_FLAGS = ["write", "denyoom", "noscript"];
const ALL_SHARDS = ["request_policy:all_shards", "response_policy:all_succeeded"];

/** The table rows of FCALL, FCALL_RO and FUNCTION. */
export const functionRows: readonly CommandRow[] = [
  {
    name: "FCALL",
    arity: -3,
    flags: RUN_FLAGS,
    keys: [0, 0, 0],
    specs: [anyUse()],
    categories: ["scripting"],
    run: (ctx, args) => callFunction(ctx, args, false),
  },
  {
    name: "FCALL_RO",
    arity: -3,
    flags: RUN_RO_FLAGS,
    keys: [0, 0, 0],
    specs: [readUse()],
    categories: ["scripting"],
    run: (ctx, args) => callFunction(ctx, args, true),
  },
  {
    name: "FUNCTION",
    arity: -2,
    flags: [],
    keys: [0, 0, 0],
    categories: [],
    subcommands: [
      {
        name: "DELETE",
        arity: 3,
        flags: CHANGE_FLAGS,
        keys: [0, 0, 0],
        categories: ["scripting"],
        tips: ALL_SHARDS,
        run: functionDelete,
      },
      {
        name: "DUMP",
        arity: 2,
        flags: ["noscript"],
        keys: [0, 0, 0],
        categories: ["scripting"],
        run: functionDump,
      },
      {
        name: "FLUSH",
        arity: -2,
        flags: CHANGE_FLAGS,
        keys: [0, 0, 0],
        categories: ["scripting"],
        tips: ALL_SHARDS,
        run: functionFlush,
      },
      {
        name: "HELP",
        arity: 2,
        flags: ["loading", "stale"],
        keys: [0, 0, 0],
        categories: ["scripting"],
        run: functionHelp,
      },
      {
        name: "KILL",
        arity: 2,
        flags: ["noscript", "allow_busy"],
        keys: [0, 0, 0],
        categories: ["scripting"],
        tips: ["request_policy:all_shards", "response_policy:one_succeeded"],
        run: functionKill,
      },
      {
        name: "LIST",
        arity: -2,
        flags: ["noscript"],
        keys: [0, 0, 0],
        categories: ["scripting"],
        tips: ["nondeterministic_output_order"],
        run: functionList,
      },
      {
        name: "LOAD",
        arity: -3,
        flags: ADD_FLAGS,
        keys: [0, 0, 0],
        categories: ["scripting"],
        tips: ALL_SHARDS,
        run: functionLoad,
      },
      {
        name: "RESTORE",
        arity: -3,
        flags: ADD_FLAGS,
        keys: [0, 0, 0],
        categories: ["scripting"],
        tips: ALL_SHARDS,
        run: functionRestore,
      },
      {
        name: "STATS",
        arity: 2,
        flags: ["noscript", "allow_busy"],
        keys: [0, 0, 0],
        categories: ["scripting"],
        tips: ["nondeterministic_output", "request_policy:all_shards", "response_policy:special"],
        run: functionStats,
      },
    ],
  },
];

const BAD_KEY_COUNT = new CommandError("ERR Bad number of keys provided");
const NO_LIBRARY = new CommandError("ERR Library not found");
const NO_PATTERN = new CommandError("ERR library name argument was not given");
const FLUSH_SYNTAX = new CommandError("ERR FUNCTION FLUSH only supports SYNC|ASYNC option");
const BAD_POLICY = new CommandError(
  "ERR Wrong restore policy given, value should be either FLUSH, APPEND or REPLACE.",
);

/** FCALL function numkeys [key ...] [arg ...], FCALL_RO */
function callFunction(ctx: Context, args: Args, readOnly: boolean): Suspension | void {
  showFirst(ctx, args);
  const { scripting } = ctx.server;
  const fn = scripting.findFunction(args);
  return scripting.callFunction(ctx, args, fn, { keys: keyCount(args, BAD_KEY_COUNT), readOnly });
}

/** FUNCTION DELETE library-name */
function functionDelete(ctx: Context, args: Args): void {
  const { libraries } = ctx.server.scripting;
  const library = libraries.libraries.get(args.text(2));
  if (library === undefined) throw NO_LIBRARY;
  libraries.delete(library);
  ctx.dirty++;
  ctx.reply.ok();
}

/** FUNCTION DUMP */
function functionDump(ctx: Context): void {
  ctx.reply.bulk(ctx.server.scripting.dumpLibraries());
}

/** FUNCTION FLUSH [ASYNC|SYNC] */
function functionFlush(ctx: Context, args: Args): void {
  if (args.count > 3) throw subcommandSyntax(args);
  flushMode(args, 2, FLUSH_SYNTAX);
  ctx.server.scripting.flushLibraries();
  ctx.dirty++;
  ctx.reply.ok();
}

/** FUNCTION KILL */
function functionKill(ctx: Context): void {
  ctx.server.scripting.kill(true);
  ctx.reply.ok();
}

/** FUNCTION LIST [LIBRARYNAME pattern] [WITHCODE] */
function functionList(ctx: Context, args: Args): void {
  let pattern: number | undefined;
  let withCode = false;
  for (let i = 2; i < args.count; i++) {
    if (!withCode && args.is(i, "WITHCODE")) withCode = true;
    else if (pattern === undefined && args.is(i, "LIBRARYNAME")) {
      if (++i >= args.count) throw NO_PATTERN;
      pattern = i;
    } else throw new CommandError(`ERR Unknown argument ${args.cText(i)}`);
  }
  const { reply, server: { scripting } } = ctx;
  const mark = reply.defer();
  let count = 0;
  for (const { name, source, functions } of scripting.libraries.libraries.values()) {
    if (pattern !== undefined && !matches(args, pattern, name)) continue;
    count++;
    reply.map(withCode ? 4 : 3);
    reply.bulkText("library_name");
    reply.bulkText(name);
    reply.bulkText("engine");
    reply.bulkText("LUA");
    reply.bulkText("functions");
    reply.array(functions.length);
    for (const fn of functions) {
      reply.map(3);
      reply.bulkText("name");
      reply.bulkText(fn.name);
      reply.bulkText("description");
      if (fn.description === null) reply.null();
      else reply.bulkText(fn.description);
      const flags = scripting.flagWords(fn.flags);
      reply.bulkText("flags");
      reply.set(flags.length);
      for (const word of flags) reply.simple(word);
    }
    if (!withCode) continue;
    reply.bulkText("library_code");
    reply.bulkText(source);
  }
  reply.endArray(mark, count);
}

/** Whether a name matches the pattern in argument `i`, in any case. */
function matches(args: Args, i: number, name: string): boolean {
  const bytes = fromLatin1(name);
  return globMatch(args.buf, args.starts[i]!, args.ends[i]!, bytes, 0, bytes.length, true);
}

/** FUNCTION LOAD [REPLACE] code */
function functionLoad(ctx: Context, args: Args): void {
  let replace = false;
  for (let i = 2; i < args.count - 1; i++) {
    if (!args.is(i, "REPLACE")) throw new CommandError(`ERR Unknown option given: ${args.cText(i)}`);
    replace = true;
  }
  const { client } = ctx;
  const limited = !client.loader && !client.primary;
  const name = ctx.server.scripting.loadLibrary(args.text(args.count - 1), replace, limited);
  ctx.dirty++;
  ctx.reply.bulkText(name);
}

/** FUNCTION RESTORE serialized-value [FLUSH|APPEND|REPLACE] */
function functionRestore(ctx: Context, args: Args): void {
  if (args.count > 4) throw subcommandSyntax(args);
  let policy: "append" | "replace" | "flush" = "append";
  if (args.count === 4) {
    if (args.is(3, "REPLACE")) policy = "replace";
    else if (args.is(3, "FLUSH")) policy = "flush";
    else if (!args.is(3, "APPEND")) throw BAD_POLICY;
  }
  ctx.server.scripting.restoreLibraries(args.bytes(2), policy);
  ctx.dirty++;
  ctx.reply.ok();
}

/** FUNCTION STATS */
function functionStats(ctx: Context): void {
  const { reply, server: { scripting } } = ctx;
  const { running, libraries } = scripting;
  if (running !== null && !running.run.isFunction) throw scripting.busyError;
  reply.map(2);
  reply.bulkText("running_script");
  if (running === null) reply.null();
  else {
    const { name, args } = running.run;
    reply.map(3);
    reply.bulkText("name");
    reply.bulkText(name);
    reply.bulkText("command");
    reply.array(args.count);
    for (let i = 0; i < args.count; i++) reply.bulk(args.buf, args.starts[i]!, args.ends[i]!);
    reply.bulkText("duration_ms");
    reply.integer(running.forMs);
  }
  reply.bulkText("engines");
  reply.map(1);
  reply.bulkText("LUA");
  reply.map(2);
  reply.bulkText("libraries_count");
  reply.integer(libraries.libraries.size);
  reply.bulkText("functions_count");
  reply.integer(libraries.functionCount);
}

/** FUNCTION HELP */
function functionHelp(ctx: Context): void {
  replyHelp(ctx, "FUNCTION", [
    "LOAD [REPLACE] <FUNCTION CODE>",
    "    Create a new library with the given library name and code.",
    "DELETE <LIBRARY NAME>",
    "    Delete the given library.",
    "LIST [LIBRARYNAME PATTERN] [WITHCODE]",
    "    Return general information on all the libraries:",
    "    * Library name",
    "    * The engine used to run the Library",
    "    * Library description",
    "    * Functions list",
    "    * Library code (if WITHCODE is given)",
    "    It also possible to get only function that matches a pattern using LIBRARYNAME argument.",
    "STATS",
    "    Return information about the current function running:",
    "    * Function name",
    "    * Command used to run the function",
    "    * Duration in MS that the function is running",
    "    If no function is running, return nil",
    "    In addition, returns a list of available engines.",
    "KILL",
    "    Kill the current running function.",
    "FLUSH [ASYNC|SYNC]",
    "    Delete all the libraries.",
    "    When called without the optional mode argument, the behavior is determined by the",
    "    lazyfree-lazy-user-flush configuration directive. Valid modes are:",
    "    * ASYNC: Asynchronously flush the libraries.",
    "    * SYNC: Synchronously flush the libraries.",
    "DUMP",
    "    Return a serialized payload representing the current libraries, can be restored using FUNCTION RESTORE command",
    "RESTORE <PAYLOAD> [FLUSH|APPEND|REPLACE]",
    "    Restore the libraries represented by the given payload, it is possible to give a restore policy to",
    "    control how to handle existing libraries (default APPEND):",
    "    * FLUSH: delete all existing libraries.",
    "    * APPEND: appends the restored libraries to the existing libraries. On collision, abort.",
    "    * REPLACE: appends the restored libraries to the existing libraries, On collision, replace the old",
    "      libraries with the new libraries (notice that even on this option there is a chance of failure",
    "      in case of functions name collision with another library).",
  ]);
}
