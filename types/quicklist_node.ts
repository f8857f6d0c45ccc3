/**
 * The nodes of a quicklist and the rules that say what goes into one.
 *
 * A node is a listpack of neighbouring elements with free room on both sides (it is a `ListpackBuilder`), or, for an
 * element of giant size, that element alone and unpacked. Inner nodes may be held compressed. What fits into a node
 * follows `list-max-listpack-size` exactly as Redis counts it, so that a list is cut into the same blocks and a DUMP of
 * it has the same form.
 *
 * An object, a typed array and the runtime's books cost some 430 bytes, much for one block of 8 KiB. So in a long list
 * blocks well away from the ends are bundled: one node then holds several listpacks in a row, which can be read as they
 * stand, and is taken apart again when one of them is to be changed or an end of the list comes to it.
 */
import { LP_EMPTY_BYTES, LP_END, LP_HEADER, lpBytes, lpCount, lpSkip } from "./listpack.ts";
import { ListpackBuilder } from "./listpack_builder.ts";
import { lzfCompress, lzfDecompress } from "./lzf.ts";

/** What a list is told when it is made. One object is shared by all lists made under the same configuration. */
export interface QuicklistOptions {
  /** `list-max-listpack-size`: elements per node when positive, else a size class: -1 is 4 KiB ... -5 is 64 KiB. */
  fill: number;
  /** `list-compress-depth`: how many nodes at each end stay uncompressed; 0 compresses none. */
  compressDepth: number;
  /** Elements of at least this many bytes stand alone, unpacked (DEBUG QUICKLIST-PACKED-THRESHOLD). */
  packedThreshold: number;
}

/** What {@link QuicklistOptions.packedThreshold} is unless somebody debugs. */
export const DEFAULT_PACKED_THRESHOLD = 1 << 30;

/** Node sizes in bytes of the fills -1 to -5. */
const SIZE_CLASSES = [4096, 8192, 16384, 32768, 65536];
/** With a fill that counts elements, a node of more than one element stays below this many bytes. */
const COUNTED_NODE_BYTES = 8192;
/** What one more entry is reckoned to take beyond its own bytes. */
const ENTRY_ESTIMATE = 8;
/** Nodes smaller than this are not worth compressing, nor are gains smaller than the second number. */
const MIN_COMPRESS_BYTES = 48, MIN_COMPRESS_GAIN = 8;

/** Bytes of memory that a node costs beyond its buffer: the object, the typed array and the runtime's records. */
export const NODE_OVERHEAD = 430;
/** How many blocks make a bundle, and the most bytes that one may have. */
export const BUNDLE_BLOCKS = 16, BUNDLE_BYTES = 128 * 1024;

/** Bytes that a node may have under this fill; Infinity where only the count limits it. */
function bytesLimit(fill: number): number {
  if (fill >= 0) return COUNTED_NODE_BYTES;
  return SIZE_CLASSES[fill < -5 ? 4 : -fill - 1]!;
}

/**
 * Whether a listpack of this size and count may take one more element.
 *
 * @param bytes size of the listpack; @param size bytes of the element.
 */
export function packFits(bytes: number, count: number, size: number, options: QuicklistOptions): boolean {
  if (size >= options.packedThreshold) return false;
  if (bytes + size + ENTRY_ESTIMATE > bytesLimit(options.fill)) return false;
  return options.fill < 0 || count < options.fill;
}

/** Whether a listpack of this size and count is within what one node may hold. */
export function packWithinLimit(bytes: number, count: number, options: QuicklistOptions): boolean {
  if (bytes > bytesLimit(options.fill)) return false;
  return options.fill < 0 || count <= options.fill;
}

/** Room to decompress into and compress from; grows to the largest node seen, given back by `releaseScratch`. */
let scratch = new Uint8Array(16384);

function scratchOf(bytes: number): Uint8Array {
  if (scratch.length < bytes) scratch = new Uint8Array(bytes);
  return scratch;
}

/** One node. `buf[start, end)` is its listpack, or its only element when `plain`, or LZF of either, or a bundle. */
export class QuicklistNode extends ListpackBuilder {
  prev: QuicklistNode | null = null;
  next: QuicklistNode | null = null;
  /** The node is one element as it is, not a listpack. */
  plain = false;
  /** Size before compression; 0 when the node is not compressed. */
  rawLength = 0;
  /** Number of listpacks; more than one in a bundle. */
  blocks = 1;
  /** Where a walk has noted this node, -1 for nowhere: see quicklist_walk.ts. */
  noted = -1;

  /** A node for one giant element, which is copied. */
  static plainOf(buf: Uint8Array, from: number, to: number): QuicklistNode {
    const node = new QuicklistNode(0);
    node.adopt(buf.slice(from, to), 0, to - from, 1);
    node.plain = true;
    return node;
  }

