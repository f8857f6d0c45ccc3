/**
 * Reading the primitives of the RDB format from a file, a socket's spool file or a payload in memory.
 *
 * Nothing is believed before it is checked: a length is compared with the bytes that are left before room is made for
 * it, so that a damaged file can neither exhaust the memory nor make anyone read what is not there. Every error is an
 * {@link RdbError} that says where and what.
 *
 * The input is a window over the source: `take(n)` makes n bytes stand together at `buf[pos]` and steps over them.
 * Spans handed out are valid until the next call. The checksum is taken as bytes leave the window, in large strokes.
 */
import { formatInt, MAX_INT64_DIGITS, readI32, readI64, readU32 } from "../types/bytes.ts";
import { lzfDecompress } from "../types/lzf.ts";
import { type ArrivingBytes, Starved } from "./arriving.ts";
import { Crc64 } from "./crc64.ts";
import { Length, StringEncoding } from "./rdb_format.ts";

/** Bytes of the window; larger strings get a window of their own for as long as they are looked at. */
const WINDOW_BYTES = 256 * 1024;
/** LZF's best ratio: three bytes can stand for at most 264. A declared size beyond it is a lie. */
const LZF_BEST_RATIO = 88;
/** Longest string there can be, as `proto-max-bulk-len` at its default; no length in a file may be larger. */
const MAX_STRING_BYTES = 0x1fffffff;

/** Something in an RDB file or payload that cannot be; `offset` is in bytes from its beginning. */
export class RdbError extends Error {
  override name = "RdbError";

  constructor(readonly what: string, readonly offset: number) {
    super(`${what} (at offset ${offset})`);
  }
}

/** A key that the file holds was there already, where that may not be. */
export class DuplicateKeyError extends RdbError {
  override name = "DuplicateKeyError";
}

/** Where the bytes of a file come from; DiskFile is one. */
export interface ByteSource {
  /** Reads up to `buf.length` bytes; null at the end. */
  readSync(buf: Uint8Array): number | null;
}

/** A span of bytes; valid until the next call of the input that gave it. */
export interface Span {
  buf: Uint8Array;
  start: number;
  end: number;
}

/** The primitives, with position and checksum. */
export class RdbInput {
  buf: Uint8Array;
  /** Next byte to read, in `buf`. */
  pos: number;
  /** End of what `buf` holds. */
  #end: number;
  /** Offset in the source of `buf[0]`. */
  #base = 0;
  /** First byte in `buf` that the checksum does not cover yet. */
  #unsummed: number;
  readonly #source: ByteSource | null;
  /** Bytes of the source; nothing lies beyond. */
  readonly #fullSize: number;
  /** The source, where not all of it is there yet. */
  #arriving: ArrivingBytes | null = null;
  /** Where the record that is being read begins in `buf`; only kept where it may have to be read again. */
  #mark = 0;
  readonly #crc = new Crc64();
  readonly #digits = new Uint8Array(MAX_INT64_DIGITS);
  readonly #span: Span;
  #inflated = new Uint8Array(0);

  private constructor(source: ByteSource | null, size: number, buf: Uint8Array, start: number, end: number) {
    this.#source = source;
    this.#fullSize = size;
    this.buf = buf;
    this.pos = start;
    this.#unsummed = start;
    this.#end = end;
    this.#base = -start;
    this.#span = { buf, start: 0, end: 0 };
  }

  /** Reads a source of `size` bytes from its current position on. */
  static ofSource(source: ByteSource, size: number): RdbInput {
    return new RdbInput(source, size, new Uint8Array(Math.min(size, WINDOW_BYTES)), 0, 0);
  }

  /** Reads a source whose bytes are still coming. */
  static ofArriving(source: ArrivingBytes): RdbInput {
    const input = new RdbInput(source, 0, new Uint8Array(WINDOW_BYTES), 0, 0);
    input.#arriving = source;
    return input;
  }

  /** Reads `buf[start, end)`. */
  static ofBytes(buf: Uint8Array, start = 0, end: number = buf.length): RdbInput {
    return new RdbInput(null, end - start, buf, start, end);
  }

  /** Bytes read so far. */
  get offset(): number {
    return this.#base + this.pos;
  }

