/**
 * How many nodes Redis's radix tree would need for a stream's keys: XINFO STREAM reports it, and clients compare.
 *
 * The tree has a node for each position at which keys part (a fork), a node for each run of bytes between the root, a
 * fork and the next fork or a key's end where there are any, and one for each key's end. All of it follows from how
 * many leading bytes sorted keys share with their neighbours, so the number is kept without having the tree: what an
 * added or removed key changes is found by looking at a few keys around it, each by a binary search.
 */
import { MAX_WORD, StreamId } from "./stream_id.ts";

/** Bytes of a key. */
const KEY_BYTES = 16;
/** The position of the root's parent: what begins at the root begins behind it. */
const ABOVE_ROOT = -1;

/** Sorted keys, as far as counting needs them. Results are copied into `out`; false where there is no such key. */
export interface SortedKeys {
  /** The largest key at or below `id`. */
  atOrBelow(id: StreamId, out: StreamId): boolean;
  /** The smallest key above `id`. */
  above(id: StreamId, out: StreamId): boolean;
}

const bound = new StreamId();
const first = new StreamId();
const last = new StreamId();
const before = new StreamId();
const behind = new StreamId();
const sibling = new StreamId();

/** By how many nodes the tree grows when `key`, larger than all others, is added. `keys` does not have it yet. */
export function nodesForNew(keys: SortedKeys, key: StreamId): number {
  if (!keys.atOrBelow(key, last)) return endNodes(ABOVE_ROOT) - 1; // the empty tree has a root of its own
  const fork = sharedBytes(last, key);
  const parent = subtree(keys, key, fork);
  const top = sharedBytes(first, last);
  if (top === fork) return endNodes(fork); // one more way at a fork that is there already
  return 1 + endNodes(fork) + run(parent, fork) + run(fork, top) - run(parent, top);
}

/** By how many nodes the tree shrinks when `key` is removed. `keys` still has it. */
export function nodesForGone(keys: SortedKeys, key: StreamId): number {
  const left = neighbour(keys, key, -1, before) ? sharedBytes(before, key) : ABOVE_ROOT;
  const right = neighbour(keys, key, 1, behind) ? sharedBytes(behind, key) : ABOVE_ROOT;
  const fork = Math.max(left, right);
  if (fork === ABOVE_ROOT) return endNodes(ABOVE_ROOT) - 1;
  const parent = subtree(keys, key, fork);
  // Without the key, its subtree goes from the first to the last of the others.
  if (first.compare(key) === 0) first.copy(behind);
  if (last.compare(key) === 0) last.copy(before);
  const top = sharedBytes(first, last);
  if (top === fork) return endNodes(fork);
  return 1 + endNodes(fork) + run(parent, fork) + run(fork, top) - run(parent, top);
}

/**
 * Finds the keys that share their first `depth` bytes with `key`: the smallest of them into `first`, the largest into
 * `last`. There must be one.
 *
 * @returns the position of the fork above all of them.
 */
function subtree(keys: SortedKeys, key: StreamId, depth: number): number {
  keepBytes(bound.copy(key), depth, 0);
  const isLeftmost = !neighbour(keys, bound, -1, sibling);
  let parent = isLeftmost ? ABOVE_ROOT : sharedBytes(sibling, key);
  if (isLeftmost) keys.above(bound.setZero(), first);
  else keys.above(bound.copy(sibling), first);
  keepBytes(bound.copy(key), depth, MAX_WORD);
  keys.atOrBelow(bound, last);
  if (keys.above(bound, sibling)) parent = Math.max(parent, sharedBytes(sibling, key));
  return parent;
}

/** The key just below (-1) or above (1) `id`. */
function neighbour(keys: SortedKeys, id: StreamId, direction: number, out: StreamId): boolean {
  if (direction > 0) return keys.above(id, out);
  if (id.isZero()) return false;
  neighbourBound.copy(id).decrement();
  return keys.atOrBelow(neighbourBound, out);
}

const neighbourBound = new StreamId();

/** The nodes of a key's end and of the bytes that lead to it from the fork at this position. */
function endNodes(fork: number): number {
  return 1 + run(fork, KEY_BYTES);
}

/** The bytes between a fork, which takes one byte itself, and what follows: one node if there are any. */
function run(from: number, to: number): number {
  return to - from > 1 ? 1 : 0;
}

/** Leading bytes that two keys have in common, KEY_BYTES for equal ones. */
function sharedBytes(a: StreamId, b: StreamId): number {
  if (a.msHi !== b.msHi) return sharedOfWord(a.msHi, b.msHi);
  if (a.msLo !== b.msLo) return 4 + sharedOfWord(a.msLo, b.msLo);
  if (a.seqHi !== b.seqHi) return 8 + sharedOfWord(a.seqHi, b.seqHi);
  return 12 + sharedOfWord(a.seqLo, b.seqLo);
}

function sharedOfWord(a: number, b: number): number {
  return Math.clz32(a ^ b) >>> 3;
}

/** Fills all bits behind the first `count` bytes with those of `filler`, 0 or MAX_WORD. */
function keepBytes(id: StreamId, count: number, filler: number): void {
  id.msHi = keepOfWord(id.msHi, count, filler);
  id.msLo = keepOfWord(id.msLo, count - 4, filler);
  id.seqHi = keepOfWord(id.seqHi, count - 8, filler);
  id.seqLo = keepOfWord(id.seqLo, count - 12, filler);
}

function keepOfWord(word: number, count: number, filler: number): number {
  if (count >= 4) return word;
  if (count <= 0) return filler;
  const mask = MAX_WORD >>> (count * 8);
  return ((word & ~mask) | (filler & mask)) >>> 0;
}
