/**
 * The order of a sorted set, by score and then by bytes, and the member record that it is about.
 *
 * A member record is what types/byte_table.ts wants of one: head, score (two words, a double as it was given),
 * member bytes. Nodes of types/score_tree.ts name records by address and keep beside each address the high half of its
 * score in a form that sorts as an unsigned integer: most comparisons end in that half, and only equal halves look
 * into the record, for the rest of the score and then for the member.
 */
import type { Arena } from "./arena.ts";
import { MAX_KEY_BYTES, recordHead } from "./byte_table.ts";
import { compareBytes, copyBytes, EMPTY_BYTES } from "./bytes.ts";

/** Header words of a member record beside its head: the score. */
const EXTRA_WORDS = 2;
/** Where in a member record the score is, low half first, as the words of the order have it. */
const SCORE_AT = 4;
/** Bytes of a member record before the member itself. */
export const RECORD_HEADER_BYTES = 4 + EXTRA_WORDS * 4;

const double = new Float64Array(1);
const doubleWords = new Uint32Array(double.buffer);

/** Makes the record of a new member. Returns its address. */
export function newRecord(arena: Arena, score: number, buf: Uint8Array, start: number, end: number): number {
  const record = arena.alloc(RECORD_HEADER_BYTES + end - start);
  arena.wordsOf(record)[arena.wordOf(record)] = recordHead(end - start, EXTRA_WORDS);
  writeRecordScore(arena, record, score);
  copyBytes(buf, start, end, arena.bytesOf(record), arena.offsetOf(record) + RECORD_HEADER_BYTES);
  return record;
}

/** Reads the score of a member record. */
export function recordScore(arena: Arena, record: number): number {
  return arena.viewOf(record).getFloat64(arena.offsetOf(record) + SCORE_AT, true);
}

/** Writes the score of a member record. */
export function writeRecordScore(arena: Arena, record: number, score: number): void {
  arena.viewOf(record).setFloat64(arena.offsetOf(record) + SCORE_AT, score, true);
}

// What a search compares with: a member, a bound between scores, or (where all scores are equal) between members.
const MEMBER = 0;
const BEFORE_SCORE = 1;
const AFTER_SCORE = 2;
const BEFORE_BYTES = 3;
const AFTER_BYTES = 4;

/** The key of a search. One is reused for all searches of a tree. */
export class ScoreKey {
  /** High half of the score, mapped to sort as an unsigned integer: what a leaf keeps of it. */
  high = 0;
  /** Whether scores count at all: then members with another high half need no {@link order}. */
  byScore = true;
  readonly #arena: Arena;
  #low = 0;
  #kind = MEMBER;
  #buf: Uint8Array = EMPTY_BYTES;
  #start = 0;
  #end = 0;

  constructor(arena: Arena) {
    this.#arena = arena;
  }

  /** The key is the member of this record, with the score it has. */
  setRecord(record: number): void {
    const arena = this.#arena;
    const start = arena.offsetOf(record) + RECORD_HEADER_BYTES;
    const length = arena.wordsOf(record)[arena.wordOf(record)]! & MAX_KEY_BYTES;
    this.#setBytes(MEMBER, arena.bytesOf(record), start, start + length);
    this.setScore(recordScore(arena, record));
  }

  /** The key lies before all members of this score, or after them. */
  setScoreBound(score: number, after: boolean): void {
    this.#kind = after ? AFTER_SCORE : BEFORE_SCORE;
    this.byScore = true;
    this.setScore(score);
  }

  /** The key lies before these bytes, or after them, whatever the scores. */
  setBytesBound(buf: Uint8Array, start: number, end: number, after: boolean): void {
    this.#setBytes(after ? AFTER_BYTES : BEFORE_BYTES, buf, start, end);
  }

  #setBytes(kind: number, buf: Uint8Array, start: number, end: number): void {
    this.#kind = kind;
    this.byScore = kind < BEFORE_BYTES;
    this.#buf = buf;
    this.#start = start;
    this.#end = end;
  }

  /** Changes only the score. Both its words are mapped to sort as unsigned integers; -0 becomes 0. */
  setScore(score: number): void {
    double[0] = score + 0;
    const high = doubleWords[1]!;
    if (high >= 0x80000000) {
      this.high = ~high >>> 0;
      this.#low = ~doubleWords[0]! >>> 0;
    } else {
      this.high = (high | 0x80000000) >>> 0;
      this.#low = doubleWords[0]!;
    }
  }

  /** Negative where a member (its score's high half, its record) sorts before the key, 0 where it is the key. */
  order(high: number, record: number): number {
    if (high !== this.high && this.byScore) return high < this.high ? -1 : 1;
    const kind = this.#kind;
    const arena = this.#arena;
    const words = arena.wordsOf(record);
    const at = arena.wordOf(record);
    if (this.byScore) {
      // Equal high halves: the signs are the same, so the low half is inverted exactly where the key's was.
      const low = high < 0x80000000 ? ~words[at + 1]! >>> 0 : words[at + 1]!;
      if (low !== this.#low) return low < this.#low ? -1 : 1;
      if (kind !== MEMBER) return kind === BEFORE_SCORE ? 1 : -1;
    }
    const start = arena.offsetOf(record) + RECORD_HEADER_BYTES;
    const end = start + (words[at]! & MAX_KEY_BYTES);
    const order = compareBytes(arena.bytesOf(record), start, end, this.#buf, this.#start, this.#end);
    if (order !== 0 || kind === MEMBER) return order;
    return kind === BEFORE_BYTES ? 1 : -1;
  }
}
