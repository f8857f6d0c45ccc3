/**
 * The changing half of the listpack (the format and the reading half are in listpack.ts).
 *
 * A builder owns a growable buffer with the block somewhere in the middle of it: `buf[start, end)` is a complete,
 * valid listpack at every moment, and free room is kept on both sides. That makes pushing and popping cost the same
 * at both ends (nothing moves but the six header bytes) and lets an insertion move the shorter side. One builder is
 * reused for many small collections (`load`, change, store `buf[start, end)` back); the nodes of a large list are
 * builders that keep their block.
 *
 * Offsets are absolute in `buf`, as in the reading half. Every change may move the block, so an offset held across one
 * is void; each method returns the offset to go on with. A span passed in must not lie in the builder's own buffer.
 */
import { copyBytes, EMPTY_BYTES, parseInt64, writeI64, writeU32 } from "./bytes.ts";
import {
  LP_COUNT_UNKNOWN,
  LP_EMPTY_BYTES,
  LP_END,
  LP_HEADER,
  LP_INT16,
  LP_INT24,
  LP_INT32,
  LP_INT64,
  LP_STR32,
  lpBackLengthBytes,
  lpBytes,
  lpCount,
  lpSeek,
  lpSkip,
} from "./listpack.ts";

/** A listpack in a buffer of its own that can be changed. */
export class ListpackBuilder {
  /** The buffer; the block is `buf[start, end)`. Replaced when it grows. */
  buf: Uint8Array;
  start: number;
  end: number;
  /** Number of entries, exact even where the header can only say "unknown". */
  count = 0;

  /** @param capacity bytes to begin with; 0 for a builder that is given its block by `load` or `adopt`. */
  constructor(capacity = 128) {
    this.buf = capacity === 0 ? EMPTY_BYTES : new Uint8Array(capacity < 16 ? 16 : capacity);
    this.start = 0;
    this.end = 0;
    if (capacity > 0) this.clear();
  }

  /** Size of the block in bytes. */
  get length(): number {
    return this.end - this.start;
  }

  /** The block, as a view that is valid until the next change. */
  view(): Uint8Array {
    return this.buf.subarray(this.start, this.end);
  }

  /** A copy of the block in a buffer of exactly its size. */
  toBytes(): Uint8Array {
    return this.buf.slice(this.start, this.end);
  }

  /** Makes this the empty listpack, with a quarter of the buffer free in front of it, or as much as is said. */
  clear(front: number = this.buf.length >> 2): void {
    this.start = Math.max(0, Math.min(front, this.buf.length - LP_EMPTY_BYTES));
    this.end = this.start + LP_EMPTY_BYTES;
    this.count = 0;
    this.buf[this.end - 1] = LP_END;
    this.frame();
  }

  /** Copies in the listpack that begins at `from[start]` (valid, as `lpValidate` says). */
  load(from: Uint8Array, start: number): void {
    const length = lpBytes(from, start);
    const needed = length + (length >> 1) + 64;
    if (this.buf.length < needed) this.buf = new Uint8Array(needed);
    this.start = (this.buf.length - length) >> 2;
    this.end = this.start + length;
    this.buf.set(from.subarray(start, start + length), this.start);
    this.count = lpCount(from, start);
  }

  /** Takes over `buf[start, end)`, a listpack of `count` entries, and the free room around it, without copying. */
  adopt(buf: Uint8Array, start: number, end: number, count: number): void {
    this.buf = buf;
    this.start = start;
    this.end = end;
    this.count = count;
  }

  /** Gives up a buffer larger than `bytes`, so that one giant value does not keep a reused builder large. */
  release(bytes: number): void {
    if (this.buf.length <= bytes) return;
    this.buf = new Uint8Array(bytes < 16 ? 16 : bytes);
    this.clear();
  }

  /** Makes sure that `front` and `back` bytes can be added at the ends without another allocation. */
  reserve(front: number, back: number): void {
    if (this.start >= front && this.buf.length - this.end >= back) return;
    this.#relocate(this.length + front + back, front);
  }

