/**
 * Lists: sequences of strings, pushed and popped at both ends.
 *
 * Here are the rows of the whole group, the pushes, and the commands that look into a list or change its middle. Taking
 * and moving elements is in list_pop.ts, waiting for them in list_blocking.ts. A small list lies inline in its key's
 * record, a large one is a quicklist; list_access.ts hides the difference.
 */
import type { ListView } from "../types/list_view.ts";
import type { Args } from "./args.ts";
import type { Context } from "./context.ts";
import { CommandError, NO_SUCH_KEY, SYNTAX } from "./errors.ts";
import { HEAD, listKey, Needle, TAIL } from "./list_access.ts";
import { blmove, blmpop, blpop, brpop, brpoplpush } from "./list_blocking.ts";
import { lmove, lmpop, lpop, rpop, rpoplpush } from "./list_pop.ts";
import { Notify } from "./notify_classes.ts";
import { at, type CommandRow, numkeys, range } from "./row.ts";

/** The table rows of the list group, in alphabetical order. */
export const listRows: readonly CommandRow[] = [
  {
    name: "BLMOVE",
    arity: 6,
    flags: ["write", "denyoom", "noscript", "blocking"],
    keys: [1, 2, 1],
    specs: [at(1, "RW access delete"), at(2, "RW insert")],
    categories: ["list"],
    run: blmove,
  },
  {
    name: "BLMPOP",
    arity: -5,
    flags: ["write", "blocking", "movablekeys"],
    keys: [0, 0, 0],
    specs: [numkeys(2, "RW access delete")],
    categories: ["list"],
    run: blmpop,
  },
  {
    name: "BLPOP",
    arity: -3,
    flags: ["write", "noscript", "blocking"],
    keys: [1, -2, 1],
    specs: [range(1, -2, 1, "RW access delete")],
    categories: ["list"],
    run: blpop,
  },
  {
    name: "BRPOP",
    arity: -3,
    flags: ["write", "noscript", "blocking"],
    keys: [1, -2, 1],
    specs: [range(1, -2, 1, "RW access delete")],
    categories: ["list"],
    run: brpop,
  },
  {
    name: "BRPOPLPUSH",
    arity: 4,
    flags: ["write", "denyoom", "noscript", "blocking"],
    keys: [1, 2, 1],
    specs: [at(1, "RW access delete"), at(2, "RW insert")],
    categories: ["list"],
    run: brpoplpush,
  },
  {
    name: "LINDEX",
    arity: 3,
    flags: ["readonly"],
    keys: [1, 1, 1],
    specs: [at(1, "RO access")],
    categories: ["list"],
    run: lindex,
  },
  {
    name: "LINSERT",
    arity: 5,
    flags: ["write", "denyoom"],
    keys: [1, 1, 1],
    specs: [at(1, "RW insert")],
    categories: ["list"],
    run: linsert,
  },
  {
    name: "LLEN",
    arity: 2,
    flags: ["readonly", "fast"],
    keys: [1, 1, 1],
    specs: [at(1, "RO")],
    categories: ["list"],
    brief: true,
    run: llen,
  },
  {
    name: "LMOVE",
    arity: 5,
    flags: ["write", "denyoom"],
    keys: [1, 2, 1],
    specs: [at(1, "RW access delete"), at(2, "RW insert")],
    categories: ["list"],
    brief: true,
    run: lmove,
  },
  {
    name: "LMPOP",
    arity: -4,
    flags: ["write", "movablekeys"],
    keys: [0, 0, 0],
    specs: [numkeys(1, "RW access delete")],
    categories: ["list"],
    run: lmpop,
  },
  {
    name: "LPOP",
    arity: -2,
    flags: ["write", "fast"],
    keys: [1, 1, 1],
    specs: [at(1, "RW access delete")],
    categories: ["list"],
    brief: true,
    run: lpop,
  },
  {
    name: "LPOS",
    arity: -3,
    flags: ["readonly"],
    keys: [1, 1, 1],
    specs: [at(1, "RO access")],
    categories: ["list"],
    run: lpos,
  },
  {
    name: "LPUSH",
    arity: -3,
    flags: ["write", "denyoom", "fast"],
    keys: [1, 1, 1],
    specs: [at(1, "RW insert")],
    categories: ["list"],
    brief: true,
    run: lpush,
  },
  {
    name: "LPUSHX",
    arity: -3,
    flags: ["write", "denyoom", "fast"],
    keys: [1, 1, 1],
    specs: [at(1, "RW insert")],
    categories: ["list"],
    brief: true,
    run: lpushx,
  },
  {
    name: "LRANGE",
    arity: 4,
    flags: ["readonly"],
    keys: [1, 1, 1],
    specs: [at(1, "RO access")],
    categories: ["list"],
    run: lrange,
  },
  {
    name: "LREM",
    arity: 4,
    flags: ["write"],
    keys: [1, 1, 1],
    specs: [at(1, "RW delete")],
    categories: ["list"],
    run: lrem,
  },
  {
    name: "LSET",
    arity: 4,
    flags: ["write", "denyoom"],
    keys: [1, 1, 1],
    specs: [at(1, "RW update")],
    categories: ["list"],
    run: lset,
  },
  {
    name: "LTRIM",
    arity: 4,
    flags: ["write"],
    keys: [1, 1, 1],
    specs: [at(1, "RW delete")],
    categories: ["list"],
    run: ltrim,
  },
  {
    name: "RPOP",
    arity: -2,
    flags: ["write", "fast"],
    keys: [1, 1, 1],
    specs: [at(1, "RW access delete")],
    categories: ["list"],
    brief: true,
    run: rpop,
  },
  {
    name: "RPOPLPUSH",
    arity: 3,
    flags: ["write", "denyoom"],
    keys: [1, 2, 1],
    specs: [at(1, "RW access delete"), at(2, "RW insert")],
    categories: ["list"],
    brief: true,
    run: rpoplpush,
  },
  {
    name: "RPUSH",
    arity: -3,
    flags: ["write", "denyoom", "fast"],
    keys: [1, 1, 1],
    specs: [at(1, "RW insert")],
    categories: ["list"],
    brief: true,
    run: rpush,
  },
  {
    name: "RPUSHX",
    arity: -3,
    flags: ["write", "denyoom", "fast"],
    keys: [1, 1, 1],
    specs: [at(1, "RW insert")],
    categories: ["list"],
    brief: true,
    run: rpushx,
  },
];

