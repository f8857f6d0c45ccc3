/**
 * Byte helpers that every layer shares.
 *
 * Keys, values, fields and members are bytes, never strings, and travel as spans `(buf, start, end)`: the helpers
 * here take spans so that nobody has to slice in order to compare, parse or print. Loops are written by hand because
 * most spans are shorter than what a call into the runtime costs.
 */
import { Buffer } from "node:buffer";

/** A view over no bytes, for places that need a buffer and have nothing to put in it. */
export const EMPTY_BYTES = new Uint8Array(0);

/** Longest decimal form of a signed 64-bit integer: "-9223372036854775808". */
export const MAX_INT64_DIGITS = 20;

const INT64_MAX = 9223372036854775807n;
const INT64_MIN = -9223372036854775808n;

/** Spans longer than this are compared and decoded by the runtime; below, its call costs more than the loop. */
const NATIVE_THRESHOLD = 256;

/** Texts longer than this are written by the runtime, which is quicker with them. */
const WRITTEN_BY_HAND = 32;

/** Whether two spans hold the same bytes. */
export function equalBytes(
  a: Uint8Array,
  aStart: number,
  aEnd: number,
  b: Uint8Array,
  bStart: number,
  bEnd: number,
): boolean {
  const length = aEnd - aStart;
  if (length !== bEnd - bStart) return false;
  if (length > NATIVE_THRESHOLD) return compareNative(a, aStart, aEnd, b, bStart, bEnd) === 0;
  for (let i = 0; i < length; i++) if (a[aStart + i] !== b[bStart + i]) return false;
  return true;
}

/** Orders two spans as memcmp does, the shorter one first when it is a prefix. Negative, 0 or positive. */
export function compareBytes(
  a: Uint8Array,
  aStart: number,
  aEnd: number,
  b: Uint8Array,
  bStart: number,
  bEnd: number,
): number {
  const aLength = aEnd - aStart, bLength = bEnd - bStart;
  const shared = aLength < bLength ? aLength : bLength;
  if (shared > NATIVE_THRESHOLD) return compareNative(a, aStart, aEnd, b, bStart, bEnd);
  for (let i = 0; i < shared; i++) {
    const order = a[aStart + i]! - b[bStart + i]!;
    if (order !== 0) return order;
  }
  return aLength - bLength;
}

function compareNative(
  a: Uint8Array,
  aStart: number,
  aEnd: number,
  b: Uint8Array,
  bStart: number,
  bEnd: number,
): number {
  return Buffer.compare(a.subarray(aStart, aEnd), b.subarray(bStart, bEnd));
}

/** Spans up to this length are copied by hand, since creating the view that `set` needs costs more than they do. */
const COPIED_BY_HAND = 48;
/** Offsets below this stay within 32 bits to the end of a span that is copied by hand. */
const NEAR = 0x7fffffff - COPIED_BY_HAND;

/**
 * Copies a span. The spans must not overlap within one buffer (use `copyWithin` there).
 *
 * The loop is in 32-bit arithmetic, said by `| 0`: without the checks for overflow it takes a quarter less time.
 */
export function copyBytes(
  from: Uint8Array,
  start: number,
  end: number,
  to: Uint8Array,
  at: number,
): void {
  if (end - start <= COPIED_BY_HAND && start < NEAR && at < NEAR) {
    const shift = (at - start) | 0;
    for (let i = start | 0; i < (end | 0); i++) to[(i + shift) | 0] = from[i]!;
  } else {
    to.set(start === 0 && end === from.length ? from : from.subarray(start, end), at);
  }
}

/** Buffers smaller than this are left to the collector. */
const GIVEN_BACK_BYTES = 4096;

/**
 * Frees a buffer that nobody looks at any more, at once. Left to the collector, which has no reason to run while only
 * buffers are made, what a collection grows out of would take as much memory as what it has.
 */
