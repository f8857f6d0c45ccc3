/**
 * Listpack: one block of bytes that holds a sequence of strings and integers.
 *
 * The byte format is Redis's, because DUMP, RDB files and full resyncs carry listpacks verbatim:
 *
 *     total bytes (u32) | number of entries (u16, 65535 = count them) | entry ... | 0xFF
 *
 * An entry is `encoding + data | back length`; the back length (7 bits per byte, read from its last byte backwards)
 * is the size of what stands before it, so that the block can be walked from both ends. All numbers little-endian.
 *
 *     0xxxxxxx            integer 0..127             10xxxxxx            string up to 63 bytes
 *     110xxxxx + 1        13-bit signed integer      1110xxxx + 1        string up to 4095 bytes
 *     F1 F2 F3 F4         16, 24, 32, 64-bit integer F0 + u32            longer string
 *
 * This file is the reading half: functions that work in place on `(buf, start)`, where `start` is the first byte of
 * the block and every entry is named by its absolute offset in `buf`. -1 says "no such entry". They trust their input:
 * bytes from outside go through `lpValidate` first. The changing half is listpack_builder.ts.
 */
import {
  copyBytes,
  EMPTY_BYTES,
  equalBytes,
  formatInt,
  MAX_INT64_DIGITS,
  parseInt64,
  readI32,
  readI64,
  readU32,
} from "./bytes.ts";

/** Bytes before the first entry. */
export const LP_HEADER = 6;
/** Size of a listpack without entries. */
export const LP_EMPTY_BYTES = 7;
/** The byte after the last entry. */
export const LP_END = 0xff;
/** The entry count that means "unknown, walk the block". */
export const LP_COUNT_UNKNOWN = 65535;
/** Redis refuses to grow a collection's listpack beyond this many bytes and converts it instead. */
export const LP_SAFETY_LIMIT = 1 << 30;

/** First bytes of the encodings that fill their byte; the small forms are told by their high bits. */
export const LP_STR32 = 0xf0, LP_INT16 = 0xf1, LP_INT24 = 0xf2, LP_INT32 = 0xf3, LP_INT64 = 0xf4;

/** Total size of the block in bytes, as its header says. */
export function lpBytes(buf: Uint8Array, start: number): number {
  return readU32(buf, start);
}

/** Number of entries; walks the block when there are more than the header can say. */
export function lpCount(buf: Uint8Array, start: number): number {
  const stored = buf[start + 4]! | (buf[start + 5]! << 8);
  if (stored !== LP_COUNT_UNKNOWN) return stored;
  let count = 0;
  for (let p = start + LP_HEADER; buf[p] !== LP_END; p = lpSkip(buf, p)) count++;
  return count;
}

/** Offset of the first entry, or -1 in an empty block. */
export function lpFirst(buf: Uint8Array, start: number): number {
  const p = start + LP_HEADER;
  return buf[p] === LP_END ? -1 : p;
}

/** Offset of the last entry, or -1 in an empty block. */
export function lpLast(buf: Uint8Array, start: number): number {
  return lpPrev(buf, start, start + readU32(buf, start) - 1);
}

/** Offset of the entry after the one at `p`, or -1 at the end. */
export function lpNext(buf: Uint8Array, p: number): number {
  const next = lpSkip(buf, p);
  return buf[next] === LP_END ? -1 : next;
}

/** Offset of the entry before the one (or the terminator) at `p`, or -1 at the beginning. */
export function lpPrev(buf: Uint8Array, start: number, p: number): number {
  if (p <= start + LP_HEADER) return -1;
  let at = p - 1;
  let byte = buf[at]!;
  let size = byte & 127;
  for (let factor = 128; byte & 128; factor *= 128) {
    byte = buf[--at]!;
    size += (byte & 127) * factor;
  }
  return at - size;
}