  /** A node with a copy of the listpack that begins at `buf[start]`. */
  static packOf(buf: Uint8Array, start: number): QuicklistNode {
    const node = new QuicklistNode(0);
    const bytes = lpBytes(buf, start);
    node.adopt(buf.slice(start, start + bytes), 0, bytes, lpCount(buf, start));
    return node;
  }

  /** An unlinked copy of this node in a buffer of exactly its size, compressed or bundled as it is. */
  copy(): QuicklistNode {
    const node = this.twin();
    node.adopt(this.toBytes(), 0, this.length, this.count);
    return node;
  }

  /** An unlinked node of the same buffer. */
  twin(): QuicklistNode {
    const node = new QuicklistNode(0);
    node.adopt(this.buf, this.start, this.end, this.count);
    node.plain = this.plain;
    node.rawLength = this.rawLength;
    node.blocks = this.blocks;
    return node;
  }

  /** One node of the listpacks of this and the next nodes, `blocks` in all; none of them plain or compressed. */
  static bundleOf(first: QuicklistNode, blocks: number, bytes: number): QuicklistNode {
    const buf = new Uint8Array(bytes);
    let at = 0, count = 0;
    let node: QuicklistNode = first;
    for (let i = 0; i < blocks; i++, node = node.next!) {
      buf.set(node.view(), at);
      at += node.length;
      count += node.count;
    }
    const bundle = new QuicklistNode(0);
    bundle.adopt(buf, 0, bytes, count);
    bundle.blocks = blocks;
    return bundle;
  }

  /** End of the block that begins at `at`; in all but bundles the node's only one. */
  blockEnd(at: number): number {
    return this.blocks === 1 ? this.end : at + lpBytes(this.buf, at);
  }

  /** Whether the node is held compressed. */
  get compressed(): boolean {
    return this.rawLength > 0;
  }

  /** Size of the listpack (or the plain element) when not compressed. */
  get rawBytes(): number {
    return this.rawLength > 0 ? this.rawLength : this.end - this.start;
  }

  /** Whether an element of this many bytes may join the node. */
  fits(size: number, options: QuicklistOptions): boolean {
    return !this.plain && this.blocks === 1 && packFits(this.rawBytes, this.count, size, options);
  }

  /** Whether the node and its neighbour could be one. */
  mergesWith(other: QuicklistNode, options: QuicklistOptions): boolean {
    if (this.plain || other.plain || this.blocks + other.blocks > 2) return false;
    const bytes = this.rawBytes + other.rawBytes - LP_EMPTY_BYTES;
    return packWithinLimit(bytes, this.count + other.count, options);
  }

  /** Compresses the node where that gains something. */
  compress(): void {
    const raw = this.end - this.start;
    if (this.rawLength > 0 || raw < MIN_COMPRESS_BYTES) return;
    const room = scratchOf(raw);
    const size = lzfCompress(this.buf, this.start, this.end, room, 0, raw);
    if (size === 0 || size + MIN_COMPRESS_GAIN >= raw) return this.fit();
    this.buf = room.slice(0, size);
    this.start = 0;
    this.end = size;
    this.rawLength = raw;
  }

  /** Makes the node readable and changeable in place again. */
  decompress(): void {
    if (this.rawLength === 0) return;
    const raw = new Uint8Array(this.rawLength);
    this.decompressInto(raw);
    this.buf = raw;
    this.start = 0;
    this.end = raw.length;
    this.rawLength = 0;
  }

  /** Writes what the compressed node stands for to the beginning of `to`, which must have room for it. */
  decompressInto(to: Uint8Array): void {
    if (!lzfDecompress(this.buf, this.start, this.end, to, 0, this.rawLength)) {
      throw new Error(`a list node of ${this.rawLength} bytes does not decompress`);
    }
  }

  /**
   * Gives up room that the node will not need, once it is no longer at an end of the list.
   *
   * @returns the buffer that it had, for the next node to use, when it has moved to a smaller one.
   */
  seal(): Uint8Array | null {
    const { buf, length } = this;
    if (buf.length - length <= length >> 5) return null;
    this.fit();
    return buf;
  }

  /** Gives back room when most of the buffer is empty, with some left to grow into. */
  shrink(): void {
    const used = this.end - this.start;
    if (this.buf.length > 256 && used < this.buf.length >> 2) this.fit(used >> 2);
  }

  /**
   * Cuts the pack in two before the entry at `p`.
   *
   * @returns a new, unlinked node with the entries from `p` on; this one keeps those before it.
   */
  splitAt(p: number): QuicklistNode {
    const last = this.end - 1;
    let moved = 0;
    for (let q = p; q < last; q = lpSkip(this.buf, q)) moved++;
    const tail = new QuicklistNode(0);
    const bytes = last - p + LP_EMPTY_BYTES;
    const buf = new Uint8Array(bytes);
    buf.set(this.buf.subarray(p, this.end), LP_HEADER);
    tail.adopt(buf, 0, bytes, moved);
    tail.frame();
    this.end = p + 1;
    this.buf[p] = LP_END;
    this.count -= moved;
    this.frame();
    this.seal();
    return tail;
  }
}
