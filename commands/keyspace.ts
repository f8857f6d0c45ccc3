/** Whole databases: counting, emptying, exchanging; and the server's small talk (TIME, LOLWUT). */

import type { Args } from "./args.ts";
import type { Context } from "./context.ts";
import { CommandError, DB_OUT_OF_RANGE, SYNTAX } from "./errors.ts";
import { lolwut } from "./lolwut.ts";
import type { CommandRow } from "./row.ts";

/** Rows of the commands on whole databases. */
export const keyspaceRows: readonly CommandRow[] = [
  {
    name: "DBSIZE",
    arity: 1,
    flags: ["readonly", "fast"],
    keys: [0, 0, 0],
    categories: ["keyspace"],
    tips: ["request_policy:all_shards", "response_policy:agg_sum"],
    run: dbsize,
  },
  {
    name: "FLUSHALL",
    arity: -1,
    flags: ["write"],
    keys: [0, 0, 0],
    categories: ["keyspace", "dangerous"],
    tips: ["request_policy:all_shards", "response_policy:all_succeeded"],
    run: flushall,
  },
  {
    name: "FLUSHDB",
    arity: -1,
    flags: ["write"],
    keys: [0, 0, 0],
    categories: ["keyspace", "dangerous"],
    tips: ["request_policy:all_shards", "response_policy:all_succeeded"],
    run: flushdb,
  },
  { name: "LOLWUT", arity: -1, flags: ["readonly", "fast"], keys: [0, 0, 0], categories: [], run: lolwut },
  {
    name: "SWAPDB",
    arity: 3,
    flags: ["write", "fast"],
    keys: [0, 0, 0],
    categories: ["keyspace", "dangerous"],
    run: swapdb,
  },
  {
    name: "TIME",
    arity: 1,
    flags: ["loading", "stale", "fast"],
    keys: [0, 0, 0],
    categories: [],
    tips: ["nondeterministic_output"],
    run: time,
  },
];

const BAD_FIRST = new CommandError("ERR invalid first DB index");
const BAD_SECOND = new CommandError("ERR invalid second DB index");

function dbsize(ctx: Context): void {
  ctx.reply.integer(ctx.db.size);
}

/** Whether keys are to go lazily. Emptying a database drops its arena at once, so only INFO's counts tell the difference. */
function isLazyFlush(ctx: Context, args: Args): boolean {
  if (args.count === 1) return ctx.server.config.lazyfreeLazyUserFlush;
  if (args.count > 2) throw SYNTAX;
  if (args.is(1, "ASYNC")) return true;
  if (args.is(1, "SYNC")) return false;
  throw SYNTAX;
}

function flushall(ctx: Context, args: Args): void {
  const lazy = isLazyFlush(ctx, args);
  let keys = 0;
  for (const db of ctx.store.databases) keys += db.flush(lazy);
  flushed(ctx, args, keys);
  ctx.server.replicaExpiry.clear();
  ctx.server.afterFlushAll();
  ctx.reply.ok();
}

function flushdb(ctx: Context, args: Args): void {
  flushed(ctx, args, ctx.db.flush(isLazyFlush(ctx, args)));
  ctx.reply.ok();
}

/** Each key counts as a change. Replicas and the append-only file hear of it even where nothing was there. */
function flushed(ctx: Context, args: Args, keys: number): void {
  ctx.dirty += keys;
  if (keys === 0) ctx.rewriteAs(...Array.from({ length: args.count }, (_, i) => args.bytes(i)));
  ctx.server.tracking.flushed(ctx.client);
}

function swapdb(ctx: Context, args: Args): void {
  const first = args.ranged(1, -2147483648, 2147483647, BAD_FIRST);
  const second = args.ranged(2, -2147483648, 2147483647, BAD_SECOND);
  const { databases } = ctx.store;
  if (databases[first] === undefined || databases[second] === undefined) throw DB_OUT_OF_RANGE;
  if (first !== second) ctx.store.swap(first, second);
  ctx.dirty++;
  ctx.reply.ok();
}

function time(ctx: Context): void {
  const us = ctx.server.clock.wallUs();
  ctx.reply.array(2);
  ctx.reply.bulkInteger(Math.floor(us / 1e6));
  ctx.reply.bulkInteger(us % 1e6);
}