export function giveBack(view: Uint8Array | Uint32Array): void {
  if (view.byteLength >= GIVEN_BACK_BYTES) (view.buffer as ArrayBuffer).transfer(0);
}

/**
 * Reads a signed 64-bit integer as strictly as Redis decides "is this string an integer": an optional minus, no
 * plus, no leading zeros, no spaces, no "-0", within the range of int64.
 *
 * @returns a number when it is a safe integer, a bigint for the rest of int64, undefined when it is no integer.
 */
export function parseInt64(buf: Uint8Array, start: number, end: number): number | bigint | undefined {
  let p = start;
  if (end - start > MAX_INT64_DIGITS || end <= start) return undefined;
  const negative = buf[p] === 0x2d;
  if (negative) p++;
  const first = buf[p]! - 0x30;
  if (p === end || !(first >= 0 && first <= 9)) return undefined;
  if (first === 0) return end - start === 1 ? 0 : undefined;
  // The last fifteen digits and the (at most five) before them are each exact in a double.
  const split = end - p > 15 ? end - 15 : p;
  let high = 0;
  for (; p < split; p++) {
    const digit = buf[p]! - 0x30;
    if (digit < 0 || digit > 9) return undefined;
    high = high * 10 + digit;
  }
  let low = 0;
  for (; p < end; p++) {
    const digit = buf[p]! - 0x30;
    if (digit < 0 || digit > 9) return undefined;
    low = low * 10 + digit;
  }
  if (high === 0) return negative ? -low : low;
  if (high < 10) {
    const value = high * 1e15 + low;
    if (value <= Number.MAX_SAFE_INTEGER) return negative ? -value : value;
  }
  const magnitude = BigInt(high) * 1000000000000000n + BigInt(low);
  const value = negative ? -magnitude : magnitude;
  return value > INT64_MAX || value < INT64_MIN ? undefined : value;
}

/** A safe number where the bigint fits one, the bigint itself otherwise: the form `parseInt64` returns. */
export function normalizeInt64(value: bigint): number | bigint {
  return value >= -9007199254740991n && value <= 9007199254740991n ? Number(value) : value;
}

/** How many bytes `formatInt` writes for this integer. */
export function intDigits(value: number | bigint): number {
  if (typeof value === "bigint") return value.toString().length;
  let digits = value < 0 ? 1 : 0;
  let rest = value < 0 ? -value : value;
  for (; rest > 0x7fffffff; rest = Math.floor(rest / 1e9)) digits += 9;
  return digits + smallDigits(rest);
}

/**
 * Writes a safe integer or an int64 bigint in decimal.
 *
 * @param at where in `out`; 20 bytes from there must exist.
 * @returns the offset after the last digit.
 */
export function formatInt(value: number | bigint, out: Uint8Array, at: number): number {
  if (typeof value === "bigint") return writeLatin1(value.toString(), out, at);
  let rest = value;
  if (rest < 0) {
    out[at++] = 0x2d;
    rest = -rest;
  }
  if (rest <= 0x7fffffff) return formatSmall(rest | 0, out, at | 0);
  const end = at + intDigits(rest);
  let p = end;
  // Arithmetic of doubles is slow: peel nine digits at a time.
  while (rest > 0x7fffffff) {
    const high = Math.floor(rest / 1e9);
    writeDigits((rest - high * 1e9) | 0, out, p - 9, p);
    p -= 9;
    rest = high;
  }
  writeDigits(rest | 0, out, at, p);
  return end;
}

/** Writes 0 to 2^31 - 1 in decimal to out[start..end), with zeros in front where that is longer. */
export function writeDigits(value: number, out: Uint8Array, start: number, end: number): void {
  for (let p = end; p > start;) {
    const next = (value / 10) | 0;
    out[--p] = 0x30 + value - next * 10;
    value = next;
  }
}

