/**
 * An ordered table keyed by stream IDs: the pending entries of a consumer group and of its consumers.
 *
 * Such a table may hold millions of IDs, mostly appended in order, acknowledged in any order and asked for by range.
 * JavaScript objects would cost well over a hundred bytes each and be walked by every garbage collection, so rows are
 * runs of 32-bit words in typed arrays: four for the ID, then what the owner keeps with it. Rows sit in leaves of at
 * most LEAF_ROWS, leaves in one sorted directory: a lookup is two binary searches, a change moves part of one leaf.
 */
import type { StreamId } from "./stream_id.ts";

/** Words of an ID at the beginning of each row. */
export const ID_WORDS = 4;

const LEAF_ROWS = 128;
const FIRST_ROWS = 4;

/** What a leaf costs beside its rows: object, typed array, its buffer and the allocator's share. */
const LEAF_OVERHEAD = 320;

/** A running total of bytes, shared by all parts of one value so that its size is known without a walk. */
export interface Meter {
  bytes: number;
}

/** Somebody who reads a table as it was: blocks that both see are not written to before that is over. */
export interface Reading {
  isOver: boolean;
}

/** Whether a block is still read by somebody else than its owner. */
export function isRead(block: { readonly reading: Reading | null }): boolean {
  return block.reading !== null && !block.reading.isOver;
}

interface Leaf {
  words: Uint32Array<ArrayBuffer>;
  /** Index of the first row in use; the front is given up without moving what follows. */
  first: number;
  /** Index behind the last row in use. */
  end: number;
  /** Who reads `words` as well, of those who froze the table. */
  reading: Reading | null;
}

/** A place in an IdTable. Valid until the table changes by other means than through this cursor. */
export class IdCursor {
  /** Index of the leaf in the table's directory. */
  leaf = 0;
  /** Index of the row in the leaf. */
  row = 0;
  /** The words of the leaf: the row begins at `base`. */
  words: Uint32Array<ArrayBuffer> = new Uint32Array(0);
  base = 0;

  /** Copies the ID of the row into `out`. */
  readId(out: StreamId): StreamId {
    const { words, base } = this;
    return out.assign(words[base]!, words[base + 1]!, words[base + 2]!, words[base + 3]!);
  }
}

/** Rows of `ID_WORDS + extra` words, ordered by ID, each ID once. */
export class IdTable {
  /** Number of rows. */
  size = 0;
  readonly #leaves: Leaf[] = [];
  readonly #width: number;
  readonly #meter: Meter;

  /**
   * @param extra words that the owner keeps with each ID; new rows have zeros there.
   * @param meter is told of every byte taken and given back.
   */
  constructor(extra: number, meter: Meter) {
    this.#width = ID_WORDS + extra;
    this.#meter = meter;
  }

  /** Looks the ID up. @returns false when it is absent; the cursor is then of no use. */
  find(id: StreamId, cursor: IdCursor): boolean {
    return this.seek(id, cursor) && this.#compare(cursor.words, cursor.base, id) === 0;
  }

  /** Puts the cursor on the first row with an ID at or after `id`. @returns false when there is none. */
  seek(id: StreamId, cursor: IdCursor): boolean {
    const at = this.#leafFor(id);
    if (at < 0) return false;
    return this.#place(cursor, at, this.#rowFor(this.#leaves[at]!, id));
  }

  /** Puts the cursor on the first row. @returns false when the table is empty. */
  seekFirst(cursor: IdCursor): boolean {
    return this.size > 0 && this.#place(cursor, 0, this.#leaves[0]!.first);
  }

  /** Puts the cursor on the last row. @returns false when the table is empty. */
  seekLast(cursor: IdCursor): boolean {
    if (this.size === 0) return false;
    const at = this.#leaves.length - 1;
    return this.#place(cursor, at, this.#leaves[at]!.end - 1);
  }

  /** Moves to the next row. @returns false when there is none. */
  next(cursor: IdCursor): boolean {
    return this.#place(cursor, cursor.leaf, cursor.row + 1);
  }

