/**
 * Intset: a sorted array of distinct integers, the compact form of a set whose members all spell integers.
 *
 * The byte format is Redis's, because DUMP and RDB files carry it verbatim: encoding (u32: 2, 4 or 8 bytes per
 * integer), length (u32), then the integers ascending, everything little-endian. All integers take the width of the
 * widest one that was ever added.
 *
 * As in listpack.ts there are two halves: functions that read `(buf, start)` in place and trust what they read (check
 * foreign bytes with `intsetValidate`), and a builder that copies a set in, changes it and gives the bytes back.
 * Integers are safe numbers or, beyond 2^53, bigints, as `parseInt64` returns them.
 */
import { readI32, readI64, readU32, writeI64, writeU32 } from "./bytes.ts";

/** Bytes before the first integer. */
export const INTSET_HEADER = 8;

/** Number of integers. */
export function intsetLength(buf: Uint8Array, start: number): number {
  return readU32(buf, start + 4);
}

/** Bytes per integer: 2, 4 or 8. */
export function intsetWidth(buf: Uint8Array, start: number): number {
  return readU32(buf, start);
}

/** Size of the whole block in bytes. */
export function intsetBytes(buf: Uint8Array, start: number): number {
  return INTSET_HEADER + readU32(buf, start) * readU32(buf, start + 4);
}

/** The integer with this index (0 is the smallest); the index must be in range. */
export function intsetGet(buf: Uint8Array, start: number, index: number): number | bigint {
  const width = buf[start]!;
  return readInt(buf, start + INTSET_HEADER + index * width, width);
}

function readInt(buf: Uint8Array, at: number, width: number): number | bigint {
  if (width === 2) return ((buf[at]! | (buf[at + 1]! << 8)) << 16) >> 16;
  return width === 4 ? readI32(buf, at) : readI64(buf, at);
}

/** Whether the set contains this integer. */
export function intsetHas(buf: Uint8Array, start: number, value: number | bigint): boolean {
  return intsetSearch(buf, start, value) >= 0;
}

/**
 * Binary search.
 *
 * @returns the integer's index, or `-1 - index` of where it would have to be inserted.
 */
export function intsetSearch(buf: Uint8Array, start: number, value: number | bigint): number {
  const width = buf[start]!;
  const base = start + INTSET_HEADER;
  const length = intsetLength(buf, start);
  if (length === 0) return -1;
  // Integers mostly come in ascending order: look at the ends first.
  if (value > readInt(buf, base + (length - 1) * width, width)) return -1 - length;
  if (value < readInt(buf, base, width)) return -1;
  let low = 0, high = length - 1;
  while (low <= high) {
    const middle = (low + high) >>> 1;
    const found = readInt(buf, base + middle * width, width);
    if (value > found) low = middle + 1;
    else if (value < found) high = middle - 1;
    else return middle;
  }
  return -1 - low;
}

/**
 * Checks that `[start, end)` is an intset: a known width, a size that fits it, not empty (as Redis demands of
 * payloads).
 *
 * @param deep true checks that the integers ascend as well. Anything from outside must be checked deeply.
 */
export function intsetValidate(buf: Uint8Array, start: number, end: number, deep: boolean): boolean {
  if (start < 0 || end > buf.length || end - start < INTSET_HEADER) return false;
  const width = readU32(buf, start), length = readU32(buf, start + 4);
  if (width !== 2 && width !== 4 && width !== 8) return false;
  if (length === 0 || INTSET_HEADER + width * length !== end - start) return false;
  if (!deep) return true;
  let previous = intsetGet(buf, start, 0);
  for (let i = 1; i < length; i++) {
    const value = intsetGet(buf, start, i);
    if (value <= previous) return false;
    previous = value;
  }
  return true;
}

/** Bytes that an integer needs in an intset. */
export function intsetWidthFor(value: number | bigint): number {
  if (value >= -32768 && value <= 32767) return 2;
  return value >= -2147483648 && value <= 2147483647 ? 4 : 8;
}

