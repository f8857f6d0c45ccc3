/**
 * Unsigned 64-bit integers as two 32-bit halves.
 *
 * A stream ID is two full 64-bit numbers and clients may use all of their range, so a JavaScript number (53 bits)
 * cannot hold them and a BigInt allocates at every step. Two halves cost two compares and no allocation. BigInt
 * appears only for values of 2^53 and above, where decimal text has to be made or read and speed is of no concern.
 */
import { formatInt, latin1, normalizeInt64 } from "./bytes.ts";

/** 2^32, the weight of the high half. */
export const TWO_32 = 4294967296;

/** A mutable 64-bit pair, for results of the functions below; each half is in [0, 2^32). */
export class U64 {
  hi = 0;
  lo = 0;
}

/**
 * Reads an unsigned number as C's `strtoull` in base 10 does, because Redis falls back to it for stream IDs: leading
 * white space, one sign (a minus negates modulo 2^64) and leading zeros are accepted; a negative number that is
 * written canonically is not. A NUL byte ends the text.
 *
 * @returns false, and `out` unspecified, when the text is no such number or does not fit 64 bits.
 */
export function parseU64(buf: Uint8Array, start: number, end: number, out: U64): boolean {
  let at = start;
  while (at < end && isSpace(buf[at]!)) at++;
  const sign = at < end ? buf[at]! : 0;
  if (sign === 0x2b || sign === 0x2d) at++;
  const negative = sign === 0x2d;
  const digits = at;
  let value = 0;
  while (at < end && buf[at] === 0x30) at++;
  const significant = at;
  while (at < end && buf[at]! >= 0x30 && buf[at]! <= 0x39) {
    if (at - significant < 15) value = value * 10 + buf[at]! - 0x30;
    at++;
  }
  if (at === digits || (at < end && buf[at] !== 0)) return false;
  if (at - significant > 15) {
    if (!parseLong(buf, significant, at, out)) return false;
  } else {
    out.hi = Math.floor(value / TWO_32);
    out.lo = value >>> 0;
  }
  if (!negative) return true;
  if (isCanonicalNegative(buf, start, significant, at, out)) return false;
  negate(out);
  return true;
}

/** Writes the decimal digits of (hi, lo) at `pos` (up to 20 bytes) and returns the position after them. */
export function writeU64(hi: number, lo: number, buf: Uint8Array, pos: number): number {
  return formatInt(hi < 0x200000 ? hi * TWO_32 + lo : u64ToBigInt(hi, lo), buf, pos);
}

/** (hi, lo) as a BigInt. */
function u64ToBigInt(hi: number, lo: number): bigint {
  return (BigInt(hi) << 32n) | BigInt(lo);
}

/**
 * The difference a - b, modulo 2^64, as the signed number that a listpack stores: a number when safe, else a bigint.
 */
export function subtractU64(aHi: number, aLo: number, bHi: number, bLo: number): number | bigint {
  const lo = aLo - bLo;
  const hi = (aHi - bHi - (lo < 0 ? 1 : 0)) | 0;
  return int64(hi, lo >>> 0);
}

/** Adds a signed 64-bit number to (hi, lo), modulo 2^64. */
export function addToU64(hi: number, lo: number, delta: number | bigint, out: U64): void {
  let deltaHi: number, deltaLo: number;
  if (typeof delta === "number") {
    deltaHi = Math.floor(delta / TWO_32);
    deltaLo = delta - deltaHi * TWO_32;
  } else {
    deltaHi = Number((delta >> 32n) & 0xffffffffn);
    deltaLo = Number(delta & 0xffffffffn);
  }
  const sum = lo + deltaLo;
  out.lo = sum >>> 0;
  out.hi = (hi + deltaHi + (sum >= TWO_32 ? 1 : 0)) >>> 0;
}

/** The signed 64-bit number with these halves (the high one signed or not): a number when safe, else a bigint. */
export function int64(hi: number, lo: number): number | bigint {
  hi |= 0;
  if (hi >= -0x200000 && hi < 0x200000) {
    const value = hi * TWO_32 + lo;
    if (value !== -0x20000000000000) return value;
  }
  return (BigInt(hi) << 32n) | BigInt(lo);
}

/** The sum of two signed 64-bit numbers, wrapping around as C's does; numbers when safe, bigints otherwise. */
export function addInt64(a: number | bigint, b: number | bigint): number | bigint {
  if (typeof a === "number" && typeof b === "number") {
    const sum = a + b;
    if (Number.isSafeInteger(sum)) return sum;
  }
  return normalizeInt64(BigInt.asIntN(64, BigInt(a) + BigInt(b)));
}

/** The difference of two signed 64-bit numbers, in the manner of `addInt64`. */
export function subtractInt64(a: number | bigint, b: number | bigint): number | bigint {
  return typeof b === "number" ? addInt64(a, -b) : addInt64(a, BigInt.asIntN(64, -b));
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || (byte >= 0x09 && byte <= 0x0d);
}

/** More than 15 significant digits: through BigInt, refusing what exceeds 64 bits. */
function parseLong(buf: Uint8Array, start: number, end: number, out: U64): boolean {
  if (end - start > 20) return false;
  const value = BigInt(latin1(buf, start, end));
  if (value >> 64n !== 0n) return false;
  out.hi = Number(value >> 32n);
  out.lo = Number(value & 0xffffffffn);
  return true;
}

/** True for "-5" but not for " -5", "-05", "-0" or anything below -2^63: only the first is a signed 64-bit text. */
function isCanonicalNegative(
  buf: Uint8Array,
  start: number,
  digits: number,
  end: number,
  value: U64,
): boolean {
  if (buf[start] !== 0x2d || digits !== start + 1 || digits === end) return false;
  return value.hi < 0x80000000 || (value.hi === 0x80000000 && value.lo === 0);
}

function negate(value: U64): void {
  const lo = (-value.lo) >>> 0;
  value.hi = (~value.hi + (lo === 0 ? 1 : 0)) >>> 0;
  value.lo = lo;
}
