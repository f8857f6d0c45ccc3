/**
 * Union, intersection and difference of sorted sets and sets, replied, counted or stored.
 *
 * The result is a large sorted set in the database's own arena, whose members are put in order once their scores are
 * final. It is replied and given back, or stored, packed if it is small enough.
 */

import { SortedSet } from "../types/zset.ts";
import { SortedSetView } from "../types/zset_view.ts";
import type { Args } from "./args.ts";
import type { Context } from "./context.ts";
import { CommandError, SYNTAX } from "./errors.ts";
import { Notify } from "./notify_classes.ts";
import { closedOnFlush } from "./open_views.ts";
import { at, type CommandRow, numkeys } from "./row.ts";
import { deleteTarget, replyMember, storeResult } from "./sorted_set_access.ts";
import { Source } from "./sorted_set_sources.ts";

/** The table rows of the sorted set commands about several sets, in alphabetical order. */
export const sortedSetStoreRows: readonly CommandRow[] = [
  {
    name: "ZDIFF",
    arity: -3,
    flags: ["readonly", "movablekeys"],
    keys: [0, 0, 0],
    specs: [numkeys(1, "RO access")],
    categories: ["sortedset"],
    run: zdiff,
  },
  {
    name: "ZDIFFSTORE",
    arity: -4,
    flags: ["write", "denyoom", "movablekeys"],
    keys: [1, 1, 1],
    specs: [at(1, "OW update"), numkeys(2, "RO access")],
    categories: ["sortedset"],
    run: zdiffstore,
  },
  {
    name: "ZINTER",
    arity: -3,
    flags: ["readonly", "movablekeys"],
    keys: [0, 0, 0],
    specs: [numkeys(1, "RO access")],
    categories: ["sortedset"],
    run: zinter,
  },
  {
    name: "ZINTERCARD",
    arity: -3,
    flags: ["readonly", "movablekeys"],
    keys: [0, 0, 0],
    specs: [numkeys(1, "RO access")],
    categories: ["sortedset"],
    run: zintercard,
  },
  {
    name: "ZINTERSTORE",
    arity: -4,
    flags: ["write", "denyoom", "movablekeys"],
    keys: [1, 1, 1],
    specs: [at(1, "OW update"), numkeys(2, "RO access")],
    categories: ["sortedset"],
    run: zinterstore,
  },
  {
    name: "ZUNION",
    arity: -3,
    flags: ["readonly", "movablekeys"],
    keys: [0, 0, 0],
    specs: [numkeys(1, "RO access")],
    categories: ["sortedset"],
    run: zunion,
  },
  {
    name: "ZUNIONSTORE",
    arity: -4,
    flags: ["write", "denyoom", "movablekeys"],
    keys: [1, 1, 1],
    specs: [at(1, "OW update"), numkeys(2, "RO access")],
    categories: ["sortedset"],
    run: zunionstore,
  },
];

const WEIGHT_NOT_FLOAT = new CommandError("ERR weight value is not a float");
const LIMIT_NEGATIVE = new CommandError("ERR LIMIT can't be negative");

/** How the scores of one member become one. */
const Aggregate = { SUM: 0, MIN: 1, MAX: 2 } as const;
type AggregateKind = typeof Aggregate[keyof typeof Aggregate];

/** The operations, and the events of their storing forms. */
const Op = { UNION: 0, INTERSECT: 1, DIFFER: 2 } as const;
type OpKind = typeof Op[keyof typeof Op];
const STORE_EVENTS = ["zunionstore", "zinterstore", "zdiffstore"];

/** What the options of the running command said. */
const options = { aggregate: Aggregate.SUM as AggregateKind, withScores: false, limit: 0 };
/** Inputs for the running command; grown as needed and kept up to a number. */
let pool: Source[] = [];
const KEPT_SOURCES = 64;
/** The result, when it is replied. */
const resultView = closedOnFlush(new SortedSetView());
closedOnFlush({ close: () => void (pool = []) });

// -- Commands -----------------------------------------------------------------------------------------------------

function zdiff(ctx: Context, args: Args): void {
  replyResult(ctx, args, Op.DIFFER);
}

function zdiffstore(ctx: Context, args: Args): void {
  storeCombined(ctx, args, Op.DIFFER);
}

function zinter(ctx: Context, args: Args): void {
  replyResult(ctx, args, Op.INTERSECT);
}

function zintercard(ctx: Context, args: Args): void {
  const sources = showSources(ctx, args, 1);
  options.limit = 0;
  for (let i = 2 + sources.length; i < args.count; i += 2) {
    if (i + 1 >= args.count || !args.is(i, "LIMIT")) throw SYNTAX;
    options.limit = args.ranged(i + 1, 0, Infinity, LIMIT_NEGATIVE);
  }
  let found = 0;
  intersect(sources, () => ++found !== options.limit);
  ctx.reply.integer(found);
}

function zinterstore(ctx: Context, args: Args): void {
  storeCombined(ctx, args, Op.INTERSECT);
}

function zunion(ctx: Context, args: Args): void {
  replyResult(ctx, args, Op.UNION);
}

function zunionstore(ctx: Context, args: Args): void {
  storeCombined(ctx, args, Op.UNION);
}

