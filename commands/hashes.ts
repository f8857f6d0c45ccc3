/** Hashes: fields and values under one key. */

import { formatInt, MAX_INT64_DIGITS } from "../types/bytes.ts";
import { isDecimal } from "../types/decimal_sum.ts";
import type { HashView } from "../types/hash_view.ts";
import { isFiniteLong, parseLongDouble } from "../types/long_double.ts";
import type { Args } from "./args.ts";
import type { Context } from "./context.ts";
import { CommandError, NOT_FLOAT, SYNTAX, wrongArity } from "./errors.ts";
import { hashKey } from "./field_access.ts";
import { Notify } from "./notify_classes.ts";
import { distinctIndexes, randomCount } from "./random_count.ts";
import { at, type CommandRow } from "./row.ts";
import { scanCursor, scanOptions } from "./scan.ts";
import { replyEmptyScan, ScanReply } from "./scan_reply.ts";
import { addInt64, floatSum, ZERO } from "./string_numbers.ts";

/** The table rows of the hash group, in alphabetical order. */
export const hashRows: readonly CommandRow[] = [
  {
    name: "HDEL",
    arity: -3,
    flags: ["write", "fast"],
    keys: [1, 1, 1],
    specs: [at(1, "RW delete")],
    categories: ["hash"],
    brief: true,
    run: hdel,
  },
  {
    name: "HEXISTS",
    arity: 3,
    flags: ["readonly", "fast"],
    keys: [1, 1, 1],
    specs: [at(1, "RO")],
    categories: ["hash"],
    brief: true,
    run: hexists,
  },
  {
    name: "HGET",
    arity: 3,
    flags: ["readonly", "fast"],
    keys: [1, 1, 1],
    specs: [at(1, "RO access")],
    categories: ["hash"],
    brief: true,
    run: hget,
  },
  {
    name: "HGETALL",
    arity: 2,
    flags: ["readonly"],
    keys: [1, 1, 1],
    specs: [at(1, "RO access")],
    categories: ["hash"],
    tips: ["nondeterministic_output_order"],
    run: hgetall,
  },
  {
    name: "HINCRBY",
    arity: 4,
    flags: ["write", "denyoom", "fast"],
    keys: [1, 1, 1],
    specs: [at(1, "RW access update")],
    categories: ["hash"],
    brief: true,
    run: hincrby,
  },
  {
    name: "HINCRBYFLOAT",
    arity: 4,
    flags: ["write", "denyoom", "fast"],
    keys: [1, 1, 1],
    specs: [at(1, "RW access update")],
    categories: ["hash"],
    run: hincrbyfloat,
  },
  {
    name: "HKEYS",
    arity: 2,
    flags: ["readonly"],
    keys: [1, 1, 1],
    specs: [at(1, "RO access")],
    categories: ["hash"],
    tips: ["nondeterministic_output_order"],
    run: hkeys,
  },
  {
    name: "HLEN",
    arity: 2,
    flags: ["readonly", "fast"],
    keys: [1, 1, 1],
    specs: [at(1, "RO")],
    categories: ["hash"],
    brief: true,
    run: hlen,
  },
  {
    name: "HMGET",
    arity: -3,
    flags: ["readonly", "fast"],
    keys: [1, 1, 1],
    specs: [at(1, "RO access")],
    categories: ["hash"],
    brief: true,
    run: hmget,
  },
  {
    name: "HMSET",
    arity: -4,
    flags: ["write", "denyoom", "fast"],
    keys: [1, 1, 1],
    specs: [at(1, "RW update")],
    categories: ["hash"],
    run: hmset,
  },
  {
    name: "HRANDFIELD",
    arity: -2,
    flags: ["readonly"],
    keys: [1, 1, 1],
    specs: [at(1, "RO access")],
    categories: ["hash"],
    tips: ["nondeterministic_output"],
    run: hrandfield,
  },
  {
    name: "HSCAN",
    arity: -3,
    flags: ["readonly"],
    keys: [1, 1, 1],
    specs: [at(1, "RO access")],
    categories: ["hash"],
    tips: ["nondeterministic_output"],
    run: hscan,
  },
  {
    name: "HSET",
    arity: -4,
    flags: ["write", "denyoom", "fast"],
    keys: [1, 1, 1],
    specs: [at(1, "RW update")],
    categories: ["hash"],
    brief: true,
    run: hset,
  },
  {
    name: "HSETNX",
    arity: 4,
    flags: ["write", "denyoom", "fast"],
    keys: [1, 1, 1],
    specs: [at(1, "RW insert")],
    categories: ["hash"],
    brief: true,
    run: hsetnx,
  },
  {
    name: "HSTRLEN",
    arity: 3,
    flags: ["readonly", "fast"],
    keys: [1, 1, 1],
    specs: [at(1, "RO")],
    categories: ["hash"],
    brief: true,
    run: hstrlen,
  },
  {
    name: "HVALS",
    arity: 2,
    flags: ["readonly"],
    keys: [1, 1, 1],
    specs: [at(1, "RO access")],
    categories: ["hash"],
    tips: ["nondeterministic_output_order"],
    run: hvals,
  },
];

