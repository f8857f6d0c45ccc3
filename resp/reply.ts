/**
 * The reply writer: one reply that comes out right in both protocols.
 *
 * Why one growing buffer: replies of a whole batch of commands leave in one write. Numbers and headers are written
 * digit by digit, so a reply allocates nothing unless the buffer grows.
 */

import { copyBytes, formatInt, intDigits, writeLatin1 } from "../types/bytes.ts";
import { formatDouble } from "../types/double.ts";

const INITIAL_BYTES = 16 * 1024;
const CR = 13;
const LF = 10;

const PLUS = 43; // +
const MINUS = 45; // -
const COLON = 58; // :
const DOLLAR = 36; // $
const STAR = 42; // *
const PERCENT = 37; // %
const TILDE = 126; // ~
const GREATER = 62; // >
const COMMA = 44; // ,
const EQUALS = 61; // =
const PAREN = 40; // (
const HASH = 35; // #
const UNDERSCORE = 95; // _
const BAR = 124; // |

/** CR and LF, and the first four bytes of a bulk string of 0 to 99 bytes ("$5\r\n", "$12\r"), as little-endian numbers. */
const CR_LF = LF << 8 | CR;
const HEADERS: Uint32Array = Uint32Array.from({ length: 100 }, (_, length) => {
  const tens = 48 + Math.floor(length / 10), ones = 48 + length % 10;
  return length < 10
    ? (LF << 24 | CR << 16 | ones << 8 | DOLLAR) >>> 0
    : (CR << 24 | ones << 16 | tens << 8 | DOLLAR) >>> 0;
});
const NO_VIEW = new DataView(new ArrayBuffer(0));

const utf8 = new TextEncoder();

/** An element of a collection, as the cursors of types/ show it (types/listpack.ts). */
export interface Element {
  /** The element is an integer, `value`; else it is `buf[start, end)`. */
  readonly isInt: boolean;
  readonly value: number | bigint;
  readonly buf: Uint8Array;
  readonly start: number;
  readonly end: number;
  /** `buf` as words, where the bytes begin at a whole one; else null. */
  readonly words: Uint32Array | null;
}

/** Writes replies of one protocol version into a growing buffer. */
export class Reply {
  /** What is written so far is `buf[0, pos)`. */
  buf: Uint8Array;
  pos = 0;
  /** 2 or 3. */
  protocol = 2;
  /** Errors written so far, and the last one's text without the dash: for statistics. */
  errors = 0;
  lastError = "";

  /** {@link buf} for words at any offset, once that was asked for. */
  #view: DataView = NO_VIEW;
  #viewed: Uint8Array | null = null;

  constructor(bytes: number = INITIAL_BYTES) {
    this.buf = new Uint8Array(bytes);
  }

  /** Makes room for `bytes` more. */
  ensure(bytes: number): void {
    const need = this.pos + bytes;
    if (need <= this.buf.length) return;
    let size = this.buf.length * 2;
    while (size < need) size *= 2;
    const grown = new Uint8Array(size);
    grown.set(this.buf.subarray(0, this.pos));
    this.buf = grown;
  }

  /** Takes back everything written since `mark` (an earlier `pos`). */
  rewind(mark: number): void {
    this.pos = mark;
  }

  // -- Simple types ---------------------------------------------------------------------------------------------

  /** Bytes that are RESP already. */
  raw(bytes: Uint8Array, start = 0, end: number = bytes.length): void {
    this.ensure(end - start);
    copyBytes(bytes, start, end, this.buf, this.pos);
    this.pos += end - start;
  }

  /** `+text`. The text has no line breaks. */
  simple(text: string): void {
    this.#line(PLUS, text);
  }

  /** `+OK`. */
  ok(): void {
    this.ensure(5);
    const buf = this.buf;
    let pos = this.pos;
    buf[pos++] = PLUS;
    buf[pos++] = 79;
    buf[pos++] = 75;
    buf[pos++] = CR;
    buf[pos++] = LF;
    this.pos = pos;
  }

  /** `-text`: an error with its code word, such as `ERR syntax error`. Line breaks become spaces, as in Redis. */
  error(text: string): void {
    this.errors++;
    this.lastError = text;
    this.uncountedError(text);
  }

  /** As {@link error}, for one that is none to the statistics, or that they have counted already. */
  uncountedError(text: string): void {
    this.#line(MINUS, /[\r\n]/.test(text) ? text.replace(/[\r\n]/g, " ") : text);
  }