/** Offset of the entry with this index; negative indexes count from the end (-1 is the last). -1 when out of range. */
export function lpSeek(buf: Uint8Array, start: number, index: number): number {
  const stored = buf[start + 4]! | (buf[start + 5]! << 8);
  const count = stored === LP_COUNT_UNKNOWN ? lpCount(buf, start) : stored;
  const forward = index < 0 ? index + count : index;
  if (forward < 0 || forward >= count) return -1;
  if (forward <= count >> 1) {
    let p = start + LP_HEADER;
    for (let i = 0; i < forward; i++) p = lpSkip(buf, p);
    return p;
  }
  let p = start + readU32(buf, start) - 1;
  for (let i = count; i > forward; i--) p = lpPrev(buf, start, p);
  return p;
}

/** Offset just behind the entry at `p`: of the next entry or of the terminator. */
export function lpSkip(buf: Uint8Array, p: number): number {
  // Small integers and short strings are nearly everything there is.
  const byte = buf[p]!;
  if (byte < 0x80) return p + 2;
  if (byte < 0xc0) return p + 2 + (byte & 0x3f);
  const size = lpEncodedSize(buf, p);
  return p + size + lpBackLengthBytes(size);
}

/** Size of the entry at `p` without its back length. */
export function lpEncodedSize(buf: Uint8Array, p: number): number {
  const byte = buf[p]!;
  if (byte < 0x80) return 1;
  if (byte < 0xc0) return 1 + (byte & 0x3f);
  if (byte < 0xe0) return 2;
  if (byte < 0xf0) return 2 + (((byte & 0x0f) << 8) | buf[p + 1]!);
  switch (byte) {
    case LP_STR32:
      return 5 + readU32(buf, p + 1);
    case LP_INT16:
      return 3;
    case LP_INT24:
      return 4;
    case LP_INT32:
      return 5;
    default:
      return 9;
  }
}

/**
 * Bytes that the back length of an entry of this size takes. The odd limits are the format's: a size of 16383 could
 * be said in two bytes and is not.
 */
export function lpBackLengthBytes(size: number): number {
  if (size <= 127) return 1;
  if (size < 16383) return 2;
  if (size < 2097151) return 3;
  return size < 268435455 ? 4 : 5;
}

/** Whether the entry at `p` is stored as an integer. */
export function lpIsInt(buf: Uint8Array, p: number): boolean {
  const byte = buf[p]!;
  return byte < 0x80 || (byte >= 0xc0 && byte < 0xe0) || byte > LP_STR32;
}

/** Value of the integer entry at `p`: a number when safe, a bigint otherwise. Meaningless on a string entry. */
export function lpInt(buf: Uint8Array, p: number): number | bigint {
  const byte = buf[p]!;
  if (byte < 0x80) return byte;
  if (byte < 0xe0) return ((((byte & 0x1f) << 8) | buf[p + 1]!) << 19) >> 19;
  switch (byte) {
    case LP_INT16:
      return ((buf[p + 1]! | (buf[p + 2]! << 8)) << 16) >> 16;
    case LP_INT24:
      return ((buf[p + 1]! | (buf[p + 2]! << 8) | (buf[p + 3]! << 16)) << 8) >> 8;
    case LP_INT32:
      return readI32(buf, p + 1);
    default:
      return readI64(buf, p + 1);
  }
}

/** Up to so many bytes an entry keeps room for a copy of its own. */
const KEPT_OWN_BYTES = 1024;

/**
 * A reusable cursor over one entry: `read` fills it without allocating (a bigint for integers beyond 2^53 aside).
 * Afterwards `isInt` tells which half holds: `value`, or the span `buf, start, end`. `text()` turns an integer into
 * its decimal digits, so that the span holds either way; that is what replies, comparisons and copies want.
 */
export class Entry {
  isInt = false;
  /** The integer, when `isInt`. */
  value: number | bigint = 0;
  /** The bytes of a string entry, in place; of an integer after `text()`. */
  buf: Uint8Array;
  start = 0;
  end = 0;
  /**
   * `buf` as words, where the bytes begin at a whole one and whatever stands in the last one's word may be read; else null.
   */
  words: Uint32Array | null = null;
  readonly #digits = new Uint8Array(MAX_INT64_DIGITS);
  #own: Uint8Array = EMPTY_BYTES;