/** An intset in a growable buffer of its own: `buf[0, length)` is the block, complete at every moment. */
export class IntsetBuilder {
  buf: Uint8Array;
  readonly start = 0;
  /** Size of the block in bytes. */
  length = INTSET_HEADER;

  /** @param capacity bytes to begin with. */
  constructor(capacity = 128) {
    this.buf = new Uint8Array(capacity < 16 ? 16 : capacity);
    this.clear();
  }

  /** Number of integers. */
  get count(): number {
    return intsetLength(this.buf, 0);
  }

  /** Makes this the empty set, of two bytes per integer. */
  clear(): void {
    writeU32(this.buf, 0, 2);
    writeU32(this.buf, 4, 0);
    this.length = INTSET_HEADER;
  }

  /** Copies in the intset that begins at `from[start]`. */
  load(from: Uint8Array, start: number): void {
    const length = intsetBytes(from, start);
    if (this.buf.length < length + 8) this.buf = new Uint8Array(length * 2 + 8);
    this.buf.set(from.subarray(start, start + length));
    this.length = length;
  }

  /** The block, as a view that is valid until the next change. */
  view(): Uint8Array {
    return this.buf.subarray(0, this.length);
  }

  /** The integer with this index, which must be in range. */
  get(index: number): number | bigint {
    return intsetGet(this.buf, 0, index);
  }

  /** Whether the set contains this integer. */
  has(value: number | bigint): boolean {
    return intsetSearch(this.buf, 0, value) >= 0;
  }

  /** Adds an integer, widening all of them when it needs more bytes. False when it was there. */
  add(value: number | bigint): boolean {
    let width = this.buf[0]!;
    const needed = intsetWidthFor(value);
    let index: number;
    if (needed > width) {
      // It lies outside the range of all others: at one of the ends.
      index = value < 0 ? 0 : this.count;
      this.#widen(needed);
      width = needed;
    } else {
      const found = intsetSearch(this.buf, 0, value);
      if (found >= 0) return false;
      index = -1 - found;
    }
    this.#ensure(this.length + width);
    const at = INTSET_HEADER + index * width;
    if (at < this.length) this.buf.copyWithin(at + width, at, this.length);
    writeInt(this.buf, at, width, value);
    this.#setCount(this.count + 1);
    return true;
  }

  /** Removes an integer. False when it was not there. The width stays, as in Redis. */
  remove(value: number | bigint): boolean {
    const index = intsetSearch(this.buf, 0, value);
    if (index < 0) return false;
    this.removeAt(index);
    return true;
  }

  /** Removes the integer with this index, which must be in range. */
  removeAt(index: number): void {
    const width = this.buf[0]!;
    const at = INTSET_HEADER + index * width;
    this.buf.copyWithin(at, at + width, this.length);
    this.#setCount(this.count - 1);
  }

  #setCount(count: number): void {
    writeU32(this.buf, 4, count);
    this.length = INTSET_HEADER + count * this.buf[0]!;
  }

  #ensure(bytes: number): void {
    if (bytes <= this.buf.length) return;
    const larger = new Uint8Array(bytes * 2);
    larger.set(this.buf.subarray(0, this.length));
    this.buf = larger;
  }

  /** Rewrites all integers with more bytes each, the last first so that none is overwritten unread. */
  #widen(width: number): void {
    const count = this.count, old = this.buf[0]!;
    this.#ensure(INTSET_HEADER + (count + 1) * width);
    for (let i = count - 1; i >= 0; i--) {
      const value = readInt(this.buf, INTSET_HEADER + i * old, old);
      writeInt(this.buf, INTSET_HEADER + i * width, width, value);
    }
    this.buf[0] = width;
    this.#setCount(count);
  }
}

function writeInt(buf: Uint8Array, at: number, width: number, value: number | bigint): void {
  if (width === 8) return writeI64(buf, at, value);
  const int = value as number;
  buf[at] = int;
  buf[at + 1] = int >> 8;
  if (width === 4) {
    buf[at + 2] = int >> 16;
    buf[at + 3] = int >> 24;
  }
}