  /** Moves the block to a buffer of exactly its size, or with this much room on either side. */
  fit(room = 0): void {
    const capacity = this.length + 2 * room;
    if (this.buf.length !== capacity) this.#relocate(capacity, room);
  }

  /** Adds an element at the end, stored as an integer when it spells one. */
  append(buf: Uint8Array, from: number, to: number): void {
    this.insertAt(this.end - 1, buf, from, to);
  }

  /** Adds an element at the beginning. */
  prepend(buf: Uint8Array, from: number, to: number): void {
    this.insertAt(this.start + LP_HEADER, buf, from, to);
  }

  /** Adds an integer (a safe number or an int64) at the end. */
  appendInt(value: number | bigint): void {
    this.insertIntAt(this.end - 1, value);
  }

  /**
   * Inserts an element before the entry at `p`; `p` may be the terminator.
   *
   * @returns the new entry's offset.
   */
  insertAt(p: number, buf: Uint8Array, from: number, to: number): number {
    const int = parseElement(buf, from, to);
    if (int !== undefined) return this.insertIntAt(p, int);
    const size = stringEntrySize(to - from);
    const at = this.#open(p, size + lpBackLengthBytes(size));
    writeString(this.buf, at, size, buf, from, to);
    this.#changeCount(1);
    return at;
  }

  /** Inserts an integer before the entry (or the terminator) at `p`. Returns the new entry's offset. */
  insertIntAt(p: number, value: number | bigint): number {
    const size = intEntrySize(value);
    const at = this.#open(p, size + 1);
    writeInt(this.buf, at, size, value);
    this.#changeCount(1);
    return at;
  }

  /** Inserts an element behind the entry at `p`. Returns the new entry's offset. */
  insertAfter(p: number, buf: Uint8Array, from: number, to: number): number {
    return this.insertAt(lpSkip(this.buf, p), buf, from, to);
  }

  /** Replaces the entry at `p` by another element. Returns the entry's offset, which may have moved. */
  replace(p: number, buf: Uint8Array, from: number, to: number): number {
    const int = parseElement(buf, from, to);
    if (int !== undefined) return this.replaceInt(p, int);
    const size = stringEntrySize(to - from);
    const at = this.#resize(p, size + lpBackLengthBytes(size));
    writeString(this.buf, at, size, buf, from, to);
    return at;
  }

  /** Replaces the entry at `p` by an integer. Returns the entry's offset, which may have moved. */
  replaceInt(p: number, value: number | bigint): number {
    const size = intEntrySize(value);
    const at = this.#resize(p, size + 1);
    writeInt(this.buf, at, size, value);
    return at;
  }

  /**
   * Removes the entry at `p` and up to `count - 1` behind it.
   *
   * @returns the offset of the entry that followed them, or -1 when none did.
   */
  delete(p: number, count = 1): number {
    let after = p;
    let removed = 0;
    while (removed < count && this.buf[after] !== LP_END) {
      after = lpSkip(this.buf, after);
      removed++;
    }
    if (removed === 0) return -1;
    const next = this.#close(p, after - p);
    this.#changeCount(-removed);
    return this.buf[next] === LP_END ? -1 : next;
  }

  /** Removes up to `count` entries from this index on; a negative index counts from the end. */
  deleteRange(index: number, count: number): void {
    if (count <= 0) return;
    const p = lpSeek(this.buf, this.start, index);
    if (p < 0) return;
    const first = index < 0 ? index + this.count : index;
    const rest = this.count - first;
    if (count < rest) {
      this.delete(p, count);
    } else {
      // Cutting off the tail needs no walk.
      this.end = p + 1;
      this.buf[p] = LP_END;
      this.#changeCount(-rest);
    }
  }