const NOT_INTEGER_VALUE = new CommandError("ERR hash value is not an integer");
const NOT_FLOAT_VALUE = new CommandError("ERR hash value is not a float");
const NAN_INCREMENT = new CommandError("ERR value is NaN or Infinity");
const scanned = new ScanReply();
const digits = new Uint8Array(MAX_INT64_DIGITS + 4);

// -- Writing ------------------------------------------------------------------------------------------------------

function hset(ctx: Context, args: Args): void {
  ctx.reply.integer(setFields(ctx, args));
  ctx.changed(Notify.HASH, "hset", args, 1, (args.count - 2) / 2);
}

function hmset(ctx: Context, args: Args): void {
  setFields(ctx, args);
  ctx.reply.ok();
  ctx.changed(Notify.HASH, "hset", args, 1, (args.count - 2) / 2);
}

/** Sets all pairs from argument 2 on, without a word to anybody; returns how many fields are new. */
function setFields(ctx: Context, args: Args): number {
  if (args.count % 2 !== 0) throw wrongArity(ctx.command.fullName);
  const view = hashKey.writeOrCreate(ctx, args, 1);
  enlargeForLongest(view, args, 2);
  let created = 0;
  for (let i = 2; i < args.count; i += 2) if (setField(view, args, i, i + 1)) created++;
  hashKey.store(ctx, args, 1);
  return created;
}

/** A hash that will be large in the end is made so first, as redis-server does. */
function enlargeForLongest(view: HashView, args: Args, from: number): void {
  if (view.table !== null) return;
  for (let i = from; i < args.count; i++) {
    if (args.length(i) > view.maxValueBytes) return view.enlarge();
  }
}

function setField(view: HashView, args: Args, field: number, value: number): boolean {
  const { buf, starts, ends } = args;
  return view.set(buf, starts[field]!, ends[field]!, buf, starts[value]!, ends[value]!);
}

function hsetnx(ctx: Context, args: Args): void {
  const view = hashKey.writeOrCreate(ctx, args, 1);
  if (view.find(args.buf, args.starts[2]!, args.ends[2]!)) return ctx.reply.integer(0);
  enlargeForLongest(view, args, 2);
  setField(view, args, 2, 3);
  hashKey.store(ctx, args, 1);
  ctx.reply.integer(1);
  ctx.changed(Notify.HASH, "hset", args, 1);
}

