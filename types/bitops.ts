/**
 * Strings as bit arrays: counting, searching, combining, and integer fields of any width at any bit.
 *
 * Bit 0 is the highest bit of the first byte, so that a string's bits read from left to right. Counting and
 * combining go 32 bits at a time, where the order of the bytes in a word does not matter; the search compares
 * whole blocks. Positions in bits reach 2^32 and more: they are divided, never shifted.
 */
import { equalBytes } from "./bytes.ts";

/** A read-only run of bytes inside a larger buffer. */
export interface ByteSpan {
  readonly buf: Uint8Array;
  readonly start: number;
  readonly end: number;
}

export type BitOperation = "and" | "or" | "xor" | "not";

/** What becomes of a value that a field cannot hold. */
export type Overflow = "wrap" | "sat" | "fail";

/** The type of an integer field: i1..i64 or u1..u63. */
export interface FieldType {
  readonly signed: boolean;
  readonly bits: number;
}

/** Spans shorter than this are not worth a view of words. */
const SHORT_BYTES = 64;
/** BITOP works through its operands in blocks that stay in the processor's nearest cache. */
const BLOCK_WORDS = 4096;

/** The number of bits set in `[start, end)`. */
export function popcount(buf: Uint8Array, start: number, end: number): number {
  let count = 0;
  if (end - start >= SHORT_BYTES) {
    while (((buf.byteOffset + start) & 3) !== 0) count += popcount32(buf[start++]!);
    const words = new Int32Array(buf.buffer, buf.byteOffset + start, (end - start) >> 2);
    count += popcountWords(words);
    start += words.length << 2;
  }
  for (; start < end; start++) count += popcount32(buf[start]!);
  return count;
}

/**
 * The number of bits set from bit `from` to bit `to`, both counted from byte `start` and both included.
 * The caller keeps them inside the span.
 */
export function popcountBits(buf: Uint8Array, start: number, from: number, to: number): number {
  if (from > to) return 0;
  const first = start + Math.floor(from / 8);
  const last = start + Math.floor(to / 8);
  const headMask = 0xff >> (from & 7);
  const tailMask = 0xff00 >> ((to & 7) + 1) & 0xff;
  if (first === last) return popcount32(buf[first]! & headMask & tailMask);
  return popcount32(buf[first]! & headMask) + popcount(buf, first + 1, last) +
    popcount32(buf[last]! & tailMask);
}

/**
 * The position of the first bit equal to `bit` from bit `from` to bit `to`, both counted from byte `start`
 * and both included; -1 when there is none.
 */
export function findBit(buf: Uint8Array, start: number, from: number, to: number, bit: 0 | 1): number {
  if (from > to) return -1;
  // Looking for a 0 is looking for a 1 in the complement.
  const flip = bit === 1 ? 0 : 0xff;
  let at = start + Math.floor(from / 8);
  const last = start + Math.floor(to / 8);
  let byte = (buf[at]! ^ flip) & (0xff >> (from & 7));
  if (byte === 0) {
    at = skipBytes(buf, at + 1, last, flip);
    if (at > last) return -1;
    byte = buf[at]! ^ flip;
  }
  const found = (at - start) * 8 + Math.clz32(byte) - 24;
  return byte === 0 || found > to ? -1 : found;
}

/**
 * Combines the operands bit by bit into `out`, which is as long as the longest of them; shorter ones count
 * as followed by zero bytes. "not" takes one operand.
 * @param out a fresh buffer (zeroed, at the start of its own ArrayBuffer)
 */
export function combineBits(operation: BitOperation, operands: readonly ByteSpan[], out: Uint8Array): void {
  const first = operands[0];
  if (!first) return;
  const words = new Int32Array(out.buffer, out.byteOffset, out.length >> 2);
  if (operation === "not") {
    out.set(first.buf.subarray(first.start, first.end));
    for (let i = 0; i < words.length; i++) words[i] = ~words[i]!;
    for (let i = words.length << 2; i < out.length; i++) out[i] = ~out[i]!;
    return;
  }
  for (let from = 0; from * 4 < out.length; from += BLOCK_WORDS) {
    out.set(bytesOfBlock(first, from), from * 4);
    const block = words.subarray(from, from + BLOCK_WORDS);
    for (let n = 1; n < operands.length; n++) {
      combineWords(operation, alignedBlock(operands[n]!, from), block);
    }
  }
  for (let n = 1; n < operands.length; n++) combineTail(operation, operands[n]!, out);
}

