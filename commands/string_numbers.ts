/**
 * Numbers in strings: INCR, DECR, their BY forms, and INCRBYFLOAT. Their rows are in strings.ts.
 *
 * Integers are exact over all 64 bits: a number while it is a safe integer, a bigint beyond. Floating point follows the C
 * library's long double, as redis-server's does.
 */

import { formatInt, MAX_INT64_DIGITS, normalizeInt64, parseInt64 } from "../types/bytes.ts";
import { addDecimals, DECIMAL_SUM_BYTES } from "../types/decimal_sum.ts";
import { EMBSTR_LIMIT, Kind } from "../types/kind.ts";
import { addLongDouble, formatLongDouble, isFiniteLong, parseLongDouble } from "../types/long_double.ts";
import type { Args } from "./args.ts";
import type { Context } from "./context.ts";
import { CommandError, NAN_OR_INFINITY, NOT_FLOAT, NOT_INTEGER, OVERFLOW } from "./errors.ts";
import { Notify } from "./notify_classes.ts";

const DECREMENT_OVERFLOW = new CommandError("ERR decrement would overflow");
const INT64_MAX = 9223372036854775807n;
const INT64_MIN = -9223372036854775808n;
/** The text that a number counts as where there is none. */
export const ZERO = { buf: Uint8Array.of(48) as Uint8Array, start: 0, end: 1 };
const digits = new Uint8Array(MAX_INT64_DIGITS + 4);
const decimals = new Uint8Array(DECIMAL_SUM_BYTES);
const encoder = new TextEncoder();

export function incr(ctx: Context, args: Args): void {
  add(ctx, args, 1);
}

export function decr(ctx: Context, args: Args): void {
  add(ctx, args, -1);
}

export function incrby(ctx: Context, args: Args): void {
  add(ctx, args, args.int64(2));
}

export function decrby(ctx: Context, args: Args): void {
  const by = args.int64(2);
  if (by === INT64_MIN) throw DECREMENT_OVERFLOW;
  add(ctx, args, -by);
}

/** Adds to the integer of the key in argument 1 and replies the sum. */
function add(ctx: Context, args: Args, by: number | bigint): void {
  const addr = ctx.writeString(args, 1);
  let value: number | bigint = 0;
  if (addr !== 0) {
    const start = ctx.db.valueStart(addr);
    const current = parseInt64(ctx.db.bytes(addr), start, start + ctx.db.valueLength(addr));
    if (current === undefined) throw NOT_INTEGER;
    value = current;
  }
  const sum = addInt64(value, by);
  const length = formatInt(sum, digits, 0);
  if (addr !== 0) ctx.db.rewrite(addr, Kind.INT, digits, 0, length);
  else ctx.db.set(args.buf, args.starts[1]!, args.ends[1]!, Kind.INT, digits, 0, length);
  ctx.changed(Notify.STRING, "incrby", args, 1);
  ctx.reply.integer(sum);
}

/** The sum of two 64-bit integers. Throws "increment or decrement would overflow". */
export function addInt64(a: number | bigint, b: number | bigint): number | bigint {
  if (typeof a === "number" && typeof b === "number") {
    const sum = a + b;
    if (Number.isSafeInteger(sum)) return sum;
  }
  const sum = BigInt(a) + BigInt(b);
  if (sum > INT64_MAX || sum < INT64_MIN) throw OVERFLOW;
  return normalizeInt64(sum);
}

export function incrbyfloat(ctx: Context, args: Args): void {
  const addr = ctx.writeString(args, 1);
  let { buf, start, end } = ZERO;
  if (addr !== 0) {
    buf = ctx.db.bytes(addr);
    start = ctx.db.valueStart(addr);
    end = start + ctx.db.valueLength(addr);
  }
  const text = floatSum(buf, start, end, args.buf, args.starts[2]!, args.ends[2]!, NOT_FLOAT);
  const kind = text.length <= EMBSTR_LIMIT ? Kind.EMBSTR : Kind.RAW;
  if (addr !== 0) ctx.db.rewrite(addr, kind, text, 0, text.length);
  else ctx.db.set(args.buf, args.starts[1]!, args.ends[1]!, kind, text, 0, text.length);
  ctx.changed(Notify.STRING, "incrbyfloat", args, 1);
  // The sum goes out, not the sum's making: floating point must not differ elsewhere.
  if (ctx.propagates) ctx.rewriteAs("SET", args.bytes(1), text.slice(), "KEEPTTL");
  ctx.reply.bulk(text);
}

/**
 * The text of the sum of two texts; it holds until the next is asked for.
 * Throws `notFloat` if the first is no number, NOT_FLOAT if the second is none, and NAN_OR_INFINITY.
 */
export function floatSum(
  a: Uint8Array,
  aStart: number,
  aEnd: number,
  b: Uint8Array,
  bStart: number,
  bEnd: number,
  notFloat: CommandError,
): Uint8Array {
  const length = addDecimals(a, aStart, aEnd, b, bStart, bEnd, decimals);
  if (length > 0) return decimals.subarray(0, length);
  const augend = parseLongDouble(a, aStart, aEnd);
  if (augend === null) throw notFloat;
  const addend = parseLongDouble(b, bStart, bEnd);
  if (addend === null) throw NOT_FLOAT;
  const sum = addLongDouble(augend, addend);
  if (!isFiniteLong(sum)) throw NAN_OR_INFINITY;
  return encoder.encode(formatLongDouble(sum));
}
