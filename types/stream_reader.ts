/**
 * Reads a stream's entries out of its nodes, in either direction.
 *
 * A node is one listpack. It begins with the master entry, which names the fields of the node's first entry once:
 *
 *     live entries | deleted entries | number of fields | field ... | 0
 *
 * and goes on with entries, their IDs as differences to the node's key, each ending in the number of elements before
 * its last one, so that a reader can step backwards:
 *
 *     flags | ms - key ms | seq - key seq | number of fields | (field | value) ... | elements of this entry
 *
 * With the flag SAME_FIELDS the number and the names of the fields are left out, since they are the master entry's;
 * a deleted entry only has its flag set. The layout is Redis's: nodes go into RDB files and DUMP as they are.
 */
import { EMPTY_BYTES } from "./bytes.ts";
import { LP_END, LP_HEADER, lpBytes, lpInt, lpPrev, lpSkip } from "./listpack.ts";
import { NodeCursor, type StreamNodes } from "./stream_nodes.ts";
import { MAX_ID, MIN_ID, StreamId } from "./stream_id.ts";
import { addToU64, U64 } from "./u64.ts";

/** Flags of an entry. */
export const DELETED = 1, SAME_FIELDS = 2;

const sum = new U64();

/**
 * A cursor over the entries between two IDs. Reused: `start` begins a new walk, `next` moves to each entry that is
 * not deleted, `nextField` walks its fields. Nothing is copied; offsets are of listpack entries in `buf` and hold
 * until the stream changes.
 */
export class StreamReader {
  /** The current entry's ID. */
  readonly id = new StreamId();
  /** Number of fields of the current entry. */
  fieldCount = 0;
  /** The buffer that `field` and `value` are offsets of. */
  buf: Uint8Array = EMPTY_BYTES;
  /** Listpack entry of the current field's name. */
  field = 0;
  /** Listpack entry of the current field's value. */
  value = 0;

  readonly node = new NodeCursor();
  /** Listpack entry of the current entry's flags. */
  flagsAt = 0;
  flags = 0;
  readonly #key = new StreamId();
  readonly #from = new StreamId();
  readonly #to = new StreamId();
  #nodes: StreamNodes | null = null;
  #reverse = false;
  /** Whether the entries at the beginning that are known to be deleted may be passed over. */
  #skipsDead = true;
  #done = true;
  #masterCount = 0;
  #masterFields = 0;
  #firstEntry = 0;
  /** Where the current entry begins; before the first step, where the first one begins or the last one ends. */
  #at = 0;
  /** Whether `#at` is an entry that was read, rather than such a border. */
  #isOpen = false;
  #nextField = 0;
  #nextMaster = 0;
  #fieldsLeft = 0;

  /** Begins a walk over the entries from `from` to `to`, both included; with `reverse` from `to` down to `from`. */
  start(nodes: StreamNodes, from: StreamId, to: StreamId, reverse: boolean): this {
    this.#nodes = nodes;
    this.#from.copy(from);
    this.#to.copy(to);
    this.#reverse = reverse;
    const found = nodes.seek(reverse ? to : from, this.node) || (!reverse && nodes.seekFirst(this.node));
    this.#done = !found;
    if (found) this.#enterNode();
    return this;
  }

  /** Lets go of the stream. A reader that lives as long as the process would keep a deleted one in memory. */
  close(): void {
    this.#nodes = null;
    this.#done = true;
    this.buf = this.node.buf = EMPTY_BYTES;
  }

  /** As `start` for all entries forwards, but such that `nextPhysical` really finds the first one. */
  startPhysical(nodes: StreamNodes): this {
    this.#skipsDead = false;
    this.start(nodes, MIN_ID, MAX_ID, false);
    this.#skipsDead = true;
    return this;
  }

  /** How far from the first entry of its node the current one begins, in bytes. */
  get offsetInNode(): number {
    return this.flagsAt - this.#firstEntry;
  }

  /** Moves to the next entry that is not deleted. @returns false when there is none within the range. */
  next(): boolean {
    while (this.nextPhysical()) {
      if ((this.flags & DELETED) === 0) return true;
    }
    return false;
  }

