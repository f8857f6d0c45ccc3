/**
 * One list as commands see it, packed or large: the only place that knows both.
 *
 * A view is made once and shown one value after another, so that a command allocates nothing. It reads a packed value
 * where it lies; the first change copies it into the view's builder, from where the owner stores it again. A large
 * value is changed in place. A packed value that outgrows one block becomes a large one, and a large one that has
 * shrunk to a small block becomes packed: after a change the owner stores `list`, or `buf[start, end)` where it is null.
 *
 * The view has one current element (`entry`), set by `seek`, `next`, `prev` and `end`; changes end it unless they say
 * otherwise.
 */
import { EMPTY_BYTES } from "./bytes.ts";
import { Entry, LP_EMPTY_BYTES, LP_HEADER, lpBytes, lpCount, lpPrev, lpSeek, lpSkip } from "./listpack.ts";
import { ListpackBuilder } from "./listpack_builder.ts";
import { Quicklist } from "./quicklist.ts";
import { QuicklistCursor } from "./quicklist_cursor.ts";
import { packFits, type QuicklistOptions } from "./quicklist_node.ts";

/**
 * Largest packed list in bytes. Up to here copying the block for each change costs less than a command does, and the
 * objects of a large list would be a good part of its size.
 */
export const LIST_PACKED_BYTES = 4096;
/** A large list that has shrunk to one block of this size becomes packed: half, so that it does not go to and fro. */
const REPACK_BYTES = LIST_PACKED_BYTES / 2;
/** A builder larger than this is given up once its value is stored. */
const KEEP_BUILDER_BYTES = 64 * 1024;

/** A list of either form. */
export class ListView {
  /** How lists that become large are made. */
  options: QuicklistOptions;
  /** The large list, null while it is packed. */
  list: Quicklist | null = null;
  /** The packed list, when `list` is null. */
  buf: Uint8Array = EMPTY_BYTES;
  start = 0;
  end = 0;
  /** Number of elements. */
  length = 0;
  readonly #entry = new Entry();
  readonly #cursor = new QuicklistCursor();
  readonly #builder = new ListpackBuilder(512);
  /** The packed list is in the builder. */
  #editing = false;
  /** Offset of the current element from `start`, when packed. */
  #offset = 0;

  constructor(options: QuicklistOptions) {
    this.options = options;
  }

  // -- What it shows --------------------------------------------------------------------------------------------

  /** Shows the packed list that begins at `buf[start]`. */
  showPacked(buf: Uint8Array, start: number): this {
    this.#show(null, lpCount(buf, start));
    this.buf = buf;
    this.start = start;
    this.end = start + lpBytes(buf, start);
    return this;
  }

  /** Shows a large list. */
  showObject(list: Quicklist): this {
    this.#show(list, list.length);
    return this;
  }

  /** Shows a list without elements, packed, in the view's own builder. */
  showEmpty(): this {
    this.#show(null, 0);
    this.#builder.clear();
    this.#editing = true;
    this.#takeBuilder();
    return this;
  }

  /** Lets go of what is shown, so that the view does not keep a deleted list alive. */
  release(): void {
    this.#show(null, 0);
    this.#cursor.release();
    this.buf = EMPTY_BYTES;
  }

  #show(list: Quicklist | null, length: number): void {
    if (this.#editing) this.#builder.release(KEEP_BUILDER_BYTES);
    this.list = list;
    this.length = length;
    this.#editing = false;
  }

  // -- The current element --------------------------------------------------------------------------------------

  /** The current element. Call `text()` on it for its bytes; they hold until the next step or change. */
  get entry(): Entry {
    return this.list === null ? this.#entry : this.#cursor.entry;
  }

  /** Goes to the element with this index; false when there is none (negative indexes do not count from the end). */
  seek(index: number): boolean {
    if (index < 0 || index >= this.length) return false;
    if (this.list !== null) return this.#cursor.seek(this.list, index);
    return this.#read(lpSeek(this.buf, this.start, index));
  }

