/**
 * The order of a large sorted set: a counted B+-tree over the addresses of its member records.
 *
 * Why not a skip list as in Redis: its nodes cost 40 to 60 bytes a member and a cache miss for every step. Here a
 * leaf holds up to 94 members in one block of 768 bytes, eight bytes each: the address of the record and the high
 * half of its score (score_order.ts). Inner nodes keep the number of members below every child, which makes rank and
 * "the n-th member" one descent, and the first member below each child as a separator (score_nodes.ts). A separator
 * names a living record, so it must follow when that member goes.
 *
 * Full nodes are split on the way down, so that an insertion is one descent without a way back. After a removal,
 * neighbours that fit well into one node are joined; the path of the descent says where to go on. The tree owns its
 * nodes, never the records.
 */
import type { Arena } from "./arena.ts";
import {
  HALVES,
  HEADER,
  INNER_CAPACITY,
  LEAF_CAPACITY,
  NEXT,
  NODE_BYTES,
  PREVIOUS,
  RECORDS,
  ScoreNodes,
  SIZES,
} from "./score_nodes.ts";
import { ScoreKey, writeRecordScore } from "./score_order.ts";

/** The last descent: node and index of the child (in the leaf: of the member) on every level, the root first. */
const pathNode = new Uint32Array(32);
const pathIndex = new Int32Array(32);

const NO_WORDS = new Uint32Array(0);

/** A place in the order. Valid until the tree changes. */
export class TreePosition {
  /** Leaf that holds the member. */
  leaf = 0;
  /** The member's index in the leaf. */
  index = 0;
  /** Members of the leaf, and where the addresses of their records begin: looked up once a leaf, not for each of them. */
  count = 0;
  words: Uint32Array = NO_WORDS;
  records = 0;

  /** Keeps no part of the arena alive. The position is void. */
  release(): void {
    this.words = NO_WORDS;
    this.count = 0;
  }
}

/** Member records in order of score and bytes. Scores are never NaN. */
export class ScoreTree {
  readonly #arena: Arena;
  readonly #nodes: ScoreNodes;
  readonly #key: ScoreKey;
  readonly #place = new TreePosition();
  #root = 0;
  /** Inner levels above the leaves. */
  #height = 0;
  #size = 0;

  constructor(arena: Arena) {
    this.#arena = arena;
    this.#nodes = new ScoreNodes(arena);
    this.#key = new ScoreKey(arena);
  }

  /** Number of members. */
  get size(): number {
    return this.#size;
  }

  /** Bytes of all nodes. */
  get nodeBytes(): number {
    return this.#nodes.size * NODE_BYTES;
  }

  // -- Searching ------------------------------------------------------------------------------------------------

  /** How many members have a score under this one (`inclusive` false) or up to it (true). */
  countByScore(score: number, inclusive: boolean): number {
    this.#key.setScoreBound(score, inclusive);
    return this.#countBefore();
  }

  /** How many members sort before these bytes (with `inclusive`: or equal them), where all scores are equal. */
  countByMember(buf: Uint8Array, start: number, end: number, inclusive: boolean): number {
    this.#key.setBytesBound(buf, start, end, inclusive);
    return this.#countBefore();
  }

  /** Rank of a record that is in the tree. */
  rankOf(record: number): number {
    this.#key.setRecord(record);
    return this.#countBefore();
  }

  /** Finds the member of this rank, 0 <= rank < size. Returns its record. */
  seek(rank: number, position: TreePosition): number {
    this.#descendToRank(rank);
    return this.#enter(position, pathNode[this.#height]!, pathIndex[this.#height]!);
  }

  /** Finds the first member with at least this score. Returns its record, 0 for none. */
  seekScore(score: number, position: TreePosition): number {
    if (this.#root === 0) return 0;
    this.#key.setScoreBound(score, false);
    this.#descendToKey();
    this.#enter(position, pathNode[this.#height]!, pathIndex[this.#height]! - 1);
    return this.next(position);
  }

  /** Goes to the next member and returns its record; 0 (and no move) at the end. */
  next(position: TreePosition): number {
    const index = position.index + 1;
    if (index < position.count) {
      position.index = index;
      return position.words[position.records + index]!;
    }
    const leaf = this.#nodes.link(position.leaf, NEXT);
    return leaf === 0 ? 0 : this.#enter(position, leaf, 0);
  }

  /** Goes to the member before and returns its record; 0 (and no move) at the beginning. */
  previous(position: TreePosition): number {
    if (position.index > 0) {
      const index = --position.index;
      return position.words[position.records + index]!;
    }
    const leaf = this.#nodes.link(position.leaf, PREVIOUS);
    return leaf === 0 ? 0 : this.#enter(position, leaf, this.#nodes.count(leaf) - 1);
  }

  /** Goes to this member of this leaf (-1: before its first). Returns its record. */
  #enter(position: TreePosition, leaf: number, index: number): number {
    const words = this.#arena.wordsOf(leaf);
    const at = this.#arena.wordOf(leaf);
    position.leaf = leaf;
    position.index = index;
    position.count = words[at]!;
    position.words = words;
    position.records = at + HEADER + LEAF_CAPACITY;
    return words[position.records + index]!;
  }

