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
import { Entry, LP_HEADER, lpPrev, lpSeek, lpSkip } from "./listpack.ts";
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
  /** Offset of the element's entry from the beginning of the node's listpack. */
  offset = 0;
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
    return this.#read(node.plain ? this.#start : lpSeek(this.#buf, this.#start, index - first));
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
    if (!node.plain) {
      const p = lpSkip(this.#buf, this.#start + this.offset);
      if (p < this.#end - 1) {
        this.index++;
        return this.#read(p);
      }
    }
    if (node.next === null) return this.#leave();
    this.index++;
    this.#load(node.next);
    return this.#read(this.#start + (node.next.plain ? 0 : LP_HEADER));
  }

  /** Goes to the previous element; false, and void, before the first. */
  prev(): boolean {
    const node = this.node!;
    if (!node.plain) {
      const p = lpPrev(this.#buf, this.#start, this.#start + this.offset);
      if (p >= 0) {
        this.index--;
        return this.#read(p);
      }
    }
    const before = node.prev;
    if (before === null) return this.#leave();
    this.index--;
    this.#load(before);
    return this.#read(before.plain ? this.#start : lpPrev(this.#buf, this.#start, this.#end - 1));
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
      this.#start = node.start;
      this.#end = node.end;
      return;
    }
    if (this.#scratch.length < node.rawLength) this.#scratch = new Uint8Array(node.rawLength);
    node.decompressInto(this.#scratch);
    this.#buf = this.#scratch;
    this.#start = 0;
    this.#end = node.rawLength;
  }

  #read(p: number): boolean {
    this.offset = p - this.#start;
    if (this.node!.plain) this.entry.set(this.#buf, this.#start, this.#end);
    else this.entry.read(this.#buf, p);
    return true;
  }
}