  /** Appends all entries of the listpack that begins at `from[start]`, which must lie in another buffer. */
  appendAll(from: Uint8Array, start: number): void {
    const bytes = lpBytes(from, start) - LP_EMPTY_BYTES;
    const at = this.#open(this.end - 1, bytes);
    this.buf.set(from.subarray(start + LP_HEADER, start + LP_HEADER + bytes), at);
    this.#changeCount(lpCount(from, start));
  }

  #changeCount(by: number): void {
    this.count += by;
    this.frame();
  }

  /** Writes the header anew, for subclasses that have changed `start`, `end` or `count` themselves. */
  protected frame(): void {
    const { buf, start, count } = this;
    writeU32(buf, start, this.end - start);
    const stored = count < LP_COUNT_UNKNOWN ? count : LP_COUNT_UNKNOWN;
    buf[start + 4] = stored;
    buf[start + 5] = stored >>> 8;
  }

  /**
   * Opens a gap of `bytes` before offset `p`, moving the shorter side where there is room for it.
   *
   * @returns the gap's offset. The header must be written afterwards.
   */
  #open(p: number, bytes: number): number {
    const before = p - this.start, after = this.end - p;
    if (this.start < bytes && this.buf.length - this.end < bytes) return this.#openByMoving(p, bytes);
    if (this.buf.length - this.end < bytes || (before < after && this.start >= bytes)) {
      const start = this.start - bytes;
      // In front of the first entry stands only the header, which is written anew anyway.
      if (before > LP_HEADER) this.buf.copyWithin(start, this.start, p);
      this.start = start;
      return p - bytes;
    }
    if (after > 1) this.buf.copyWithin(p + bytes, p, this.end);
    this.end += bytes;
    this.buf[this.end - 1] = LP_END;
    return p;
  }

  /** `#open` when neither side has room: shares the free room out anew, in a larger buffer unless a lot is free. */
  #openByMoving(p: number, bytes: number): number {
    const offset = p - this.start;
    const needed = this.length + bytes;
    const free = this.buf.length - needed;
    const capacity = free >= needed >> 2 ? this.buf.length : needed + (needed >> 1) + 32;
    // Three quarters of the room go to the end where things are happening.
    const spare = capacity - this.length;
    const room = bytes + Math.floor((spare - bytes) * 0.75);
    this.#relocate(capacity, offset < this.length >> 1 ? room : spare - room);
    return this.#open(this.start + offset, bytes);
  }

  /** Moves the block to offset `start` of a buffer of `capacity` bytes, of the present one when it has that size. */
  #relocate(capacity: number, start: number): void {
    if (capacity === this.buf.length) {
      this.buf.copyWithin(start, this.start, this.end);
    } else {
      const larger = new Uint8Array(capacity);
      larger.set(this.buf.subarray(this.start, this.end), start);
      this.buf = larger;
    }
    this.end = start + this.length;
    this.start = start;
  }

  /** Closes `bytes` at offset `p`, moving the shorter side. Returns the offset of what followed them. */
  #close(p: number, bytes: number): number {
    const before = p - this.start, after = this.end - p - bytes;
    if (before < after) {
      const start = this.start + bytes;
      if (before > LP_HEADER) this.buf.copyWithin(start, this.start, p);
      this.start = start;
      return p + bytes;
    }
    if (after > 1) this.buf.copyWithin(p, p + bytes, this.end);
    else this.buf[p] = LP_END;
    this.end -= bytes;
    return p;
  }

  /** Makes the entry at `p` take `total` bytes. Returns its offset; its contents are to be written. */
  #resize(p: number, total: number): number {
    const old = lpSkip(this.buf, p) - p;
    let at = p;
    if (total > old) at = this.#open(p + old, total - old) - old;
    else if (total < old) at = this.#close(p + total, old - total) - total;
    else return p;
    this.frame();
    return at;
  }
}

/** Most bytes that an entry takes beyond those of its text: five of encoding, five of back length. */
export const LP_ENTRY_OVERHEAD = 10;

