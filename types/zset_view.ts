/**
 * One sorted set as commands see it, packed or large: the only place that knows both.
 *
 * A view is made once and shown one value after another, so that a command allocates nothing. It reads a packed value
 * where it lies; the first change copies it into the view's builder, from where the owner stores it again (`changed`,
 * `packedBuf`). A large value is changed in place. A packed value that outgrows the limits becomes a large one
 * (`set` is no longer null). Ranges of scores and of members become ranges of ranks, `from` up to but not including
 * `to`: all range commands then count, skip, walk and remove the same way.
 *
 * The view has one current member, set by `find`, `seek`, `next` and `previous`; any change ends it.
 */
import type { Arena } from "./arena.ts";
import type { Visit } from "./byte_table.ts";
import { EMPTY_BYTES } from "./bytes.ts";
import { Entry, LP_SAFETY_LIMIT, lpNext, lpPrev } from "./listpack.ts";
import { ListpackBuilder } from "./listpack_builder.ts";
import { TreePosition } from "./score_tree.ts";
import { SortedSet } from "./zset.ts";
import {
  zpAppend,
  zpCountByScore,
  zpDelete,
  zpFind,
  zpInsert,
  zpLength,
  zpRank,
  zpScore,
  zpSeek,
} from "./zset_packed.ts";
import type { LexBound, LexRange, ScoreRange } from "./zset_range.ts";

/** Conditions of an addition, as ZADD's options of the same names. */
export const AddFlag = { NX: 1, XX: 2, GT: 4, LT: 8, INCR: 16 } as const;

/** What an addition did. */
export const AddResult = {
  /** A new member. */
  ADDED: 0,
  /** A member has another score now. */
  UPDATED: 1,
  /** The member has this score already. */
  SAME: 2,
  /** A condition forbade it. */
  REFUSED: 3,
  /** The increment would make infinity minus infinity; nothing was changed. */
  NOT_A_NUMBER: 4,
} as const;

/** A builder larger than this is given up once its value is stored. */
const KEEP_BUILDER_BYTES = 64 * 1024;

/** A sorted set of either form. */
export class SortedSetView {
  /** `zset-max-listpack-entries` and `zset-max-listpack-value`, for values that grow. */
  maxEntries = 128;
  maxValueBytes = 64;
  /** The large value, null while it is packed. */
  set: SortedSet | null = null;
  /** Whether anything was changed since the value was shown. */
  changed = false;
  /** The current member's bytes. */
  readonly member: Entry = new Entry();
  /** Ranks of the last range: from the first one up to, not including, `to`. */
  from = 0;
  to = 0;

  #arena: Arena | null = null;
  #buf: Uint8Array = EMPTY_BYTES;
  #start = 0;
  #length = 0;
  /** Score of the current member, NaN until somebody asks: most walks want members only. */
  #score = NaN;
  #builder: ListpackBuilder | null = null;
  #editing = false;
  /** Offset of the current member in the packed block, -1 for none. */
  #offset = -1;
  /** Record of the current member of a large value, 0 for none. */
  #record = 0;
  readonly #position = new TreePosition();
  #visit: (() => void) | null = null;

  // -- What it shows --------------------------------------------------------------------------------------------

  /** Shows a packed value. `arena` is where it goes if it grows too large; null for a view that only reads. */
  showPacked(buf: Uint8Array, start: number, arena: Arena | null): this {
    this.#show(null, arena);
    this.#buf = buf;
    this.#start = start;
    this.#length = zpLength(buf, start);
    return this;
  }

  /** Shows a large value. */
  showObject(set: SortedSet): this {
    this.#show(set, set.arena);
    this.#buf = EMPTY_BYTES;
    return this;
  }

  /** Shows a sorted set without members, packed, in the view's own builder. */
  showEmpty(arena: Arena): this {
    this.#show(null, arena);
    this.#builder ??= new ListpackBuilder(1024);
    this.#builder.clear();
    this.#editing = true;
    this.#takeBuilder();
    this.#length = 0;
    return this;
  }

