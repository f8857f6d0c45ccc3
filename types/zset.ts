/**
 * A large sorted set: every member is one record in the database's arena, found by its bytes in a table and by its
 * place in a tree. Per member of 16 bytes: 32 for the record, 10 to 20 in the table's index, 9 to 13 in the tree.
 *
 * Small sorted sets are one packed block instead (zset_packed.ts); commands see both through zset_view.ts.
 */
import type { Arena } from "./arena.ts";
import { ByteTable, MAX_KEY_BYTES, type Visit } from "./byte_table.ts";
import { hashBytes } from "./hash_function.ts";
import type { StoredObject } from "./kind.ts";
import { Entry } from "./listpack.ts";
import { newRecord, RECORD_HEADER_BYTES, recordScore, writeRecordScore } from "./score_order.ts";
import { ScoreTree, TreePosition } from "./score_tree.ts";
import type { ScoreWalk } from "./score_walk.ts";

/** JavaScript objects and empty indexes of one sorted set, about. */
const FIXED_BYTES = 800;

/** Takes members one after the other. */
export interface MemberSink {
  /** The member is `length` bytes, beginning with the word `words[first]`; what stands behind them in the last word may be read. */
  bulkOfWords(words: Uint32Array, first: number, length: number): void;
}

/** Where {@link SortedSet.feed} is. */
const fed = new TreePosition();

/** Members with scores (never NaN), in order of score, then of bytes. A record is named by its arena address. */
export class SortedSet implements StoredObject {
  /** Who walks through the members and must be told of each change. */
  guard: ScoreWalk | null = null;
  readonly #arena: Arena;
  readonly #table: ByteTable;
  readonly #tree: ScoreTree;
  /** Bytes of all records. */
  #recordBytes = 0;
  readonly #run: number[] = [];

  constructor(arena: Arena) {
    this.#arena = arena;
    this.#table = new ByteTable(arena);
    this.#tree = new ScoreTree(arena);
  }

  /** Number of members. */
  get length(): number {
    return this.#tree.size;
  }

  /** The arena that holds the members. */
  get arena(): Arena {
    return this.#arena;
  }

  /** The index of all members; for statistics. */
  get table(): ByteTable {
    return this.#table;
  }

  memoryBytes(): number {
    return this.outsideBytes() + this.#recordBytes + this.#tree.nodeBytes;
  }

  outsideBytes(): number {
    return FIXED_BYTES + this.#table.indexBytes;
  }

  // -- Reading --------------------------------------------------------------------------------------------------

  /** The record of a member, 0 if there is none. */
  find(buf: Uint8Array, start: number, end: number): number {
    return this.#table.find(buf, start, end);
  }

