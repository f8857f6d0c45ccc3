/**
 * Sorted sets by ranges: of ranks, of scores, of members; to read, to store, to count, to remove.
 *
 * ZRANGE and its seven older forms are one function: what they take is read into `request`, what they name becomes a
 * range of ranks (types/zset_view.ts), and from there on all of them are the same walk.
 */

import { LexRange, ScoreRange } from "../types/zset_range.ts";
import { SortedSetView } from "../types/zset_view.ts";
import type { Args } from "./args.ts";
import type { Context } from "./context.ts";
import { CommandError, SYNTAX } from "./errors.ts";
import { Notify } from "./notify_classes.ts";
import { closedOnFlush } from "./open_views.ts";
import { at, type CommandRow } from "./row.ts";
import {
  deleteTarget,
  keepRemaining,
  readSortedSet,
  replyMember,
  showNewSortedSet,
  showSortedSet,
  storeSortedSet,
} from "./sorted_set_access.ts";

/** The table rows of the sorted set commands about ranges, in alphabetical order. */
export const sortedSetRangeRows: readonly CommandRow[] = [
  {
    name: "ZCOUNT",
    arity: 4,
    flags: ["readonly", "fast"],
    keys: [1, 1, 1],
    specs: [at(1, "RO access")],
    categories: ["sortedset"],
    brief: true,
    run: zcount,
  },
  {
    name: "ZLEXCOUNT",
    arity: 4,
    flags: ["readonly", "fast"],
    keys: [1, 1, 1],
    specs: [at(1, "RO access")],
    categories: ["sortedset"],
    brief: true,
    run: zlexcount,
  },
  {
    name: "ZRANGE",
    arity: -4,
    flags: ["readonly"],
    keys: [1, 1, 1],
    specs: [at(1, "RO access")],
    categories: ["sortedset"],
    brief: true,
    run: zrange,
  },
  {
    name: "ZRANGEBYLEX",
    arity: -4,
    flags: ["readonly"],
    keys: [1, 1, 1],
    specs: [at(1, "RO access")],
    categories: ["sortedset"],
    brief: true,
    run: zrangebylex,
  },
  {
    name: "ZRANGEBYSCORE",
    arity: -4,
    flags: ["readonly"],
    keys: [1, 1, 1],
    specs: [at(1, "RO access")],
    categories: ["sortedset"],
    brief: true,
    run: zrangebyscore,
  },
  {
    name: "ZRANGESTORE",
    arity: -5,
    flags: ["write", "denyoom"],
    keys: [1, 2, 1],
    specs: [at(1, "OW update"), at(2, "RO access")],
    categories: ["sortedset"],
    run: zrangestore,
  },
  {
    name: "ZREMRANGEBYLEX",
    arity: 4,
    flags: ["write"],
    keys: [1, 1, 1],
    specs: [at(1, "RW delete")],
    categories: ["sortedset"],
    run: zremrangebylex,
  },
  {
    name: "ZREMRANGEBYRANK",
    arity: 4,
    flags: ["write"],
    keys: [1, 1, 1],
    specs: [at(1, "RW delete")],
    categories: ["sortedset"],
    run: zremrangebyrank,
  },
  {
    name: "ZREMRANGEBYSCORE",
    arity: 4,
    flags: ["write"],
    keys: [1, 1, 1],
    specs: [at(1, "RW delete")],
    categories: ["sortedset"],
    run: zremrangebyscore,
  },
  {
    name: "ZREVRANGE",
    arity: -4,
    flags: ["readonly"],
    keys: [1, 1, 1],
    specs: [at(1, "RO access")],
    categories: ["sortedset"],
    brief: true,
    run: zrevrange,
  },
  {
    name: "ZREVRANGEBYLEX",
    arity: -4,
    flags: ["readonly"],
    keys: [1, 1, 1],
    specs: [at(1, "RO access")],
    categories: ["sortedset"],
    brief: true,
    run: zrevrangebylex,
  },
  {
    name: "ZREVRANGEBYSCORE",
    arity: -4,
    flags: ["readonly"],
    keys: [1, 1, 1],
    specs: [at(1, "RO access")],
    categories: ["sortedset"],
    brief: true,
    run: zrevrangebyscore,
  },
];

const BAD_SCORE_RANGE = new CommandError("ERR min or max is not a float");
const BAD_LEX_RANGE = new CommandError("ERR min or max not valid string range item");
const LIMIT_NEEDS_RANGE = new CommandError(
  "ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX",
);
const SCORES_WITH_LEX = new CommandError(
  "ERR syntax error, WITHSCORES not supported in combination with BYLEX",
);

