/**
 * Quicklist: the large form of a list, a chain of packed blocks of neighbouring elements.
 *
 * Pushing and popping touch only the block at that end, which keeps free room on both sides: no element moves.
 * Reaching an index or changing the middle costs one walk over the blocks plus one within a block, as in Redis, whose
 * rules for cutting a list into blocks are followed exactly (quicklist_node.ts). The chain itself, bundles and
 * compression are in quicklist_chain.ts; reading goes through a `QuicklistCursor` (quicklist_cursor.ts).
 *
 * Spans handed in must not lie in the list's own blocks.
 */
import { giveBack } from "./bytes.ts";
import { type Entry, LP_HEADER, lpLast, lpPrev, lpSeek, lpSkip } from "./listpack.ts";
import type { Arena } from "./arena.ts";
import type { StoredObject } from "./kind.ts";
import { QuicklistChain, UNBUNDLED_NODES } from "./quicklist_chain.ts";
import type { QuicklistCursor } from "./quicklist_cursor.ts";
import { NODE_OVERHEAD, QuicklistNode, type QuicklistOptions } from "./quicklist_node.ts";

/** Bytes that the list object itself takes. */
const LIST_OVERHEAD = 120;
/** First buffer of a node at an end; it grows with what is pushed. */
const FIRST_NODE_BYTES = 128;
/** From so many nodes on, the room that an end node has grown is kept for what comes next. */
const REUSE_FROM_NODES = 4;
/** After removals two neighbours of at most this size each are joined, so that a thinned list does not stay cut up. */
const SMALL_NODE_BYTES = 1024;

/** A list of byte strings in packed blocks. */
export class Quicklist extends QuicklistChain implements StoredObject {
  /** A list of the elements of the listpack that begins at `buf[start]`, in one node, however large. */
  static ofPack(buf: Uint8Array, start: number, options: QuicklistOptions): Quicklist {
    const list = new Quicklist(options);
    list.appendPack(buf, start);
    return list;
  }

  /** Bytes of memory that the list takes, the runtime's share per node included. */
  memoryBytes(): number {
    return LIST_OVERHEAD + this.bytes + this.nodes * NODE_OVERHEAD;
  }

  /** No part of it is in the arena. */
  outsideBytes(): number {
    return this.memoryBytes();
  }

  get freeEffort(): number {
    return this.blocks;
  }

  /** A copy, cut into the same nodes; its blocks are the collector's, so the arena is not used. */
  cloneInto(_arena: Arena): Quicklist {
    const copy = new Quicklist(this.options);
    for (let node = this.head; node !== null; node = node.next) copy.linkAfter(node.copy(), copy.tail);
    copy.settle();
    return copy;
  }

  /**
   * Frees up to `budget` nodes of a list that is not used any more, and takes them apart: a cursor left somewhere in a
   * chain would keep all of it alive.
   */
  release(budget: number): boolean {
    let node = this.head;
    for (let left = budget; node !== null && left > 0; left--) {
      const next: QuicklistNode | null = node.next;
      node.prev = node.next = null;
      giveBack(node.buf);
      node = next;
    }
    this.head = node;
    if (node === null) this.tail = null;
    return node === null;
  }

  // -- The ends -------------------------------------------------------------------------------------------------

  /** Adds an element in front of the first. */
  pushHead(buf: Uint8Array, from: number, to: number): void {
    let node = this.head;
    if (node === null || !node.fits(to - from, this.options)) {
      node = this.#newEnd(node, true, buf, from, to);
      this.linkBefore(node, this.head);
      this.settle();
      if (this.nodes > 2 * UNBUNDLED_NODES) this.bundle(true);
      if (node.plain) return;
    } else if (this.guard !== null) this.guard.changing(node);
    this.bytes -= node.buf.length;
    node.prepend(buf, from, to);
    this.bytes += node.buf.length;
    this.length++;
  }

