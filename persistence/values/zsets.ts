/** Sorted sets in RDB: scores as text (until 2.8), as doubles, one ziplist (2.6), one listpack (7.0). */
import type { Database } from "../../store.ts";
import { compareBytes } from "../../types/bytes.ts";
import { parseDouble } from "../../types/double.ts";
import { Kind } from "../../types/kind.ts";
import { Entry, lpCount, lpFirst, lpNext, lpValidate } from "../../types/listpack.ts";
import { ListpackBuilder } from "../../types/listpack_builder.ts";
import { ScoreWalk } from "../../types/score_walk.ts";
import { SortedSet } from "../../types/zset.ts";
import { zpFind, zpInsert, zpLength, zpScore } from "../../types/zset_packed.ts";
import { RdbType, ScoreLength } from "../rdb_format.ts";
import type { RdbInput } from "../rdb_input.ts";
import type { RdbWriter } from "../rdb_writer.ts";
import { unpackZiplist } from "../ziplist.ts";
import { LONG_STRING_BYTES, longString, type Rest, STEP_BYTES } from "./rest.ts";
import { saveString } from "./strings.ts";
import { EmptyValue, type LoadedValue, type LoadTarget, packedString } from "./value.ts";

/** Least bytes of a member in the file: an empty string and a score. */
const LEAST_MEMBER_BYTES = 2;

const pack = new ListpackBuilder(1024);
const entry = new Entry();
const previous = new Entry();

/** Begins to write the sorted set of a record; what is left of it, null where that is nothing. */
export function saveSortedSet(writer: RdbWriter, db: Database, addr: number): Rest | null {
  return db.kind(addr) === Kind.ZSET_PACKED
    ? saveString(writer, db, addr)
    : sortedSetRest(writer, db.object<SortedSet>(addr));
}

/** From the highest score down, as Redis does to load it faster. */
function* sortedSetRest(writer: RdbWriter, set: SortedSet): Rest {
  const walk = new ScoreWalk(set);
  try {
    writer.lengthOf(walk.count);
    let stop = writer.written + STEP_BYTES;
    while (walk.next()) {
      const { buf, start, end, score } = walk;
      if (end - start > LONG_STRING_BYTES) yield* longString(writer, buf, start, end);
      else writer.string(buf, start, end);
      writer.double(score);
      if (writer.written < stop) continue;
      yield;
      stop = writer.written + STEP_BYTES;
    }
  } finally {
    walk.close();
  }
}

/** Reads a sorted set of any type. Throws {@link EmptyValue} where it has no members. */
export function loadSortedSet(input: RdbInput, type: number, target: LoadTarget, out: LoadedValue): void {
  switch (type) {
    case RdbType.ZSET_LISTPACK: {
      const { buf, start, end } = packedString(input, "listpack of a sorted set", lpValidate);
      return takePacked(input, buf, start, end, target, out);
    }
    case RdbType.ZSET_ZIPLIST: {
      const { buf, start, end } = input.string();
      pack.clear();
      if (!unpackZiplist(buf, start, end, pack)) input.fail("damaged ziplist of a sorted set");
      return takePacked(input, pack.buf, pack.start, pack.end, target, out);
    }
    default:
      loadMembers(input, type === RdbType.ZSET_2, target, out);
  }
}

function takePacked(
  input: RdbInput,
  buf: Uint8Array,
  start: number,
  end: number,
  target: LoadTarget,
  out: LoadedValue,
): void {
  if (lpCount(buf, start) % 2 !== 0) input.fail("a sorted set with a member without score");
  const members = zpLength(buf, start);
  if (members === 0) throw new EmptyValue();
  checkOrder(input, buf, start);
  if (members <= target.limits.zsetMaxListpackEntries) {
    if (target.deep) checkDistinct(input, buf, start);
    return out.inline(Kind.ZSET_PACKED, buf, start, end);
  }
  const set = new SortedSet(target.db.arena);
  out.held(Kind.ZSET, set);
  set.reserve(members);
  for (let p = lpFirst(buf, start); p !== -1; p = lpNext(buf, lpNext(buf, p))) {
    entry.readText(buf, p);
    add(input, set, entry.buf, entry.start, entry.end, zpScore(buf, p));
  }
}