  /** `:value`. */
  integer(value: number | bigint): void {
    this.ensure(24);
    this.buf[this.pos++] = COLON;
    this.#digits(value);
  }

  /** A boolean in RESP3, 1 or 0 in RESP2. */
  boolean(value: boolean): void {
    if (this.protocol < 3) return this.integer(value ? 1 : 0);
    this.ensure(4);
    this.buf[this.pos++] = HASH;
    this.buf[this.pos++] = value ? 116 : 102;
    this.#crlf();
  }

  /** A double in RESP3, a bulk string of the same digits in RESP2. */
  double(value: number): void {
    if (this.protocol < 3 && Number.isSafeInteger(value) && !Object.is(value, -0)) this.bulkInteger(value);
    else this.doubleText(formatDouble(value));
  }

  /** A double in digits of the caller's: a double in RESP3, a bulk string in RESP2. */
  doubleText(text: string): void {
    if (this.protocol < 3) this.bulkText(text);
    else this.#line(COMMA, text);
  }

  /** A big number in RESP3, a bulk string in RESP2. */
  bigNumber(digits: string): void {
    if (this.protocol < 3) this.bulkText(digits);
    else this.#line(PAREN, digits);
  }

  /** Null where a bulk string would stand. */
  null(): void {
    this.ensure(5);
    if (this.protocol < 3) {
      this.buf[this.pos++] = DOLLAR;
      this.buf[this.pos++] = MINUS;
      this.buf[this.pos++] = 49;
    } else this.buf[this.pos++] = UNDERSCORE;
    this.#crlf();
  }

  /** Null where an array would stand. */
  nullArray(): void {
    this.ensure(5);
    if (this.protocol < 3) {
      this.buf[this.pos++] = STAR;
      this.buf[this.pos++] = MINUS;
      this.buf[this.pos++] = 49;
    } else this.buf[this.pos++] = UNDERSCORE;
    this.#crlf();
  }

  // -- Strings --------------------------------------------------------------------------------------------------

  /** A bulk string of the bytes `source[start, end)`. */
  bulk(source: Uint8Array, start = 0, end: number = source.length): void {
    const length = end - start;
    this.ensure(length + 16);
    // In one piece, since most of most replies goes through here.
    const buf = this.buf;
    let pos = this.pos;
    buf[pos++] = DOLLAR;
    pos = writeLength(length, buf, pos);
    buf[pos++] = CR;
    buf[pos++] = LF;
    copyBytes(source, start, end, buf, pos);
    pos += length;
    buf[pos++] = CR;
    buf[pos++] = LF;
    this.pos = pos;
  }

  /** A bulk string of an element of a collection. */
  entry(entry: Element): void {
    const { words, start, end } = entry;
    if (entry.isInt) this.bulkInteger(entry.value);
    else if (words !== null) this.bulkOfWords(words, start >>> 2, end - start);
    else this.bulk(entry.buf, start, end);
  }

  /**
   * A bulk string of the `length` bytes that begin with the word `words[first]`. Of short ones everything is written word by
   * word, which takes half the time; what stands behind them in the last word is read, too.
   */
  bulkOfWords(words: Uint32Array, first: number, length: number): void {
    if (length >= HEADERS.length) {
      return this.bulk(new Uint8Array(words.buffer, words.byteOffset + first * 4, length));
    }
    this.ensure(length + 20);
    const { buf } = this;
    if (this.#viewed !== buf) {
      this.#viewed = buf;
      this.#view = new DataView(buf.buffer, buf.byteOffset, buf.length);
    }
    const view = this.#view;
    // In 32-bit arithmetic, as in `copyBytes`.
    let pos = this.pos | 0;
    view.setUint32(pos, HEADERS[length]!, true);
    pos = (pos + 4) | 0;
    if (length >= 10) {
      buf[pos] = LF;
      pos = (pos + 1) | 0;
    }
    const end = (first + ((length + 3) >>> 2)) | 0;
    for (let from = first | 0, to = pos; from < end; from = (from + 1) | 0, to = (to + 4) | 0) {
      view.setUint32(to, words[from]!, true);
    }
    pos = (pos + length) | 0;
    view.setUint16(pos, CR_LF, true);
    this.pos = pos + 2;
  }

  /** A bulk string of text; each character one byte (latin1). For names and numbers that we make ourselves. */
  bulkText(text: string): void {
    this.ensure(text.length + 16);
    this.buf[this.pos++] = DOLLAR;
    this.#digits(text.length);
    this.pos = writeLatin1(text, this.buf, this.pos);
    this.#crlf();
  }

