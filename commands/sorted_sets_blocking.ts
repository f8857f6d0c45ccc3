/**
 * Popping the lowest or highest members of a sorted set, at once or after waiting for one of several keys.
 *
 * The waiting forms find the first key that has members and pop from it like the others; a handler that finds none
 * returns a Block, and runs again when a key may be ready (block.ts). Whichever form ran, what goes to the append-only
 * file and the replicas is the plain ZPOPMIN or ZPOPMAX of that key.
 */

import { Kind } from "../types/kind.ts";
import type { SortedSetView } from "../types/zset_view.ts";
import type { Args } from "./args.ts";
import type { Block } from "./block.ts";
import type { Context } from "./context.ts";
import { CommandError, NEGATIVE_COUNT, SYNTAX } from "./errors.ts";
import { at, type CommandRow, numkeys, range } from "./row.ts";
import { keepRemaining, showSortedSet } from "./sorted_set_access.ts";
import { secondsTimeout } from "./timeout.ts";

/** The table rows of the popping commands, in alphabetical order. */
export const sortedSetPopRows: readonly CommandRow[] = [
  {
    name: "BZMPOP",
    arity: -5,
    flags: ["write", "blocking", "movablekeys"],
    keys: [0, 0, 0],
    specs: [numkeys(2, "RW access delete")],
    categories: ["sortedset"],
    run: bzmpop,
  },
  {
    name: "BZPOPMAX",
    arity: -3,
    flags: ["write", "noscript", "blocking", "fast"],
    keys: [1, -2, 1],
    specs: [range(1, -2, 1, "RW access delete")],
    categories: ["sortedset"],
    run: bzpopmax,
  },
  {
    name: "BZPOPMIN",
    arity: -3,
    flags: ["write", "noscript", "blocking", "fast"],
    keys: [1, -2, 1],
    specs: [range(1, -2, 1, "RW access delete")],
    categories: ["sortedset"],
    run: bzpopmin,
  },
  {
    name: "ZMPOP",
    arity: -4,
    flags: ["write", "movablekeys"],
    keys: [0, 0, 0],
    specs: [numkeys(1, "RW access delete")],
    categories: ["sortedset"],
    run: zmpop,
  },
  {
    name: "ZPOPMAX",
    arity: -2,
    flags: ["write", "fast"],
    keys: [1, 1, 1],
    specs: [at(1, "RW access delete")],
    categories: ["sortedset"],
    brief: true,
    run: zpopmax,
  },
  {
    name: "ZPOPMIN",
    arity: -2,
    flags: ["write", "fast"],
    keys: [1, 1, 1],
    specs: [at(1, "RW access delete")],
    categories: ["sortedset"],
    brief: true,
    run: zpopmin,
  },
];

const NUMKEYS_POSITIVE = new CommandError("ERR numkeys should be greater than 0");
const COUNT_POSITIVE = new CommandError("ERR count should be greater than 0");

/** No count was given: one member, replied flat. */
const ONE = -1;

function bzmpop(ctx: Context, args: Args): void | Block {
  const request = parseMultiPop(args, 2);
  return popOrWait(ctx, args, 1, request.firstKey, request.keys, request.highest, request.count);
}

function bzpopmax(ctx: Context, args: Args): void | Block {
  return popOrWait(ctx, args, args.count - 1, 1, args.count - 2, true, ONE);
}

function bzpopmin(ctx: Context, args: Args): void | Block {
  return popOrWait(ctx, args, args.count - 1, 1, args.count - 2, false, ONE);
}

function zmpop(ctx: Context, args: Args): void {
  const request = parseMultiPop(args, 1);
  const { firstKey, keys, highest, count } = request;
  for (let i = firstKey; i < firstKey + keys; i++) {
    const addr = ctx.write(args, i);
    if (addr === 0) continue;
    popNamed(ctx, args, i, addr, highest, count);
    return;
  }
  ctx.reply.nullArray();
}

function zpopmax(ctx: Context, args: Args): void {
  popPlain(ctx, args, true);
}

function zpopmin(ctx: Context, args: Args): void {
  popPlain(ctx, args, false);
}