  /** Adds an element behind the last. */
  pushTail(buf: Uint8Array, from: number, to: number): void {
    let node = this.tail;
    if (node === null || !node.fits(to - from, this.options)) {
      node = this.#newEnd(node, false, buf, from, to);
      this.linkAfter(node, this.tail);
      this.settle();
      if (this.nodes > 2 * UNBUNDLED_NODES) this.bundle(false);
      if (node.plain) return;
    } else if (this.guard !== null) this.guard.changing(node);
    this.bytes -= node.buf.length;
    node.append(buf, from, to);
    this.bytes += node.buf.length;
    this.length++;
  }

  /** Points the entry at the first element; false in an empty list. Valid until the next change. */
  first(entry: Entry): boolean {
    const node = this.head;
    if (node === null) return false;
    if (node.plain) entry.set(node.buf, node.start, node.end);
    else entry.read(node.buf, node.start + LP_HEADER);
    return true;
  }

  /** Points the entry at the last element; false in an empty list. Valid until the next change. */
  last(entry: Entry): boolean {
    const node = this.tail;
    if (node === null) return false;
    if (node.plain) entry.set(node.buf, node.start, node.end);
    else entry.read(node.buf, lpPrev(node.buf, node.start, node.end - 1));
    return true;
  }

  /** Removes the first element of a list that is not empty. */
  dropHead(): void {
    const node = this.head!;
    this.#drop(node, node.start + LP_HEADER);
  }

  /** Removes the last element of a list that is not empty. */
  dropTail(): void {
    const node = this.tail!;
    this.#drop(node, lpPrev(node.buf, node.start, node.end - 1));
  }

