/**
 * The nodes of the tree that keeps a large sorted set in order (score_tree.ts): their layout and what is done to one
 * or two of them. Which node to split or join, and when, is the tree's business.
 *
 * All nodes are arena blocks of one size, so that a freed node is the next one's block whatever its level.
 *
 *   leaf   count, next leaf, previous leaf, (unused), high halves of scores x 94, records x 94
 *   inner  count, (unused) x 3, children x 47, members below each x 47, separators: high halves x 47, records x 47
 *
 * Separator i is the first member below child i, exactly; separator 0 has no meaning.
 */
import type { Arena } from "./arena.ts";

const NODE_WORDS = 192;
/** Bytes of a node. */
export const NODE_BYTES = NODE_WORDS * 4;
/** Words before the entries. Word 0 is their number. */
export const HEADER = 4;
/** Word of a leaf that links to its right neighbour, 0 for none. */
export const NEXT = 1;
/** Word of a leaf that links to its left neighbour, 0 for none. */
export const PREVIOUS = 2;

/** Members in a leaf at most; the distance from a high half to its record. */
export const LEAF_CAPACITY = (NODE_WORDS - HEADER) / 2;
/** Children of an inner node at most. */
export const INNER_CAPACITY = (NODE_WORDS - HEADER) / 4;
/** Distance from a child to the number of members below it. */
export const SIZES = INNER_CAPACITY;
/** Distance from a child to the high half of its separator. */
export const HALVES = 2 * INNER_CAPACITY;
/** Distance from a child to the record of its separator. */
export const RECORDS = 3 * INNER_CAPACITY;

const LEAF_RUNS = 2;
const INNER_RUNS = 4;

/** The nodes of one tree. */
export class ScoreNodes {
  /** Leftmost leaf, 0 for none. */
  first = 0;
  /** Rightmost leaf, 0 for none. */
  last = 0;
  /** Number of nodes. */
  size = 0;
  readonly #arena: Arena;

  constructor(arena: Arena) {
    this.#arena = arena;
  }

  /** An empty node without neighbours. */
  create(): number {
    const node = this.#arena.alloc(NODE_BYTES);
    const at = this.#arena.wordOf(node);
    this.#arena.wordsOf(node).fill(0, at, at + HEADER);
    this.size++;
    return node;
  }

  /** Gives a node back. */
  free(node: number): void {
    this.#arena.free(node);
    this.size--;
  }

  /** Number of entries of a node. */
  count(node: number): number {
    return this.#arena.wordsOf(node)[this.#arena.wordOf(node)]!;
  }

  /** Adds a member to a leaf that has room. */
  insertEntry(leaf: number, index: number, high: number, record: number): void {
    const words = this.#arena.wordsOf(leaf);
    const at = this.#arena.wordOf(leaf);
    const from = at + HEADER + index;
    for (let i = at + HEADER + words[at]!; i > from; i--) {
      words[i] = words[i - 1]!;
      words[i + LEAF_CAPACITY] = words[i + LEAF_CAPACITY - 1]!;
    }
    words[from] = high;
    words[from + LEAF_CAPACITY] = record;
    words[at]!++;
  }

  /** Takes `count` members out of a leaf. */
  removeEntries(leaf: number, index: number, count: number): void {
    this.#removeFrom(leaf, LEAF_CAPACITY, LEAF_RUNS, index, count);
  }

  /** Adds a child with `below` members and the separator (high, record) to an inner node that has room. */
  insertChild(node: number, index: number, child: number, below: number, high: number, record: number): void {
    const words = this.#arena.wordsOf(node);
    const at = this.#arena.wordOf(node) + HEADER;
    const count = words[at - HEADER]!;
    for (let run = 0; run < INNER_RUNS; run++) {
      const start = at + run * INNER_CAPACITY;
      words.copyWithin(start + index + 1, start + index, start + count);
    }
    words[at + index] = child;
    words[at + index + SIZES] = below;
    words[at + index + HALVES] = high;
    words[at + index + RECORDS] = record;
    words[at - HEADER] = count + 1;
  }