  /** As `next`, deleted entries included. */
  nextPhysical(): boolean {
    while (!this.#done) {
      if (!this.#step()) {
        this.#done = !this.#leaveNode();
      } else if (this.#reverse) {
        if (this.id.compare(this.#to) > 0) continue;
        if (this.id.compare(this.#from) >= 0) return true;
        this.#done = true;
      } else {
        if (this.id.compare(this.#from) < 0) continue;
        if (this.id.compare(this.#to) <= 0) return true;
        this.#done = true;
      }
    }
    return false;
  }

  /** The ID of the last entry, deleted or not, of the cursor's node. Ends a walk that is under way. */
  lastOfNode(nodes: StreamNodes, cursor: NodeCursor): StreamId {
    this.#nodes = nodes;
    this.#reverse = true;
    this.#done = true;
    this.node.copy(cursor);
    this.#enterNode();
    this.#step();
    return this.id;
  }

  /** Moves to the next field of the current entry. @returns false after the last. */
  nextField(): boolean {
    if (this.#fieldsLeft === 0) return false;
    this.#fieldsLeft--;
    if (this.flags & SAME_FIELDS) {
      this.field = this.#nextMaster;
      this.#nextMaster = lpSkip(this.buf, this.field);
      this.value = this.#nextField;
    } else {
      this.field = this.#nextField;
      this.value = lpSkip(this.buf, this.field);
    }
    this.#nextField = lpSkip(this.buf, this.value);
    return true;
  }

  /** Reads the master entry of the cursor's node and stands before its first or behind its last entry. */
  #enterNode(): void {
    const { buf, start } = this.node;
    const nodes = this.#nodes!;
    this.buf = buf;
    nodes.readKey(this.node, this.#key);
    const fields = lpSkip(buf, lpSkip(buf, start + LP_HEADER));
    this.#masterCount = lpInt(buf, fields) as number;
    this.#masterFields = lpSkip(buf, fields);
    let at = this.#masterFields;
    for (let i = 0; i < this.#masterCount; i++) at = lpSkip(buf, at);
    this.#firstEntry = lpSkip(buf, at);
    if (this.#reverse) this.#at = start + lpBytes(buf, start) - 1;
    else this.#at = this.#firstEntry + (this.#skipsDead && nodes.isFirst(this.node) ? nodes.deadHead : 0);
    this.#isOpen = false;
  }

  #leaveNode(): boolean {
    const found = this.#reverse ? this.#nodes!.previous(this.node) : this.#nodes!.next(this.node);
    if (found) this.#enterNode();
    return found;
  }

  /** Reads the next entry of the node in the walk's direction. @returns false at the node's end. */
  #step(): boolean {
    const { buf } = this;
    let at = this.#at;
    if (this.#reverse) {
      if (at <= this.#firstEntry) return false;
      at = lpPrev(buf, this.node.start, at);
      for (let elements = lpInt(buf, at) as number; elements > 0; elements--) {
        at = lpPrev(buf, this.node.start, at);
      }
    } else {
      if (this.#isOpen) at = this.#entryEnd();
      if (buf[at] === LP_END) return false;
    }
    this.#at = at;
    this.#isOpen = true;
    this.#readEntry(at);
    return true;
  }

  /** Where the entry behind the current one begins, going on from the field that was read last. */
  #entryEnd(): number {
    const { buf } = this;
    let at = this.#nextField;
    const elements = this.flags & SAME_FIELDS ? this.#fieldsLeft : this.#fieldsLeft * 2;
    for (let i = 0; i < elements; i++) at = lpSkip(buf, at);
    return lpSkip(buf, at);
  }

  /** Reads the head of the entry at `at`. */
  #readEntry(at: number): void {
    const { buf } = this;
    const key = this.#key, id = this.id;
    this.flagsAt = at;
    this.flags = lpInt(buf, at) as number;
    at = lpSkip(buf, at);
    addToU64(key.msHi, key.msLo, lpInt(buf, at), sum);
    id.msHi = sum.hi;
    id.msLo = sum.lo;
    at = lpSkip(buf, at);
    addToU64(key.seqHi, key.seqLo, lpInt(buf, at), sum);
    id.seqHi = sum.hi;
    id.seqLo = sum.lo;
    at = lpSkip(buf, at);
    if (this.flags & SAME_FIELDS) {
      this.fieldCount = this.#masterCount;
    } else {
      this.fieldCount = lpInt(buf, at) as number;
      at = lpSkip(buf, at);
    }
    this.#fieldsLeft = this.fieldCount;
    this.#nextField = at;
    this.#nextMaster = this.#masterFields;
  }
}