const INDEX_OUT_OF_RANGE = new CommandError("ERR index out of range");
const RANK_ZERO = new CommandError(
  "ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... or use negative to start from the end of the list",
);
const COUNT_NEGATIVE = new CommandError("ERR COUNT can't be negative");
const MAXLEN_NEGATIVE = new CommandError("ERR MAXLEN can't be negative");
const INT64_MIN = -(2n ** 63n);

// -- Pushing ------------------------------------------------------------------------------------------------------

function lpush(ctx: Context, args: Args): void {
  pushAll(ctx, args, HEAD, true);
}

function lpushx(ctx: Context, args: Args): void {
  pushAll(ctx, args, HEAD, false);
}

function rpush(ctx: Context, args: Args): void {
  pushAll(ctx, args, TAIL, true);
}

function rpushx(ctx: Context, args: Args): void {
  pushAll(ctx, args, TAIL, false);
}

function pushAll(ctx: Context, args: Args, atHead: boolean, create: boolean): void {
  const view = create ? listKey.writeOrCreate(ctx, args, 1) : listKey.write(ctx, args, 1);
  if (view === null) return ctx.reply.integer(0);
  for (let i = 2; i < args.count; i++) view.push(atHead, args.buf, args.starts[i]!, args.ends[i]!);
  listKey.store(ctx, args, 1);
  ctx.reply.integer(view.length);
  ctx.changed(Notify.LIST, atHead ? "lpush" : "rpush", args, 1, args.count - 2);
}

// -- Looking ------------------------------------------------------------------------------------------------------

function llen(ctx: Context, args: Args): void {
  const view = listKey.read(ctx, args, 1);
  ctx.reply.integer(view === null ? 0 : view.length);
}

function lindex(ctx: Context, args: Args): void {
  const view = listKey.read(ctx, args, 1);
  if (view === null) return ctx.reply.null();
  const index = args.integer(2);
  if (view.seek(index < 0 ? view.length + index : index)) ctx.reply.entry(view.entry);
  else ctx.reply.null();
}

function lrange(ctx: Context, args: Args): void {
  const from = args.integer(2), to = args.integer(3);
  const view = listKey.read(ctx, args, 1);
  const length = view === null ? 0 : view.length;
  const first = firstOf(from, length), last = lastOf(to, length);
  if (first > last) return ctx.reply.array(0);
  ctx.reply.array(last - first + 1);
  let more = view!.seek(first);
  for (let left = last - first; more; left--) {
    ctx.reply.entry(view!.entry);
    more = left > 0 && view!.next();
  }
}

/** The index of the first element of a range that is said to begin at `index` (negative: from the end). */
function firstOf(index: number, length: number): number {
  return index < 0 ? Math.max(0, length + index) : index;
}

/** The index of the last element of a range that is said to end at `index`, -1 if it ends before the list begins. */
function lastOf(index: number, length: number): number {
  return index < 0 ? Math.max(-1, length + index) : Math.min(index, length - 1);
}

