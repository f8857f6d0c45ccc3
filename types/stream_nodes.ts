/**
 * The ordered nodes of a stream: listpacks keyed by the ID of their first entry.
 *
 * Redis keeps the nodes in a radix tree; since new entries always have the largest ID, nodes are only ever added at
 * the end, and a sorted sequence does the same work. A listpack in a buffer of its own would cost some hundred bytes
 * of JavaScript objects, a tenth to a quarter of what it holds. So up to BLOCK_NODES finished nodes share one block:
 * their listpacks stand one after the other in one buffer, their keys and offsets in one array of words. The last
 * node, the one that grows, always has a block to itself.
 *
 * The listpacks are byte for byte what RDB files and DUMP carry. What they hold is the business of stream.ts.
 */
import { copyBytes, EMPTY_BYTES, giveBack, writeU32 } from "./bytes.ts";
import { isRead, type Meter, type Reading } from "./id_table.ts";
import { LP_COUNT_UNKNOWN, LP_EMPTY_BYTES, LP_END, LP_HEADER, lpBytes, lpSkip } from "./listpack.ts";
import { lpIntBytes, lpWriteInt } from "./listpack_builder.ts";
import { StreamId } from "./stream_id.ts";
import { nodesForGone, nodesForNew, type SortedKeys } from "./stream_radix.ts";

/** Finished nodes share a block up to this many of them and this many bytes; a larger node has its own. */
const BLOCK_NODES = 64;
const BLOCK_BYTES = 131072;

/** Bytes of a full block that may stay unused, rather than copying the block to one of the right size. */
const WASTE = 1024;

/** Blocks from which on a stream is long enough for a block that is still to be filled not to matter. */
const LONG_STREAM = 8;

/** Words of a node in its block's index: the four of its ID, then where its listpack begins. */
const NODE_WORDS = 5;
const START = 4;

/** What a block costs beside its buffers: three objects, two buffers' bookkeeping, the allocator's share. */
const BLOCK_OVERHEAD = 450;

const FIRST_BYTES = 128;

/** A growing node takes half its size as room ahead, up to this: about what a whole node takes by default. */
const ROOM_AHEAD = 4096;

interface Block {
  /** NODE_WORDS for each node. */
  index: Uint32Array;
  /** Nodes `first` to `end - 1` are in use. */
  first: number;
  end: number;
  /** The listpacks of all nodes in use, in order, up to `used`; what stands before the first one is dead. */
  bytes: Uint8Array;
  used: number;
  /** Who reads `index` and `bytes` as well, of those who froze the nodes. */
  reading: Reading | null;
}

/** A place in StreamNodes: one node and where its listpack is. Valid until the nodes change by other means. */
export class NodeCursor {
  block = 0;
  node = 0;
  /** The buffer of the listpack. */
  buf: Uint8Array = EMPTY_BYTES;
  /** First byte of the listpack in `buf`. */
  start = 0;

  copy(other: NodeCursor): void {
    this.block = other.block;
    this.node = other.node;
    this.buf = other.buf;
    this.start = other.start;
  }
}

const lookup = new NodeCursor();
const goneKey = new StreamId();

/** The nodes of one stream. */
export class StreamNodes implements SortedKeys {
  /** Number of nodes. */
  count = 0;
  /** Number of nodes of the radix tree that Redis would keep these nodes in. */
  radixNodes = 1;
  /** Bytes of entries at the beginning of the first node that are known to be deleted; kept by stream.ts. */
  deadHead = 0;
  readonly #blocks: Block[] = [];
  readonly #meter: Meter;

  constructor(meter: Meter) {
    this.#meter = meter;
  }

  /** Puts the cursor on the first node. @returns false when there is none. */
  seekFirst(cursor: NodeCursor): boolean {
    return this.count > 0 && this.#place(cursor, 0, this.#blocks[0]!.first);
  }

  /** Puts the cursor on the last node. @returns false when there is none. */
  seekLast(cursor: NodeCursor): boolean {
    if (this.count === 0) return false;
    const at = this.#blocks.length - 1;
    return this.#place(cursor, at, this.#blocks[at]!.end - 1);
  }