  constructor() {
    this.buf = this.#digits;
  }

  /** Looks at the entry at `p`. */
  read(buf: Uint8Array, p: number): this {
    const byte = buf[p]!;
    if (byte >= 0x80 && byte < 0xc0) return this.set(buf, p + 1, p + 1 + (byte & 0x3f));
    if (byte >= 0xe0 && byte <= LP_STR32) {
      if (byte < LP_STR32) return this.set(buf, p + 2, p + 2 + (((byte & 0x0f) << 8) | buf[p + 1]!));
      return this.set(buf, p + 5, p + 5 + readU32(buf, p + 1));
    }
    return this.setInt(lpInt(buf, p));
  }

  /** Makes the cursor a plain span, for elements that do not live in a listpack. */
  set(buf: Uint8Array, start: number, end: number, words: Uint32Array | null = null): this {
    this.isInt = false;
    this.buf = buf;
    this.start = start;
    this.end = end;
    this.words = words;
    return this;
  }

  /** Makes the cursor an integer. */
  setInt(value: number | bigint): this {
    this.isInt = true;
    this.value = value;
    this.words = null;
    return this;
  }

  /** Reads the entry at `p` and makes its span hold the text, integers in decimal. */
  readText(buf: Uint8Array, p: number): this {
    return this.read(buf, p).text();
  }