/** How a range is named. */
const By = { UNSAID: 0, RANK: 1, SCORE: 2, LEX: 3 } as const;
type ByKind = typeof By[keyof typeof By];

/** The range of the command that runs: its bounds, then the ranks to visit. */
const request = {
  by: By.RANK as ByKind,
  backward: false,
  withScores: false,
  offset: 0,
  /** Members at most; negative for all. */
  limit: -1,
  first: 0,
  last: 0,
  /** Ranks that are in the range: from this one up to, not including, `to`. */
  from: 0,
  to: 0,
};
const scoreRange = new ScoreRange();
const lexRange = new LexRange();
/** The sorted set that ZRANGESTORE makes, while the source is in the usual view. */
const target = closedOnFlush(new SortedSetView());

// -- Reading ------------------------------------------------------------------------------------------------------

function zrange(ctx: Context, args: Args): void {
  replyRange(ctx, args, By.UNSAID, false);
}

function zrangebylex(ctx: Context, args: Args): void {
  replyRange(ctx, args, By.LEX, false);
}

function zrangebyscore(ctx: Context, args: Args): void {
  replyRange(ctx, args, By.SCORE, false);
}

function zrevrange(ctx: Context, args: Args): void {
  replyRange(ctx, args, By.RANK, true);
}

function zrevrangebylex(ctx: Context, args: Args): void {
  replyRange(ctx, args, By.LEX, true);
}

function zrevrangebyscore(ctx: Context, args: Args): void {
  replyRange(ctx, args, By.SCORE, true);
}

/** ZRANGE (`by` UNSAID: its options say) and the commands that it replaces. */
function replyRange(ctx: Context, args: Args, by: ByKind, backward: boolean): void {
  parseRequest(args, 1, by, backward, false);
  const view = readSortedSet(ctx, args, 1);
  if (view === null) return ctx.reply.array(0);
  const { reply } = ctx;
  const { withScores } = request;
  let left = selectRanks(view);
  reply.array(withScores && reply.protocol < 3 ? left * 2 : left);
  if (!withScores && view.set !== null) {
    return view.set.feed(firstRank(), left, request.backward, reply);
  }
  for (let more = begin(view); more && left > 0; more = --left > 0 && advance(view)) {
    replyMember(ctx, view, withScores);
  }
}

function zrangestore(ctx: Context, args: Args): void {
  parseRequest(args, 2, By.UNSAID, false, true);
  const view = readSortedSet(ctx, args, 2);
  const count = view === null ? 0 : selectRanks(view);
  if (count === 0) return deleteTarget(ctx, args);
  showNewSortedSet(ctx, target);
  // Only ranks tell Redis beforehand that the result is large. It matters for -0, which a packed value cannot hold.
  if (request.by === By.RANK && count > target.maxEntries) target.unpack();
  let left = count;
  for (let more = begin(view!); more; more = --left > 0 && advance(view!)) {
    const { member, score } = view!;
    target.add(member.buf, member.start, member.end, score, 0);
  }
  storeSortedSet(ctx, args, 1, target);
  ctx.reply.integer(count);
  ctx.changed(Notify.ZSET, "zrangestore", args, 1);
}

function zcount(ctx: Context, args: Args): void {
  parseScores(args, 2, 3);
  const view = readSortedSet(ctx, args, 1);
  ctx.reply.integer(view === null ? 0 : view.scoreRange(scoreRange));
}

function zlexcount(ctx: Context, args: Args): void {
  parseMembers(args, 2, 3);
  const view = readSortedSet(ctx, args, 1);
  ctx.reply.integer(view === null ? 0 : view.lexRange(lexRange, false));
}

// -- Removing -----------------------------------------------------------------------------------------------------

function zremrangebylex(ctx: Context, args: Args): void {
  removeRange(ctx, args, By.LEX, "zremrangebylex");
}

function zremrangebyrank(ctx: Context, args: Args): void {
  removeRange(ctx, args, By.RANK, "zremrangebyrank");
}

function zremrangebyscore(ctx: Context, args: Args): void {
  removeRange(ctx, args, By.SCORE, "zremrangebyscore");
}

function removeRange(ctx: Context, args: Args, by: ByKind, event: string): void {
  request.by = by;
  request.backward = false;
  request.offset = 0;
  request.limit = -1;
  parseBounds(args, 2, 3);
  const addr = ctx.write(args, 1);
  if (addr === 0) return ctx.reply.integer(0);
  const view = showSortedSet(ctx, addr);
  const count = selectRanks(view);
  if (count > 0) {
    view.removeRange(request.from, request.to);
    keepRemaining(ctx, args, 1, addr, view, event, count);
  }
  ctx.reply.integer(count);
}

