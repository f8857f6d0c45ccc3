/**
 * XCLAIM and XAUTOCLAIM: taking over entries that are pending for somebody else.
 *
 * An entry that is pending but no longer in the stream cannot be handled by anybody: both commands forget it, and
 * XAUTOCLAIM says which ones those were.
 */

import { IdCursor } from "../types/id_table.ts";
import type { Stream } from "../types/stream.ts";
import type { Consumer, ConsumerGroup } from "../types/stream_groups.ts";
import { IdList, MIN_ID, StreamId } from "../types/stream_id.ts";
import type { Args } from "./args.ts";
import type { Context } from "./context.ts";
import { CommandError, SYNTAX } from "./errors.ts";
import { at, type CommandRow } from "./row.ts";
import {
  claimStream,
  isId,
  rangeStart,
  replyEntryOf,
  replyId,
  requireGroup,
  strictId,
} from "./stream_args.ts";
import { consumerFor, propagateClaim, propagateGroupId } from "./stream_group_effects.ts";

/** The rows of the stream group that hand pending entries over, in alphabetical order. */
export const streamClaimRows: readonly CommandRow[] = [
  {
    name: "XAUTOCLAIM",
    arity: -6,
    flags: ["write", "fast"],
    keys: [1, 1, 1],
    specs: [at(1, "RW delete")],
    categories: ["stream"],
    tips: ["nondeterministic_output"],
    run: xautoclaim,
  },
  {
    name: "XCLAIM",
    arity: -6,
    flags: ["write", "fast"],
    keys: [1, 1, 1],
    specs: [at(1, "RW update")],
    categories: ["stream"],
    tips: ["nondeterministic_output"],
    run: xclaim,
  },
];

const AUTO_IDLE_NOT_INTEGER = new CommandError("ERR Invalid min-idle-time argument for XAUTOCLAIM");
const COUNT_NOT_POSITIVE = new CommandError("ERR COUNT must be > 0");
const COUNT_TOO_HIGH = new CommandError(
  "ERR Insufficient memory, failed allocating transient memory, COUNT too high.",
);
const CLAIM_IDLE_NOT_INTEGER = new CommandError("ERR Invalid min-idle-time argument for XCLAIM");
const IDLE_NOT_INTEGER = new CommandError("ERR Invalid IDLE option argument for XCLAIM");
const TIME_NOT_INTEGER = new CommandError("ERR Invalid TIME option argument for XCLAIM");
const RETRYCOUNT_NOT_INTEGER = new CommandError("ERR Invalid RETRYCOUNT option argument for XCLAIM");

/** redis-server takes a COUNT as long as an array of so many IDs of 16 bytes has a size at all ... */
const MOST_COUNT = 576460752303423487n;
/** ... and then asks for that array; what no address space can hold is refused. */
const TOO_MANY_TO_ALLOCATE = 2 ** 43;
/** XAUTOCLAIM looks at this many pending entries for each one that it may claim. */
const ATTEMPTS_PER_CLAIM = 10;

const cursor = new IdCursor();
const id = new StreamId();
const groupLastId = new StreamId();
const claimed = new IdList();
const deleted = new IdList();

/** XAUTOCLAIM key group consumer min-idle-time start [COUNT count] [JUSTID] */
function xautoclaim(ctx: Context, args: Args): void {
  const addr = ctx.read(args, 1); // a hit or a miss, whatever is wrong with the rest
  const minIdle = args.integer(4, AUTO_IDLE_NOT_INTEGER);
  rangeStart(args, 5, id);
  let count = 100;
  let justId = false;
  for (let i = 6; i < args.count; i++) {
    if (args.is(i, "COUNT") && i + 1 < args.count) count = claimCount(args, ++i);
    else if (args.is(i, "JUSTID")) justId = true;
    else throw SYNTAX;
  }
  const stream = claimStream(ctx, args, 1, addr);
  const group = requireGroup(stream, args, 1, 2);
  if (count >= TOO_MANY_TO_ALLOCATE) throw COUNT_TOO_HIGH;
  const hasMore = claimIdle(ctx, args, stream!, group, minIdle, count, justId);
  const { reply } = ctx;
  reply.array(3);
  replyId(reply, hasMore ? cursor.readId(id) : MIN_ID);
  reply.array(claimed.count);
  for (let i = 0; i < claimed.count; i++) {
    if (justId) replyId(reply, claimed.at(i));
    else replyEntryOf(reply, stream!, claimed.at(i));
  }
  reply.array(deleted.count);
  for (let i = 0; i < deleted.count; i++) replyId(reply, deleted.at(i));
  ctx.preventPropagation();
}

function claimCount(args: Args, i: number): number {
  const count = args.int64(i, COUNT_NOT_POSITIVE);
  if (count < 1 || count > MOST_COUNT) throw COUNT_NOT_POSITIVE;
  return Number(count);
}

/**
 * Hands entries from `id` on to the consumer in argument 3 and lists them in `claimed`; forgets the ones that are no
 * longer in the stream and lists them in `deleted`.
 *
 * @param count how many entries may end up in the two lists.
 * @returns whether `cursor` is on an entry that was not looked at.
 */
