/**
 * Sorted sets, member by member: adding, scoring, removing, ranking, picking and scanning.
 *
 * The group's other files: sorted_sets_range.ts (ranges by rank, score and member), sorted_sets_store.ts (union,
 * intersection, difference), sorted_sets_blocking.ts (popping, with and without waiting).
 */

import { formatDouble } from "../types/double.ts";
import { PACKED_INTEGER_LIMIT } from "../types/zset_packed.ts";
import { AddFlag, AddResult, type SortedSetView } from "../types/zset_view.ts";
import type { Args } from "./args.ts";
import type { Context } from "./context.ts";
import { CommandError, SYNTAX } from "./errors.ts";
import { Notify } from "./notify_classes.ts";
import { distinctIndexes, randomCount } from "./random_count.ts";
import { at, type CommandRow } from "./row.ts";
import { scanCursor, scanOptions } from "./scan.ts";
import { replyEmptyScan, ScanReply } from "./scan_reply.ts";
import {
  keepRemaining,
  keepSortedSet,
  readSortedSet,
  replyMember,
  showNewSortedSet,
  showSortedSet,
} from "./sorted_set_access.ts";

/** The table rows of the sorted set commands about single members, in alphabetical order. */
export const sortedSetRows: readonly CommandRow[] = [
  {
    name: "ZADD",
    arity: -4,
    flags: ["write", "denyoom", "fast"],
    keys: [1, 1, 1],
    specs: [at(1, "RW update")],
    categories: ["sortedset"],
    brief: true,
    run: zadd,
  },
  {
    name: "ZCARD",
    arity: 2,
    flags: ["readonly", "fast"],
    keys: [1, 1, 1],
    specs: [at(1, "RO")],
    categories: ["sortedset"],
    brief: true,
    run: zcard,
  },
  {
    name: "ZINCRBY",
    arity: 4,
    flags: ["write", "denyoom", "fast"],
    keys: [1, 1, 1],
    specs: [at(1, "RW access update")],
    categories: ["sortedset"],
    brief: true,
    run: zincrby,
  },
  {
    name: "ZMSCORE",
    arity: -3,
    flags: ["readonly", "fast"],
    keys: [1, 1, 1],
    specs: [at(1, "RO access")],
    categories: ["sortedset"],
    brief: true,
    run: zmscore,
  },
  {
    name: "ZRANDMEMBER",
    arity: -2,
    flags: ["readonly"],
    keys: [1, 1, 1],
    specs: [at(1, "RO access")],
    categories: ["sortedset"],
    tips: ["nondeterministic_output"],
    run: zrandmember,
  },
  {
    name: "ZRANK",
    arity: 3,
    flags: ["readonly", "fast"],
    keys: [1, 1, 1],
    specs: [at(1, "RO access")],
    categories: ["sortedset"],
    brief: true,
    run: zrank,
  },
  {
    name: "ZREM",
    arity: -3,
    flags: ["write", "fast"],
    keys: [1, 1, 1],
    specs: [at(1, "RW delete")],
    categories: ["sortedset"],
    brief: true,
    run: zrem,
  },
  {
    name: "ZREVRANK",
    arity: 3,
    flags: ["readonly", "fast"],
    keys: [1, 1, 1],
    specs: [at(1, "RO access")],
    categories: ["sortedset"],
    brief: true,
    run: zrevrank,
  },
  {
    name: "ZSCAN",
    arity: -3,
    flags: ["readonly"],
    keys: [1, 1, 1],
    specs: [at(1, "RO access")],
    categories: ["sortedset"],
    tips: ["nondeterministic_output"],
    run: zscan,
  },
  {
    name: "ZSCORE",
    arity: 3,
    flags: ["readonly", "fast"],
    keys: [1, 1, 1],
    specs: [at(1, "RO access")],
    categories: ["sortedset"],
    brief: true,
    run: zscore,
  },
];