  // -- Changing -------------------------------------------------------------------------------------------------

  /** Adds a record, which has its score and member already and is not in the tree. */
  insert(record: number): void {
    const key = this.#key;
    key.setRecord(record);
    if (this.#root === 0) {
      this.#root = this.#nodes.first = this.#nodes.last = this.#nodes.create();
    } else this.#growRoot();
    this.#size++;
    const arena = this.#arena;
    let node = this.#root;
    for (let level = this.#height; level > 0; level--) {
      const at = arena.wordOf(node);
      let i = this.#childFor(arena.wordsOf(node), at);
      if (level === 1 ? this.#splitLeaf(node, i, record) : this.#splitInner(node, i)) {
        // A new node may have moved the chunks of others.
        key.setRecord(record);
        i = this.#childFor(arena.wordsOf(node), at);
      }
      const words = arena.wordsOf(node);
      words[at + HEADER + SIZES + i]!++;
      node = words[at + HEADER + i]!;
    }
    this.#nodes.insertEntry(node, this.#leafIndex(node), key.high, record);
  }

  /**
   * Gives a record of the tree another score. Most changes are small: where the record stays between its neighbours,
   * only its leaf entry changes.
   */
  update(record: number, score: number): void {
    const arena = this.#arena;
    this.#key.setRecord(record);
    this.#descendToKey();
    const leaf = pathNode[this.#height]!;
    const index = pathIndex[this.#height]!;
    this.#key.setScore(score);
    if (this.#fitsAt(leaf, index)) {
      writeRecordScore(arena, record, score);
      arena.wordsOf(leaf)[arena.wordOf(leaf) + HEADER + index] = this.#key.high;
      if (index === 0) this.#setSeparator(this.#height, this.#key.high, record);
      return;
    }
    this.#removeOnPath(1);
    writeRecordScore(arena, record, score);
    this.insert(record);
  }

  /** Takes out a record; the caller frees it afterwards. */
  remove(record: number): void {
    this.#key.setRecord(record);
    this.#descendToKey();
    this.#removeOnPath(1);
  }

  /**
   * Takes out up to `limit` members from this rank on, as far as one leaf holds them, and leaves their records in
   * `out`; the caller frees them. Returns how many (at least 1).
   */
  removeRun(rank: number, limit: number, out: number[]): number {
    this.#descendToRank(rank);
    const leaf = pathNode[this.#height]!;
    const index = pathIndex[this.#height]!;
    const words = this.#arena.wordsOf(leaf);
    const records = this.#arena.wordOf(leaf) + HEADER + LEAF_CAPACITY + index;
    const count = Math.min(limit, this.#nodes.count(leaf) - index);
    for (let i = 0; i < count; i++) out[i] = words[records + i]!;
    this.#removeOnPath(count);
    return count;
  }

  // -- Descents -------------------------------------------------------------------------------------------------

  /**
   * Index of the child where the key belongs: the last one whose first member is not behind the key.
   *
   * Here and in {@link #leafIndex} the high halves are compared on the spot, since a call for each would cost more.
   */
  #childFor(words: Uint32Array, at: number): number {
    const key = this.#key;
    const { high: half, byScore } = key;
    const halves = at + HEADER + HALVES;
    const records = at + HEADER + RECORDS;
    let low = 1;
    let high = words[at]!;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const other = words[halves + middle]!;
      const before = byScore && other !== half
        ? other < half
        : key.order(other, words[records + middle]!) <= 0;
      if (before) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  /** How many members of a leaf sort before the key. */
  #leafIndex(leaf: number): number {
    const key = this.#key;
    const { high: half, byScore } = key;
    const words = this.#arena.wordsOf(leaf);
    const at = this.#arena.wordOf(leaf);
    const halves = at + HEADER;
    const records = halves + LEAF_CAPACITY;
    let low = 0;
    let high = words[at]!;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const other = words[halves + middle]!;
      const before = byScore && other !== half
        ? other < half
        : key.order(other, words[records + middle]!) < 0;
      if (before) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #countBefore(): number {
    if (this.#root === 0) return 0;
    const arena = this.#arena;
    let node = this.#root;
    let count = 0;
    for (let level = this.#height; level > 0; level--) {
      const words = arena.wordsOf(node);
      const at = arena.wordOf(node);
      const child = this.#childFor(words, at);
      const sizes = at + HEADER + SIZES;
      for (let i = sizes; i < sizes + child; i++) count += words[i]!;
      node = words[at + HEADER + child]!;
    }
    return count + this.#leafIndex(node);
  }

  #descendToKey(): void {
    const arena = this.#arena;
    const height = this.#height;
    let node = this.#root;
    for (let level = 0; level < height; level++) {
      const words = arena.wordsOf(node);
      const at = arena.wordOf(node);
      const child = this.#childFor(words, at);
      pathNode[level] = node;
      pathIndex[level] = child;
      node = words[at + HEADER + child]!;
    }
    pathNode[height] = node;
    pathIndex[height] = this.#leafIndex(node);
  }

  #descendToRank(rank: number): void {
    const arena = this.#arena;
    const height = this.#height;
    let node = this.#root;
    let rest = rank;
    for (let level = 0; level < height; level++) {
      const words = arena.wordsOf(node);
      const at = arena.wordOf(node) + HEADER;
      let child = 0;
      for (let below; rest >= (below = words[at + SIZES + child]!); child++) rest -= below;
      pathNode[level] = node;
      pathIndex[level] = child;
      node = words[at + child]!;
    }
    pathNode[height] = node;
    pathIndex[height] = rest;
  }

  /** Whether the key, a new score of the member at this place, sorts between the member's two neighbours. */
  #fitsAt(leaf: number, index: number): boolean {
    const place = this.#place;
    this.#enter(place, leaf, index);
    if (this.previous(place) !== 0 && this.#orderAt(place) > 0) return false;
    this.#enter(place, leaf, index);
    return this.next(place) === 0 || this.#orderAt(place) > 0;
  }

  #orderAt(place: TreePosition): number {
    const words = this.#arena.wordsOf(place.leaf);
    const at = this.#arena.wordOf(place.leaf) + HEADER + place.index;
    return this.#key.order(words[at]!, words[at + LEAF_CAPACITY]!);
  }

  // -- Growing --------------------------------------------------------------------------------------------------

  /** Puts a new root above one that is full, so that it can be split like any other node. */
  #growRoot(): void {
    const old = this.#root;
    if (this.#nodes.count(old) < (this.#height === 0 ? LEAF_CAPACITY : INNER_CAPACITY)) return;
    this.#root = this.#nodes.create();
    this.#nodes.insertChild(this.#root, 0, old, this.#size, 0, 0);
    this.#height++;
  }

  /**
   * Splits leaf number `i` of a node in two if it is full. A leaf at either end of the order that grows outwards is
   * not halved but left full, so that members arriving in order, as from a file, fill every leaf.
   */
  #splitLeaf(parent: number, i: number, record: number): boolean {
    const nodes = this.#nodes;
    const leaf = this.#childAt(parent, i);
    const count = nodes.count(leaf);
    if (count < LEAF_CAPACITY) return false;
    const index = this.#leafIndex(leaf);
    let kept = count >> 1;
    if (index === count && leaf === nodes.last) kept = count;
    else if (index === 0 && leaf === nodes.first) kept = 0;
    const right = nodes.splitLeaf(leaf, kept);
    const words = this.#arena.wordsOf(right);
    const at = this.#arena.wordOf(right) + HEADER;
    // The new member is the first one of a leaf that is still empty.
    const high = kept === count ? this.#key.high : words[at]!;
    const first = kept === count ? record : words[at + LEAF_CAPACITY]!;
    this.#addSibling(parent, i, right, count - kept, high, first);
    return true;
  }

  /** Splits inner node number `i` of a node in two if it is full. */
  #splitInner(parent: number, i: number): boolean {
    const node = this.#childAt(parent, i);
    if (this.#nodes.count(node) < INNER_CAPACITY) return false;
    const right = this.#nodes.splitInner(node, INNER_CAPACITY >> 1);
    const words = this.#arena.wordsOf(right);
    const at = this.#arena.wordOf(right) + HEADER;
    let below = 0;
    for (let j = this.#nodes.count(right) - 1; j >= 0; j--) below += words[at + SIZES + j]!;
    this.#addSibling(parent, i, right, below, words[at + HALVES]!, words[at + RECORDS]!);
    return true;
  }

  #childAt(node: number, i: number): number {
    return this.#arena.wordsOf(node)[this.#arena.wordOf(node) + HEADER + i]!;
  }

  /** Makes `right`, which took `below` members of child number `i`, the child after it. */
  #addSibling(parent: number, i: number, right: number, below: number, high: number, record: number): void {
    this.#nodes.insertChild(parent, i + 1, right, below, high, record);
    this.#arena.wordsOf(parent)[this.#arena.wordOf(parent) + HEADER + SIZES + i]! -= below;
  }