  /** Bytes of the source, as far as they are there. */
  get #size(): number {
    return this.#arriving === null ? this.#fullSize : this.#arriving.arrived;
  }

  /** Bytes that are left, as far as they are there. */
  get remaining(): number {
    return this.#size - this.offset;
  }

  /** A record begins here. */
  mark(): void {
    this.#mark = this.pos;
  }

  /**
   * Goes back to the beginning of the record, for want of the bytes before `needed`. Returns how many bytes there should
   * be before it is read again.
   */
  rewind({ needed }: Starved): number {
    this.pos = this.#mark;
    return Math.max(needed, this.offset + 2 * this.remaining);
  }

  /** Whether so many bytes cannot follow. Throws {@link Starved} where they may still come. */
  #lacks(count: number): boolean {
    if (count <= this.remaining) return false;
    if (this.#arriving?.mayCome() === true) throw new Starved(this.offset + count);
    return true;
  }

  /** Throws an error about what stands here (or `back` bytes before). */
  fail(what: string, back = 0): never {
    throw new RdbError(what, this.offset - back);
  }

  /** Makes the next `count` bytes stand in `buf` from `pos` on. */
  need(count: number): void {
    if (this.pos + count > this.#end) this.#fill(count);
  }

  /** Steps over `count` bytes that stand together in `buf`, and returns where they begin. */
  take(count: number): number {
    if (this.pos + count > this.#end) this.#fill(count);
    const at = this.pos;
    this.pos = at + count;
    return at;
  }

  #fill(count: number): void {
    if (this.#lacks(count)) throw new RdbError("unexpected end", this.#size);
    this.#sum();
    const from = this.#arriving === null ? this.pos : this.#mark;
    this.#moveWindow(from, this.pos - from + count);
    const stop = this.pos + count;
    while (this.#end < stop) {
      const read = this.#source === null ? null : this.#source.readSync(this.buf.subarray(this.#end));
      if (read === null || read === 0) throw new RdbError("unexpected end", this.#base + this.#end);
      this.#end += read;
    }
  }

  /** Forgets what stands before `from`, and makes room for `needed` bytes from there on. */
  #moveWindow(from: number, needed: number): void {
    const isKept = this.#arriving !== null && this.buf.length >= needed; // a long record needs it again and again
    if (this.buf.length < needed || (!isKept && this.buf.length > Math.max(WINDOW_BYTES, needed))) {
      const room = this.#arriving === null ? Math.min(WINDOW_BYTES, this.remaining) : WINDOW_BYTES + needed;
      const other = new Uint8Array(Math.max(needed, room));
      other.set(this.buf.subarray(from, this.#end));
      this.buf = other;
    } else this.buf.copyWithin(0, from, this.#end);
    this.#base += from;
    this.pos -= from;
    this.#unsummed -= from;
    this.#mark -= from;
    this.#end -= from;
  }

  /** What is read again counts once. */
  #sum(): void {
    if (this.pos <= this.#unsummed) return;
    this.#crc.update(this.buf, this.#unsummed, this.pos);
    this.#unsummed = this.pos;
  }

  /** Whether the eight bytes that follow are the checksum of everything before, or zero ("not computed"). */
  checksum(): "right" | "wrong" | "absent" {
    this.#sum();
    const at = this.take(8);
    this.#unsummed = this.pos;
    if (readU32(this.buf, at) === 0 && readU32(this.buf, at + 4) === 0) return "absent";
    return this.#crc.matches(this.buf, at) ? "right" : "wrong";
  }

  /** The next byte. */
  byte(): number {
    if (this.pos >= this.#end) this.#fill(1);
    return this.buf[this.pos++]!;
  }

  /** Four bytes, signed, little-endian. */
  int32(): number {
    return readI32(this.buf, this.take(4));
  }

  /** Eight bytes, signed, little-endian: a number while that is exact, else a bigint. */
  int64(): number | bigint {
    return readI64(this.buf, this.take(8));
  }

  /** Eight bytes: Unix time in milliseconds that must be a safe integer. */
  millis(): number {
    const value = this.int64();
    return typeof value === "number" ? value : this.fail("impossible time", 8);
  }

  /** Eight bytes, a little-endian double. */
  double(): number {
    const at = this.take(8);
    return new DataView(this.buf.buffer, this.buf.byteOffset + at, 8).getFloat64(0, true);
  }

  /** A length that must be a safe integer. */
  length(): number {
    const first = this.byte();
    if (first < 0x40) return first;
    if (first < 0x80) return ((first & 0x3f) << 8) | this.byte();
    if (first === Length.BITS_32) return this.#big32(this.take(4));
    if (first !== Length.BITS_64) this.fail(`a length cannot begin with byte ${first}`, 1);
    const at = this.take(8);
    const value = this.#big32(at) * 4294967296 + this.#big32(at + 4);
    if (!Number.isSafeInteger(value)) this.fail("impossible length", 9);
    return value;
  }

  /** A 64-bit unsigned number written as a length, in two halves (stream IDs and module data have such). */
  length64(): bigint {
    this.need(1);
    if (this.buf[this.pos] !== Length.BITS_64) return BigInt(this.length());
    const at = this.take(9) + 1;
    return (BigInt(this.#big32(at)) << 32n) | BigInt(this.#big32(at + 4));
  }

  /**
   * The length of something that takes at least `least` bytes an element: more elements than that cannot follow, and
   * nobody may make room for them.
   */
  count(least: number): number {
    const before = this.offset;
    const value = this.length();
    if (this.#lacks(value * least)) throw new RdbError(`impossible length ${value}`, before);
    return value;
  }

  #big32(at: number): number {
    const b = this.buf;
    return ((b[at]! << 24) | (b[at + 1]! << 16) | (b[at + 2]! << 8) | b[at + 3]!) >>> 0;
  }

  /** A string, whatever its encoding. The same object is returned each time. */
  string(): Span {
    const first = this.byte();
    if (first >= Length.ENCODED) return this.#encoded(first & 0x3f);
    this.pos--;
    const length = this.length();
    this.#checkStringLength(length);
    const at = this.take(length);
    return this.#hand(this.buf, at, at + length);
  }

  /** A string that is kept: a copy of its own. */
  stringCopy(): Uint8Array {
    const span = this.string();
    return span.buf.slice(span.start, span.end);
  }

  #checkStringLength(length: number): void {
    if (length > MAX_STRING_BYTES || this.#lacks(length)) this.fail(`impossible string length ${length}`);
  }

  #encoded(encoding: number): Span {
    let value: number;
    switch (encoding) {
      case StringEncoding.INT8:
        value = (this.byte() << 24) >> 24;
        break;
      case StringEncoding.INT16: {
        const at = this.take(2);
        value = ((this.buf[at]! | (this.buf[at + 1]! << 8)) << 16) >> 16;
        break;
      }
      case StringEncoding.INT32:
        value = this.int32();
        break;
      case StringEncoding.LZF:
        return this.#inflate();
      default:
        return this.fail(`unknown string encoding ${encoding}`, 1);
    }
    return this.#hand(this.#digits, 0, formatInt(value, this.#digits, 0));
  }

  #inflate(): Span {
    const packed = this.length();
    const length = this.length();
    this.#checkStringLength(packed);
    if (length > MAX_STRING_BYTES || length > packed * LZF_BEST_RATIO || length === 0) {
      this.fail(`impossible length ${length} of a compressed string of ${packed} bytes`);
    }
    const at = this.take(packed);
    if (this.#inflated.length < length || this.#inflated.length > Math.max(length, WINDOW_BYTES)) {
      this.#inflated = new Uint8Array(length);
    }
    if (!lzfDecompress(this.buf, at, at + packed, this.#inflated, 0, length)) {
      this.fail("damaged compressed string", packed);
    }
    return this.#hand(this.#inflated, 0, length);
  }

  #hand(buf: Uint8Array, start: number, end: number): Span {
    const span = this.#span;
    span.buf = buf;
    span.start = start;
    span.end = end;
    return span;
  }

  /** Steps over a string without looking at it. */
  skipString(): void {
    const first = this.byte();
    let length: number;
    if (first < Length.ENCODED) {
      this.pos--;
      length = this.length();
    } else if (first === (Length.ENCODED | StringEncoding.LZF)) {
      length = this.length();
      this.length();
    } else {
      length = 1 << (first & 0x3f);
      if (first > (Length.ENCODED | StringEncoding.INT32)) {
        this.fail(`unknown string encoding ${first & 0x3f}`, 1);
      }
    }
    this.skip(length);
  }

  /** Steps over bytes, however many. */
  skip(count: number): void {
    if (this.#lacks(count)) this.fail(`impossible length ${count}`);
    for (let left = count; left > 0;) {
      const part = Math.min(left, WINDOW_BYTES);
      this.take(part);
      left -= part;
    }
  }

  /** Whether any byte is left. */
  get ended(): boolean {
    return this.remaining <= 0;
  }
}