  /** Finds the ID's row or makes one, with zeros behind the ID. @returns true when the row is new. */
  insert(id: StreamId, cursor: IdCursor): boolean {
    let at = this.#leafFor(id);
    if (at < 0) {
      at = 0;
      this.#addLeaf(0, FIRST_ROWS);
    }
    let leaf = this.#leaves[at]!;
    let row = this.#rowFor(leaf, id);
    if (row < leaf.end && this.#compare(leaf.words, row * this.#width, id) === 0) {
      this.#place(cursor, at, row);
      return false;
    }
    if (leaf.end - leaf.first === LEAF_ROWS) {
      const isAppend = row === leaf.end && at === this.#leaves.length - 1;
      if (isAppend) this.#addLeaf(at + 1, LEAF_ROWS);
      else this.#split(at);
      if (isAppend || this.#compare(this.#leaves[at + 1]!.words, 0, id) <= 0) at++;
      leaf = this.#leaves[at]!;
      row = this.#rowFor(leaf, id);
    }
    row = this.#makeRoom(leaf, row);
    this.#place(cursor, at, row);
    const { words, base } = cursor;
    words[base] = id.msHi;
    words[base + 1] = id.msLo;
    words[base + 2] = id.seqHi;
    words[base + 3] = id.seqLo;
    words.fill(0, base + ID_WORDS, base + this.#width);
    this.size++;
    return true;
  }

  /** Removes the ID's row. @returns false when it was absent. */
  delete(id: StreamId, cursor: IdCursor): boolean {
    if (!this.find(id, cursor)) return false;
    this.deleteAt(cursor);
    return true;
  }

  /** Removes the cursor's row and moves the cursor to the one behind it. @returns false when there is none. */
  deleteAt(cursor: IdCursor): boolean {
    const at = cursor.leaf;
    const leaf = this.#leaves[at]!;
    const offset = cursor.row - leaf.first;
    this.size--;
    if (offset === 0) {
      leaf.first++;
    } else {
      this.#own(leaf);
      const width = this.#width;
      leaf.words.copyWithin(cursor.row * width, (cursor.row + 1) * width, leaf.end * width);
      leaf.end--;
    }
    if (leaf.first < leaf.end) return this.#mergeSmall(cursor, offset);
    if (this.size === 0 && leaf.words.length <= FIRST_ROWS * this.#width) {
      leaf.first = leaf.end = 0; // kept: a queue that is drained again and again should not allocate each time
      return false;
    }
    this.#dropLeaf(at);
    return at < this.#leaves.length && this.#place(cursor, at, this.#leaves[at]!.first);
  }

  /** Makes the cursor's row one that may be written to. To be called before its owner's words are changed. */
  open(cursor: IdCursor): void {
    const leaf = this.#leaves[cursor.leaf]!;
    this.#own(leaf);
    cursor.words = leaf.words;
  }

  /** A table of the same rows that stays as it is until the reading is over, whatever happens to this one. O(leaves). */
  freeze(reading: Reading): IdTable {
    const frozen = new IdTable(this.#width - ID_WORDS, { bytes: 0 });
    frozen.size = this.size;
    for (const leaf of this.#leaves) {
      leaf.reading = reading;
      frozen.#leaves.push({ words: leaf.words, first: leaf.first, end: leaf.end, reading: null });
    }
    return frozen;
  }

  /** The words of a leaf are about to be changed. */
  #own(leaf: Leaf): void {
    if (leaf.reading === null) return;
    if (isRead(leaf)) leaf.words = leaf.words.slice();
    leaf.reading = null;
  }

  /** Gives back the memory of all rows; the table is empty afterwards. */
  clear(): void {
    for (const leaf of this.#leaves) this.#meter.bytes -= leaf.words.byteLength + LEAF_OVERHEAD;
    this.#leaves.length = 0;
    this.size = 0;
  }

  /** Index of the leaf that holds the ID or would: the last one that begins at or before it, else the first. */
  #leafFor(id: StreamId): number {
    const leaves = this.#leaves;
    let high = leaves.length - 1;
    if (high <= 0) return high;
    const last = leaves[high]!;
    if (this.#compare(last.words, last.first * this.#width, id) <= 0) return high;
    let low = 0;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      const leaf = leaves[middle]!;
      if (this.#compare(leaf.words, leaf.first * this.#width, id) <= 0) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** Index of the first row of the leaf at or after the ID, `leaf.end` when there is none. */
  #rowFor(leaf: Leaf, id: StreamId): number {
    const { words, first } = leaf;
    const width = this.#width;
    let low = first, high = leaf.end;
    if (high > low && this.#compare(words, (high - 1) * width, id) < 0) return high;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#compare(words, middle * width, id) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #compare(words: Uint32Array, base: number, id: StreamId): number {
    return (words[base]! - id.msHi) || (words[base + 1]! - id.msLo) || (words[base + 2]! - id.seqHi) ||
      (words[base + 3]! - id.seqLo);
  }

  /** Puts the cursor on a row, or on the first of the next leaf where the row is past the end. */
  #place(cursor: IdCursor, at: number, row: number): boolean {
    let leaf = this.#leaves[at];
    if (leaf !== undefined && row >= leaf.end) {
      leaf = this.#leaves[++at];
      if (leaf !== undefined) row = leaf.first;
    }
    if (leaf === undefined) return false;
    cursor.leaf = at;
    cursor.row = row;
    cursor.words = leaf.words;
    cursor.base = row * this.#width;
    return true;
  }

  /** Makes room for one row before `row`, in a leaf that is not full. @returns the index of the new row. */
  #makeRoom(leaf: Leaf, row: number): number {
    this.#own(leaf);
    const width = this.#width;
    const capacity = leaf.words.length / width;
    if (leaf.end === capacity) {
      row -= leaf.first;
      const isWorthMoving = leaf.first >= capacity >>> 1 || capacity === LEAF_ROWS;
      this.#rebase(leaf, isWorthMoving ? capacity : Math.min(capacity * 2, LEAF_ROWS));
    }
    leaf.words.copyWithin((row + 1) * width, row * width, leaf.end * width);
    leaf.end++;
    return row;
  }

  /** Moves the rows to the front of a leaf of `capacity` rows. */
  #rebase(leaf: Leaf, capacity: number): void {
    const width = this.#width;
    const used = leaf.words.subarray(leaf.first * width, leaf.end * width);
    if (capacity * width === leaf.words.length) {
      leaf.words.set(used);
    } else {
      const words = new Uint32Array(capacity * width);
      words.set(used);
      this.#meter.bytes += words.byteLength - leaf.words.byteLength;
      leaf.words = words;
    }
    leaf.end -= leaf.first;
    leaf.first = 0;
  }

  #addLeaf(at: number, capacity: number): Leaf {
    const leaf = { words: new Uint32Array(capacity * this.#width), first: 0, end: 0, reading: null };
    this.#meter.bytes += leaf.words.byteLength + LEAF_OVERHEAD;
    if (at === this.#leaves.length) this.#leaves.push(leaf);
    else this.#leaves.splice(at, 0, leaf);
    return leaf;
  }

  #dropLeaf(at: number): void {
    this.#meter.bytes -= this.#leaves[at]!.words.byteLength + LEAF_OVERHEAD;
    if (at === 0) this.#leaves.shift();
    else this.#leaves.splice(at, 1);
  }

  /** Moves the second half of a full leaf to a new leaf behind it. */
  #split(at: number): void {
    const leaf = this.#leaves[at]!;
    const width = this.#width;
    const middle = (leaf.first + leaf.end) >>> 1;
    const right = this.#addLeaf(at + 1, LEAF_ROWS);
    right.words.set(leaf.words.subarray(middle * width, leaf.end * width));
    right.end = leaf.end - middle;
    leaf.end = middle;
  }

  /**
   * Joins the cursor's leaf with a neighbour when both have become small, so that scattered deletions give memory
   * back, and puts the cursor on the row `offset` rows from what is now the leaf's first.
   */
  #mergeSmall(cursor: IdCursor, offset: number): boolean {
    const at = cursor.leaf;
    const rows = this.#rows(at);
    const before = this.#rows(at - 1);
    if (before > 0 && before + rows <= LEAF_ROWS / 2) {
      this.#merge(at - 1);
      return this.#place(cursor, at - 1, this.#leaves[at - 1]!.first + before + offset);
    }
    const behind = this.#rows(at + 1);
    if (behind > 0 && rows + behind <= LEAF_ROWS / 2) this.#merge(at);
    return this.#place(cursor, at, this.#leaves[at]!.first + offset);
  }

  #rows(at: number): number {
    const leaf = this.#leaves[at];
    return leaf === undefined ? 0 : leaf.end - leaf.first;
  }

  /** Moves the rows of the leaf behind `at` to the leaf at `at`. */
  #merge(at: number): void {
    const leaf = this.#leaves[at]!, next = this.#leaves[at + 1]!;
    const width = this.#width;
    this.#own(leaf);
    this.#rebase(leaf, LEAF_ROWS);
    leaf.words.set(next.words.subarray(next.first * width, next.end * width), leaf.end * width);
    leaf.end += next.end - next.first;
    this.#dropLeaf(at + 1);
  }
}