  // -- Shrinking ------------------------------------------------------------------------------------------------

  /** Takes out `count` members of the leaf at the end of the path, from the index there on. */
  #removeOnPath(count: number): void {
    const arena = this.#arena;
    const height = this.#height;
    const leaf = pathNode[height]!;
    this.#nodes.removeEntries(leaf, pathIndex[height]!, count);
    this.#size -= count;
    for (let level = 0; level < height; level++) {
      const node = pathNode[level]!;
      arena.wordsOf(node)[arena.wordOf(node) + HEADER + SIZES + pathIndex[level]!]! -= count;
    }
    if (this.#nodes.count(leaf) === 0) {
      this.#nodes.dropLeaf(leaf);
      this.#dropChild(height - 1);
    } else {
      if (pathIndex[height] === 0) {
        const at = arena.wordOf(leaf) + HEADER;
        this.#setSeparator(height, arena.wordsOf(leaf)[at]!, arena.wordsOf(leaf)[at + LEAF_CAPACITY]!);
      }
      this.#joinSmall(height);
    }
    this.#lowerRoot();
  }

  /** The first member below the node on this level of the path is another one: tell the ancestor that names it. */
  #setSeparator(level: number, high: number, record: number): void {
    while (--level >= 0) {
      const i = pathIndex[level]!;
      if (i === 0) continue;
      const words = this.#arena.wordsOf(pathNode[level]!);
      const at = this.#arena.wordOf(pathNode[level]!) + HEADER + i;
      words[at + HALVES] = high;
      words[at + RECORDS] = record;
      return;
    }
  }

  /** The child on this level of the path is gone; frees every ancestor that has become empty with it. */
  #dropChild(level: number): void {
    for (; level >= 0; level--) {
      const node = pathNode[level]!;
      if (this.#nodes.count(node) === 1) {
        this.#nodes.free(node);
        continue;
      }
      const i = pathIndex[level]!;
      this.#nodes.removeChild(node, i);
      if (i === 0) {
        const at = this.#arena.wordOf(node) + HEADER;
        this.#setSeparator(
          level,
          this.#arena.wordsOf(node)[at + HALVES]!,
          this.#arena.wordsOf(node)[at + RECORDS]!,
        );
      }
      this.#joinSmall(level);
      return;
    }
    this.#root = this.#height = 0;
  }

  /**
   * From this level of the path upwards: joins a node that has fallen under a quarter with a neighbour under the same
   * parent, where both together fill at most three quarters, so that the next insertions do not split it again.
   */
  #joinSmall(level: number): void {
    const nodes = this.#nodes;
    for (; level > 0; level--) {
      const capacity = level === this.#height ? LEAF_CAPACITY : INNER_CAPACITY;
      const own = nodes.count(pathNode[level]!);
      if (own >= capacity >> 2) return;
      const parent = pathNode[level - 1]!;
      const words = this.#arena.wordsOf(parent);
      const at = this.#arena.wordOf(parent) + HEADER;
      const room = ((capacity * 3) >> 2) - own;
      let left = pathIndex[level - 1]!;
      if (left + 1 >= nodes.count(parent) || nodes.count(words[at + left + 1]!) > room) {
        left--;
        if (left < 0 || nodes.count(words[at + left]!) > room) return;
      }
      const right = at + left + 1;
      if (level === this.#height) nodes.joinLeaves(words[right - 1]!, words[right]!);
      else nodes.joinInner(words[right - 1]!, words[right]!, words[right + HALVES]!, words[right + RECORDS]!);
      words[right - 1 + SIZES]! += words[right + SIZES]!;
      nodes.removeChild(parent, left + 1);
    }
  }

  #lowerRoot(): void {
    while (this.#height > 0 && this.#nodes.count(this.#root) === 1) {
      const root = this.#root;
      this.#root = this.#arena.wordsOf(root)[this.#arena.wordOf(root) + HEADER]!;
      this.#height--;
      this.#nodes.free(root);
    }
  }
}
