/** SLOWLOG: the commands that took too long. The log itself is server/slowlog.ts. */

import type { Args } from "./args.ts";
import type { Context } from "./context.ts";
import { CommandError, subcommandSyntax } from "./errors.ts";
import { replyHelp } from "./help.ts";
import type { CommandRow } from "./row.ts";

/** The row of SLOWLOG and its sub-commands. */
export const slowlogRow: CommandRow = {
  name: "SLOWLOG",
  arity: -2,
  flags: [],
  keys: [0, 0, 0],
  categories: [],
  subcommands: [
    {
      name: "GET",
      arity: -2,
      flags: ["admin", "loading", "stale"],
      keys: [0, 0, 0],
      categories: [],
      tips: ["request_policy:all_nodes", "nondeterministic_output"],
      run: slowlogGet,
    },
    {
      name: "HELP",
      arity: 2,
      flags: ["loading", "stale"],
      keys: [0, 0, 0],
      categories: [],
      run: slowlogHelp,
    },
    {
      name: "LEN",
      arity: 2,
      flags: ["admin", "loading", "stale"],
      keys: [0, 0, 0],
      categories: [],
      tips: ["request_policy:all_nodes", "response_policy:agg_sum", "nondeterministic_output"],
      run: slowlogLen,
    },
    {
      name: "RESET",
      arity: 2,
      flags: ["admin", "loading", "stale"],
      keys: [0, 0, 0],
      categories: [],
      tips: ["request_policy:all_nodes", "response_policy:all_succeeded"],
      run: slowlogReset,
    },
  ],
};

const DEFAULT_COUNT = 10;
const BAD_COUNT = new CommandError("ERR count should be greater than or equal to -1");

/** SLOWLOG GET [count] */
function slowlogGet(ctx: Context, args: Args): void {
  if (args.count > 3) throw subcommandSyntax(args);
  const { entries } = ctx.server.slowlog;
  const given = args.count === 3 ? args.ranged(2, -1, Infinity, BAD_COUNT) : DEFAULT_COUNT;
  const count = given === -1 ? entries.length : Math.min(given, entries.length);
  const { reply } = ctx;
  reply.array(count);
  for (let i = 0; i < count; i++) {
    const { id, seconds, usec, args: shown, peer, clientName } = entries[i]!;
    reply.array(6);
    reply.integer(id);
    reply.integer(seconds);
    reply.integer(usec);
    reply.array(shown.length);
    for (const arg of shown) reply.bulkText(arg);
    reply.bulkText(peer);
    reply.bulkText(clientName);
  }
}

/** SLOWLOG LEN */
function slowlogLen(ctx: Context): void {
  ctx.reply.integer(ctx.server.slowlog.entries.length);
}

/** SLOWLOG RESET */
function slowlogReset(ctx: Context): void {
  ctx.server.slowlog.clear();
  ctx.reply.ok();
}

function slowlogHelp(ctx: Context): void {
  replyHelp(ctx, "SLOWLOG", [
    "GET [<count>]",
    "    Return top <count> entries from the slowlog (default: 10, -1 mean all).",
    "    Entries are made of:",
    "    id, timestamp, time in microseconds, arguments array, client IP and port,",
    "    client name",
    "LEN",
    "    Return the length of the slowlog.",
    "RESET",
    "    Reset the slowlog.",
  ]);
}