/** An integer field; bits beyond the end of the span read as zero. `offset` counts bits from `start`. */
export function readField(
  buf: Uint8Array,
  start: number,
  end: number,
  offset: number,
  type: FieldType,
): bigint {
  const { bits } = type;
  const lowBits = Math.min(bits, 32);
  const low = BigInt(readBits(buf, start, end, offset + bits - lowBits, lowBits));
  const value = bits > 32 ? BigInt(readBits(buf, start, end, offset, bits - 32)) << 32n | low : low;
  return type.signed ? BigInt.asIntN(bits, value) : value;
}

/** Stores the lowest bits of `value` as a field. The span must already reach to the field's last bit. */
export function writeField(
  buf: Uint8Array,
  start: number,
  offset: number,
  bits: number,
  value: bigint,
): void {
  const lowBits = Math.min(bits, 32);
  writeBits(buf, start, offset + bits - lowBits, lowBits, Number(BigInt.asUintN(32, value)));
  if (bits > 32) writeBits(buf, start, offset, bits - 32, Number(BigInt.asUintN(32, value >> 32n)));
}

/**
 * Makes an exact result fit a field: as it is when it does, else wrapped around, clamped to the nearest
 * limit, or refused.
 * @param given whether the value was given as it is instead of calculated. Redis then measures its distance to the
 *   largest one in 64 bits, and takes numbers so low that this overflows (down to -2^63) for too large ones.
 * @returns null when it does not fit and `overflow` is "fail"
 */
export function fitField(value: bigint, type: FieldType, overflow: Overflow, given = false): bigint | null {
  const span = 1n << BigInt(type.bits);
  const min = type.signed ? -span >> 1n : 0n;
  const max = min + span - 1n;
  if (value >= min && value <= max) return value;
  if (overflow === "fail") return null;
  if (overflow === "sat") return value > max || (given && max - value >= 1n << 63n) ? max : min;
  return type.signed ? BigInt.asIntN(type.bits, value) : BigInt.asUintN(type.bits, value);
}