const NX_WITH_XX = new CommandError("ERR XX and NX options at the same time are not compatible");
const GT_LT_NX = new CommandError("ERR GT, LT, and/or NX options at the same time are not compatible");
const INCR_ONE_PAIR = new CommandError("ERR INCR option supports a single increment-element pair");
const SCORE_IS_NAN = new CommandError("ERR resulting score is not a number (NaN)");

/** Scores of a ZADD of usual length: all are read before the first one counts. */
const usualScores = new Float64Array(256);
const scan = new ScanReply();

// -- Adding and removing ------------------------------------------------------------------------------------------

function zadd(ctx: Context, args: Args): void {
  addMembers(ctx, args, 0);
}

function zincrby(ctx: Context, args: Args): void {
  addMembers(ctx, args, AddFlag.INCR);
}

function addMembers(ctx: Context, args: Args, initial: number): void {
  let flags = initial;
  let countsChanges = false;
  let first = 2;
  for (; first < args.count; first++) {
    if (args.is(first, "NX")) flags |= AddFlag.NX;
    else if (args.is(first, "XX")) flags |= AddFlag.XX;
    else if (args.is(first, "GT")) flags |= AddFlag.GT;
    else if (args.is(first, "LT")) flags |= AddFlag.LT;
    else if (args.is(first, "CH")) countsChanges = true;
    else if (args.is(first, "INCR")) flags |= AddFlag.INCR;
    else break;
  }
  const pairs = (args.count - first) / 2;
  if (pairs === 0 || !Number.isInteger(pairs)) throw SYNTAX;
  checkFlags(flags, pairs);
  const scores = pairs <= usualScores.length ? usualScores : new Float64Array(pairs);
  for (let i = 0; i < pairs; i++) scores[i] = args.double(first + 2 * i);

  const addr = ctx.write(args, 1);
  const increments = (flags & AddFlag.INCR) !== 0;
  if (addr === 0 && (flags & AddFlag.XX) !== 0) return increments ? ctx.reply.null() : ctx.reply.integer(0);
  const view = addr === 0 ? showNewSortedSet(ctx) : showSortedSet(ctx, addr);
  let added = 0;
  let updated = 0;
  let result: number = AddResult.REFUSED;
  for (let i = 0; i < pairs; i++) {
    const member = first + 2 * i + 1;
    result = view.add(args.buf, args.starts[member]!, args.ends[member]!, scores[i]!, flags);
    if (result === AddResult.ADDED) added++;
    else if (result === AddResult.UPDATED) updated++;
  }
  if (result === AddResult.NOT_A_NUMBER) throw SCORE_IS_NAN;
  const changes = added + updated;
  if (changes > 0) keepSortedSet(ctx, args, 1, addr, view);
  if (!increments) ctx.reply.integer(countsChanges ? changes : added);
  else if (result === AddResult.REFUSED) ctx.reply.null();
  else ctx.reply.double(view.score);
  if (changes > 0) ctx.changed(Notify.ZSET, increments ? "zincr" : "zadd", args, 1, changes);
}

function checkFlags(flags: number, pairs: number): void {
  const { NX, XX, GT, LT, INCR } = AddFlag;
  if ((flags & NX) !== 0 && (flags & XX) !== 0) throw NX_WITH_XX;
  const exclusive = flags & (NX | GT | LT);
  if ((exclusive & (exclusive - 1)) !== 0) throw GT_LT_NX;
  if ((flags & INCR) !== 0 && pairs > 1) throw INCR_ONE_PAIR;
}

function zrem(ctx: Context, args: Args): void {
  const addr = ctx.write(args, 1);
  if (addr === 0) return ctx.reply.integer(0);
  const view = showSortedSet(ctx, addr);
  let removed = 0;
  for (let i = 2; i < args.count && view.length > 0; i++) {
    if (view.remove(args.buf, args.starts[i]!, args.ends[i]!)) removed++;
  }
  if (removed > 0) keepRemaining(ctx, args, 1, addr, view, "zrem", removed);
  ctx.reply.integer(removed);
}

// -- Reading ------------------------------------------------------------------------------------------------------

