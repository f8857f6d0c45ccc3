/** Intersections, unions and differences of sets, replied, stored or counted. */

import { SetView } from "../types/set_view.ts";
import type { Args } from "./args.ts";
import type { Context } from "./context.ts";
import { CommandError, SYNTAX, TOO_MANY_KEYS } from "./errors.ts";
import { Notify } from "./notify_classes.ts";
import { showSet, targetSet } from "./field_access.ts";
import { closedOnFlush } from "./open_views.ts";

const BAD_NUMKEYS = new CommandError("ERR numkeys should be greater than 0");
const BAD_LIMIT = new CommandError("ERR LIMIT can't be negative");

/** Takes the current member of this set into the result; false ends the walk. */
type Take = (set: SetView) => boolean | void;

/** Views for the first sets of a command, which are seldom more. */
const VIEWS = 16;
const views: SetView[] = [];

export function sinter(ctx: Context, args: Args): void {
  replyResult(ctx, (take) => intersect(inputs(ctx, args, 1, args.count), take));
}

export function sunion(ctx: Context, args: Args): void {
  const sets = inputs(ctx, args, 1, args.count);
  const result = targetSet.create(ctx);
  unite(sets, result);
  replyView(ctx, result);
}

export function sdiff(ctx: Context, args: Args): void {
  replyResult(ctx, (take) => subtract(inputs(ctx, args, 1, args.count), take));
}

export function sinterstore(ctx: Context, args: Args): void {
  const sets = inputs(ctx, args, 2, args.count);
  const result = targetSet.create(ctx);
  intersect(sets, (set) => result.addCurrentOf(set));
  if (sets.includes(null)) storeNothing(ctx, args);
  else storeResult(ctx, args, "sinterstore");
}

export function sunionstore(ctx: Context, args: Args): void {
  const sets = inputs(ctx, args, 2, args.count);
  unite(sets, targetSet.create(ctx));
  storeResult(ctx, args, "sunionstore");
}

export function sdiffstore(ctx: Context, args: Args): void {
  const sets = inputs(ctx, args, 2, args.count);
  const result = targetSet.create(ctx);
  subtract(sets, (set) => result.addCurrentOf(set));
  storeResult(ctx, args, "sdiffstore");
}

export function sintercard(ctx: Context, args: Args): void {
  const keys = args.ranged(1, 1, Infinity, BAD_NUMKEYS);
  if (keys > args.count - 2) throw TOO_MANY_KEYS;
  let limit = 0;
  for (let i = 2 + keys; i < args.count; i++) {
    if (!args.is(i, "LIMIT") || i + 1 >= args.count) throw SYNTAX;
    limit = args.ranged(++i, 0, Infinity, BAD_LIMIT);
  }
  let count = 0;
  intersect(inputs(ctx, args, 2, 2 + keys), () => ++count !== limit);
  ctx.reply.integer(count);
}

// -- Inputs and results -------------------------------------------------------------------------------------------

/** Views of the sets in arguments `from` to `to`; null for a missing key. All types are checked. Throws WRONGTYPE. */
function inputs(ctx: Context, args: Args, from: number, to: number): (SetView | null)[] {
  const sets: (SetView | null)[] = [];
  let shown = 0;
  for (let i = from; i < to; i++) {
    const addr = ctx.read(args, i);
    sets.push(addr === 0 ? null : showSet(ctx, addr, viewFor(shown++)));
  }
  return sets;
}

/** The view for set number `i` of those that a command finds. */
function viewFor(i: number): SetView {
  if (i >= VIEWS) return new SetView();
  return views[i] ??= closedOnFlush(new SetView());
}

function replyResult(ctx: Context, walk: (take: Take) => void): void {
  const mark = ctx.reply.defer();
  let count = 0;
  walk((set) => {
    ctx.reply.entry(set.member);
    count++;
  });
  ctx.reply.endSet(mark, count);
}

function replyView(ctx: Context, view: SetView): void {
  ctx.reply.set(view.length);
  view.forEach(() => ctx.reply.entry(view.member));
  view.table?.release(Infinity);
  view.close();
}

/** Stores the result under the key in argument 1, or deletes that key where there is no member, and replies the size. */
function storeResult(ctx: Context, args: Args, event: string): void {
  const { length } = targetSet.view;
  if (length > 0) {
    targetSet.store(ctx, args, 1);
    ctx.reply.integer(length);
    return ctx.changed(Notify.SET, event, args, 1);
  }
  ctx.reply.integer(0);
  if (ctx.db.deleteRaw(args.buf, args.starts[1]!, args.ends[1]!)) ctx.changed(Notify.GENERIC, "del", args, 1);
}

/** The result is empty, as could be told beforehand: redis-server announces that before it replies. */
function storeNothing(ctx: Context, args: Args): void {
  if (ctx.db.deleteRaw(args.buf, args.starts[1]!, args.ends[1]!)) ctx.changed(Notify.GENERIC, "del", args, 1);
  ctx.reply.integer(0);
}

// -- The three operations -----------------------------------------------------------------------------------------

/** Members that are in all sets: walks the smallest, asks the others, smallest first. */
function intersect(sets: (SetView | null)[], take: Take): void {
  const present = sets.filter((set) => set !== null);
  if (present.length < sets.length) return;
  const ordered = present.sort((a, b) => a.length - b.length);
  const smallest = ordered[0]!;
  smallest.forEach(() => {
    for (let i = 1; i < ordered.length; i++) {
      if (!ordered[i]!.hasCurrentOf(smallest)) return true;
    }
    return take(smallest);
  });
}

function unite(sets: (SetView | null)[], result: SetView): void {
  for (const set of sets) {
    set?.forEach(() => result.addCurrentOf(set));
  }
}

/** Members of the first set that are in no other. */
function subtract(sets: (SetView | null)[], take: Take): void {
  const first = sets[0]!;
  if (first === null) return;
  const others = sets.slice(1).filter((set) => set !== null).sort((a, b) => b.length - a.length);
  first.forEach(() => {
    for (const other of others) if (other.hasCurrentOf(first)) return true;
    return take(first);
  });
}