  /** Score of a record. */
  score(record: number): number {
    return recordScore(this.#arena, record);
  }

  /** Points an entry at a record's member, in place. */
  readMember(record: number, member: Entry): void {
    const arena = this.#arena;
    const start = arena.offsetOf(record) + RECORD_HEADER_BYTES;
    const words = arena.wordsOf(record);
    const length = words[arena.wordOf(record)]! & MAX_KEY_BYTES;
    member.set(arena.bytesOf(record), start, start + length, words);
  }

  /**
   * Hands `count` members on, from rank `from` upwards or (`backward`) downwards; so many there are. The short way, for replies
   * without scores: nothing is looked up for a member but its record.
   */
  feed(from: number, count: number, backward: boolean, sink: MemberSink): void {
    const arena = this.#arena;
    const tree = this.#tree;
    let record = count > 0 ? tree.seek(from, fed) : 0;
    for (let left = count; left > 0; left--) {
      const words = arena.wordsOf(record);
      const at = arena.wordOf(record);
      sink.bulkOfWords(words, at + RECORD_HEADER_BYTES / 4, words[at]! & MAX_KEY_BYTES);
      if (left > 1) record = backward ? tree.previous(fed) : tree.next(fed);
    }
    fed.release();
  }

  /** Rank of a record, 0 for the lowest score. */
  rankOf(record: number): number {
    return this.#tree.rankOf(record);
  }

  /** How many members have a score under this one, or (`inclusive`) up to it. */
  countByScore(score: number, inclusive: boolean): number {
    return this.#tree.countByScore(score, inclusive);
  }

  /** How many members sort before these bytes, or (`inclusive`) up to them; where all scores are equal. */
  countByMember(buf: Uint8Array, start: number, end: number, inclusive: boolean): number {
    return this.#tree.countByMember(buf, start, end, inclusive);
  }

  /** Finds the member of a rank (0 <= rank < length) and returns its record. */
  seek(rank: number, position: TreePosition): number {
    return this.#tree.seek(rank, position);
  }

  /** Finds the first member with at least this score and returns its record, 0 where there is none. */
  seekScore(score: number, position: TreePosition): number {
    return this.#tree.seekScore(score, position);
  }

  /** Goes on to the next member and returns its record, 0 at the end. */
  next(position: TreePosition): number {
    return this.#tree.next(position);
  }

  /** Goes back to the member before and returns its record, 0 at the beginning. */
  previous(position: TreePosition): number {
    return this.#tree.previous(position);
  }

  /** One step of ZSCAN, with the guarantees and the cursor of {@link ByteTable.scan}. */
  scan(cursor: number, visit: Visit): number {
    return this.#table.scan(cursor, visit);
  }

  // -- Changing -------------------------------------------------------------------------------------------------

  /** Adds a member that is not there yet. Returns its record. */
  add(buf: Uint8Array, start: number, end: number, score: number): number {
    const record = newRecord(this.#arena, score, buf, start, end);
    this.#recordBytes += this.#arena.capacityOf(record);
    this.#table.insert(hashBytes(buf, start, end), record);
    this.#tree.insert(record);
    if (this.guard !== null) this.guard.added(record);
    return record;
  }

  /** Gives a member another score. */
  update(record: number, score: number): void {
    if (this.guard !== null) this.#tellRemoval(record);
    this.#tree.update(record, score);
    if (this.guard !== null) this.guard.added(record);
  }

  /** Removes a member and frees its record. */
  remove(record: number): void {
    if (this.guard !== null) this.#tellRemoval(record);
    this.#tree.remove(record);
    this.#forget(record);
  }

  /** Removes the members from rank `from` up to, not including, rank `to`. */
  removeRange(from: number, to: number): void {
    if (this.guard !== null) this.guard.removing(from, to);
    for (let left = to - from; left > 0;) {
      const count = this.#tree.removeRun(from, left, this.#run);
      for (let i = 0; i < count; i++) this.#forget(this.#run[i]!);
      left -= count;
    }
  }

  /**
   * Adds a member whose score may still change ({@link setCollected}): it can be found, but has no place in the order,
   * and does not count, until {@link order} has put all such members there.
   */
  collect(buf: Uint8Array, start: number, end: number, score: number): void {
    const record = newRecord(this.#arena, score, buf, start, end);
    this.#recordBytes += this.#arena.capacityOf(record);
    this.#table.insert(hashBytes(buf, start, end), record);
  }

  /** Changes the score of a member that has no place in the order yet. */
  setCollected(record: number, score: number): void {
    writeRecordScore(this.#arena, record, score);
  }

  /** Puts collected members in order. There must be no others. */
  order(): void {
    this.#table.forEach((record) => this.#tree.insert(record));
  }

  /** Makes room in the table for this many members. */
  reserve(count: number): void {
    this.#table.reserve(count);
  }

  /** The same members and scores with records of their own in this arena. */
  cloneInto(arena: Arena): SortedSet {
    const copy = new SortedSet(arena);
    if (this.length === 0) return copy;
    copy.reserve(this.length);
    const position = new TreePosition();
    const member = new Entry();
    for (let record = this.seek(0, position); record !== 0; record = this.next(position)) {
      this.readMember(record, member);
      copy.add(member.buf, member.start, member.end, this.score(record));
    }
    return copy;
  }

  get freeEffort(): number {
    return this.length;
  }

  release(budget: number): boolean {
    while (budget > 0 && this.length > 0) {
      const size = this.length;
      // From the end: the leaf at the end goes without moving anything.
      const run = Math.min(budget, size, RELEASE_RUN);
      const count = this.#tree.removeRun(size - run, run, this.#run);
      for (let i = 0; i < count; i++) this.#free(this.#run[i]!);
      budget -= count;
    }
    return this.length === 0;
  }

  #tellRemoval(record: number): void {
    const rank = this.#tree.rankOf(record);
    this.guard!.removing(rank, rank + 1);
  }

  #forget(record: number): void {
    this.#table.remove(this.#table.hashOf(record), record);
    this.#free(record);
  }

  #free(record: number): void {
    this.#recordBytes -= this.#arena.capacityOf(record);
    this.#arena.free(record);
  }
}

/** Members that `release` takes from the tree at a time: a part of one leaf. */
const RELEASE_RUN = 32;