  /** A bulk string of text in UTF-8. */
  bulkUtf8(text: string): void {
    this.bulk(utf8.encode(text));
  }

  /** A bulk string of an integer's digits. */
  bulkInteger(value: number | bigint): void {
    this.ensure(40);
    this.buf[this.pos++] = DOLLAR;
    this.#digits(intDigits(value));
    this.#digits(value);
  }

  /** A verbatim string in RESP3 (`format` is `txt` or `mkd`), a bulk string in RESP2. UTF-8. */
  verbatim(text: string, format = "txt"): void {
    this.verbatimBytes(utf8.encode(text), format);
  }

  /** As {@link verbatim}, of bytes. */
  verbatimBytes(bytes: Uint8Array, format = "txt"): void {
    if (this.protocol < 3) return this.bulk(bytes);
    this.ensure(bytes.length + 20);
    this.buf[this.pos++] = EQUALS;
    this.#digits(bytes.length + 4);
    this.pos = writeLatin1(format + ":", this.buf, this.pos);
    this.raw(bytes);
    this.ensure(2);
    this.#crlf();
  }

  // -- Aggregates: the header only; the elements follow ---------------------------------------------------------

  /** An array of `length` replies. */
  array(length: number): void {
    this.#header(STAR, length);
  }

  /** A map of `pairs` keys and values; a flat array in RESP2. */
  map(pairs: number): void {
    if (this.protocol < 3) this.#header(STAR, pairs * 2);
    else this.#header(PERCENT, pairs);
  }

  /** A set; an array in RESP2. */
  set(length: number): void {
    this.#header(this.protocol < 3 ? STAR : TILDE, length);
  }

  /** Attributes of the reply that follows, of `pairs` keys and values. RESP3 only: the caller asks. */
  attribute(pairs: number): void {
    this.#header(BAR, pairs);
  }

  /** An out-of-band push; an array in RESP2. */
  push(length: number): void {
    this.#header(this.protocol < 3 ? STAR : GREATER, length);
  }

  /**
   * Begins an aggregate whose length is not known yet: remember what this returns, write the elements, then call one
   * of {@link endArray}, {@link endMap}, {@link endSet} with it. They may nest.
   */
  defer(): number {
    return this.pos;
  }

  /** Puts an array header before everything written since `mark`. */
  endArray(mark: number, length: number): void {
    this.#insertHeader(mark, STAR, length);
  }

  /** Puts a map header before everything written since `mark`. */
  endMap(mark: number, pairs: number): void {
    if (this.protocol < 3) this.#insertHeader(mark, STAR, pairs * 2);
    else this.#insertHeader(mark, PERCENT, pairs);
  }

  /** Puts a set header before everything written since `mark`. */
  endSet(mark: number, length: number): void {
    this.#insertHeader(mark, this.protocol < 3 ? STAR : TILDE, length);
  }

  // -- Parts ----------------------------------------------------------------------------------------------------

  #header(type: number, length: number): void {
    this.ensure(16);
    this.buf[this.pos++] = type;
    this.#digits(length);
  }

  #insertHeader(mark: number, type: number, length: number): void {
    const bytes = 3 + intDigits(length);
    this.ensure(bytes);
    this.buf.copyWithin(mark + bytes, mark, this.pos);
    const end = this.pos + bytes;
    this.pos = mark;
    this.#header(type, length);
    this.pos = end;
  }

  #line(type: number, text: string): void {
    this.ensure(text.length + 3);
    this.buf[this.pos++] = type;
    this.pos = writeLatin1(text, this.buf, this.pos);
    this.#crlf();
  }

  /** Digits and line end; room for 24 bytes is there. */
  #digits(value: number | bigint): void {
    // Most numbers are the lengths of short strings.
    if (typeof value === "number" && value >= 0) this.pos = writeLength(value, this.buf, this.pos);
    else this.pos = formatInt(value, this.buf, this.pos);
    this.#crlf();
  }

  #crlf(): void {
    this.buf[this.pos++] = CR;
    this.buf[this.pos++] = LF;
  }
}

/** Writes the digits of a string's length, mostly one or two. Returns the position after them. */
function writeLength(length: number, buf: Uint8Array, pos: number): number {
  if (length >= 100) return formatInt(length, buf, pos);
  const tens = (length * 205) >> 11;
  if (tens > 0) buf[pos++] = 48 + tens;
  buf[pos++] = 48 + length - tens * 10;
  return pos;
}
