/**
 * A reusable cursor over the elements of a quicklist, in both directions, without allocation per element.
 *
 * A compressed node is decompressed into the cursor's own room, so that reading a list changes nothing in it:
 *
 *     for (let more = cursor.seek(list, 0); more; more = cursor.next()) use(cursor.entry);
 *
 * Any change of the list voids the cursor, except where the changing method says otherwise.
 */
import { EMPTY_BYTES } from "./bytes.ts";
import { Entry, LP_HEADER, lpCount, lpPrev, lpSeek, lpSkip } from "./listpack.ts";
import type { Quicklist } from "./quicklist.ts";
import type { QuicklistNode } from "./quicklist_node.ts";

/** Where a cursor keeps decompressed nodes is given back when it has become larger than this. */
const SCRATCH_KEPT = 65536;

/** A place in a quicklist; see the file comment. */
export class QuicklistCursor {
  /** The element here. */
  readonly entry: Entry = new Entry();
  /** The node here; null before the first `seek` and when void. */
  node: QuicklistNode | null = null;
  /** Index of the element in the list. */
  index = 0;
  /** Offset of the element's entry from the beginning of the node's listpack, or bundle of them. */
  offset = 0;
  /** Where the entry is in `#buf`. */
  #p = 0;
  /** The node's readable block is `#buf[#start, #end)`. */
  #buf: Uint8Array = EMPTY_BYTES;
  #start = 0;
  #end = 0;
  #scratch: Uint8Array = EMPTY_BYTES;

  /** Goes to the element with this index (0 or more); false, and void, when there is none. */
  seek(list: Quicklist, index: number): boolean {
    if (index < 0 || index >= list.length) {
      this.node = null;
      return false;
    }
    let node: QuicklistNode;
    let first: number;
    if (index < list.length >> 1) {
      node = list.head!;
      first = 0;
      while (index >= first + node.count) {
        first += node.count;
        node = node.next!;
      }
    } else {
      node = list.tail!;
      first = list.length - node.count;
      while (index < first) {
        node = node.prev!;
        first -= node.count;
      }
    }
    this.index = index;
    this.#load(node);
    if (node.plain) return this.#read(this.#start);
    if (node.blocks > 1) {
      for (let count = lpCount(this.#buf, this.#start); index >= first + count;) {
        first += count;
        this.#loadBlock(this.#end);
        count = lpCount(this.#buf, this.#start);
      }
    }
    return this.#read(lpSeek(this.#buf, this.#start, index - first));
  }

  /** Goes to the entry at this offset of a node, which has this index in the list. For the list itself. */
  enter(node: QuicklistNode, index: number, offset: number): boolean {
    this.index = index;
    this.#load(node);
    return this.#read(node.plain ? this.#start : this.#start + offset);
  }

  /** Goes to the next element; false, and void, behind the last. */
  next(): boolean {
    const node = this.node!;
    this.index++;
    if (!node.plain) {
      const p = lpSkip(this.#buf, this.#p);
      if (p < this.#end - 1) return this.#read(p);
      if (node.blocks > 1 && this.#end < node.end) {
        this.#loadBlock(this.#end);
        return this.#read(this.#start + LP_HEADER);
      }
    }
    if (node.next === null) return this.#leave();
    this.#load(node.next);
    return this.#read(node.next.plain ? this.#start : this.#start + LP_HEADER);
  }

  /** Goes to the previous element; false, and void, before the first. */
  prev(): boolean {
    let node = this.node!;
    this.index--;
    if (!node.plain) {
      const p = lpPrev(this.#buf, this.#start, this.#p);
      if (p >= 0) return this.#read(p);
    }
    let before = node.end;
    if (node.blocks > 1 && this.#start > node.start) {
      before = this.#start;
    } else {
      if (node.prev === null) return this.#leave();
      node = node.prev;
      before = node.end;
      this.#load(node);
    }
    while (node.blocks > 1 && this.#end !== before) {
      this.#loadBlock(this.#end < before ? this.#end : node.start);
    }
    return this.#read(node.plain ? this.#start : lpPrev(this.#buf, this.#start, this.#end - 1));
  }

  /** Lets go of the list, so that a cursor kept for reuse does not keep a deleted list alive. */
  release(): void {
    this.node = null;
    this.#buf = EMPTY_BYTES;
    this.entry.set(EMPTY_BYTES, 0, 0);
    if (this.#scratch.length > SCRATCH_KEPT) this.#scratch = EMPTY_BYTES;
  }

  #leave(): boolean {
    this.node = null;
    return false;
  }

  #load(node: QuicklistNode): void {
    this.node = node;
    if (!node.compressed) {
      this.#buf = node.buf;
      this.#loadBlock(node.start);
      return;
    }
    if (this.#scratch.length < node.rawLength) this.#scratch = new Uint8Array(node.rawLength);
    node.decompressInto(this.#scratch);
    this.#buf = this.#scratch;
    this.#start = 0;
    this.#end = node.rawLength;
  }

  /** Makes the block of the (not compressed) node that begins at `at` the readable one. */
  #loadBlock(at: number): void {
    this.#start = at;
    this.#end = this.node!.blockEnd(at);
  }

  #read(p: number): boolean {
    this.#p = p;
    this.offset = p - (this.node!.blocks > 1 ? this.node!.start : this.#start);
    if (this.node!.plain) this.entry.set(this.#buf, this.#start, this.#end);
    else this.entry.read(this.#buf, p);
    return true;
  }
}