function replyResult(ctx: Context, args: Args, op: OpKind): void {
  const sources = showSources(ctx, args, 1);
  parseOptions(args, 2 + sources.length, sources, op, false);
  const result = combine(ctx, sources, op);
  const view = resultView.showObject(result);
  const { withScores } = options;
  ctx.reply.array(withScores && ctx.reply.protocol < 3 ? view.length * 2 : view.length);
  for (let more = view.seek(0); more; more = view.next()) replyMember(ctx, view, withScores);
  result.release(result.length);
}

function storeCombined(ctx: Context, args: Args, op: OpKind): void {
  const sources = showSources(ctx, args, 2);
  parseOptions(args, 3 + sources.length, sources, op, true);
  const result = combine(ctx, sources, op);
  const count = result.length;
  if (count === 0) return deleteTarget(ctx, args);
  storeResult(ctx, args, 1, result);
  ctx.reply.integer(count);
  ctx.changed(Notify.ZSET, STORE_EVENTS[op]!, args, 1);
}

// -- Arguments ----------------------------------------------------------------------------------------------------

/** Shows the inputs: their number is argument `i`, the keys follow. */
function showSources(ctx: Context, args: Args, i: number): Source[] {
  const count = args.integer(i);
  if (count < 1) {
    throw new CommandError(`ERR at least 1 input key is needed for '${ctx.command.fullName}' command`);
  }
  if (count > args.count - i - 1) throw SYNTAX;
  while (pool.length < count) pool.push(new Source());
  const sources = pool.slice(0, count);
  if (pool.length > KEPT_SOURCES) pool = pool.slice(0, KEPT_SOURCES);
  for (let j = 0; j < count; j++) sources[j]!.show(ctx, args, i + 1 + j);
  return sources;
}

/** Reads WEIGHTS, AGGREGATE and WITHSCORES from argument `i` on. */
function parseOptions(args: Args, i: number, sources: Source[], op: OpKind, stores: boolean): void {
  options.aggregate = Aggregate.SUM;
  options.withScores = false;
  const combines = op !== Op.DIFFER;
  while (i < args.count) {
    if (combines && args.is(i, "WEIGHTS") && args.count - i > sources.length) {
      i++;
      for (const source of sources) source.weight = args.double(i++, WEIGHT_NOT_FLOAT);
    } else if (combines && args.is(i, "AGGREGATE") && args.count - i > 1) {
      if (args.is(i + 1, "SUM")) options.aggregate = Aggregate.SUM;
      else if (args.is(i + 1, "MIN")) options.aggregate = Aggregate.MIN;
      else if (args.is(i + 1, "MAX")) options.aggregate = Aggregate.MAX;
      else throw SYNTAX;
      i += 2;
    } else if (!stores && args.is(i, "WITHSCORES")) {
      options.withScores = true;
      i++;
    } else throw SYNTAX;
  }
}

// -- Operations ---------------------------------------------------------------------------------------------------

/** The result of an operation as a sorted set of its own in the database's arena. */
function combine(ctx: Context, sources: Source[], op: OpKind): SortedSet {
  const result = new SortedSet(ctx.db.arena);
  const collect = (buf: Uint8Array, start: number, end: number, score: number) => {
    result.collect(buf, start, end, score);
    return true;
  };
  if (op === Op.UNION) unite(sources, result);
  else if (op === Op.INTERSECT) intersect(sources, collect);
  else subtract(sources, collect);
  result.order();
  return result;
}

/** Takes a member of the result; false ends the operation. */
type Take = (buf: Uint8Array, start: number, end: number, score: number) => boolean;

function bySize(a: Source, b: Source): number {
  return a.length - b.length;
}

/** Small inputs first, as Redis does: sums of floats depend on the order. */
function unite(sources: Source[], result: SortedSet): void {
  for (const source of sources.sort(bySize)) {
    source.each(({ member: { buf, start, end }, score, weight }) => {
      const weighted = notNaN(score * weight);
      const record = result.find(buf, start, end);
      if (record === 0) result.collect(buf, start, end, weighted);
      else result.setCollected(record, aggregate(result.score(record), weighted));
      return true;
    });
  }
}

/** Walks the smallest input and asks the others. */
function intersect(sources: Source[], take: Take): void {
  sources.sort(bySize);
  sources[0]!.each((first) => {
    const { buf, start, end } = first.member;
    // The same key may be named twice: asking it would end the walk, and the answer is known.
    const own = first.score;
    let score = notNaN(own * first.weight);
    for (let i = 1; i < sources.length; i++) {
      const source = sources[i]!;
      if (source.addr !== first.addr && !source.has(buf, start, end)) return true;
      score = aggregate(score, (source.addr === first.addr ? own : source.score) * source.weight);
    }
    return take(buf, start, end, score);
  });
}

/** Members of the first input that no other one has, with their scores there. */
function subtract(sources: Source[], take: Take): void {
  const [first, ...others] = sources as [Source, ...Source[]];
  if (first.length === 0 || others.some((source) => source.addr === first.addr)) return;
  const filled = others.filter((source) => source.length > 0).sort((a, b) => b.length - a.length);
  first.each(({ member: { buf, start, end }, score }) => {
    for (const source of filled) if (source.has(buf, start, end)) return true;
    return take(buf, start, end, score);
  });
}

/** Two scores of one member as one. Infinity minus infinity counts as 0. */
function aggregate(a: number, b: number): number {
  if (options.aggregate === Aggregate.SUM) return notNaN(a + b);
  if (options.aggregate === Aggregate.MIN) return b < a ? b : a;
  return b > a ? b : a;
}

function notNaN(score: number): number {
  return score === score ? score : 0;
}