  /** Puts the cursor on the last node that begins at or before `id`. @returns false when there is none. */
  seek(id: StreamId, cursor: NodeCursor): boolean {
    const at = this.#blockFor(id);
    if (at < 0) return false;
    const { index, first, end } = this.#blocks[at]!;
    let low = first, high = end - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (compareKey(index, middle, id) <= 0) low = middle;
      else high = middle - 1;
    }
    return this.#place(cursor, at, low);
  }

  atOrBelow(id: StreamId, out: StreamId): boolean {
    if (!this.seek(id, lookup)) return false;
    this.readKey(lookup, out);
    return true;
  }

  above(id: StreamId, out: StreamId): boolean {
    if (!(this.seek(id, lookup) ? this.next(lookup) : this.seekFirst(lookup))) return false;
    this.readKey(lookup, out);
    return true;
  }

  /** Whether the cursor is on the first node. */
  isFirst(cursor: NodeCursor): boolean {
    return cursor.block === 0 && cursor.node === this.#blocks[0]!.first;
  }

  /** Moves to the next node. @returns false when there is none. */
  next(cursor: NodeCursor): boolean {
    return this.#place(cursor, cursor.block, cursor.node + 1);
  }

  /** Moves to the node before. @returns false when there is none. */
  previous(cursor: NodeCursor): boolean {
    if (cursor.node > this.#blocks[cursor.block]!.first) {
      return this.#place(cursor, cursor.block, cursor.node - 1);
    }
    if (cursor.block === 0) return false;
    return this.#place(cursor, cursor.block - 1, this.#blocks[cursor.block - 1]!.end - 1);
  }

  /** Copies the ID that the cursor's node is keyed by into `out`. */
  readKey(cursor: NodeCursor, out: StreamId): StreamId {
    const { index } = this.#blocks[cursor.block]!;
    const at = cursor.node * NODE_WORDS;
    return out.assign(index[at]!, index[at + 1]!, index[at + 2]!, index[at + 3]!);
  }

  /** Adds an empty node behind the last one; `id` must be larger than every key. */
  append(id: StreamId): void {
    this.radixNodes += nodesForNew(this, id);
    const tail = this.#blocks[this.#blocks.length - 1];
    let bytes: Uint8Array | undefined;
    if (tail !== undefined) this.#own(tail);
    if (tail !== undefined && this.#joinFinished(tail)) {
      // Its listpack was copied: the buffer can serve again.
      bytes = this.#takeBlock(this.#blocks.length - 1).bytes;
    } else if (tail !== undefined) {
      this.#fit(tail);
    }
    bytes ??= new Uint8Array(FIRST_BYTES);
    writeU32(bytes, 0, LP_EMPTY_BYTES);
    bytes[4] = bytes[5] = 0;
    bytes[LP_HEADER] = LP_END;
    this.#addTail(id, bytes, LP_EMPTY_BYTES);
  }

  /** Adds a whole listpack, copied, as the last node; for loading. `id` must be larger than every key. */
  appendPacked(id: StreamId, buf: Uint8Array, start: number, end: number): void {
    this.append(id);
    const tail = this.#blocks[this.#blocks.length - 1]!;
    this.#reserve(tail, end - start - LP_EMPTY_BYTES);
    copyBytes(buf, start, end, tail.bytes, 0);
    tail.used = end - start;
  }

  /** Makes room for `bytes` more bytes of entries in the last node, which the cursor is on. */
  openLast(cursor: NodeCursor, bytes: number): void {
    const tail = this.#blocks[this.#blocks.length - 1]!;
    this.#own(tail);
    this.#reserve(tail, bytes);
    cursor.buf = tail.bytes;
  }

  /** Ends the last node's listpack at `end`, where `elements` entries were written behind its former ones. */
  closeLast(end: number, elements: number): void {
    const tail = this.#blocks[this.#blocks.length - 1]!;
    const { bytes } = tail;
    const start = tail.index[tail.first * NODE_WORDS + START]!;
    bytes[end] = LP_END;
    tail.used = end + 1;
    writeU32(bytes, start, tail.used - start);
    const stored = bytes[start + 4]! | (bytes[start + 5]! << 8);
    const count = Math.min(stored + elements, LP_COUNT_UNKNOWN);
    bytes[start + 4] = count;
    bytes[start + 5] = count >>> 8;
  }

  /**
   * Replaces the integer entry at `p` of the cursor's node.
   *
   * @returns by how many bytes what follows has moved; the cursor's `buf` and `start` are as they must be.
   */
  replaceInt(cursor: NodeCursor, p: number, value: number): number {
    const block = this.#blocks[cursor.block]!;
    this.#own(block);
    const behind = lpSkip(block.bytes, p);
    const moved = p + lpIntBytes(value) - behind;
    if (moved !== 0) {
      if (block.used + moved > block.bytes.length) this.#resize(block, block.used + moved);
      block.bytes.copyWithin(behind + moved, behind, block.used);
      block.used += moved;
      for (let node = cursor.node + 1; node < block.end; node++) {
        block.index[node * NODE_WORDS + START]! += moved;
      }
      writeU32(block.bytes, cursor.start, lpBytes(block.bytes, cursor.start) + moved);
    }
    lpWriteInt(block.bytes, p, value);
    cursor.buf = block.bytes;
    return moved;
  }

  /** Removes the cursor's node and moves the cursor to the one behind it. @returns false when there is none. */
  remove(cursor: NodeCursor): boolean {
    const at = cursor.block;
    const block = this.#blocks[at]!;
    const isTail = at === this.#blocks.length - 1;
    this.radixNodes -= nodesForGone(this, this.readKey(cursor, goneKey));
    if (this.isFirst(cursor)) this.deadHead = 0;
    this.count--;
    if (block.end - block.first === 1) {
      this.#dropBlock(at);
      if (isTail) this.#isolateLast();
      return this.#place(cursor, at, this.#blocks[at]?.first ?? 0) && !isTail;
    }
    this.#own(block);
    if (cursor.node === block.first) block.first++;
    else this.#cutOut(block, cursor.node);
    const offset = cursor.node - block.first + (cursor.node < block.first ? 1 : 0);
    this.#compact(block);
    const before = this.#mergeable(at - 1) ? this.#mergeWithNext(at - 1) : 0;
    if (before > 0) cursor.block--;
    else if (this.#mergeable(at)) this.#mergeWithNext(at);
    return this.#place(cursor, cursor.block, this.#blocks[cursor.block]!.first + before + offset);
  }

  /** The same nodes as they are now, until the reading is over, whatever happens to these. O(blocks). */
  freeze(reading: Reading): StreamNodes {
    const frozen = new StreamNodes({ bytes: 0 });
    frozen.count = this.count;
    frozen.deadHead = this.deadHead;
    for (const block of this.#blocks) {
      block.reading = reading;
      frozen.#blocks.push({ ...block, reading: null });
    }
    return frozen;
  }

  /** The buffers of a block are about to be changed. */
  #own(block: Block): void {
    if (block.reading === null) return;
    if (isRead(block)) {
      block.bytes = block.bytes.slice();
      block.index = block.index.slice();
    }
    block.reading = null;
  }

  /** Index of the last block that begins at or before the ID, -1 when there is none. */
  #blockFor(id: StreamId): number {
    let low = -1, high = this.#blocks.length - 1;
    if (high >= 0) {
      const last = this.#blocks[high]!;
      if (compareKey(last.index, last.first, id) <= 0) return high;
    }
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      const block = this.#blocks[middle]!;
      if (compareKey(block.index, block.first, id) <= 0) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** Puts the cursor on a node, or on the first of the next block where the node is past the end. */
  #place(cursor: NodeCursor, at: number, node: number): boolean {
    let block = this.#blocks[at];
    if (block !== undefined && node >= block.end) {
      block = this.#blocks[++at];
      if (block !== undefined) node = block.first;
    }
    if (block === undefined) return false;
    cursor.block = at;
    cursor.node = node;
    cursor.buf = block.bytes;
    cursor.start = block.index[node * NODE_WORDS + START]!;
    return true;
  }

  /** Copies the last node to the block of finished nodes before it. @returns false when it is too large for that. */
  #joinFinished(tail: Block): boolean {
    const size = liveBytes(tail);
    if (size > BLOCK_BYTES / 8) return false;
    let into = this.#blocks[this.#blocks.length - 2];
    if (
      into === undefined || isFull(into) || into.used + size > into.bytes.length && !this.#enlarge(into, size)
    ) {
      into = this.#newFinished(size);
      this.#blocks.splice(this.#blocks.length - 1, 0, into);
    }
    copyNode(tail, tail.first, into, into.end);
    into.end++;
    return true;
  }

  /**
   * A block for finished nodes of about `size` bytes. In a long stream it is made to be filled, since growing in
   * steps would copy, and leave to the garbage collector, twice as much as it stores.
   */
  #newFinished(size: number): Block {
    const nodes = Math.min(BLOCK_NODES, Math.floor(BLOCK_BYTES / size));
    const isLong = this.#blocks.length >= LONG_STREAM;
    return this.#newBlock(nodes, new Uint8Array(isLong ? size * nodes + WASTE / 2 : size));
  }

  /** Makes room for `size` more bytes in a block of finished nodes. @returns false when it is full. */
  #enlarge(block: Block, size: number): boolean {
    const needed = block.used + size;
    if (needed > BLOCK_BYTES) {
      if (block.bytes.length - block.used > WASTE) this.#fit(block);
      return false;
    }
    this.#resize(block, Math.min(needed + (needed >>> 2), BLOCK_BYTES));
    return true;
  }

  /** Adds the block of a new last node. */
  #addTail(id: StreamId, bytes: Uint8Array, used: number): void {
    const block = this.#newBlock(1, bytes);
    block.index[0] = id.msHi;
    block.index[1] = id.msLo;
    block.index[2] = id.seqHi;
    block.index[3] = id.seqLo;
    block.end = 1;
    block.used = used;
    this.#blocks.push(block);
    this.count++;
  }

  /** Gives what is now the last node a block to itself. */
  #isolateLast(): void {
    const block = this.#blocks[this.#blocks.length - 1];
    if (block === undefined || block.end - block.first === 1) return;
    this.#own(block);
    const node = block.end - 1;
    const tail = this.#newBlock(1, new Uint8Array(block.used - block.index[node * NODE_WORDS + START]!));
    copyNode(block, node, tail, 0);
    tail.end = 1;
    block.end--;
    block.used -= tail.used;
    this.#blocks.push(tail);
    this.#compact(block);
  }

  /** Takes a node that is not the first out of its block. */
  #cutOut(block: Block, node: number): void {
    const { bytes, index } = block;
    const start = index[node * NODE_WORDS + START]!;
    const size = lpBytes(bytes, start);
    bytes.copyWithin(start, start + size, block.used);
    block.used -= size;
    index.copyWithin(node * NODE_WORDS, (node + 1) * NODE_WORDS, block.end * NODE_WORDS);
    block.end--;
    for (let at = node; at < block.end; at++) index[at * NODE_WORDS + START]! -= size;
  }

  /** Drops the dead bytes of a block of finished nodes once they are half of it. */
  #compact(block: Block): void {
    const dead = block.index[block.first * NODE_WORDS + START]!;
    if (block.used - dead > block.bytes.length >>> 1) return;
    const bytes = block.bytes.slice(dead, block.used);
    this.#replaceBytes(block, bytes);
    block.used -= dead;
    block.index.copyWithin(0, block.first * NODE_WORDS, block.end * NODE_WORDS);
    block.end -= block.first;
    block.first = 0;
    for (let at = 0; at < block.end; at++) block.index[at * NODE_WORDS + START]! -= dead;
  }

  /** Whether this block and the next are finished ones and so small that one half-full block can hold both. */
  #mergeable(at: number): boolean {
    const block = this.#blocks[at], next = this.#blocks[at + 1];
    if (block === undefined || next === undefined || at + 2 >= this.#blocks.length) return false;
    return liveNodes(block) + liveNodes(next) <= BLOCK_NODES / 2 &&
      liveBytes(block) + liveBytes(next) <= BLOCK_BYTES / 2;
  }

  /** Moves both blocks' nodes to a new one. @returns how many nodes came from the first. */
  #mergeWithNext(at: number): number {
    const block = this.#blocks[at]!, next = this.#blocks[at + 1]!;
    const merged = this.#newBlock(BLOCK_NODES, new Uint8Array(liveBytes(block) + liveBytes(next)));
    for (let node = block.first; node < block.end; node++) copyNode(block, node, merged, merged.end++);
    for (let node = next.first; node < next.end; node++) copyNode(next, node, merged, merged.end++);
    this.#dropBlock(at + 1);
    this.#dropBlock(at);
    this.#blocks.splice(at, 0, merged);
    return liveNodes(block);
  }

  /** Frees up to `budget` blocks of a stream that is not used any more. @returns whether none is left. */
  release(budget: number): boolean {
    for (let left = budget; this.#blocks.length > 0 && left > 0; left--) this.#giveBack(this.#blocks.pop()!);
    this.count = 0;
    return this.#blocks.length === 0;
  }

  #newBlock(nodes: number, bytes: Uint8Array): Block {
    const index = new Uint32Array(nodes * NODE_WORDS);
    this.#meter.bytes += bytes.length + index.byteLength + BLOCK_OVERHEAD;
    return { index, first: 0, end: 0, bytes, used: 0, reading: null };
  }

  #dropBlock(at: number): void {
    this.#giveBack(this.#takeBlock(at));
  }

  #giveBack(block: Block): void {
    if (!isRead(block)) giveBack(block.bytes);
  }

  #takeBlock(at: number): Block {
    const block = this.#blocks[at]!;
    this.#meter.bytes -= block.bytes.length + block.index.byteLength + BLOCK_OVERHEAD;
    if (at === 0) this.#blocks.shift();
    else this.#blocks.splice(at, 1);
    return block;
  }

  #reserve(block: Block, bytes: number): void {
    const needed = block.used + bytes;
    if (needed <= block.bytes.length) return;
    this.#resize(block, needed + Math.max(Math.min(needed >>> 1, ROOM_AHEAD), needed >>> 3));
  }

  #fit(block: Block): void {
    if (block.used < block.bytes.length) this.#resize(block, block.used);
  }

  #resize(block: Block, capacity: number): void {
    const bytes = new Uint8Array(capacity);
    bytes.set(block.bytes.subarray(0, block.used));
    this.#replaceBytes(block, bytes);
  }

  #replaceBytes(block: Block, bytes: Uint8Array): void {
    this.#meter.bytes += bytes.length - block.bytes.length;
    this.#giveBack(block);
    block.bytes = bytes;
  }
}

/** Copies a node behind the listpacks of another block, as its node `to`. */
function copyNode(from: Block, node: number, into: Block, to: number): void {
  const source = node * NODE_WORDS, target = to * NODE_WORDS;
  for (let i = 0; i < START; i++) into.index[target + i] = from.index[source + i]!;
  into.index[target + START] = into.used;
  const start = from.index[source + START]!;
  const size = lpBytes(from.bytes, start);
  copyBytes(from.bytes, start, start + size, into.bytes, into.used);
  into.used += size;
}

function compareKey(index: Uint32Array, node: number, id: StreamId): number {
  const at = node * NODE_WORDS;
  return (index[at]! - id.msHi) || (index[at + 1]! - id.msLo) || (index[at + 2]! - id.seqHi) ||
    (index[at + 3]! - id.seqLo);
}

/** Whether the block's index has no room behind its last node. */
function isFull(block: Block): boolean {
  return block.end * NODE_WORDS === block.index.length;
}

function liveNodes(block: Block): number {
  return block.end - block.first;
}

function liveBytes(block: Block): number {
  return block.used - block.index[block.first * NODE_WORDS + START]!;
}