function zcard(ctx: Context, args: Args): void {
  const view = readSortedSet(ctx, args, 1);
  ctx.reply.integer(view === null ? 0 : view.length);
}

function zscore(ctx: Context, args: Args): void {
  replyScore(ctx, args, 2, readSortedSet(ctx, args, 1));
}

function zmscore(ctx: Context, args: Args): void {
  const view = readSortedSet(ctx, args, 1);
  ctx.reply.array(args.count - 2);
  for (let i = 2; i < args.count; i++) replyScore(ctx, args, i, view);
}

function replyScore(ctx: Context, args: Args, i: number, view: SortedSetView | null): void {
  if (view === null || !view.find(args.buf, args.starts[i]!, args.ends[i]!)) ctx.reply.null();
  else ctx.reply.double(view.score);
}

function zrank(ctx: Context, args: Args): void {
  const view = readSortedSet(ctx, args, 1);
  if (view === null || !view.find(args.buf, args.starts[2]!, args.ends[2]!)) ctx.reply.null();
  else ctx.reply.integer(view.rank());
}

function zrevrank(ctx: Context, args: Args): void {
  const view = readSortedSet(ctx, args, 1);
  if (view === null || !view.find(args.buf, args.starts[2]!, args.ends[2]!)) ctx.reply.null();
  else ctx.reply.integer(view.length - 1 - view.rank());
}

function zscan(ctx: Context, args: Args): void {
  const cursor = scanCursor(args, 2);
  const view = readSortedSet(ctx, args, 1);
  if (view === null) return replyEmptyScan(ctx);
  const options = scanOptions(args, 3, false);
  const visit = () => {
    const { buf, start, end } = view.member;
    scan.visited++;
    if (!options.matches(buf, start, end)) return;
    scan.out.bulk(buf, start, end);
    replyScanScore(view);
    scan.replies += 2;
  };
  scan.run(ctx, cursor, options, (from) => view.scan(from, visit));
}

/** A packed score that is an integer is shown with all its digits here, where other commands round to 17. */
function replyScanScore(view: SortedSetView): void {
  const { score } = view;
  if (view.set === null && Number.isInteger(score) && Math.abs(score) <= PACKED_INTEGER_LIMIT) {
    scan.out.bulkInteger(Number.isSafeInteger(score) ? score : BigInt(score));
  } else scan.out.bulkText(formatDouble(score));
}

// -- Picking at random --------------------------------------------------------------------------------------------

function zrandmember(ctx: Context, args: Args): void {
  if (args.count === 2) return replyOne(ctx, readSortedSet(ctx, args, 1));
  const withScores = args.count === 4 && args.is(3, "WITHSCORES");
  const count = randomCount(args, 2, withScores);
  if (args.count > 3 && !withScores) throw SYNTAX;
  const view = readSortedSet(ctx, args, 1);
  if (view === null || count === 0) return ctx.reply.array(0);
  const picked = count < 0 ? -count : Math.min(count, view.length);
  ctx.reply.array(withScores && ctx.reply.protocol < 3 ? picked * 2 : picked);
  if (count < 0) {
    for (let i = 0; i < picked && ((i & 1023) !== 0 || !ctx.overLimit); i++) {
      view.seek(randomBelow(ctx, view.length));
      replyMember(ctx, view, withScores);
    }
  } else if (picked < view.length) {
    for (const rank of distinctIndexes(picked, view.length, () => ctx.store.random())) {
      view.seek(rank);
      replyMember(ctx, view, withScores);
    }
  } else {
    // All of them come in the order in which Redis walks, from the highest score down.
    for (let more = view.seek(picked - 1); more; more = view.previous()) replyMember(ctx, view, withScores);
  }
}

function replyOne(ctx: Context, view: SortedSetView | null): void {
  if (view === null) return ctx.reply.null();
  view.seek(randomBelow(ctx, view.length));
  ctx.reply.entry(view.member);
}

function randomBelow(ctx: Context, limit: number): number {
  return Math.floor(ctx.store.random() / 4294967296 * limit);
}
