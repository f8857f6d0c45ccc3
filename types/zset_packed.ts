/**
 * A small sorted set: one listpack of members and scores in turn, in order of score, then of bytes.
 *
 * The block is Redis's own, byte for byte, since DUMP, RDB files and replicas carry it. A score is an entry of its own:
 * an integer where the double is one of up to 62 bits (hence -0 is kept as 0), else the text of "%.17g".
 *
 * Functions read in place on `(buf, start)`, the block's first byte, or change a ListpackBuilder that holds the block.
 * Everything is a walk: such sets have 128 members at most unless the configuration says otherwise. Positions are the
 * offsets of members, -1 for none.
 */
import { compareBytes, readI32, writeLatin1 } from "./bytes.ts";
import { formatDouble, parseDouble } from "./double.ts";
import {
  Entry,
  LP_END,
  LP_HEADER,
  LP_INT32,
  lpCount,
  lpFind,
  lpInt,
  lpIsInt,
  lpLast,
  lpSeek,
  lpSkip,
} from "./listpack.ts";
import type { ListpackBuilder } from "./listpack_builder.ts";

/** Largest magnitude of a score that is stored as an integer: half the largest 64-bit one, as a double. */
export const PACKED_INTEGER_LIMIT = 2 ** 62;

const entry = new Entry();
/** Text of a score to be written; "%.17g" needs 24 bytes at most. */
const scoreText = new Uint8Array(32);

/** Number of members. */
export function zpLength(buf: Uint8Array, start: number): number {
  return lpCount(buf, start) >> 1;
}

/** Offset of a member, -1 if it is not there. */
export function zpFind(
  buf: Uint8Array,
  start: number,
  member: Uint8Array,
  memberStart: number,
  memberEnd: number,
): number {
  return lpFind(buf, start, member, memberStart, memberEnd, 1);
}

/** Offset of the member with this rank, 0 <= rank < length. */
export function zpSeek(buf: Uint8Array, start: number, rank: number): number {
  return lpSeek(buf, start, rank * 2);
}

/** Score of the member at `p`. */
export function zpScore(buf: Uint8Array, p: number): number {
  return scoreAt(buf, lpSkip(buf, p));
}

function scoreAt(buf: Uint8Array, p: number): number {
  // Walks read every score: the two usual encodings first.
  const byte = buf[p]!;
  if (byte < 0x80) return byte;
  if (byte === LP_INT32) return readI32(buf, p + 1);
  if (lpIsInt(buf, p)) return Number(lpInt(buf, p));
  entry.read(buf, p);
  return parseDouble(entry.buf, entry.start, entry.end);
}

/** Rank of the member at `p`. */
export function zpRank(buf: Uint8Array, start: number, p: number): number {
  let rank = 0;
  for (let at = start + LP_HEADER; at < p; at = lpSkip(buf, lpSkip(buf, at))) rank++;
  return rank;
}

/** How many members have a score under this one, or (`inclusive`) up to it. */
export function zpCountByScore(buf: Uint8Array, start: number, score: number, inclusive: boolean): number {
  let count = 0;
  for (let p = start + LP_HEADER; buf[p] !== LP_END;) {
    const scoreEntry = lpSkip(buf, p);
    const found = scoreAt(buf, scoreEntry);
    if (inclusive ? found > score : found >= score) break;
    count++;
    p = lpSkip(buf, scoreEntry);
  }
  return count;
}

/** Orders the member at `p` and these bytes, as `compareBytes` does. */
export function zpCompareMember(
  buf: Uint8Array,
  p: number,
  member: Uint8Array,
  start: number,
  end: number,
): number {
  entry.readText(buf, p);
  return compareBytes(entry.buf, entry.start, entry.end, member, start, end);
}

/** Adds a member that is not there yet. */
export function zpInsert(
  builder: ListpackBuilder,
  member: Uint8Array,
  start: number,
  end: number,
  score: number,
): void {
  const buf = builder.buf;
  let p = builder.end - 1;
  const last = lpLast(buf, builder.start);
  // Scores that only grow are common, and need no walk.
  if (last >= 0 && scoreAt(buf, last) >= score) {
    for (p = builder.start + LP_HEADER; buf[p] !== LP_END;) {
      const scoreEntry = lpSkip(buf, p);
      const found = scoreAt(buf, scoreEntry);
      if (found > score || (found === score && zpCompareMember(buf, p, member, start, end) > 0)) break;
      p = lpSkip(buf, scoreEntry);
    }
  }
  insertPair(builder, p, member, start, end, score);
}

/** Adds a member that sorts after all others. */
export function zpAppend(
  builder: ListpackBuilder,
  member: Uint8Array,
  start: number,
  end: number,
  score: number,
): void {
  insertPair(builder, builder.end - 1, member, start, end, score);
}

function insertPair(
  builder: ListpackBuilder,
  p: number,
  member: Uint8Array,
  start: number,
  end: number,
  score: number,
): void {
  const at = builder.insertAt(p, member, start, end);
  const scoreEntry = lpSkip(builder.buf, at);
  if (Number.isInteger(score) && Math.abs(score) <= PACKED_INTEGER_LIMIT) {
    builder.insertIntAt(scoreEntry, Number.isSafeInteger(score) ? score + 0 : BigInt(score));
  } else {
    builder.insertAt(scoreEntry, scoreText, 0, writeLatin1(formatDouble(score), scoreText, 0));
  }
}

/** Removes the member at `p` and its score. */
export function zpDelete(builder: ListpackBuilder, p: number): void {
  builder.delete(p, 2);
}
