/** Transactions: commands are queued by the gate (server/dispatch.ts) and run here, in one go. */

import type { Args } from "./args.ts";
import { Suspension } from "./block.ts";
import type { Client, Context } from "./context.ts";
import { CommandError, EXECABORT } from "./errors.ts";
import { type CommandRow, range } from "./row.ts";

/** The table rows of the transactions group, in alphabetical order. */
export const transactionRows: readonly CommandRow[] = [
  {
    name: "DISCARD",
    arity: 1,
    flags: ["noscript", "loading", "stale", "fast", "allow_busy"],
    keys: [0, 0, 0],
    categories: ["transaction"],
    run: discard,
  },
  {
    name: "EXEC",
    arity: 1,
    flags: ["noscript", "loading", "stale", "skip_slowlog"],
    keys: [0, 0, 0],
    categories: ["transaction"],
    run: exec,
  },
  {
    name: "MULTI",
    arity: 1,
    flags: ["noscript", "loading", "stale", "fast", "allow_busy"],
    keys: [0, 0, 0],
    categories: ["transaction"],
    run: multi,
  },
  {
    name: "UNWATCH",
    arity: 1,
    flags: ["noscript", "loading", "stale", "fast", "allow_busy"],
    keys: [0, 0, 0],
    categories: ["transaction"],
    run: unwatch,
  },
  {
    name: "WATCH",
    arity: -2,
    flags: ["noscript", "loading", "stale", "fast", "allow_busy"],
    keys: [1, -1, 1],
    specs: [range(1, -1, 1, "RO")],
    categories: ["transaction"],
    run: watch,
  },
];

const EXEC_WITHOUT_MULTI = new CommandError("ERR EXEC without MULTI");
const DISCARD_WITHOUT_MULTI = new CommandError("ERR DISCARD without MULTI");
const NESTED = new CommandError("ERR MULTI calls can not be nested");
const WATCH_INSIDE = new CommandError("ERR WATCH inside MULTI is not allowed");

function multi(ctx: Context): void {
  if (ctx.client.transaction !== null) throw NESTED;
  ctx.client.transaction = { queue: [], aborted: false, bytes: 0 };
  ctx.reply.ok();
}

function discard(ctx: Context): void {
  if (ctx.client.transaction === null) throw DISCARD_WITHOUT_MULTI;
  ctx.server.discard(ctx.client);
  ctx.reply.ok();
}

function exec(ctx: Context): Suspension | void {
  const { client, server, reply } = ctx;
  const transaction = client.transaction;
  if (transaction === null) throw EXEC_WITHOUT_MULTI;
  const stale = client.dirtyCas || server.watches.anyExpired(client);
  if (transaction.aborted || stale) {
    server.discard(client);
    if (transaction.aborted) throw EXECABORT;
    return reply.nullArray();
  }
  // Watching ends before the commands run: their own changes are none of its business.
  server.watches.unwatchAll(client);
  reply.array(transaction.queue.length);
  return runFrom(ctx, transaction, 0);
}

/** Runs the queued commands from this one on, up to one that goes on later: the rest then follows it. */
function runFrom(
  ctx: Context,
  transaction: NonNullable<Client["transaction"]>,
  first: number,
): Suspension | void {
  const { client, server } = ctx;
  const { queue } = transaction;
  const mayBlock = ctx.mayBlock;
  ctx.mayBlock = false;
  let last = Infinity;
  try {
    for (let i = first; i < queue.length; i++) {
      const { command, args } = queue[i]!;
      const denied = client.user.unrestricted ? null : server.acl.checkQueued(client, command, args);
      if (denied !== null) {
        client.reply.error(denied.text);
        continue;
      }
      const outcome = server.dispatcher.run(client, command, args);
      if (outcome instanceof Suspension) {
        return new Suspension(outcome.beganMs, () => runFrom(ctx, transaction, i + 1));
      }
      // A client that has closed itself hears of nothing that it does after that.
      if (client.closeAfterReply) last = Math.min(last, client.reply.pos);
    }
  } finally {
    ctx.mayBlock = mayBlock;
  }
  if (last !== Infinity) client.reply.rewind(last);
  server.discard(client);
  // What goes out is what the queued commands said, as one unit.
  ctx.preventPropagation();
}

function watch(ctx: Context, args: Args): void {
  const { client, server } = ctx;
  if (client.transaction !== null) throw WATCH_INSIDE;
  // Once a change was seen, no further watch can help this transaction.
  if (!client.dirtyCas) {
    for (let i = 1; i < args.count; i++) server.watches.watch(client, ctx.db, args.bytes(i));
  }
  ctx.reply.ok();
}

function unwatch(ctx: Context): void {
  ctx.server.watches.unwatchAll(ctx.client);
  ctx.reply.ok();
}