/** ZPOPMIN and ZPOPMAX: pairs in one array in RESP2 and without a count, in arrays of their own else. */
function popPlain(ctx: Context, args: Args, highest: boolean): void {
  if (args.count > 3) throw SYNTAX;
  const count = args.count === 3 ? args.ranged(2, 0, Infinity, NEGATIVE_COUNT) : ONE;
  const addr = ctx.write(args, 1);
  if (addr === 0) return ctx.reply.array(0);
  const nested = ctx.reply.protocol > 2 && count !== ONE;
  const view = showSortedSet(ctx, addr);
  const popped = Math.min(count === ONE ? 1 : count, view.length);
  ctx.reply.array(nested ? popped : popped * 2);
  if (popped > 0) pop(ctx, args, 1, addr, view, highest, popped, nested);
}

/** Pops from the first key that has members, or waits. The timeout is argument `timeout`. */
function popOrWait(
  ctx: Context,
  args: Args,
  timeout: number,
  firstKey: number,
  keys: number,
  highest: boolean,
  count: number,
): void | Block {
  const wait = secondsTimeout(args, timeout);
  for (let i = firstKey; i < firstKey + keys; i++) {
    const addr = ctx.mayTakeFrom(args, i) ? ctx.write(args, i) : 0;
    if (addr === 0) continue;
    // Redis looks the key up twice: OBJECT FREQ counts both.
    if (!ctx.resumed && isSortedSet(ctx.db.kind(addr))) ctx.db.touchAccess(addr);
    popNamed(ctx, args, i, addr, highest, count);
    return;
  }
  if (!ctx.mayBlock) return ctx.reply.nullArray();
  const waited: Uint8Array[] = [];
  for (let i = firstKey; i < firstKey + keys; i++) waited.push(args.bytes(i));
  return { keys: waited, timeout: wait, expired: replyNullArray, wakes: isSortedSet, reason: "zset" };
}

function replyNullArray(ctx: Context): void {
  ctx.reply.nullArray();
}

function isSortedSet(kind: number | undefined): boolean {
  return kind === Kind.ZSET || kind === Kind.ZSET_PACKED;
}

/** Pops from the key in argument `i` with its name in the reply, and propagates the plain command instead. */
function popNamed(ctx: Context, args: Args, i: number, addr: number, highest: boolean, count: number): void {
  const view = showSortedSet(ctx, addr);
  const popped = Math.min(count === ONE ? 1 : count, view.length);
  if (count === ONE) {
    ctx.reply.array(3);
    ctx.reply.bulk(args.buf, args.starts[i]!, args.ends[i]!);
  } else {
    ctx.reply.array(2);
    ctx.reply.bulk(args.buf, args.starts[i]!, args.ends[i]!);
    ctx.reply.array(popped);
  }
  pop(ctx, args, i, addr, view, highest, popped, count !== ONE);
  if (!ctx.propagates) return;
  const name = highest ? "ZPOPMAX" : "ZPOPMIN";
  if (count === ONE) ctx.rewriteAs(name, args.bytes(i));
  else ctx.rewriteAs(name, args.bytes(i), String(popped));
}

/** Replies and removes `count` members (at least 1) of the sorted set that was shown from this record. */
function pop(
  ctx: Context,
  args: Args,
  i: number,
  addr: number,
  view: SortedSetView,
  highest: boolean,
  count: number,
  nested: boolean,
): void {
  const { reply } = ctx;
  const { length } = view;
  view.seek(highest ? length - 1 : 0);
  for (let left = count; left > 0; left--) {
    if (nested) reply.array(2);
    reply.entry(view.member);
    reply.double(view.score);
    if (left > 1) highest ? view.previous() : view.next();
  }
  if (highest) view.removeRange(length - count, length);
  else view.removeRange(0, count);
  keepRemaining(ctx, args, i, addr, view, highest ? "zpopmax" : "zpopmin", count);
}

/** ZMPOP's and BZMPOP's arguments: the number of keys is argument `i`. */
function parseMultiPop(
  args: Args,
  i: number,
): { firstKey: number; keys: number; highest: boolean; count: number } {
  const keys = args.ranged(i, 1, Infinity, NUMKEYS_POSITIVE);
  const where = i + 1 + keys;
  if (where >= args.count) throw SYNTAX;
  const highest = args.is(where, "MAX");
  if (!highest && !args.is(where, "MIN")) throw SYNTAX;
  if (args.count === where + 1) return { firstKey: i + 1, keys, highest, count: 1 };
  if (!args.is(where + 1, "COUNT") || args.count === where + 2) throw SYNTAX;
  const count = args.ranged(where + 2, 1, Infinity, COUNT_POSITIVE);
  if (args.count > where + 3) throw SYNTAX;
  return { firstKey: i + 1, keys, highest, count };
}
