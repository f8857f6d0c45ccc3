/**
 * A walk over a large list that sees it as it was when the walk began, while it is being changed.
 *
 * As in table_walk.ts the list tells of each change before it. The first change makes the walk note down the nodes that it
 * has not passed; of each of these that is changed or goes, later, the walk keeps the block as it was, and the list goes on
 * with a copy. So a change costs one node at most, the first one a few nanoseconds for every node, and in memory it
 * is the nodes that were changed and not passed yet.
 */
import { giveBack } from "./bytes.ts";
import { endWalk, type Guard } from "./kind.ts";
import type { Quicklist } from "./quicklist.ts";
import { QuicklistNode } from "./quicklist_node.ts";

/** See the file comment. {@link close} must be called in the end, however that comes. */
export class QuicklistWalk implements Guard {
  /** Elements and blocks that there were when the walk began: so many come. */
  readonly count: number;
  readonly blocks: number;
  whenDone: (() => void) | null = null;
  readonly #list: Quicklist;
  /** The current node, null before the first and behind the last. */
  #node: QuicklistNode | null = null;
  /** The nodes from the one on that was current at the first change; null before that. */
  #noted: (QuicklistNode | null)[] | null = null;
  /** Index of the current node among them. */
  #at = -1;
  #hasBegun = false;

  /** Begins to walk. Only one walk at a time hears of changes: beside another one nothing may change until the end. */
  constructor(list: Quicklist) {
    this.#list = list;
    this.count = list.length;
    this.blocks = list.blocks;
    list.guard ??= this;
  }

  /** The current node, whose block stays as it is until {@link next}. To be asked for anew after each pause. */
  get node(): QuicklistNode {
    return this.#node!;
  }

  /** Goes on to the next node; false behind the last. */
  next(): boolean {
    if (this.#noted !== null) return this.#nextNoted(this.#noted);
    this.#node = this.#hasBegun ? this.#node!.next : this.#list.head;
    this.#hasBegun = true;
    return this.#node !== null;
  }

  #nextNoted(noted: (QuicklistNode | null)[]): boolean {
    this.#pass(noted);
    this.#at++;
    this.#node = this.#at < noted.length ? noted[this.#at]! : null;
    return this.#node !== null;
  }

  /** Nobody needs the current node's block any more. */
  #pass(noted: (QuicklistNode | null)[]): void {
    if (this.#node === null) return;
    if (this.#node.noted < 0) giveBack(this.#node.buf); // the walk's own
    else this.#node.noted = -1;
    if (this.#at >= 0) noted[this.#at] = null;
  }

  /** The list need not tell of changes any more. */
  close(): void {
    const noted = this.#noted;
    if (noted !== null) {
      for (let at = Math.max(0, this.#at); at < noted.length; at++) noted[at]!.noted = -1;
      this.#at = noted.length = 0;
    }
    this.#node = null;
    this.#hasBegun = true;
    endWalk(this.#list, this);
  }

  // -- What the list tells ------------------------------------------------------------------------------------------

  /** A new node is about to be linked. */
  linking(): void {
    this.#noted ??= this.#note();
  }

  /** This node's block is about to be changed in place: afterwards the node has a copy, in a buffer of the same form. */
  changing(node: QuicklistNode): void {
    if (this.#keeps(node)) node.buf = node.buf.slice();
  }

  /** This node is about to go. True where its buffer is the walk's from now on. */
  removing(node: QuicklistNode): boolean {
    return this.#keeps(node);
  }

  /** If this node's block is still to come, or current, the walk keeps it as it is: in a node of its own. */
  #keeps(node: QuicklistNode): boolean {
    const noted = this.#noted ??= this.#note();
    const at = node.noted;
    if (at < 0) return false;
    const own = noted[at] = node.twin();
    node.noted = -1;
    if (at === this.#at) this.#node = own;
    return true;
  }

  /** Notes down the current node and all that are behind it. */
  #note(): QuicklistNode[] {
    const noted: QuicklistNode[] = [];
    let node = this.#hasBegun ? this.#node : this.#list.head;
    if (node !== null && this.#hasBegun) this.#at = 0;
    for (; node !== null; node = node.next) {
      node.noted = noted.length;
      noted.push(node);
    }
    return noted;
  }
}
