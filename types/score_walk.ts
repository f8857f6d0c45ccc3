/**
 * A walk down a large sorted set, from the highest score, that sees it as it was when the walk began, while it changes.
 *
 * As in table_walk.ts the set tells of each change before it. Here the place of the walk is a rank: the members below it are
 * still to come, save those that were added or got another score since, whose records are remembered and passed over. What
 * goes from below that rank is set aside. In memory that costs what was changed.
 */
import { EMPTY_BYTES } from "./bytes.ts";
import { endWalk, type Guard } from "./kind.ts";
import { Entry } from "./listpack.ts";
import { PairQueue } from "./pair_queue.ts";
import { TreePosition } from "./score_tree.ts";
import type { SortedSet } from "./zset.ts";

/** See the file comment. {@link close} must be called in the end, however that comes. */
export class ScoreWalk implements Guard {
  /** Members that there were when the walk began: so many come. */
  readonly count: number;
  /** The current member, `buf[start, end)`, which stays as it is until {@link next}, and its score. */
  buf: Uint8Array = EMPTY_BYTES;
  start = 0;
  end = 0;
  score = 0;
  whenDone: (() => void) | null = null;
  readonly #set: SortedSet;
  /** The walk has still to go through the ranks below this one. */
  #rank: number;
  /** Where the member of that rank is; known while nothing was changed. */
  readonly #position = new TreePosition();
  #knowsPosition = false;
  /** Records that are not what they were. */
  readonly #changed = new Set<number>();
  readonly #kept = new PairQueue();
  readonly #member = new Entry();
  readonly #scoreBytes = new Uint8Array(8);
  readonly #scoreView = new DataView(this.#scoreBytes.buffer);

  /** Begins to walk. Only one walk at a time hears of changes: beside another one nothing may change until the end. */
  constructor(set: SortedSet) {
    this.#set = set;
    this.#rank = this.count = set.length;
    set.guard ??= this;
  }

  /** Goes on to the next member; false behind the last. */
  next(): boolean {
    const kept = this.#kept;
    if (kept.shift()) {
      this.buf = kept.buf;
      this.start = kept.start;
      this.end = kept.end;
      this.#scoreBytes.set(kept.buf.subarray(kept.end, kept.valueEnd));
      this.score = this.#scoreView.getFloat64(0);
      return true;
    }
    const set = this.#set;
    while (this.#rank > 0) {
      this.#rank--;
      const record = this.#knowsPosition
        ? set.previous(this.#position)
        : set.seek(this.#rank, this.#position);
      this.#knowsPosition = true;
      if (this.#changed.has(record)) continue;
      set.readMember(record, this.#member);
      this.buf = this.#member.buf;
      this.start = this.#member.start;
      this.end = this.#member.end;
      this.score = set.score(record);
      return true;
    }
    return false;
  }

  /** The set need not tell of changes any more. */
  close(): void {
    this.#kept.clear();
    this.#changed.clear();
    this.#rank = 0;
    endWalk(this.#set, this);
  }

  // -- What the set tells -------------------------------------------------------------------------------------------

  /** This record was put in order: a new one, or one with another score. */
  added(record: number): void {
    this.#knowsPosition = false;
    this.#changed.add(record);
    if (this.#set.rankOf(record) < this.#rank) this.#rank++;
  }

  /** The members from rank `from` up to, not including, rank `to` are about to be taken out of the order. */
  removing(from: number, to: number): void {
    this.#knowsPosition = false;
    const set = this.#set;
    const position = new TreePosition();
    let record = from < to ? set.seek(from, position) : 0;
    for (let rank = from; rank < to; rank++, record = set.next(position)) {
      if (!this.#changed.delete(record) && rank < this.#rank) this.#setAside(record);
    }
    this.#rank -= Math.max(0, Math.min(to, this.#rank) - from);
  }

  #setAside(record: number): void {
    const member = this.#member;
    this.#set.readMember(record, member);
    this.#scoreView.setFloat64(0, this.#set.score(record));
    this.#kept.push(member.buf, member.start, member.end, this.#scoreBytes, 0, 8);
  }
}