function hincrby(ctx: Context, args: Args): void {
  const by = args.int64(3);
  const view = hashKey.writeOrCreate(ctx, args, 1);
  let value: number | bigint = 0;
  if (view.find(args.buf, args.starts[2]!, args.ends[2]!)) {
    const current = view.value.toInt();
    if (current === undefined) throw NOT_INTEGER_VALUE;
    value = current;
  }
  const sum = addInt64(value, by);
  const length = formatInt(sum, digits, 0);
  view.set(args.buf, args.starts[2]!, args.ends[2]!, digits, 0, length);
  hashKey.store(ctx, args, 1);
  ctx.reply.integer(sum);
  ctx.changed(Notify.HASH, "hincrby", args, 1);
}

function hincrbyfloat(ctx: Context, args: Args): void {
  const by = args.starts[3]!;
  const byEnd = args.ends[3]!;
  if (!isDecimal(args.buf, by, byEnd)) {
    const value = parseLongDouble(args.buf, by, byEnd);
    if (value === null) throw NOT_FLOAT;
    if (!isFiniteLong(value)) throw NAN_INCREMENT;
  }
  const view = hashKey.writeOrCreate(ctx, args, 1);
  const found = view.find(args.buf, args.starts[2]!, args.ends[2]!);
  const { buf, start, end } = found ? view.value : ZERO;
  const text = floatSum(buf, start, end, args.buf, by, byEnd, NOT_FLOAT_VALUE);
  view.set(args.buf, args.starts[2]!, args.ends[2]!, text, 0, text.length);
  hashKey.store(ctx, args, 1);
  ctx.reply.bulk(text);
  ctx.changed(Notify.HASH, "hincrbyfloat", args, 1);
  // The sum goes out, not the sum's making: floating point must not differ elsewhere.
  if (ctx.propagates) ctx.rewriteAs("HSET", args.bytes(1), args.bytes(2), text.slice());
}

function hdel(ctx: Context, args: Args): void {
  const view = hashKey.write(ctx, args, 1);
  if (view === null) return ctx.reply.integer(0);
  let deleted = 0;
  for (let i = 2; i < args.count && view.length > 0; i++) {
    if (view.delete(args.buf, args.starts[i]!, args.ends[i]!)) deleted++;
  }
  if (deleted > 0) {
    const emptied = view.length === 0;
    if (!emptied) hashKey.store(ctx, args, 1);
    if (emptied) ctx.db.delete(args.buf, args.starts[1]!, args.ends[1]!);
    ctx.changed(Notify.HASH, "hdel", args, 1, deleted);
    if (emptied) ctx.notify(Notify.GENERIC, "del", args.buf, args.starts[1]!, args.ends[1]!);
  }
  ctx.reply.integer(deleted);
}

// -- Reading ------------------------------------------------------------------------------------------------------

function hget(ctx: Context, args: Args): void {
  const view = hashKey.read(ctx, args, 1);
  if (view !== null && view.find(args.buf, args.starts[2]!, args.ends[2]!)) ctx.reply.entry(view.value);
  else ctx.reply.null();
}

function hmget(ctx: Context, args: Args): void {
  const view = hashKey.read(ctx, args, 1);
  ctx.reply.array(args.count - 2);
  for (let i = 2; i < args.count; i++) {
    if (view !== null && view.find(args.buf, args.starts[i]!, args.ends[i]!)) ctx.reply.entry(view.value);
    else ctx.reply.null();
  }
}

function hexists(ctx: Context, args: Args): void {
  const view = hashKey.read(ctx, args, 1);
  ctx.reply.integer(view !== null && view.find(args.buf, args.starts[2]!, args.ends[2]!) ? 1 : 0);
}

function hstrlen(ctx: Context, args: Args): void {
  const view = hashKey.read(ctx, args, 1);
  const found = view !== null && view.find(args.buf, args.starts[2]!, args.ends[2]!);
  ctx.reply.integer(found ? view.value.end - view.value.start : 0);
}

function hlen(ctx: Context, args: Args): void {
  ctx.reply.integer(hashKey.read(ctx, args, 1)?.length ?? 0);
}

