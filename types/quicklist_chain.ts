/**
 * The chain of a quicklist's nodes: links, books, and the two ways in which inner nodes are kept small.
 *
 * Every change in quicklist.ts goes the same way: `openAt` or `open` makes a node changeable in place, the change is
 * made, `settle` closes. What is closed again depends on the list. Without `list-compress-depth`, inner nodes are
 * bundled when new ones are added at an end, and taken apart when one of them is changed. With it, the blocks away
 * from the ends are held compressed; one that is opened for a change stays open until the next `settle`.
 */
import { giveBack } from "./bytes.ts";
import type { QuicklistCursor } from "./quicklist_cursor.ts";
import { BUNDLE_BLOCKS, BUNDLE_BYTES, QuicklistNode, type QuicklistOptions } from "./quicklist_node.ts";
import type { QuicklistWalk } from "./quicklist_walk.ts";

/** So many nodes at each end are left out of bundles, so that pushes and pops do not make and undo them in turn. */
export const UNBUNDLED_NODES = 4;

/** Nodes in order, with their books. */
export class QuicklistChain {
  readonly options: QuicklistOptions;
  /** Who walks through the nodes and must be told of each change. */
  guard: QuicklistWalk | null = null;
  head: QuicklistNode | null = null;
  tail: QuicklistNode | null = null;
  /** Number of elements. */
  length = 0;
  /** Number of blocks: what Redis calls nodes. */
  blocks = 0;
  /** Number of nodes in the chain; fewer than blocks where some are bundled. */
  nodes = 0;
  /** Bytes of all nodes' buffers; whoever changes a node keeps it right. */
  protected bytes = 0;
  /** Nodes that were opened for the change going on and may have to be compressed after it; null without compression. */
  readonly #opened: Set<QuicklistNode> | null;

  constructor(options: QuicklistOptions) {
    this.options = options;
    this.#opened = options.compressDepth > 0 ? new Set() : null;
  }

  /** Links a node (and counts its elements) behind another, which is null in an empty list only. */
  protected linkAfter(node: QuicklistNode, left: QuicklistNode | null): void {
    if (this.guard !== null) this.guard.linking();
    const right = left === null ? null : left.next;
    node.prev = left;
    node.next = right;
    if (left === null) this.head = node;
    else left.next = node;
    if (right === null) this.tail = node;
    else right.prev = node;
    this.#linked(node);
  }

  /** Links a node (and counts its elements) before another, which is null in an empty list only. */
  protected linkBefore(node: QuicklistNode, right: QuicklistNode | null): void {
    if (right === null || right.prev !== null) {
      return this.linkAfter(node, right === null ? null : right.prev);
    }
    if (this.guard !== null) this.guard.linking();
    node.next = right;
    right.prev = node;
    this.head = node;
    this.#linked(node);
  }

  #linked(node: QuicklistNode): void {
    this.nodes++;
    this.blocks += node.blocks;
    this.length += node.count;
    this.bytes += node.buf.length;
    if (!node.compressed) this.open(node);
  }

  /** Takes a node with all its elements out of the list; its buffer is gone then. */
  protected unlink(node: QuicklistNode): void {
    const isKept = this.guard !== null && this.guard.removing(node);
    const { prev, next } = node;
    if (prev === null) this.head = next;
    else prev.next = next;
    if (next === null) this.tail = prev;
    else next.prev = prev;
    node.prev = node.next = null;
    this.nodes--;
    this.blocks -= node.blocks;
    this.length -= node.count;
    this.bytes -= node.buf.length;
    node.count = 0;
    if (!isKept) giveBack(node.buf);
  }

  // -- Bundles --------------------------------------------------------------------------------------------------

  /** Bundles the nodes that are far enough from this end, once there are enough of them to make a full bundle. */
  protected bundle(atHead: boolean): void {
    if (this.#opened !== null) return;
    let node = atHead ? this.head : this.tail;
    for (let i = 0; i < UNBUNDLED_NODES; i++) node = atHead ? node!.next : node!.prev;
    let first = node!;
    let blocks = 0, bytes = 0;
    for (; node !== null && blocks < BUNDLE_BLOCKS; node = atHead ? node.next : node.prev) {
      if (node.plain || node.blocks > 1) return;
      if (bytes + node.length > BUNDLE_BYTES) break;
      bytes += node.length;
      blocks++;
      if (!atHead) first = node;
    }
    if (node === null || blocks < 2) return;
    const bundle = QuicklistNode.bundleOf(first, blocks, bytes);
    for (let i = 1; i < blocks; i++) this.unlink(first.next!);
    this.linkAfter(bundle, first);
    this.unlink(first);
  }

  /** Takes a bundle apart. Returns the first of the nodes that stand in its place. */
  protected unbundle(bundle: QuicklistNode): QuicklistNode {
    const { buf, end, prev, blocks } = bundle;
    let last = bundle;
    for (let at = bundle.start, i = 0; i < blocks; i++) {
      const node = QuicklistNode.packOf(buf, at);
      this.linkAfter(node, last);
      last = node;
      at = i + 1 < blocks ? bundle.blockEnd(at) : end;
    }
    this.unlink(bundle);
    return prev === null ? this.head! : prev.next!;
  }

  // -- Compression ----------------------------------------------------------------------------------------------

  /** Makes the cursor's node changeable in place, taking it out of a bundle if need be; the cursor follows. */
  protected openAt(cursor: QuicklistCursor): QuicklistNode {
    let node = cursor.node!;
    if (node.blocks > 1) {
      node = this.unbundle(node);
      while (cursor.offset >= node.length) {
        cursor.offset -= node.length;
        node = node.next!;
      }
      cursor.node = node;
    }
    return this.open(node);
  }

  /** Makes a node changeable in place; with compression it is closed again by `#settle`. */
  protected open(node: QuicklistNode): QuicklistNode {
    if (this.guard !== null) this.guard.changing(node);
    if (this.#opened === null) return node;
    this.#decompress(node);
    this.#opened.add(node);
    return node;
  }

  /**
   * Ends a change: no end is a bundle; with compression, the nodes near the ends are open, and the next ones and all
   * that were opened and are inner are not.
   */
  protected settle(): void {
    if (this.head !== null && this.head.blocks > 1) this.unbundle(this.head);
    if (this.tail !== null && this.tail.blocks > 1) this.unbundle(this.tail);
    if (this.#opened !== null) this.#compressInner(this.#opened);
  }

  #compressInner(opened: Set<QuicklistNode>): void {
    let left = this.head, right = this.tail;
    for (let i = this.options.compressDepth; i > 0 && left !== null && right !== null; i--) {
      this.#decompress(left);
      this.#decompress(right);
      opened.delete(left);
      opened.delete(right);
      // Where the two walks meet there are no inner nodes.
      if (left === right || left.next === right) return opened.clear();
      left = left.next;
      right = right.prev;
    }
    for (const node of opened) if (node.count > 0) this.#compress(node);
    opened.clear();
    if (left !== null) this.#compress(left);
    if (right !== null) this.#compress(right);
  }

  #compress(node: QuicklistNode): void {
    if (node.compressed) return;
    if (this.guard !== null) this.guard.changing(node);
    this.bytes -= node.buf.length;
    node.compress();
    this.bytes += node.buf.length;
  }

  #decompress(node: QuicklistNode): void {
    if (!node.compressed) return;
    if (this.guard !== null) this.guard.changing(node);
    this.bytes -= node.buf.length;
    node.decompress();
    this.bytes += node.buf.length;
  }
}
