/**
 * How many nodes Redis's radix tree would need for a stream's keys: XINFO STREAM reports it, and clients compare.
 *
 * The tree has a node for each position at which keys part, a node for each run of bytes between such positions, and
 * one for each key's end. All of that follows from how many leading bytes each key shares with the one before it.
 */
import { StreamId } from "./stream_id.ts";
import { NodeCursor, type StreamNodes } from "./stream_nodes.ts";

/** Bytes of a key. */
const KEY_BYTES = 16;

/** Number of nodes of a radix tree with these keys, the root included; O(number of keys). */
export function radixTreeNodes(nodes: StreamNodes): number {
  const cursor = new NodeCursor();
  if (!nodes.seekFirst(cursor)) return 1;
  // Positions at which the keys part, from the root down to the latest key.
  const forks: number[] = [];
  const key = nodes.readKey(cursor, new StreamId());
  const previous = new StreamId();
  let count = 0;
  let sharedBefore = -1;
  while (nodes.next(cursor)) {
    previous.copy(key);
    const shared = sharedBytes(previous, nodes.readKey(cursor, key));
    count += leaf(Math.max(sharedBefore, shared)) + closeForks(forks, shared);
    if (forks[forks.length - 1] !== shared) forks.push(shared);
    sharedBefore = shared;
  }
  return count + leaf(sharedBefore) + closeForks(forks, -1);
}

/** The nodes of the forks below position `shared`, where the latest key leaves its predecessors. */
function closeForks(forks: number[], shared: number): number {
  let count = 0;
  while (forks.length > 0 && forks[forks.length - 1]! > shared) {
    const fork = forks.pop()!;
    const parent = Math.max(forks[forks.length - 1] ?? -1, shared);
    count += 1 + run(parent, fork);
  }
  return count;
}

/** The nodes of a key that parts from all others behind the fork at this position. */
function leaf(fork: number): number {
  return 1 + run(fork, KEY_BYTES);
}

/** The bytes between a fork, which takes one byte itself, and what follows: one node if there are any. */
function run(from: number, to: number): number {
  return to - from > 1 ? 1 : 0;
}

function sharedBytes(a: StreamId, b: StreamId): number {
  if (a.msHi !== b.msHi) return sharedOfWord(a.msHi, b.msHi);
  if (a.msLo !== b.msLo) return 4 + sharedOfWord(a.msLo, b.msLo);
  if (a.seqHi !== b.seqHi) return 8 + sharedOfWord(a.seqHi, b.seqHi);
  return 12 + sharedOfWord(a.seqLo, b.seqLo);
}

function sharedOfWord(a: number, b: number): number {
  return Math.clz32(a ^ b) >>> 3;
}