  #show(set: SortedSet | null, arena: Arena | null): void {
    if (this.#builder !== null && this.#editing) this.#builder.release(KEEP_BUILDER_BYTES);
    this.set = set;
    this.#arena = arena;
    this.#editing = false;
    this.changed = false;
    this.#offset = -1;
    this.#record = 0;
  }

  /** Lets go of what it showed, and of a large buffer. */
  close(): void {
    this.#show(null, null);
    this.#length = 0;
    this.#buf = EMPTY_BYTES;
    this.member.set(EMPTY_BYTES, 0, 0);
    this.#position.release();
    this.#builder?.release(KEEP_BUILDER_BYTES);
  }

  /** Number of members. */
  get length(): number {
    return this.set === null ? this.#length : this.set.length;
  }

  /** Where a packed value stands: `packedBuf[packedStart, packedEnd)`. Meaningless where `set` is not null. */
  get packedBuf(): Uint8Array {
    return this.#buf;
  }

  get packedStart(): number {
    return this.#start;
  }

  /** End of a packed value that was changed. */
  get packedEnd(): number {
    return this.#builder!.end;
  }

  // -- One member -----------------------------------------------------------------------------------------------

  /** Makes a member the current one for `score` and `rank` (`member` is not set); false if it is not there. */
  find(buf: Uint8Array, start: number, end: number): boolean {
    this.#score = NaN;
    if (this.set !== null) {
      this.#record = this.set.find(buf, start, end);
      return this.#record !== 0;
    }
    this.#offset = zpFind(this.#buf, this.#start, buf, start, end);
    return this.#offset >= 0;
  }

  /** The current member's score; after `add` the member's score now. */
  get score(): number {
    if (this.#score !== this.#score) {
      this.#score = this.set !== null ? this.set.score(this.#record) : zpScore(this.#buf, this.#offset);
    }
    return this.#score;
  }