// -- What is asked for --------------------------------------------------------------------------------------------

/** Fills `request` from the arguments: key at `key`, the two bounds, options. `by` and `backward` may be fixed. */
function parseRequest(args: Args, key: number, by: ByKind, backward: boolean, stores: boolean): void {
  request.withScores = false;
  request.offset = 0;
  request.limit = -1;
  const free = by === By.UNSAID;
  for (let i = key + 3; i < args.count; i++) {
    if (!stores && args.is(i, "WITHSCORES")) request.withScores = true;
    else if (args.is(i, "LIMIT") && i + 2 < args.count) {
      request.offset = args.integer(i + 1);
      request.limit = args.integer(i + 2);
      i += 2;
    } else if (free && !backward && args.is(i, "REV")) backward = true;
    else if (by === By.UNSAID && args.is(i, "BYLEX")) by = By.LEX;
    else if (by === By.UNSAID && args.is(i, "BYSCORE")) by = By.SCORE;
    else throw SYNTAX;
  }
  request.by = by === By.UNSAID ? By.RANK : by;
  request.backward = backward;
  if (request.limit !== -1 && request.by === By.RANK) throw LIMIT_NEEDS_RANGE;
  if (request.withScores && request.by === By.LEX) throw SCORES_WITH_LEX;
  // Backward ranges of scores and members name the upper bound first; ranks count from the other end instead.
  if (backward && request.by !== By.RANK) parseBounds(args, key + 2, key + 1);
  else parseBounds(args, key + 1, key + 2);
}

function parseBounds(args: Args, min: number, max: number): void {
  if (request.by === By.SCORE) parseScores(args, min, max);
  else if (request.by === By.LEX) parseMembers(args, min, max);
  else {
    request.first = args.integer(min);
    request.last = args.integer(max);
  }
}

function parseScores(args: Args, min: number, max: number): void {
  const { buf, starts, ends } = args;
  if (!scoreRange.parseMin(buf, starts[min]!, ends[min]!)) throw BAD_SCORE_RANGE;
  if (!scoreRange.parseMax(buf, starts[max]!, ends[max]!)) throw BAD_SCORE_RANGE;
}

function parseMembers(args: Args, min: number, max: number): void {
  const { buf, starts, ends } = args;
  if (!lexRange.min.parse(buf, starts[min]!, ends[min]!)) throw BAD_LEX_RANGE;
  if (!lexRange.max.parse(buf, starts[max]!, ends[max]!)) throw BAD_LEX_RANGE;
}

/** Turns the request into ranks of this sorted set, `request.from` and `request.to`. Returns how many. */
function selectRanks(view: SortedSetView): number {
  const { by, backward } = request;
  if (by === By.RANK) clampRanks(view.length);
  else {
    if (by === By.SCORE) view.scoreRange(scoreRange);
    else view.lexRange(lexRange, backward);
    request.from = view.from;
    request.to = view.to;
    limitRanks();
  }
  return request.to - request.from;
}

/** Ranks as given, negative ones counted from the end; of a backward range they count from the highest score. */
function clampRanks(length: number): void {
  const { first, last } = request;
  const from = Math.max(0, first < 0 ? first + length : first);
  const to = Math.min(length, (last < 0 ? last + length : last) + 1);
  if (from >= to) request.from = request.to = 0;
  else {
    request.from = request.backward ? length - to : from;
    request.to = request.backward ? length - from : to;
  }
}

/** The rank where the walk begins. */
function firstRank(): number {
  return request.backward ? request.to - 1 : request.from;
}

/** Makes the member where the walk begins the current one. */
function begin(view: SortedSetView): boolean {
  return view.seek(firstRank());
}

function advance(view: SortedSetView): boolean {
  return request.backward ? view.previous() : view.next();
}

/** LIMIT: skips `offset` members at the end where the walk begins, then keeps `limit`. A negative offset skips all. */
function limitRanks(): void {
  const { offset, limit, backward } = request;
  const found = request.to - request.from;
  const skipped = offset < 0 ? found : Math.min(offset, found);
  const kept = limit < 0 ? found - skipped : Math.min(limit, found - skipped);
  if (backward) {
    request.to -= skipped;
    request.from = request.to - kept;
  } else {
    request.from += skipped;
    request.to = request.from + kept;
  }
}