  /** Removes one element of the node at an end. */
  #drop(node: QuicklistNode, p: number): void {
    if (node.count === 1) {
      this.unlink(node);
      this.settle();
      return;
    }
    if (this.guard !== null) this.guard.changing(node);
    if (this.nodes < REUSE_FROM_NODES) this.#deleteEntries(node, p, 1);
    else {
      // In a long list the node will soon be used up or filled again: its room is left alone.
      node.delete(p);
      this.length--;
    }
  }

  /**
   * A node for an end of the list that is about to take this element: empty, or holding it when it is giant. The node
   * that stands there gives up the room that it will not need any more.
   */
  #newEnd(
    old: QuicklistNode | null,
    atHead: boolean,
    buf: Uint8Array,
    from: number,
    to: number,
  ): QuicklistNode {
    let room: Uint8Array | null = null;
    if (old !== null) {
      if (this.guard !== null) this.guard.changing(old);
      this.bytes -= old.buf.length;
      room = old.seal();
      this.bytes += old.buf.length;
    }
    if (to - from >= this.options.packedThreshold) return QuicklistNode.plainOf(buf, from, to);
    if (room === null || this.nodes < REUSE_FROM_NODES) {
      return new QuicklistNode(
        old === null ? FIRST_NODE_BYTES : Math.max(FIRST_NODE_BYTES, old.rawBytes >> 2),
      );
    }
    const node = new QuicklistNode(0);
    node.buf = room;
    node.clear(atHead ? room.length : 0);
    return node;
  }

  // -- The middle -----------------------------------------------------------------------------------------------

  /** Inserts an element before or behind the cursor's; the cursor is void afterwards. */
  insert(cursor: QuicklistCursor, after: boolean, buf: Uint8Array, from: number, to: number): void {
    const node = this.openAt(cursor);
    this.#insertBy(node, cursor.offset, after, buf, from, to);
    this.settle();
  }

  /** Inserts before or behind the entry at this offset of an open node. The entry stays in `node` if `after`. */
  #insertBy(
    node: QuicklistNode,
    offset: number,
    after: boolean,
    buf: Uint8Array,
    from: number,
    to: number,
  ): void {
    // Where the new element goes in the pack: before this entry or terminator.
    const p = node.plain ? 0 : after ? lpSkip(node.buf, node.start + offset) : node.start + offset;
    const atBorder = node.plain || p === (after ? node.end - 1 : node.start + LP_HEADER);
    if (to - from >= this.options.packedThreshold) {
      if (!atBorder) this.#split(node, p);
      const plain = QuicklistNode.plainOf(buf, from, to);
      // A split leaves `node` in front of the cut, and that is where the new node belongs either way.
      if (after || !atBorder) this.linkAfter(plain, node);
      else this.linkBefore(plain, node);
    } else if (node.fits(to - from, this.options)) {
      this.#insertInto(node, p, buf, from, to);
    } else if (atBorder) {
      this.#insertBeside(node, after, buf, from, to);
    } else {
      const rest = this.#split(node, p);
      // As Redis does: the new element joins the part that was cut off from the pivot's.
      if (after) this.#insertInto(rest, rest.start + LP_HEADER, buf, from, to);
      else this.#insertInto(node, node.end - 1, buf, from, to);
      this.#mergeAround(after ? node : rest);
    }
  }

  #insertInto(node: QuicklistNode, p: number, buf: Uint8Array, from: number, to: number): void {
    this.bytes -= node.buf.length;
    node.insertAt(p, buf, from, to);
    this.bytes += node.buf.length;
    this.length++;
  }

  /** Inserts at the border of a full node: into the neighbour if it has room, else into a node of its own. */
  #insertBeside(node: QuicklistNode, after: boolean, buf: Uint8Array, from: number, to: number): void {
    const neighbour = after ? this.#nextOf(node) : this.#prevOf(node);
    if (neighbour !== null && neighbour.fits(to - from, this.options)) {
      this.open(neighbour);
      const p = after ? neighbour.start + LP_HEADER : neighbour.end - 1;
      return this.#insertInto(neighbour, p, buf, from, to);
    }
    const fresh = new QuicklistNode(FIRST_NODE_BYTES);
    if (after) this.linkAfter(fresh, node);
    else this.linkBefore(fresh, node);
    this.#insertInto(fresh, fresh.end - 1, buf, from, to);
  }

  /** Cuts a node before the entry at `p`. Returns the new node behind it. */
  #split(node: QuicklistNode, p: number): QuicklistNode {
    this.bytes -= node.buf.length;
    const rest = node.splitAt(p);
    this.bytes += node.buf.length;
    this.length -= rest.count;
    this.linkAfter(rest, node);
    return rest;
  }

  /** Replaces the cursor's element; the cursor is void afterwards. */
  replace(cursor: QuicklistCursor, buf: Uint8Array, from: number, to: number): void {
    const node = this.openAt(cursor);
    const giant = to - from >= this.options.packedThreshold;
    if (!node.plain && !giant) {
      this.bytes -= node.buf.length;
      node.replace(cursor.offset + node.start, buf, from, to);
      this.bytes += node.buf.length;
    } else {
      this.#insertBy(node, cursor.offset, true, buf, from, to);
      // The old element is its node's only one, or the last of what a split has left there, or still in its place.
      if (node.count === 1) this.unlink(node);
      else this.#deleteEntries(node, lpLast(node.buf, node.start), 1);
    }
    this.settle();
  }

  /**
   * Removes the cursor's element. With compression its node stays open until the next change elsewhere, so that
   * removing many elements of one node compresses it once.
   *
   * @returns whether an element followed it, where the cursor then stands; otherwise the cursor is void.
   */
  removeAt(cursor: QuicklistCursor): boolean {
    if (cursor.node!.compressed) this.settle();
    const node = this.openAt(cursor);
    const { index, offset } = cursor;
    if (node.count === 1) {
      const before = node.prev;
      this.unlink(node);
      this.settle();
      const next = before === null ? this.head : before.next;
      return next !== null && cursor.enter(next, index, LP_HEADER);
    }
    this.#deleteEntries(node, node.start + offset, 1);
    // What followed the element has moved up to its offset, if anything did or the next node has been joined.
    const joined = this.#joinNext(node);
    if (node.start + offset < node.end - 1 || joined) return cursor.enter(node, index, offset);
    return node.next !== null && cursor.enter(node.next, index, LP_HEADER);
  }

  /** Removes up to `count` elements from this index (0 or more) on. */
  deleteRange(index: number, count: number): void {
    let rest = Math.min(count, this.length - index);
    let node: QuicklistNode | null;
    let at = index;
    if (index < this.length - index) {
      node = this.head;
      while (node !== null && at >= node.count) {
        at -= node.count;
        node = node.next;
      }
    } else {
      node = this.tail;
      at = index - this.length;
      while (node !== null && (at += node.count) < 0) node = node.prev;
    }
    while (node !== null && rest > 0) {
      const here = Math.min(rest, node.count - at);
      if (here < node.count && node.blocks > 1) {
        node = this.unbundle(node);
        while (at >= node.count) {
          at -= node.count;
          node = node.next!;
        }
        continue;
      }
      const next: QuicklistNode | null = node.next;
      if (here === node.count) {
        this.unlink(node);
      } else {
        this.open(node);
        this.#deleteEntries(node, lpSeek(node.buf, node.start, at), here);
      }
      rest -= here;
      at = 0;
      node = next;
    }
    this.settle();
  }

  /** Deletes some but not all entries of an open node. */
  #deleteEntries(node: QuicklistNode, p: number, count: number): void {
    this.bytes -= node.buf.length;
    node.delete(p, count);
    node.shrink();
    this.bytes += node.buf.length;
    this.length -= count;
  }

  /** After a removal: joins the next node to this one when both have become small. */
  #joinNext(node: QuicklistNode): boolean {
    const next = node.next;
    if (next === null || next.compressed || node.rawBytes > SMALL_NODE_BYTES) return false;
    return next.rawBytes <= SMALL_NODE_BYTES && this.#merge(node, next);
  }

  /** After a split and an insertion: joins the neighbours of this node, and it with them, where they fit in one. */
  #mergeAround(center: QuicklistNode): void {
    const prev = this.#prevOf(center), next = this.#nextOf(center);
    const beforePrev = prev === null ? null : this.#prevOf(prev);
    const afterNext = next === null ? null : this.#nextOf(next);
    if (beforePrev !== null) this.#merge(beforePrev, prev!);
    if (afterNext !== null) this.#merge(next!, afterNext);
    const left = center.prev;
    const target = left !== null && this.#merge(left, center) ? left : center;
    if (target.next !== null) this.#merge(target, target.next);
  }

  /** The node before this one, out of its bundle. */
  #prevOf(node: QuicklistNode): QuicklistNode | null {
    if (node.prev !== null && node.prev.blocks > 1) this.unbundle(node.prev);
    return node.prev;
  }

  /** The node behind this one, out of its bundle. */
  #nextOf(node: QuicklistNode): QuicklistNode | null {
    if (node.next !== null && node.next.blocks > 1) this.unbundle(node.next);
    return node.next;
  }

  /** Moves the right node's elements into its left neighbour if both fit in one node. */
  #merge(left: QuicklistNode, right: QuicklistNode): boolean {
    if (!left.mergesWith(right, this.options)) return false;
    this.open(left);
    this.open(right);
    this.bytes -= left.buf.length;
    left.appendAll(right.buf, right.start);
    this.bytes += left.buf.length;
    this.length += right.count;
    this.unlink(right);
    return true;
  }

  // -- Whole nodes, for loading and saving ----------------------------------------------------------------------

  /** Adds a copy of the listpack that begins at `buf[start]`, valid and not empty, as the last node. */
  appendPack(buf: Uint8Array, start: number): void {
    this.#appendNode(QuicklistNode.packOf(buf, start));
  }

  /** Adds an element as a last node of its own, unpacked. */
  appendPlain(buf: Uint8Array, from: number, to: number): void {
    this.#appendNode(QuicklistNode.plainOf(buf, from, to));
  }

  #appendNode(node: QuicklistNode): void {
    this.linkAfter(node, this.tail);
    this.settle();
    if (this.nodes > 2 * UNBUNDLED_NODES) this.bundle(false);
  }
}