/** {@link formatInt} for 0 to 2^31 - 1, which is most of them, in 32-bit arithmetic alone. */
function formatSmall(value: number, out: Uint8Array, at: number): number {
  const end = (at + smallDigits(value)) | 0;
  let p = (end - 1) | 0;
  while (value >= 10) {
    const next = (value / 10) | 0;
    out[p] = 0x30 + value - Math.imul(next, 10);
    p = (p - 1) | 0;
    value = next;
  }
  out[p] = 0x30 + value;
  return end;
}

/** Number of digits of 0 to 2^31 - 1. */
function smallDigits(value: number): number {
  if (value < 10000) {
    if (value < 100) return value < 10 ? 1 : 2;
    return value < 1000 ? 3 : 4;
  }
  if (value < 1000000) return value < 100000 ? 5 : 6;
  if (value < 100000000) return value < 10000000 ? 7 : 8;
  return value < 1000000000 ? 9 : 10;
}

/** One character per byte (0-255), as ISO 8859-1 maps them. TextDecoder's "latin1" is windows-1252 and is not this. */
export function latin1(buf: Uint8Array, start = 0, end = buf.length): string {
  if (end - start > 24) {
    return Buffer.from(buf.buffer, buf.byteOffset + start, end - start).toString("latin1");
  }
  let text = "";
  for (let i = start; i < end; i++) text += String.fromCharCode(buf[i]!);
  return text;
}

/** Writes the low byte of every character; the inverse of `latin1`. Returns the offset after the last byte. */
export function writeLatin1(text: string, out: Uint8Array, at: number): number {
  const { length } = text;
  if (length > WRITTEN_BY_HAND) {
    return at + Buffer.from(out.buffer, out.byteOffset, out.length).write(text, at, length, "latin1");
  }
  for (let i = 0; i < length; i++) out[at++] = text.charCodeAt(i);
  return at;
}

/** ASCII letters in lower case; other bytes of a binary string are nobody's letters. */
export function lowerCase(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

/** The bytes of a latin1 string in a buffer of their own. */
export function fromLatin1(text: string): Uint8Array {
  const out = new Uint8Array(text.length);
  writeLatin1(text, out, 0);
  return out;
}

/** Reads an unsigned 32-bit little-endian integer. */
export function readU32(buf: Uint8Array, at: number): number {
  return (buf[at]! | (buf[at + 1]! << 8) | (buf[at + 2]! << 16) | (buf[at + 3]! << 24)) >>> 0;
}

/** Reads a signed 32-bit little-endian integer. */
export function readI32(buf: Uint8Array, at: number): number {
  return buf[at]! | (buf[at + 1]! << 8) | (buf[at + 2]! << 16) | (buf[at + 3]! << 24);
}

/** Writes the low 32 bits of an integer, little-endian. */
export function writeU32(buf: Uint8Array, at: number, value: number): void {
  buf[at] = value;
  buf[at + 1] = value >>> 8;
  buf[at + 2] = value >>> 16;
  buf[at + 3] = value >>> 24;
}

/** Reads a signed 64-bit little-endian integer, in the form of `parseInt64`: number when safe, else bigint. */
export function readI64(buf: Uint8Array, at: number): number | bigint {
  const low = readU32(buf, at), high = readI32(buf, at + 4);
  if (high >= -0x200000 && high < 0x200000) {
    const value = high * 0x100000000 + low;
    if (value !== -0x20000000000000) return value;
  }
  return (BigInt(high) << 32n) | BigInt(low);
}

/** Writes a signed 64-bit integer, little-endian. */
export function writeI64(buf: Uint8Array, at: number, value: number | bigint): void {
  if (typeof value === "number") {
    const high = Math.floor(value / 0x100000000);
    writeU32(buf, at, (value - high * 0x100000000) >>> 0);
    writeU32(buf, at + 4, high);
  } else {
    writeU32(buf, at, Number(value & 0xffffffffn));
    writeU32(buf, at + 4, Number((value >> 32n) & 0xffffffffn));
  }
}