  /** Goes to the first or the last element of a list that is not empty. */
  seekEnd(atHead: boolean): void {
    const list = this.list;
    if (list === null) {
      this.#read(atHead ? this.start + LP_HEADER : lpPrev(this.buf, this.start, this.end - 1));
    } else if (atHead) {
      list.first(this.#cursor.entry);
    } else {
      list.last(this.#cursor.entry);
    }
  }

  /** Goes to the next element; false behind the last. */
  next(): boolean {
    if (this.list !== null) return this.#cursor.next();
    const p = lpSkip(this.buf, this.start + this.#offset);
    return p < this.end - 1 && this.#read(p);
  }

  /** Goes to the previous element; false before the first. */
  prev(): boolean {
    if (this.list !== null) return this.#cursor.prev();
    const p = lpPrev(this.buf, this.start, this.start + this.#offset);
    return p >= 0 && this.#read(p);
  }

  #read(p: number): boolean {
    this.#offset = p - this.start;
    this.#entry.read(this.buf, p);
    return true;
  }

  // -- Changes --------------------------------------------------------------------------------------------------

  /** Adds an element in front of the first or behind the last. */
  push(atHead: boolean, buf: Uint8Array, from: number, to: number): void {
    this.length++;
    if (this.list === null) {
      if (this.#fits(to - from)) {
        if (atHead) this.#builder.prepend(buf, from, to);
        else this.#builder.append(buf, from, to);
        return this.#takeBuilder();
      }
      this.#enlarge(false);
    }
    if (atHead) this.list!.pushHead(buf, from, to);
    else this.list!.pushTail(buf, from, to);
  }

  /** Removes the first or the last element of a list that is not empty. */
  drop(atHead: boolean): void {
    this.length--;
    if (this.list !== null) {
      if (atHead) this.list.dropHead();
      else this.list.dropTail();
      return;
    }
    const builder = this.#edit();
    builder.delete(atHead ? builder.start + LP_HEADER : lpPrev(builder.buf, builder.start, builder.end - 1));
    this.#takeBuilder();
  }

  /** Inserts an element before or behind the current one. */
  insert(after: boolean, buf: Uint8Array, from: number, to: number): void {
    this.length++;
    if (this.list === null) {
      if (this.#fits(to - from)) {
        const p = this.#builder.start + this.#offset;
        this.#builder.insertAt(after ? lpSkip(this.#builder.buf, p) : p, buf, from, to);
        return this.#takeBuilder();
      }
      this.#enlarge(true);
    }
    this.list!.insert(this.#cursor, after, buf, from, to);
  }

  /** Replaces the current element. */
  replace(buf: Uint8Array, from: number, to: number): void {
    if (this.list === null) {
      if (this.#hasRoomFor(to - from)) {
        this.#edit().replace(this.#builder.start + this.#offset, buf, from, to);
        return this.#takeBuilder();
      }
      this.#enlarge(true);
    }
    this.list!.replace(this.#cursor, buf, from, to);
  }

  /**
   * Removes the current element.
   *
   * @returns whether an element followed it, which is then the current one.
   */
  remove(): boolean {
    this.length--;
    if (this.list !== null) return this.list.removeAt(this.#cursor);
    const next = this.#edit().delete(this.#builder.start + this.#offset);
    this.#takeBuilder();
    return next >= 0 && this.#read(next);
  }

  /** Removes the current element and steps backwards; false when none stands before it. */
  removeBackwards(): boolean {
    return this.remove() ? this.prev() : this.seek(this.length - 1);
  }

  /** Removes up to `count` elements from this index (0 or more) on. */
  deleteRange(index: number, count: number): void {
    if (count <= 0 || index >= this.length) return;
    this.length -= Math.min(count, this.length - index);
    if (this.list !== null) return this.list.deleteRange(index, count);
    this.#edit().deleteRange(index, count);
    this.#takeBuilder();
  }

  /**
   * Makes a large list that has become small packed again; to be called when the changes are done. Does nothing while
   * the list stays large.
   */
  repack(): void {
    const node = this.list === null || this.list.nodes !== 1 ? null : this.list.head!;
    if (node === null || node.plain || node.blocks > 1 || node.length > REPACK_BYTES) return;
    // The large list's buffers go with it, before the packed one is stored.
    this.#builder.load(node.buf, node.start);
    this.#editing = true;
    this.list = null;
    this.#takeBuilder();
  }

  /** Whether the packed list takes one more element and stays packed; it is then in the builder. */
  #fits(size: number): boolean {
    const bytes = this.end - this.start;
    if (!this.#hasRoomFor(size) || !packFits(bytes, this.length - 1, size, this.options)) return false;
    this.#edit();
    return true;
  }

  /** Whether the packed list may take these bytes too and stay packed. */
  #hasRoomFor(size: number): boolean {
    if (size >= this.options.packedThreshold) return false;
    return this.end - this.start + size <= LIST_PACKED_BYTES;
  }

  /** The packed list, in the builder. */
  #edit(): ListpackBuilder {
    if (!this.#editing) {
      this.#builder.load(this.buf, this.start);
      this.#editing = true;
      this.#takeBuilder();
    }
    return this.#builder;
  }

  #takeBuilder(): void {
    this.buf = this.#builder.buf;
    this.start = this.#builder.start;
    this.end = this.#builder.end;
  }

  /** Makes the packed list a large one; the current element, if there is one, stays the current one. */
  #enlarge(hasCurrent: boolean): void {
    const { buf, start } = this;
    this.list = new Quicklist(this.options);
    if (this.end - start > LP_EMPTY_BYTES) this.list.appendPack(buf, start);
    if (hasCurrent) this.#cursor.enter(this.list.head!, 0, this.#offset);
  }
}