  /** Rank of the current member, 0 for the lowest score. */
  rank(): number {
    return this.set === null ? zpRank(this.#buf, this.#start, this.#offset) : this.set.rankOf(this.#record);
  }

  // -- Walking --------------------------------------------------------------------------------------------------

  /** Makes the member of this rank the current one; false where there is none. */
  seek(rank: number): boolean {
    if (rank < 0 || rank >= this.length) return false;
    if (this.set !== null) return this.#takeRecord(this.set.seek(rank, this.#position));
    return this.#takeOffset(zpSeek(this.#buf, this.#start, rank));
  }

  /** Makes the first member with at least this score the current one; false where there is none. */
  seekScore(score: number): boolean {
    if (this.set !== null) return this.#takeRecord(this.set.seekScore(score, this.#position));
    return this.seek(zpCountByScore(this.#buf, this.#start, score, false));
  }

  /** Goes to the next member; false at the end. Only after `seek`, `seekScore`, `next` or `previous`. */
  next(): boolean {
    if (this.set !== null) return this.#takeRecord(this.set.next(this.#position));
    const score = lpNext(this.#buf, this.#offset);
    return this.#takeOffset(lpNext(this.#buf, score));
  }

  /** Goes to the member before; false at the beginning. Only after what {@link next} may follow. */
  previous(): boolean {
    if (this.set !== null) return this.#takeRecord(this.set.previous(this.#position));
    const score = lpPrev(this.#buf, this.#start, this.#offset);
    return score >= 0 && this.#takeOffset(lpPrev(this.#buf, this.#start, score));
  }

  #takeRecord(record: number): boolean {
    this.#record = record;
    this.#score = NaN;
    if (record === 0) return false;
    this.set!.readMember(record, this.member);
    return true;
  }

  #takeOffset(offset: number): boolean {
    this.#offset = offset;
    this.#score = NaN;
    if (offset < 0) return false;
    this.member.readText(this.#buf, offset);
    return true;
  }

  /**
   * One step of ZSCAN from `cursor` (0 at first): makes members current one by one and calls `visit` for each, which
   * must not change the set. Returns the next cursor, 0 at the end. A packed value is visited as a whole.
   */
  scan(cursor: number, visit: () => void): number {
    if (this.set !== null) {
      this.#visit = visit;
      return this.set.scan(cursor, this.#visitRecord);
    }
    for (let more = this.seek(0); more; more = this.next()) visit();
    return 0;
  }

  readonly #visitRecord: Visit = (record) => {
    this.#takeRecord(record);
    this.#visit!();
  };

  // -- Ranges ---------------------------------------------------------------------------------------------------

  /** Sets `from` and `to` to the members within a range of scores. Returns how many. */
  scoreRange(range: ScoreRange): number {
    this.from = this.#countByScore(range.min, range.minExclusive);
    this.to = this.#countByScore(range.max, !range.maxExclusive);
    if (this.to < this.from) this.to = this.from;
    return this.to - this.from;
  }

  #countByScore(score: number, inclusive: boolean): number {
    // Open ends are common, and need no search.
    if (score === Infinity && inclusive) return this.length;
    if (score === -Infinity && !inclusive) return 0;
    if (this.set !== null) return this.set.countByScore(score, inclusive);
    return zpCountByScore(this.#buf, this.#start, score, inclusive);
  }

  /**
   * Sets `from` and `to` to the members within a range of members. Returns how many. Where scores differ, against the
   * commands' contract, a packed value still answers what Redis answers, which depends on the direction of the walk.
   */
  lexRange(range: LexRange, backward: boolean): number {
    if (this.set !== null) {
      this.from = this.#lexBound(range.min, false);
      this.to = this.#lexBound(range.max, true);
      if (this.to < this.from) this.to = this.from;
    } else this.#lexRangePacked(range, backward);
    return this.to - this.from;
  }

  #lexBound(bound: LexBound, inclusive: boolean): number {
    if (bound.infinite !== 0) return bound.infinite < 0 ? 0 : this.length;
    return this.set!.countByMember(bound.buf, bound.start, bound.end, inclusive !== bound.exclusive);
  }

  /** As Redis walks: to the first member inside the near bound, from there as long as members are inside the far one. */
  #lexRangePacked(range: LexRange, backward: boolean): void {
    this.from = this.to = 0;
    if (!this.seek(this.#length - 1) || !this.#isAbove(range.min)) return;
    if (!this.seek(0) || !this.#isBelow(range.max)) return;
    if (backward) {
      let rank = this.#length;
      let more = this.seek(rank - 1);
      for (; more && !this.#isBelow(range.max); rank--) more = this.previous();
      this.to = rank;
      for (; more && this.#isAbove(range.min); rank--) more = this.previous();
      this.from = rank;
    } else {
      let rank = 0;
      let more = true;
      for (; more && !this.#isAbove(range.min); rank++) more = this.next();
      this.from = rank;
      for (; more && this.#isBelow(range.max); rank++) more = this.next();
      this.to = rank;
    }
  }

  #isAbove(min: LexBound): boolean {
    return min.admitsAbove(this.member.buf, this.member.start, this.member.end);
  }

  #isBelow(max: LexBound): boolean {
    return max.admitsBelow(this.member.buf, this.member.start, this.member.end);
  }

  // -- Changing -------------------------------------------------------------------------------------------------

  /**
   * Adds a member or changes its score, under conditions ({@link AddFlag}; with INCR `score` is an increment).
   * Returns an {@link AddResult}; unless that is NOT_A_NUMBER or the member is not there, `score` is the score now.
   * The member must not lie in this value. `score` must not be NaN.
   */
  add(buf: Uint8Array, start: number, end: number, score: number, flags: number): number {
    if (!this.find(buf, start, end)) {
      if ((flags & AddFlag.XX) !== 0) return AddResult.REFUSED;
      this.#insert(buf, start, end, score);
      this.#score = score;
      return AddResult.ADDED;
    }
    const current = this.score;
    if ((flags & AddFlag.NX) !== 0) return AddResult.REFUSED;
    if ((flags & AddFlag.INCR) !== 0) {
      score += current;
      if (score !== score) return AddResult.NOT_A_NUMBER;
    }
    if ((flags & AddFlag.LT) !== 0 && score >= current) return AddResult.REFUSED;
    if ((flags & AddFlag.GT) !== 0 && score <= current) return AddResult.REFUSED;
    if (score === current) return AddResult.SAME;
    this.changed = true;
    this.#score = score;
    if (this.set !== null) {
      this.set.update(this.#record, score);
    } else {
      this.#edit();
      zpDelete(this.#builder!, this.#offset);
      zpInsert(this.#builder!, buf, start, end, score);
      this.#takeBuilder();
    }
    return AddResult.UPDATED;
  }

  /** Adds a member that is not there yet. */
  #insert(buf: Uint8Array, start: number, end: number, score: number): void {
    this.changed = true;
    if (this.set === null) {
      if (this.#hasRoomFor(end - start)) {
        this.#edit();
        zpInsert(this.#builder!, buf, start, end, score);
        this.#takeBuilder();
        this.#length++;
        return;
      }
      this.unpack();
    }
    this.set!.add(buf, start, end, score);
  }

  #hasRoomFor(bytes: number): boolean {
    return this.#length < this.maxEntries && bytes <= this.maxValueBytes &&
      (!this.#editing || this.#builder!.length + bytes < LP_SAFETY_LIMIT);
  }

  /** Removes a member; false if it is not there. */
  remove(buf: Uint8Array, start: number, end: number): boolean {
    if (!this.find(buf, start, end)) return false;
    this.changed = true;
    if (this.set !== null) {
      this.set.remove(this.#record);
    } else {
      this.#edit();
      zpDelete(this.#builder!, this.#offset);
      this.#takeBuilder();
      this.#length--;
    }
    return true;
  }

  /** Removes the members from rank `from` up to, not including, rank `to`. */
  removeRange(from: number, to: number): void {
    if (to <= from) return;
    this.changed = true;
    if (this.set !== null) {
      this.set.removeRange(from, to);
    } else {
      this.#edit();
      this.#builder!.deleteRange(from * 2, (to - from) * 2);
      this.#takeBuilder();
      this.#length -= to - from;
    }
  }

  /** Makes a packed value a large one, as when it outgrows its limits. */
  unpack(): void {
    if (this.set !== null) return;
    const set = new SortedSet(this.#arena!);
    set.reserve(this.#length + 1);
    for (let more = this.seek(0); more; more = this.next()) {
      set.add(this.member.buf, this.member.start, this.member.end, this.score);
    }
    this.changed = true;
    this.set = set;
    this.#buf = EMPTY_BYTES;
  }

  /** Makes a large value a packed one where the limits allow it, as a result that is to be stored. */
  pack(): void {
    const set = this.set;
    if (set === null || set.length > this.maxEntries) return;
    const { member } = this;
    for (let more = this.seek(0); more; more = this.next()) {
      if (member.end - member.start > this.maxValueBytes) return;
    }
    const builder = this.#builder ??= new ListpackBuilder(1024);
    builder.clear();
    for (let more = this.seek(0); more; more = this.next()) {
      zpAppend(builder, member.buf, member.start, member.end, this.score);
    }
    this.#length = set.length;
    set.release(set.length);
    this.set = null;
    this.changed = this.#editing = true;
    this.#takeBuilder();
  }

  /** Copies a packed value that is still read in place into the builder. Offsets move along. */
  #edit(): void {
    if (this.#editing) return;
    this.#builder ??= new ListpackBuilder(1024);
    const offset = this.#offset - this.#start;
    this.#builder.load(this.#buf, this.#start);
    this.#editing = true;
    this.#takeBuilder();
    this.#offset = this.#start + offset;
  }

  #takeBuilder(): void {
    this.#buf = this.#builder!.buf;
    this.#start = this.#builder!.start;
  }
}