  /** Makes `buf, start, end` the element's text, integers in decimal. The digits live until the next `read`. */
  text(): this {
    if (this.isInt) {
      this.buf = this.#digits;
      this.start = 0;
      this.end = formatInt(this.value, this.#digits, 0);
    }
    return this;
  }

  /** The integer that the element's text spells, whether stored as one or not; undefined when it spells none. */
  toInt(): number | bigint | undefined {
    return this.isInt ? this.value : parseInt64(this.buf, this.start, this.end);
  }

  /**
   * Moves the span to a copy of the element's text that outlives changes of where it came from, and costs less than `copy`;
   * until the next `own`.
   */
  own(): this {
    this.text();
    const length = this.end - this.start;
    if (length > KEPT_OWN_BYTES) return this.set(this.copy(), 0, length);
    if (length > this.#own.length) this.#own = new Uint8Array(KEPT_OWN_BYTES);
    copyBytes(this.buf, this.start, this.end, this.#own, 0);
    return this.set(this.#own, 0, length);
  }

  /** A copy of the element's text. */
  copy(): Uint8Array {
    this.text();
    return this.buf.slice(this.start, this.end);
  }

  /** Whether the element's text is this span. */
  equals(buf: Uint8Array, start: number, end: number): boolean {
    this.text();
    return equalBytes(this.buf, this.start, this.end, buf, start, end);
  }
}

/** Whether the entry at `p` reads as the bytes of the needle; an integer entry equals its canonical decimal text. */
export function lpEquals(
  buf: Uint8Array,
  p: number,
  needle: Uint8Array,
  needleStart: number,
  needleEnd: number,
): boolean {
  if (lpIsInt(buf, p)) {
    if (!mayBeInt(needle, needleStart, needleEnd)) return false;
    return parseInt64(needle, needleStart, needleEnd) === lpInt(buf, p);
  }
  const size = lpEncodedSize(buf, p);
  const length = needleEnd - needleStart;
  const data = p + stringHeader(buf[p]!);
  return size - (data - p) === length && equalBytes(buf, data, data + length, needle, needleStart, needleEnd);
}

/**
 * Finds the first entry equal to the needle, from the entry at `p` on.
 *
 * @param skip entries to pass over after each compared one: 1 compares only the fields of field/value pairs.
 * @returns the entry's offset, or -1.
 */
export function lpFindFrom(
  buf: Uint8Array,
  p: number,
  needle: Uint8Array,
  needleStart: number,
  needleEnd: number,
  skip: number,
): number {
  const length = needleEnd - needleStart;
  const int = mayBeInt(needle, needleStart, needleEnd)
    ? parseInt64(needle, needleStart, needleEnd)
    : undefined;
  // The first byte of a short string tells its length; names of one length mostly differ in their last byte.
  const short = length < 64 ? 0x80 | length : -1;
  const last = length > 0 ? needle[needleEnd - 1]! : -1;
  for (let byte = buf[p]!; byte !== LP_END; byte = buf[p]!) {
    if (byte >= 0x80 && byte < 0xc0) {
      if (byte === short && (length === 0 || buf[p + length] === last)) {
        if (equalBytes(buf, p + 1, p + 1 + length, needle, needleStart, needleEnd)) return p;
      }
    } else if (byte >= 0xe0 && byte <= LP_STR32) {
      const data = p + stringHeader(byte);
      const end = p + lpEncodedSize(buf, p);
      if (end - data === length && equalBytes(buf, data, end, needle, needleStart, needleEnd)) return p;
    } else if (int !== undefined && lpInt(buf, p) === int) return p;
    p = lpSkip(buf, p);
    for (let i = skip; i > 0 && buf[p] !== LP_END; i--) p = lpSkip(buf, p);
  }
  return -1;
}

/** `lpFindFrom` from the first entry of the block that begins at `start`. */
export function lpFind(
  buf: Uint8Array,
  start: number,
  needle: Uint8Array,
  needleStart: number,
  needleEnd: number,
  skip: number,
): number {
  return lpFindFrom(buf, start + LP_HEADER, needle, needleStart, needleEnd, skip);
}

/** Whether a span could spell an integer at all: tells most names apart without parsing them. */
function mayBeInt(buf: Uint8Array, start: number, end: number): boolean {
  if (end - start > MAX_INT64_DIGITS || end <= start) return false;
  const first = buf[start]!;
  return first <= 0x39 && (first >= 0x30 || first === 0x2d);
}

/** Bytes before the data of a string entry that begins with `byte`. */
function stringHeader(byte: number): number {
  return byte < 0xc0 ? 1 : byte < LP_STR32 ? 2 : 5;
}

/**
 * Checks that `[start, end)` is a listpack that every function here can walk without leaving it.
 *
 * @param deep false checks the frame only (size, terminator); true also every entry, its back length and the count.
 *   Anything that came from outside the process must be checked deeply before it is kept.
 */
export function lpValidate(buf: Uint8Array, start: number, end: number, deep: boolean): boolean {
  if (start < 0 || end > buf.length || end - start < LP_EMPTY_BYTES) return false;
  if (readU32(buf, start) !== end - start || buf[end - 1] !== LP_END) return false;
  if (!deep) return true;
  const last = end - 1;
  let p = start + LP_HEADER;
  let count = 0;
  while (p < last) {
    const next = validateEntry(buf, p, last);
    if (next < 0) return false;
    p = next;
    count++;
  }
  const stored = buf[start + 4]! | (buf[start + 5]! << 8);
  return p === last && (stored === LP_COUNT_UNKNOWN || stored === count);
}

/** Checks the entry at `p`, which must end at or before `last`. Returns the offset behind it, or -1. */
function validateEntry(buf: Uint8Array, p: number, last: number): number {
  const byte = buf[p]!;
  if (byte > LP_INT64) return -1;
  const header = byte < 0xe0 ? 1 : byte < LP_STR32 ? 2 : byte === LP_STR32 ? 5 : 1;
  if (p + header > last) return -1;
  const size = lpEncodedSize(buf, p);
  const backBytes = lpBackLengthBytes(size);
  const next = p + size + backBytes;
  if (next > last) return -1;
  let said = 0;
  for (let i = 0; i < backBytes; i++) {
    const part = buf[next - backBytes + i]!;
    // Every byte but the first carries the mark "one more before this one".
    if ((part & 128) !== (i === 0 ? 0 : 128)) return -1;
    said = said * 128 + (part & 127);
  }
  return said === size ? next : -1;
}