function popcount32(v: number): number {
  v -= (v >>> 1) & 0x55555555;
  v = (v & 0x33333333) + ((v >>> 2) & 0x33333333);
  return Math.imul((v + (v >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

/**
 * Eight words a turn: carry-save adders fold them into ones, twos, fours and eights, so that only the
 * eights are counted every turn and the rest once at the end (the Harley-Seal method).
 */
function popcountWords(words: Int32Array): number {
  let eightsCount = 0;
  let ones = 0, twos = 0, fours = 0;
  const whole = words.length & ~7;
  for (let i = 0; i < whole; i += 8) {
    let a = words[i]!, b = words[i + 1]!;
    let u = ones ^ a;
    let twosA = (ones & a) | (u & b);
    ones = u ^ b;
    a = words[i + 2]!, b = words[i + 3]!;
    u = ones ^ a;
    let twosB = (ones & a) | (u & b);
    ones = u ^ b;
    u = twos ^ twosA;
    const foursA = (twos & twosA) | (u & twosB);
    twos = u ^ twosB;
    a = words[i + 4]!, b = words[i + 5]!;
    u = ones ^ a;
    twosA = (ones & a) | (u & b);
    ones = u ^ b;
    a = words[i + 6]!, b = words[i + 7]!;
    u = ones ^ a;
    twosB = (ones & a) | (u & b);
    ones = u ^ b;
    u = twos ^ twosA;
    const foursB = (twos & twosA) | (u & twosB);
    twos = u ^ twosB;
    u = fours ^ foursA;
    eightsCount += popcount32((fours & foursA) | (u & foursB));
    fours = u ^ foursB;
  }
  let count = 8 * eightsCount + 4 * popcount32(fours) + 2 * popcount32(twos) + popcount32(ones);
  for (let i = whole; i < words.length; i++) count += popcount32(words[i]!);
  return count;
}

/** The first byte in `[at, last]` that differs from `plain` (0x00 or 0xff), or last + 1. */
function skipBytes(buf: Uint8Array, at: number, last: number, plain: number): number {
  const block = plain === 0 ? ZEROS : ONES;
  while (last - at >= block.length && equalBytes(buf, at, at + block.length, block, 0, block.length)) {
    at += block.length;
  }
  while (at <= last && buf[at]! === plain) at++;
  return at;
}

/** What plain stretches are compared with, in one call of the runtime each. */
const ZEROS = new Uint8Array(4096);
const ONES = new Uint8Array(4096).fill(0xff);

/** What a span has of the block that begins at word `from`. */
function bytesOfBlock({ buf, start, end }: ByteSpan, from: number): Uint8Array {
  const first = start + from * 4;
  return buf.subarray(Math.min(first, end), Math.min(first + BLOCK_WORDS * 4, end));
}

/** Where a block of an operand is copied, since most do not lie on a word boundary. */
const scratch = new Int32Array(BLOCK_WORDS);
const scratchBytes = new Uint8Array(scratch.buffer);

/** The whole words that a span has in the block that begins at word `from`. */
function alignedBlock(span: ByteSpan, from: number): Int32Array {
  const bytes = bytesOfBlock(span, from);
  scratchBytes.set(bytes);
  return scratch.subarray(0, bytes.length >> 2);
}

/** Combines the words that the block of an operand has into the block of the result, which has as many or more. */
function combineWords(operation: BitOperation, source: Int32Array, out: Int32Array): void {
  const count = Math.min(source.length, out.length);
  if (operation === "and") {
    for (let i = 0; i < count; i++) out[i] = out[i]! & source[i]!;
  } else if (operation === "or") {
    for (let i = 0; i < count; i++) out[i] = out[i]! | source[i]!;
  } else {
    for (let i = 0; i < count; i++) out[i] = out[i]! ^ source[i]!;
  }
}

/** The bytes of `out` that `combineWords` did not reach: the operand's last few, and zeros after its end. */
function combineTail(operation: BitOperation, operand: ByteSpan, out: Uint8Array): void {
  const length = operand.end - operand.start;
  for (let i = Math.min(length, out.length) & ~3; i < length; i++) {
    const byte = operand.buf[operand.start + i]!;
    if (operation === "and") out[i] = out[i]! & byte;
    else if (operation === "or") out[i] = out[i]! | byte;
    else out[i] = out[i]! ^ byte;
  }
  if (operation === "and") out.fill(0, length);
}

/** Up to 32 bits as an unsigned number. */
function readBits(buf: Uint8Array, start: number, end: number, offset: number, bits: number): number {
  let at = start + Math.floor(offset / 8);
  let left = bits;
  let value = 0;
  let skip = offset & 7;
  while (left > 0) {
    const take = Math.min(8 - skip, left);
    const byte = at < end ? buf[at]! : 0;
    // Multiplied, not shifted: 32 bits do not fit a signed word.
    value = value * (1 << take) + ((byte >> (8 - skip - take)) & ((1 << take) - 1));
    left -= take;
    skip = 0;
    at++;
  }
  return value;
}

/** Up to 32 bits, from the last byte to the first. */
function writeBits(buf: Uint8Array, start: number, offset: number, bits: number, value: number): void {
  let left = bits;
  while (left > 0) {
    const lastBit = offset + left - 1;
    const at = start + Math.floor(lastBit / 8);
    const put = Math.min((lastBit & 7) + 1, left);
    const shift = 7 - (lastBit & 7);
    const mask = ((1 << put) - 1) << shift;
    buf[at] = (buf[at]! & ~mask) | ((value << shift) & mask);
    value >>>= put;
    left -= put;
  }
}