/**
 * Writes one element as a whole entry, as an integer when it spells one, into bytes that the caller made room for:
 * the element's length plus LP_ENTRY_OVERHEAD. No header is touched.
 *
 * @returns the offset behind the entry.
 */
export function lpWrite(out: Uint8Array, at: number, buf: Uint8Array, from: number, to: number): number {
  const int = parseElement(buf, from, to);
  if (int !== undefined) return lpWriteInt(out, at, int);
  const size = stringEntrySize(to - from);
  writeString(out, at, size, buf, from, to);
  return at + size + lpBackLengthBytes(size);
}

/** Writes an integer (a safe number or an int64) as a whole entry of up to 10 bytes. Returns the offset behind it. */
export function lpWriteInt(out: Uint8Array, at: number, value: number | bigint): number {
  if (typeof value === "number" && value >= 0 && value < 128) {
    // Most integers of a stream's entries.
    out[at] = value;
    out[at + 1] = 1;
    return at + 2;
  }
  const size = intEntrySize(value);
  writeInt(out, at, size, value);
  return at + size + 1;
}

/** Bytes of an integer's whole entry. */
export function lpIntBytes(value: number | bigint): number {
  return intEntrySize(value) + 1;
}

/** The integer to store an element as, undefined for a string. Tells most strings by their first byte. */
function parseElement(buf: Uint8Array, start: number, end: number): number | bigint | undefined {
  const length = end - start;
  if (length === 0 || length > 20) return undefined;
  const first = buf[start]!;
  if (first > 0x39 || (first < 0x30 && first !== 0x2d)) return undefined;
  return parseInt64(buf, start, end);
}

/** Size of a string entry of this many bytes, without its back length. */
function stringEntrySize(length: number): number {
  return length < 64 ? length + 1 : length < 4096 ? length + 2 : length + 5;
}

/** Size of an integer entry, without its back length (which always takes one byte). */
function intEntrySize(value: number | bigint): number {
  if (typeof value === "bigint") return 9;
  if (value >= 0 && value < 128) return 1;
  if (value >= -4096 && value < 4096) return 2;
  if (value >= -32768 && value < 32768) return 3;
  if (value >= -8388608 && value < 8388608) return 4;
  return value >= -2147483648 && value < 2147483648 ? 5 : 9;
}

/** Writes the back length of an entry of this size, most significant seven bits first. */
function writeBackLength(buf: Uint8Array, at: number, size: number): void {
  const bytes = lpBackLengthBytes(size);
  let rest = size;
  for (let i = bytes - 1; i >= 0; i--) {
    buf[at + i] = (rest & 127) | (i === 0 ? 0 : 128);
    rest = Math.floor(rest / 128);
  }
}

/** Writes a string entry of this size (without back length), and its back length. */
function writeString(
  out: Uint8Array,
  at: number,
  size: number,
  from: Uint8Array,
  start: number,
  end: number,
): void {
  const length = end - start;
  let p = at;
  if (length < 64) {
    out[p++] = 0x80 | length;
  } else if (length < 4096) {
    out[p++] = 0xe0 | (length >>> 8);
    out[p++] = length;
  } else {
    out[p] = LP_STR32;
    writeU32(out, p + 1, length);
    p += 5;
  }
  copyBytes(from, start, end, out, p);
  writeBackLength(out, at + size, size);
}

/** Writes an integer entry of this size (without back length), and its back length. */
function writeInt(out: Uint8Array, at: number, size: number, value: number | bigint): void {
  if (size === 9) {
    out[at] = LP_INT64;
    writeI64(out, at + 1, value);
  } else {
    const int = value as number;
    if (size === 1) {
      out[at] = int;
    } else if (size === 2) {
      out[at] = 0xc0 | ((int >> 8) & 0x1f);
      out[at + 1] = int;
    } else {
      out[at] = size === 3 ? LP_INT16 : size === 4 ? LP_INT24 : LP_INT32;
      for (let i = 1, rest = int; i < size; i++, rest >>= 8) out[at + i] = rest;
    }
  }
  out[at + size] = size;
}
