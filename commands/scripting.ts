/**
 * Scripts: EVAL and its like, and SCRIPT, which manages the cache of scripts. Functions are in functions.ts.
 *
 * What runs them is server/scripting.ts; here are their arguments and replies.
 */

import { SHA1_DIGITS } from "../types/sha1.ts";
import type { Args } from "./args.ts";
import type { Suspension } from "./block.ts";
import type { Context } from "./context.ts";
import { CommandError, NOSCRIPT } from "./errors.ts";
import { replyHelp } from "./help.ts";
import type { CommandRow } from "./row.ts";
import { anyUse, flushMode, keyCount, readUse, RUN_FLAGS, RUN_RO_FLAGS, showFirst } from "./script_args.ts";

const ALL_NODES = ["request_policy:all_nodes", "response_policy:all_succeeded"];

/** The table rows of the scripting group but functions, in alphabetical order. */
export const scriptingRows: readonly CommandRow[] = [
  {
    name: "EVAL",
    arity: -3,
    flags: RUN_FLAGS,
    keys: [0, 0, 0],
    specs: [anyUse()],
    categories: ["scripting"],
    run: (ctx, args) => evaluate(ctx, args, false),
  },
  {
    name: "EVALSHA",
    arity: -3,
    flags: RUN_FLAGS,
    keys: [0, 0, 0],
    specs: [anyUse(false)],
    categories: ["scripting"],
    run: (ctx, args) => evaluateSha(ctx, args, false),
  },
  {
    name: "EVALSHA_RO",
    arity: -3,
    flags: RUN_RO_FLAGS,
    keys: [0, 0, 0],
    specs: [readUse(false)],
    categories: ["scripting"],
    run: (ctx, args) => evaluateSha(ctx, args, true),
  },
  {
    name: "EVAL_RO",
    arity: -3,
    flags: RUN_RO_FLAGS,
    keys: [0, 0, 0],
    specs: [readUse()],
    categories: ["scripting"],
    run: (ctx, args) => evaluate(ctx, args, true),
  },
  {
    name: "SCRIPT",
    arity: -2,
    flags: [],
    keys: [0, 0, 0],
    categories: [],
    subcommands: [
      {
        name: "DEBUG",
        arity: 3,
        flags: ["noscript"],
        keys: [0, 0, 0],
        categories: ["scripting"],
        run: scriptDebug,
      },
      {
        name: "EXISTS",
        arity: -3,
        flags: ["noscript"],
        keys: [0, 0, 0],
        categories: ["scripting"],
        tips: ["request_policy:all_shards", "response_policy:agg_logical_and"],
        run: scriptExists,
      },
      {
        name: "FLUSH",
        arity: -2,
        flags: ["noscript"],
        keys: [0, 0, 0],
        categories: ["scripting"],
        tips: ALL_NODES,
        run: scriptFlush,
      },
      {
        name: "HELP",
        arity: 2,
        flags: ["loading", "stale"],
        keys: [0, 0, 0],
        categories: ["scripting"],
        run: scriptHelp,
      },
      {
        name: "KILL",
        arity: 2,
        flags: ["noscript", "allow_busy"],
        keys: [0, 0, 0],
        categories: ["scripting"],
        tips: ["request_policy:all_shards", "response_policy:one_succeeded"],
        run: scriptKill,
      },
      {
        name: "LOAD",
        arity: 3,
        flags: ["noscript", "stale"],
        keys: [0, 0, 0],
        categories: ["scripting"],
        tips: ALL_NODES,
        run: scriptLoad,
      },
    ],
  },
];

const FLUSH_SYNTAX = new CommandError("ERR SCRIPT FLUSH only support SYNC|ASYNC option");
const DEBUG_SYNTAX = new CommandError("ERR Use SCRIPT DEBUG YES/SYNC/NO");
const NO_DEBUGGER = new CommandError(
  "ERR toy-redis has no Lua debugger; use SCRIPT DEBUG NO to run scripts without it",
);

/** EVAL script numkeys [key ...] [arg ...], EVAL_RO */
function evaluate(ctx: Context, args: Args, readOnly: boolean): Suspension | void {
  showFirst(ctx, args);
  if (ctx.client.debugsScripts) throw NO_DEBUGGER;
  return ctx.server.scripting.evaluate(ctx, args, { keys: keyCount(args), readOnly });
}

/** EVALSHA sha1 numkeys [key ...] [arg ...], EVALSHA_RO */
function evaluateSha(ctx: Context, args: Args, readOnly: boolean): Suspension | void {
  showFirst(ctx, args);
  if (args.length(1) !== SHA1_DIGITS) throw NOSCRIPT;
  if (ctx.client.debugsScripts) throw NO_DEBUGGER;
  return ctx.server.scripting.evaluateSha(ctx, args, { keys: keyCount(args), readOnly });
}

/**
 * SCRIPT DEBUG YES|SYNC|NO. There is no debugger. Whoever asks for it wants to see what a script would do, so until NO
 * is said no script of this client must do it (redis-cli passes over the error here).
 */
function scriptDebug(ctx: Context, args: Args): void {
  const wanted = args.is(2, "YES") || args.is(2, "SYNC");
  if (!wanted && !args.is(2, "NO")) throw DEBUG_SYNTAX;
  ctx.client.debugsScripts = wanted;
  if (wanted) throw NO_DEBUGGER;
  ctx.reply.ok();
}

/** SCRIPT EXISTS sha1 [sha1 ...] */
function scriptExists(ctx: Context, args: Args): void {
  ctx.reply.array(args.count - 2);
  for (let i = 2; i < args.count; i++) ctx.reply.integer(ctx.server.scripting.has(args, i) ? 1 : 0);
}

/** SCRIPT FLUSH [ASYNC|SYNC]: both at once here, since what is dropped is collected beside the server's work. */
function scriptFlush(ctx: Context, args: Args): void {
  if (args.count > 3) throw FLUSH_SYNTAX;
  flushMode(args, 2, FLUSH_SYNTAX);
  ctx.server.scripting.flush();
  ctx.reply.ok();
}

/** SCRIPT KILL */
function scriptKill(ctx: Context): void {
  ctx.server.scripting.kill(false);
  ctx.reply.ok();
}

/** SCRIPT LOAD script */
function scriptLoad(ctx: Context, args: Args): void {
  ctx.reply.bulkText(ctx.server.scripting.load(args.bytes(2)));
}

/** SCRIPT HELP */
function scriptHelp(ctx: Context): void {
  replyHelp(ctx, "SCRIPT", [
    "DEBUG (YES|SYNC|NO)",
    "    Set the debug mode for subsequent scripts executed.",
    "EXISTS <sha1> [<sha1> ...]",
    "    Return information about the existence of the scripts in the script cache.",
    "FLUSH [ASYNC|SYNC]",
    "    Flush the Lua scripts cache. Very dangerous on replicas.",
    "    When called without the optional mode argument, the behavior is determined by the",
    "    lazyfree-lazy-user-flush configuration directive. Valid modes are:",
    "    * ASYNC: Asynchronously flush the scripts cache.",
    "    * SYNC: Synchronously flush the scripts cache.",
    "KILL",
    "    Kill the currently executing Lua script.",
    "LOAD <script>",
    "    Load a script into the scripts cache without executing it.",
  ]);
}