function claimIdle(
  ctx: Context,
  args: Args,
  stream: Stream,
  group: ConsumerGroup,
  minIdle: number,
  count: number,
  justId: boolean,
): boolean {
  const now = ctx.store.now();
  let consumer: Consumer | undefined;
  claimed.clear();
  deleted.clear();
  let ok = group.pending.seek(id, cursor);
  for (let attempts = count * ATTEMPTS_PER_CLAIM; ok && attempts > 0 && count > 0; attempts--) {
    cursor.readId(id);
    if (!stream.has(id)) {
      deleted.add(id);
      ok = forget(ctx, args, group, id);
      count--;
      continue;
    }
    if (isIdle(group, now, minIdle)) {
      consumer ??= consumerFor(ctx, args, 1, group, 3, false);
      group.assign(id, consumer, cursor);
      group.setDeliveryTime(cursor, now);
      if (!justId) group.countDelivery(cursor);
      propagateClaim(ctx, args, 1, group, id, cursor);
      ctx.dirty++;
      claimed.add(id);
      count--;
    }
    ok = group.pending.next(cursor);
  }
  return ok;
}

/** Whether the last delivery of the entry at the cursor is so long ago. */
function isIdle(group: ConsumerGroup, now: number, minIdle: number): boolean {
  return minIdle <= 0 || now - group.deliveryTime(cursor) >= minIdle;
}

/** Forgets the pending entry at the cursor, which moves on. Returns false where it was the last one. */
function forget(ctx: Context, args: Args, group: ConsumerGroup, id: StreamId): boolean {
  propagateClaim(ctx, args, 1, group, id, cursor);
  ctx.dirty++;
  return group.removePending(id, cursor);
}

/** The options of XCLAIM. */
interface ClaimOptions {
  /** The argument behind the last ID. */
  idsEnd: number;
  /** Milliseconds. */
  minIdle: number;
  /** Unix time in milliseconds of the delivery that the entries shall have had. */
  time: number;
  /** The number of deliveries that they shall have had; -1 to count this one. */
  retryCount: number | bigint;
  force: boolean;
  justId: boolean;
  /** Whether LASTID was given; it is in `groupLastId`. */
  setsLastId: boolean;
}

/**
 * XCLAIM key group consumer min-idle-time id [id ...] [IDLE ms] [TIME unix-ms] [RETRYCOUNT count] [FORCE] [JUSTID]
 * [LASTID id]
 */
function xclaim(ctx: Context, args: Args): void {
  const stream = claimStream(ctx, args, 1)!;
  const group = requireGroup(stream, args, 1, 2);
  const now = ctx.store.now();
  const options = claimOptions(args, now);
  let lastIdIsNews = false;
  if (options.setsLastId && groupLastId.compare(group.lastId) > 0) {
    group.lastId.copy(groupLastId);
    lastIdIsNews = true;
  }
  const mark = ctx.reply.defer();
  let written = 0;
  let consumer: Consumer | undefined;
  for (let i = 5; i < options.idsEnd; i++) {
    strictId(args, i, id);
    const isPending = group.pending.find(id, cursor);
    if (!stream.has(id)) {
      if (!isPending) continue;
      forget(ctx, args, group, id);
      lastIdIsNews = false;
      continue;
    }
    if (!isPending && !options.force) continue;
    if (isPending && !isIdle(group, now, options.minIdle)) continue;
    consumer ??= consumerFor(ctx, args, 1, group, 3, false);
    if (isPending) group.assign(id, consumer, cursor);
    else group.deliver(id, consumer, options.time, cursor);
    if (options.retryCount !== -1) group.setDelivery(cursor, options.time, options.retryCount);
    else {
      group.setDeliveryTime(cursor, options.time);
      if (!options.justId) group.countDelivery(cursor);
    }
    if (options.justId) replyId(ctx.reply, id);
    else replyEntryOf(ctx.reply, stream, id);
    written++;
    propagateClaim(ctx, args, 1, group, id, cursor);
    lastIdIsNews = false; // the XCLAIM that went out says it
    ctx.dirty++;
  }
  if (lastIdIsNews) {
    propagateGroupId(ctx, args, 1, group);
    ctx.dirty++;
  }
  ctx.reply.endArray(mark, written);
  ctx.preventPropagation();
}

function claimOptions(args: Args, now: number): ClaimOptions {
  const minIdle = args.integer(4, CLAIM_IDLE_NOT_INTEGER);
  let i = 5;
  while (i < args.count && isId(args, i, id)) i++;
  const options: ClaimOptions = {
    idsEnd: i,
    minIdle,
    time: now,
    retryCount: -1,
    force: false,
    justId: false,
    setsLastId: false,
  };
  for (; i < args.count; i++) {
    const hasMore = i + 1 < args.count;
    if (args.is(i, "FORCE")) options.force = true;
    else if (args.is(i, "JUSTID")) options.justId = true;
    else if (hasMore && args.is(i, "IDLE")) options.time = now - args.integer(++i, IDLE_NOT_INTEGER);
    else if (hasMore && args.is(i, "TIME")) options.time = args.integer(++i, TIME_NOT_INTEGER);
    else if (hasMore && args.is(i, "RETRYCOUNT")) options.retryCount = retryCount(args, ++i);
    else if (hasMore && args.is(i, "LASTID")) {
      strictId(args, ++i, groupLastId);
      options.setsLastId = true;
    } else throw new CommandError(`ERR Unrecognized XCLAIM option '${args.cText(i)}'`);
  }
  // A delivery in the future makes no sense, but the clocks of clients differ: it counts as now.
  if (options.time < 0 || options.time > now) options.time = now;
  return options;
}

/** Negative numbers mean the same as none. */
function retryCount(args: Args, i: number): number | bigint {
  const count = args.int64(i, RETRYCOUNT_NOT_INTEGER);
  return count < 0 ? -1 : count;
}