function hgetall(ctx: Context, args: Args): void {
  const view = hashKey.read(ctx, args, 1);
  ctx.reply.map(view?.length ?? 0);
  view?.forEach(() => {
    ctx.reply.entry(view.field);
    ctx.reply.entry(view.value);
  });
}

function hkeys(ctx: Context, args: Args): void {
  const view = hashKey.read(ctx, args, 1);
  ctx.reply.array(view?.length ?? 0);
  view?.forEach(() => ctx.reply.entry(view.field));
}

function hvals(ctx: Context, args: Args): void {
  const view = hashKey.read(ctx, args, 1);
  ctx.reply.array(view?.length ?? 0);
  view?.forEach(() => ctx.reply.entry(view.value));
}

function hscan(ctx: Context, args: Args): void {
  const cursor = scanCursor(args, 2);
  const view = hashKey.read(ctx, args, 1);
  if (view === null) return replyEmptyScan(ctx);
  const options = scanOptions(args, 3, false);
  const gather = (): void => {
    const { field, value } = view;
    scanned.visited++;
    if (!options.matches(field.buf, field.start, field.end)) return;
    scanned.out.bulk(field.buf, field.start, field.end);
    scanned.out.bulk(value.buf, value.start, value.end);
    scanned.replies += 2;
  };
  scanned.run(ctx, cursor, options, (at) => view.scan(at, gather));
}

function hrandfield(ctx: Context, args: Args): void {
  const random = (): number => ctx.store.random();
  if (args.count === 2) {
    const view = hashKey.read(ctx, args, 1);
    if (view === null) return ctx.reply.null();
    view.random(random);
    return ctx.reply.entry(view.field);
  }
  const withValues = args.count === 4 && args.is(3, "WITHVALUES");
  const count = randomCount(args, 2, false);
  if (args.count > 4 || (args.count === 4 && !withValues)) throw SYNTAX;
  if (withValues) randomCount(args, 2, true);
  const view = hashKey.read(ctx, args, 1);
  if (view === null || count === 0) return ctx.reply.array(0);
  if (count < 0) {
    pairsHeader(ctx, -count, withValues);
    for (let i = 0; i < -count && ((i & 1023) !== 0 || !ctx.overLimit); i++) {
      view.random(random);
      replyPair(ctx, view, withValues);
    }
  } else if (count >= view.length) {
    pairsHeader(ctx, view.length, withValues);
    view.forEach(() => replyPair(ctx, view, withValues));
  } else replyDistinct(ctx, view, count, withValues, random);
}

/** `count` different pairs of a hash that has more. */
function replyDistinct(
  ctx: Context,
  view: HashView,
  count: number,
  withValues: boolean,
  random: () => number,
): void {
  pairsHeader(ctx, count, withValues);
  const picks = distinctIndexes(count, view.length, random);
  if (view.table === null) {
    for (const index of picks) {
      view.at(index);
      replyPair(ctx, view, withValues);
    }
    return;
  }
  const chosen = new Set<number>();
  if (count * 3 > view.length) {
    // Many of them: one walk over all is cheaper than drawing until enough differ.
    const wanted = new Set(picks);
    let index = 0;
    view.table.forEach((record) => {
      if (wanted.has(index++)) chosen.add(record);
    });
  } else while (chosen.size < count) chosen.add(view.table.random(random));
  for (const record of chosen) {
    view.showRecord(record);
    replyPair(ctx, view, withValues);
  }
}

/** RESP3 nests each pair, RESP2 does not. */
function pairsHeader(ctx: Context, count: number, withValues: boolean): void {
  ctx.reply.array(withValues && ctx.reply.protocol < 3 ? count * 2 : count);
}

function replyPair(ctx: Context, view: HashView, withValues: boolean): void {
  if (withValues && ctx.reply.protocol >= 3) ctx.reply.array(2);
  ctx.reply.entry(view.field);
  if (withValues) ctx.reply.entry(view.value);
}