  /** Takes a child out of an inner node. */
  removeChild(node: number, index: number): void {
    this.#removeFrom(node, INNER_CAPACITY, INNER_RUNS, index, 1);
  }

  /** Moves the members from number `kept` on to a new leaf, the right neighbour. Returns it. */
  splitLeaf(leaf: number, kept: number): number {
    const right = this.create();
    this.#moveTail(leaf, LEAF_CAPACITY, LEAF_RUNS, kept, right);
    const next = this.link(leaf, NEXT);
    this.#setLink(leaf, NEXT, right);
    this.#setLink(right, PREVIOUS, leaf);
    this.#setLink(right, NEXT, next);
    if (next === 0) this.last = right;
    else this.#setLink(next, PREVIOUS, right);
    return right;
  }

  /** Moves the children from number `kept` on to a new inner node. Returns it. */
  splitInner(node: number, kept: number): number {
    const right = this.create();
    this.#moveTail(node, INNER_CAPACITY, INNER_RUNS, kept, right);
    return right;
  }

  /** Moves all members of a leaf to its left neighbour and frees it. */
  joinLeaves(into: number, from: number): void {
    this.#moveTail(from, LEAF_CAPACITY, LEAF_RUNS, 0, into);
    this.dropLeaf(from);
  }

  /** Moves all children of an inner node, whose own separator is (high, record), to the node before; frees it. */
  joinInner(into: number, from: number, high: number, record: number): void {
    const words = this.#arena.wordsOf(into);
    const joint = this.#arena.wordOf(into) + HEADER + this.count(into);
    this.#moveTail(from, INNER_CAPACITY, INNER_RUNS, 0, into);
    words[joint + HALVES] = high;
    words[joint + RECORDS] = record;
    this.free(from);
  }

  /** Unlinks a leaf and frees it. */
  dropLeaf(leaf: number): void {
    const next = this.link(leaf, NEXT);
    const previous = this.link(leaf, PREVIOUS);
    if (previous === 0) this.first = next;
    else this.#setLink(previous, NEXT, next);
    if (next === 0) this.last = previous;
    else this.#setLink(next, PREVIOUS, previous);
    this.free(leaf);
  }

  /** A leaf's neighbour ({@link NEXT} or {@link PREVIOUS}), 0 for none. */
  link(leaf: number, word: number): number {
    return this.#arena.wordsOf(leaf)[this.#arena.wordOf(leaf) + word]!;
  }

  #setLink(leaf: number, word: number, other: number): void {
    this.#arena.wordsOf(leaf)[this.#arena.wordOf(leaf) + word] = other;
  }

  /** Closes the gap of `gone` entries in each of a node's runs, which stand `stride` words apart. */
  #removeFrom(node: number, stride: number, runs: number, index: number, gone: number): void {
    const words = this.#arena.wordsOf(node);
    const at = this.#arena.wordOf(node);
    const count = words[at]!;
    for (let run = 0; run < runs; run++) {
      const start = at + HEADER + run * stride;
      for (let i = start + index; i + gone < start + count; i++) words[i] = words[i + gone]!;
    }
    words[at] = count - gone;
  }

  /** Moves the entries of a node from number `kept` on behind those of another one. */
  #moveTail(node: number, stride: number, runs: number, kept: number, to: number): void {
    const words = this.#arena.wordsOf(node);
    const at = this.#arena.wordOf(node);
    const toWords = this.#arena.wordsOf(to);
    const toAt = this.#arena.wordOf(to);
    const moved = words[at]! - kept;
    for (let run = 0; run < runs; run++) {
      const source = at + HEADER + run * stride + kept;
      const target = toAt + HEADER + run * stride + toWords[toAt]!;
      for (let i = 0; i < moved; i++) toWords[target + i] = words[source + i]!;
    }
    words[at] = kept;
    toWords[toAt]! += moved;
  }
}