function lpos(ctx: Context, args: Args): void {
  const { rank, fromTail, count, maxlen } = lposOptions(args);
  const view = listKey.read(ctx, args, 1);
  const mark = ctx.reply.defer();
  const found = view === null
    ? 0
    : findAll(ctx, view, new Needle(args, 2), rank, fromTail, count ?? 1, maxlen);
  if (count !== undefined) ctx.reply.endArray(mark, found);
  else if (found === 0) ctx.reply.null();
}

/** The options of LPOS: the number of the first match to report, and from which end; limits of 0 mean none. */
function lposOptions(args: Args) {
  let rank = 1, maxlen = 0;
  let fromTail = false;
  let count: number | undefined;
  let lowest = false;
  for (let i = 3; i < args.count; i += 2) {
    if (i + 1 === args.count) throw SYNTAX;
    if (args.is(i, "RANK")) {
      const given = args.int64(i + 1);
      if (given === 0) throw RANK_ZERO;
      fromTail = given < 0;
      // Redis turns the sign of a negative rank, which the lowest integer does not survive: any match will do for it, and
      // no number of matches is enough.
      lowest = given === INT64_MIN;
      rank = lowest ? 1 : Math.abs(Number(given));
    } else if (args.is(i, "COUNT")) {
      count = args.ranged(i + 1, 0, Infinity, COUNT_NEGATIVE);
    } else if (args.is(i, "MAXLEN")) {
      maxlen = args.ranged(i + 1, 0, Infinity, MAXLEN_NEGATIVE);
    } else {
      throw SYNTAX;
    }
  }
  if (lowest && count !== undefined) count = 0;
  return { rank, fromTail, count, maxlen };
}

/** Writes the indexes of up to `count` matches from the `rank`-th on. Returns how many. */
function findAll(
  ctx: Context,
  view: ListView,
  needle: Needle,
  rank: number,
  fromTail: boolean,
  count: number,
  maxlen: number,
): number {
  const { length } = view;
  const compared = maxlen === 0 ? length : Math.min(maxlen, length);
  let matches = 0, found = 0;
  let more = view.seek(fromTail ? length - 1 : 0);
  for (let i = 0; more && i < compared; i++) {
    if (needle.is(view.entry) && ++matches >= rank) {
      ctx.reply.integer(fromTail ? length - 1 - i : i);
      if (++found === count) break;
    }
    more = fromTail ? view.prev() : view.next();
  }
  return found;
}

// -- Changing the middle ------------------------------------------------------------------------------------------

function linsert(ctx: Context, args: Args): void {
  const after = args.is(2, "AFTER");
  if (!after && !args.is(2, "BEFORE")) throw SYNTAX;
  const view = listKey.write(ctx, args, 1);
  if (view === null) return ctx.reply.integer(0);
  const pivot = new Needle(args, 3);
  let more = view.seek(0);
  while (more && !pivot.is(view.entry)) more = view.next();
  if (!more) return ctx.reply.integer(-1);
  view.insert(after, args.buf, args.starts[4]!, args.ends[4]!);
  listKey.store(ctx, args, 1);
  ctx.changed(Notify.LIST, "linsert", args, 1);
  ctx.reply.integer(view.length);
}

function lset(ctx: Context, args: Args): void {
  const view = listKey.write(ctx, args, 1);
  if (view === null) throw NO_SUCH_KEY;
  const index = args.integer(2);
  if (!view.seek(index < 0 ? view.length + index : index)) throw INDEX_OUT_OF_RANGE;
  view.replace(args.buf, args.starts[3]!, args.ends[3]!);
  listKey.store(ctx, args, 1);
  ctx.reply.ok();
  ctx.changed(Notify.LIST, "lset", args, 1);
}

function lrem(ctx: Context, args: Args): void {
  const count = args.integer(2);
  const view = listKey.write(ctx, args, 1);
  if (view === null) return ctx.reply.integer(0);
  const needle = new Needle(args, 3);
  const wanted = count === 0 ? Infinity : Math.abs(count);
  let removed = 0;
  let more = view.seek(count < 0 ? view.length - 1 : 0);
  while (more && removed < wanted) {
    if (!needle.is(view.entry)) {
      more = count < 0 ? view.prev() : view.next();
    } else {
      more = count < 0 ? view.removeBackwards() : view.remove();
      removed++;
    }
  }
  if (removed > 0) listKey.removed(ctx, args, 1, "lrem", removed);
  ctx.reply.integer(removed);
}

function ltrim(ctx: Context, args: Args): void {
  const from = args.integer(2), to = args.integer(3);
  const view = listKey.write(ctx, args, 1);
  if (view === null) return ctx.reply.ok();
  const { length } = view;
  const first = firstOf(from, length), last = lastOf(to, length);
  if (first > last) {
    view.deleteRange(0, length);
  } else {
    view.deleteRange(last + 1, length - last - 1);
    view.deleteRange(0, first);
  }
  listKey.removed(ctx, args, 1, "ltrim", length - view.length);
  ctx.reply.ok();
}
