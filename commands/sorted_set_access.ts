/**
 * How commands reach a sorted set: the key's record becomes a view (types/zset_view.ts), and a changed view becomes a
 * record again. Sorted set and geo commands share these; nothing else knows how a sorted set lies in the keyspace.
 */

import { Kind } from "../types/kind.ts";
import type { SortedSet } from "../types/zset.ts";
import { SortedSetView } from "../types/zset_view.ts";
import type { Args } from "./args.ts";
import type { Context } from "./context.ts";
import { WRONG_TYPE } from "./errors.ts";
import { Notify } from "./notify_classes.ts";
import { closedOnFlush } from "./open_views.ts";

/** One view serves all commands that look at one sorted set, since none of them waits in between. */
const shared = closedOnFlush(new SortedSetView());

/** Shows the sorted set of a record. Throws WRONGTYPE for anything else. */
export function showSortedSet(ctx: Context, addr: number, view: SortedSetView = shared): SortedSetView {
  const { db } = ctx;
  const kind = db.kind(addr);
  if (kind === Kind.ZSET) view.showObject(db.object(addr) as SortedSet);
  else if (kind === Kind.ZSET_PACKED) view.showPacked(db.bytes(addr), db.valueStart(addr), db.arena);
  else throw WRONG_TYPE;
  return limit(ctx, view);
}

/** Shows a sorted set without members, to be stored under a key that is missing or replaced. */
export function showNewSortedSet(ctx: Context, view: SortedSetView = shared): SortedSetView {
  return limit(ctx, view.showEmpty(ctx.db.arena));
}

function limit(ctx: Context, view: SortedSetView): SortedSetView {
  view.maxEntries = ctx.server.config.zsetMaxListpackEntries;
  view.maxValueBytes = ctx.server.config.zsetMaxListpackValue;
  return view;
}

/** The sorted set of the key in argument `i` for reading, null where the key is missing. Throws WRONGTYPE. */
export function readSortedSet(
  ctx: Context,
  args: Args,
  i: number,
  view: SortedSetView = shared,
): SortedSetView | null {
  const addr = ctx.read(args, i);
  return addr === 0 ? null : showSortedSet(ctx, addr, view);
}

/**
 * Writes a view that was changed, and still has members, back to the key in argument `i`. `addr` is the record it was
 * shown from, 0 for a new key. Expiry is kept.
 */
export function keepSortedSet(ctx: Context, args: Args, i: number, addr: number, view: SortedSetView): void {
  if (!view.changed) return;
  const { db } = ctx;
  if (addr === 0) return storeSortedSet(ctx, args, i, view);
  if (view.set === null) {
    db.rewrite(addr, Kind.ZSET_PACKED, view.packedBuf, view.packedStart, view.packedEnd);
  } else if (db.kind(addr) !== Kind.ZSET) db.rewriteObject(addr, Kind.ZSET, view.set);
}

/** Sets the key in argument `i` to the view's sorted set, in the place of whatever was there and without expiry. */
export function storeSortedSet(ctx: Context, args: Args, i: number, view: SortedSetView): void {
  const { db } = ctx;
  const { buf } = args;
  const start = args.starts[i]!, end = args.ends[i]!;
  if (view.set !== null) db.setObject(buf, start, end, Kind.ZSET, view.set);
  else db.set(buf, start, end, Kind.ZSET_PACKED, view.packedBuf, view.packedStart, view.packedEnd);
}

/**
 * Sets the key in argument `i` to a result that was built as a large sorted set in the database's arena, packed where
 * the limits allow that.
 */
export function storeResult(ctx: Context, args: Args, i: number, result: SortedSet): void {
  const view = limit(ctx, shared.showObject(result));
  view.pack();
  storeSortedSet(ctx, args, i, view);
}

/** A command that stores its result had none: the target goes, and the reply is 0. */
export function deleteTarget(ctx: Context, args: Args): void {
  ctx.reply.integer(0);
  if (ctx.db.deleteRaw(args.buf, args.starts[1]!, args.ends[1]!)) {
    ctx.changed(Notify.GENERIC, "del", args, 1);
  }
}

/**
 * The end of every command that takes members out: keeps the rest, or deletes a key without any. Publishes `event` for
 * the key in argument `i` and counts `changes`.
 */
export function keepRemaining(
  ctx: Context,
  args: Args,
  i: number,
  addr: number,
  view: SortedSetView,
  event: string,
  changes: number,
): void {
  const left = view.length;
  if (left > 0) keepSortedSet(ctx, args, i, addr, view);
  else ctx.db.deleteRecord(addr);
  ctx.changed(Notify.ZSET, event, args, i, changes);
  if (left === 0) ctx.notify(Notify.GENERIC, "del", args.buf, args.starts[i]!, args.ends[i]!);
}

/** The view's current member, with its score if wanted: beside it in RESP2, in an array with it in RESP3. */
export function replyMember(ctx: Context, view: SortedSetView, withScore: boolean): void {
  const { reply } = ctx;
  if (withScore && reply.protocol > 2) reply.array(2);
  reply.entry(view.member);
  if (withScore) reply.double(view.score);
}
