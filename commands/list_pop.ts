/**
 * Taking elements off the ends of lists and moving them to others: LPOP, RPOP, LMPOP, LMOVE, RPOPLPUSH, and the parts
 * that their blocking forms (list_blocking.ts) share with them.
 */
import type { ListView } from "../types/list_view.ts";
import type { Args } from "./args.ts";
import type { Context } from "./context.ts";
import { CommandError, NEGATIVE_COUNT, SYNTAX, wrongArity } from "./errors.ts";
import { HEAD, listEnd, listKey, TAIL, targetKey } from "./list_access.ts";
import { Notify } from "./notify_classes.ts";

const NUMKEYS = new CommandError("ERR numkeys should be greater than 0");
const COUNT = new CommandError("ERR count should be greater than 0");

/** The event of taking from this end. */
function popEvent(atHead: boolean): string {
  return atHead ? "lpop" : "rpop";
}

export function lpop(ctx: Context, args: Args): void {
  pop(ctx, args, HEAD);
}

export function rpop(ctx: Context, args: Args): void {
  pop(ctx, args, TAIL);
}

function pop(ctx: Context, args: Args, atHead: boolean): void {
  if (args.count > 3) throw wrongArity(ctx.command.fullName);
  const counted = args.count === 3;
  const count = counted ? args.ranged(2, 0, Infinity, NEGATIVE_COUNT) : 1;
  const view = listKey.write(ctx, args, 1);
  if (view === null) {
    if (counted) ctx.reply.nullArray();
    else ctx.reply.null();
  } else if (!counted) {
    popOne(ctx, args, 1, view, atHead);
  } else if (count === 0) {
    ctx.reply.array(0);
  } else {
    popMany(ctx, args, 1, view, atHead, count);
  }
}

/** Takes one element of the list in argument `i` and writes it as the reply, or the next part of it. */
export function popOne(ctx: Context, args: Args, i: number, view: ListView, atHead: boolean): void {
  view.seekEnd(atHead);
  ctx.reply.entry(view.entry);
  view.drop(atHead);
  listKey.removed(ctx, args, i, popEvent(atHead), 1, ctx.resumed);
}

/** Takes up to `count` elements of the list in argument `i`, in the order of leaving, and writes them as an array. */
export function popMany(
  ctx: Context,
  args: Args,
  i: number,
  view: ListView,
  atHead: boolean,
  count: number,
): number {
  const taken = Math.min(count, view.length);
  ctx.reply.array(taken);
  let more = view.seek(atHead ? 0 : view.length - 1);
  for (let left = taken; more && left > 0; left--) {
    ctx.reply.entry(view.entry);
    more = atHead ? view.next() : view.prev();
  }
  view.deleteRange(atHead ? 0 : view.length - taken, taken);
  listKey.removed(ctx, args, i, popEvent(atHead), taken);
  return taken;
}

export function lmpop(ctx: Context, args: Args): void {
  if (!popFirst(ctx, args, popOptions(args, 1))) ctx.reply.nullArray();
}

/** What LMPOP and BLMPOP were asked for. */
export interface PopOptions {
  /** The keys are the arguments from `first` up to, not including, `last`. */
  first: number;
  last: number;
  atHead: boolean;
  count: number;
}

/** Reads `numkeys key ... LEFT|RIGHT [COUNT n]` from argument `i` on. */
export function popOptions(args: Args, i: number): PopOptions {
  const keys = args.ranged(i, 1, Infinity, NUMKEYS);
  const first = i + 1, last = first + keys;
  if (last >= args.count) throw SYNTAX;
  const atHead = listEnd(args, last);
  let count = 1;
  if (args.count > last + 1) {
    if (!args.is(last + 1, "COUNT") || args.count === last + 2) throw SYNTAX;
    count = args.ranged(last + 2, 1, Infinity, COUNT);
    if (args.count > last + 3) throw SYNTAX;
  }
  return { first, last, atHead, count };
}

/** Takes from the first of the lists that is there; false, and nothing written, when none is. */
export function popFirst(ctx: Context, args: Args, { first, last, atHead, count }: PopOptions): boolean {
  for (let i = first; i < last; i++) {
    const view = ctx.mayTakeFrom(args, i) ? listKey.write(ctx, args, i) : null;
    if (view === null) continue;
    ctx.reply.array(2);
    ctx.reply.bulk(args.buf, args.starts[i]!, args.ends[i]!);
    const taken = popMany(ctx, args, i, view, atHead, count);
    if (ctx.propagates) ctx.rewriteAs(atHead ? "LPOP" : "RPOP", args.bytes(i), String(taken));
    return true;
  }
  return false;
}

export function lmove(ctx: Context, args: Args): void {
  const from = listEnd(args, 3), to = listEnd(args, 4);
  if (!move(ctx, args, from, to)) ctx.reply.null();
}

export function rpoplpush(ctx: Context, args: Args): void {
  if (!move(ctx, args, TAIL, HEAD)) ctx.reply.null();
}

/**
 * Moves one element from an end of the list in argument 1 to an end of the list in argument 2, which may be the same
 * or new, and writes it; false, and nothing written, when there is no source.
 */
export function move(ctx: Context, args: Args, from: boolean, to: boolean): boolean {
  const source = listKey.write(ctx, args, 1);
  if (source === null) return false;
  const same = args.same(1, 2);
  if (same) ctx.write(args, 2); // two accesses to one key
  const target = same ? source : targetKey.writeOrCreate(ctx, args, 2);
  source.seekEnd(from);
  // The element leaves its list before it is written anew: it is copied, because its bytes may move.
  const { buf, start, end } = source.entry.own();
  source.drop(from);
  target.push(to, buf, start, end);
  if (!same) targetKey.store(ctx, args, 2);
  ctx.changed(Notify.LIST, to ? "lpush" : "rpush", args, 2, 0);
  ctx.reply.bulk(buf, start, end);
  listKey.removed(ctx, args, 1, popEvent(from), 1, ctx.resumed);
  return true;
}
