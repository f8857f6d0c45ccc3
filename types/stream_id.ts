/**
 * Stream entry IDs: `<milliseconds>-<sequence>`, two unsigned 64-bit numbers ordered as one 128-bit number.
 *
 * The four 32-bit words of an ID live in plain number fields of a mutable object, so that a command can parse, step
 * and compare IDs without allocating: callers keep a few scratch objects and reuse them. Structures that store many
 * IDs keep the words in typed arrays (see id_table.ts) and never hold StreamId objects.
 */
import { fromLatin1, latin1 } from "./bytes.ts";
import { parseU64, TWO_32, U64, writeU64 } from "./u64.ts";

/** The largest value of one of the four words of an ID. */
export const MAX_WORD = 0xffffffff;

/** The longest text of an ID: two numbers of 20 digits and the dash. */
export const MAX_ID_LENGTH = 41;

/** Redis reads IDs through a buffer of 128 bytes; a longer argument is no ID whatever it holds. */
const MAX_ID_ARGUMENT = 127;

const number = new U64();
const textBuffer = new Uint8Array(MAX_ID_LENGTH);

/** The first half of the ID written last: what is added or read together often has its milliseconds in common. */
const writtenText = new Uint8Array(MAX_ID_LENGTH);
let writtenHi = -1, writtenLo = -1, writtenEnd = 0;

/** A mutable stream ID; every word is in [0, 2^32). A new one is 0-0. */
export class StreamId {
  msHi = 0;
  msLo = 0;
  seqHi = 0;
  seqLo = 0;

  /** An ID from two numbers below 2^53; for tests and constants. */
  static of(ms: number, seq: number): StreamId {
    return new StreamId().assign(
      Math.floor(ms / TWO_32),
      ms % TWO_32,
      Math.floor(seq / TWO_32),
      seq % TWO_32,
    );
  }

  /** A new ID with the largest value there is. */
  static max(): StreamId {
    return new StreamId().setMax();
  }

  assign(msHi: number, msLo: number, seqHi: number, seqLo: number): this {
    this.msHi = msHi;
    this.msLo = msLo;
    this.seqHi = seqHi;
    this.seqLo = seqLo;
    return this;
  }

  copy(other: StreamId): this {
    return this.assign(other.msHi, other.msLo, other.seqHi, other.seqLo);
  }

  clone(): StreamId {
    return new StreamId().copy(this);
  }

  setZero(): this {
    return this.assign(0, 0, 0, 0);
  }

  setMax(): this {
    return this.assign(MAX_WORD, MAX_WORD, MAX_WORD, MAX_WORD);
  }

  isZero(): boolean {
    return this.msHi === 0 && this.msLo === 0 && this.seqHi === 0 && this.seqLo === 0;
  }

  isMax(): boolean {
    return this.msHi === MAX_WORD && this.msLo === MAX_WORD && this.seqHi === MAX_WORD &&
      this.seqLo === MAX_WORD;
  }

  /** Negative, zero or positive as this ID is before, at or after the other. */
  compare(other: StreamId): number {
    return (this.msHi - other.msHi) || (this.msLo - other.msLo) || (this.seqHi - other.seqHi) ||
      (this.seqLo - other.seqLo);
  }

  /** The next ID. @returns false, with the ID wrapped to 0-0, when it was the largest. */
  increment(): boolean {
    if (++this.seqLo <= MAX_WORD) return true;
    this.seqLo = 0;
    if (++this.seqHi <= MAX_WORD) return true;
    this.seqHi = 0;
    if (++this.msLo <= MAX_WORD) return true;
    this.msLo = 0;
    if (++this.msHi <= MAX_WORD) return true;
    this.msHi = 0;
    return false;
  }

  /** The ID before. @returns false, with the ID wrapped to the largest, when it was 0-0. */
  decrement(): boolean {
    if (--this.seqLo >= 0) return true;
    this.seqLo = MAX_WORD;
    if (--this.seqHi >= 0) return true;
    this.seqHi = MAX_WORD;
    if (--this.msLo >= 0) return true;
    this.msLo = MAX_WORD;
    if (--this.msHi >= 0) return true;
    this.msHi = MAX_WORD;
    return false;
  }

  /** Writes the text form (up to MAX_ID_LENGTH bytes) at `pos`, returns the position after it. */
  write(buf: Uint8Array, pos: number): number {
    if (this.msLo !== writtenLo || this.msHi !== writtenHi) {
      writtenEnd = writeU64(this.msHi, this.msLo, writtenText, 0);
      writtenText[writtenEnd++] = 0x2d;
      writtenHi = this.msHi;
      writtenLo = this.msLo;
    }
    for (let i = 0; i < writtenEnd; i++) buf[pos + i] = writtenText[i]!;
    pos += writtenEnd;
    if (this.seqHi > 0 || this.seqLo > 9) return writeU64(this.seqHi, this.seqLo, buf, pos);
    buf[pos] = 0x30 + this.seqLo;
    return pos + 1;
  }