/** Every search in a packed sorted set relies on its order. */
function checkOrder(input: RdbInput, buf: Uint8Array, start: number): void {
  let last = 0;
  let first = true;
  for (let p = lpFirst(buf, start); p !== -1; p = lpNext(buf, lpNext(buf, p))) {
    const score = zpScore(buf, p);
    if (score !== score) input.fail("a score that is no number");
    entry.readText(buf, p);
    if (!first) {
      const order = score - last;
      const isAfter = score === last
        ? compareBytes(entry.buf, entry.start, entry.end, previous.buf, previous.start, previous.end) > 0
        : order > 0;
      if (!isAfter) input.fail("a sorted set out of order");
    }
    previous.readText(buf, p);
    last = score;
    first = false;
  }
}

/** Scores may differ where members are the same, which the order does not show. */
function checkDistinct(input: RdbInput, buf: Uint8Array, start: number): void {
  for (let p = lpFirst(buf, start); p !== -1; p = lpNext(buf, lpNext(buf, p))) {
    entry.readText(buf, p);
    if (zpFind(buf, start, entry.buf, entry.start, entry.end) !== p) {
      input.fail("a sorted set with a member twice");
    }
  }
}

/** Reads members one by one; they come in any order. */
function loadMembers(input: RdbInput, binary: boolean, target: LoadTarget, out: LoadedValue): void {
  const members = input.count(LEAST_MEMBER_BYTES);
  if (members === 0) throw new EmptyValue();
  const { zsetMaxListpackEntries, zsetMaxListpackValue } = target.limits;
  let isPacked = members <= zsetMaxListpackEntries;
  let set: SortedSet | null = null;
  if (isPacked) pack.clear();
  else out.held(Kind.ZSET, set = reserved(target, members));
  for (let left = members; left > 0; left--) {
    const span = input.string();
    if (isPacked && span.end - span.start > zsetMaxListpackValue) {
      isPacked = false;
      out.held(Kind.ZSET, set = reserved(target, members));
      for (let p = lpFirst(pack.buf, pack.start); p !== -1; p = lpNext(pack.buf, lpNext(pack.buf, p))) {
        entry.readText(pack.buf, p);
        set.add(entry.buf, entry.start, entry.end, zpScore(pack.buf, p));
      }
    }
    const member = span.buf.slice(span.start, span.end);
    const score = binary ? input.double() : textScore(input);
    if (score !== score) input.fail("a score that is no number");
    if (set !== null) add(input, set, member, 0, member.length, score);
    else {
      if (zpFind(pack.buf, pack.start, member, 0, member.length) >= 0) {
        input.fail("a sorted set with a member twice");
      }
      zpInsert(pack, member, 0, member.length, score);
    }
  }
  if (set === null) out.inline(Kind.ZSET_PACKED, pack.buf, pack.start, pack.end);
}

function reserved(target: LoadTarget, members: number): SortedSet {
  const set = new SortedSet(target.db.arena);
  set.reserve(members);
  return set;
}

function add(
  input: RdbInput,
  set: SortedSet,
  buf: Uint8Array,
  start: number,
  end: number,
  score: number,
): void {
  if (set.find(buf, start, end) !== 0) input.fail("a sorted set with a member twice");
  set.add(buf, start, end, score);
}

/** A score as text, its length in one byte that also has a value for each number that is hard to spell. */
function textScore(input: RdbInput): number {
  const length = input.byte();
  switch (length) {
    case ScoreLength.NAN:
      return NaN;
    case ScoreLength.POSITIVE_INFINITY:
      return Infinity;
    case ScoreLength.NEGATIVE_INFINITY:
      return -Infinity;
    default: {
      const at = input.take(length);
      return parseDouble(input.buf, at, at + length);
    }
  }
}