  /** Writes the 16 bytes, big-endian, that RDB files and node keys use. */
  writeBytes(buf: Uint8Array, pos: number): void {
    writeWord(buf, pos, this.msHi);
    writeWord(buf, pos + 4, this.msLo);
    writeWord(buf, pos + 8, this.seqHi);
    writeWord(buf, pos + 12, this.seqLo);
  }

  /** Reads what writeBytes wrote. */
  readBytes(buf: Uint8Array, pos: number): this {
    return this.assign(
      readWord(buf, pos),
      readWord(buf, pos + 4),
      readWord(buf, pos + 8),
      readWord(buf, pos + 12),
    );
  }

  toString(): string {
    return latin1(textBuffer, 0, this.write(textBuffer, 0));
  }
}

/** The smallest and the largest ID, for whole ranges; not to be changed. */
export const MIN_ID: StreamId = new StreamId();
export const MAX_ID: StreamId = StreamId.max();

/** IDs beyond this many are given back when a list is cleared. */
const KEPT_IDS = 64;

/** A list of IDs that is filled again and again without allocating. */
export class IdList {
  count = 0;
  readonly #ids: StreamId[] = [];

  /** The ID at this position, below `count`. Belongs to the list. */
  at(index: number): StreamId {
    return this.#ids[index]!;
  }

  /** Adds a copy of the ID. */
  add(id: StreamId): void {
    const own = this.#ids[this.count] ??= new StreamId();
    own.copy(id);
    this.count++;
  }

  clear(): void {
    this.count = 0;
    if (this.#ids.length > KEPT_IDS) this.#ids.length = KEPT_IDS;
  }
}

/** How the sequence part of a parsed ID came about. */
export enum IdForm {
  /** Not an ID. */
  Invalid,
  /** Milliseconds and sequence were written. */
  Complete,
  /** Only milliseconds: the sequence is the default that the caller chose. */
  NoSequence,
  /** `<ms>-*`: the sequence is to be chosen by the stream. */
  AutoSequence,
}

/**
 * Reads `<ms>` or `<ms>-<seq>`.
 *
 * Numbers follow C's `strtoull` (see parseU64) and a NUL byte ends the text, as in Redis.
 *
 * @param maxSequence fill a missing sequence with the largest number instead of 0 (the end of a range).
 */
export function parseId(
  buf: Uint8Array,
  start: number,
  end: number,
  out: StreamId,
  maxSequence = false,
): IdForm {
  if (end - start > MAX_ID_ARGUMENT) return IdForm.Invalid;
  let stop = start;
  let dash = -1;
  while (stop < end && buf[stop] !== 0) {
    if (dash < 0 && buf[stop] === 0x2d) dash = stop;
    stop++;
  }
  if (!parseU64(buf, start, dash < 0 ? stop : dash, number)) return IdForm.Invalid;
  out.msHi = number.hi;
  out.msLo = number.lo;
  if (dash < 0) {
    out.seqHi = out.seqLo = maxSequence ? MAX_WORD : 0;
    return IdForm.NoSequence;
  }
  if (stop - dash === 2 && buf[dash + 1] === 0x2a) {
    out.seqHi = out.seqLo = 0;
    return IdForm.AutoSequence;
  }
  if (!parseU64(buf, dash + 1, stop, number)) return IdForm.Invalid;
  out.seqHi = number.hi;
  out.seqLo = number.lo;
  return IdForm.Complete;
}

/** Reads a complete ID from text; for tests and tools. @throws when the text is no ID. */
export function idFromText(text: string): StreamId {
  const id = new StreamId();
  const form = parseId(fromLatin1(text), 0, text.length, id);
  if (form === IdForm.Invalid || form === IdForm.AutoSequence) throw new Error(`not a stream ID: ${text}`);
  return id;
}

function writeWord(buf: Uint8Array, pos: number, word: number): void {
  buf[pos] = word >>> 24;
  buf[pos + 1] = word >>> 16;
  buf[pos + 2] = word >>> 8;
  buf[pos + 3] = word;
}

function readWord(buf: Uint8Array, pos: number): number {
  return ((buf[pos]! << 24) | (buf[pos + 1]! << 16) | (buf[pos + 2]! << 8) | buf[pos + 3]!) >>> 0;
}
