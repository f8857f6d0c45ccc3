/**
 * The allocator under every table: size-classed blocks in ArrayBuffers outside the JavaScript heap.
 *
 * Why: a million small JavaScript objects cost several hundred bytes each and long garbage collections; bytes in
 * ArrayBuffers cost what they weigh, and the collector never looks inside. An address is one unsigned 32-bit
 * number (chunk id and 8-byte unit), so that an index is a Uint32Array. Chunks hold blocks of one size class, are
 * filled from the front (untouched pages are never resident) and are dropped as soon as their last block is freed,
 * which is how memory goes back to the system. Blocks over LARGEST_CLASS get a chunk of their own.
 *
 * Address 0 is "none". Limits: 2^17 chunks of 256 KiB, 32 GiB in all.
 */

import { giveBack } from "./bytes.ts";

const UNIT_SHIFT = 3;
const CHUNK_BYTES = 256 * 1024;
const CHUNK_UNIT_BITS = 15;
const CHUNK_UNITS = 1 << CHUNK_UNIT_BITS;
const UNIT_MASK = CHUNK_UNITS - 1;
const MAX_CHUNKS = 1 << 17;
/** Blocks above this many bytes get a chunk of their own. */
export const LARGEST_CLASS = 16 * 1024;
/** Own chunks are rounded up to whole pages. */
const PAGE = 4096;
const HUGE = 255;

/** Block sizes in bytes: steps of 8 to 128, then eight classes for each doubling (at most 12.5% is lost). */
const CLASS_BYTES: readonly number[] = (() => {
  const sizes: number[] = [];
  for (let size = 8; size <= 128; size += 8) sizes.push(size);
  for (let base = 128; base < LARGEST_CLASS; base *= 2) {
    for (let i = 1; i <= 8; i++) sizes.push(base + (base / 8) * i);
  }
  return sizes;
})();

/** Class of a block by its size in units. */
const CLASS_OF_UNITS: Uint8Array = (() => {
  const table = new Uint8Array((LARGEST_CLASS >> UNIT_SHIFT) + 1);
  let cls = 0;
  for (let units = 0; units < table.length; units++) {
    while (CLASS_BYTES[cls]! < units << UNIT_SHIFT) cls++;
    table[units] = cls;
  }
  return table;
})();

const NO_BYTES = new Uint8Array(0);
const NO_WORDS = new Uint32Array(0);
const NO_VIEW = new DataView(new ArrayBuffer(0));

/** What an arena holds of blocks of one size. */
export interface ArenaClass {
  /** Size of a block, 0 for those with a chunk of their own. */
  blockBytes: number;
  chunks: number;
  chunkBytes: number;
  /** Blocks in use. */
  blocks: number;
}

/** Allocator of byte blocks; addresses are unsigned 32-bit numbers, 0 is none. */
export class Arena {
  /** Bytes of chunk `addr >>> 15`; use {@link bytesOf}. */
  readonly #bytes: Uint8Array[] = [NO_BYTES];
  readonly #words: Uint32Array[] = [NO_WORDS];
  readonly #views: DataView[] = [NO_VIEW];
  /** Size class of each chunk (HUGE for a chunk with one large block). */
  #class = new Uint8Array(64);
  /** Blocks in use in each chunk. */
  #used = new Uint32Array(64);
  /** First never used unit of each chunk. */
  #fresh = new Uint32Array(64);
  /** Head of each chunk's free list (unit offset + 1, 0 is none). */
  #free = new Uint32Array(64);
  /** Doubly linked list of the chunks with room, one list a class. */
  #next = new Int32Array(64);
  #prev = new Int32Array(64);
  readonly #withRoom = new Int32Array(CLASS_BYTES.length);
  readonly #freeIds: number[] = [];
  #blockBytes = 0;
  #chunkBytes = 0;

  /** Bytes of all blocks in use, as rounded to their classes. */
  get blockBytes(): number {
    return this.#blockBytes;
  }

  /** Bytes of all chunks held, used or not. */
  get chunkBytes(): number {
    return this.#chunkBytes;
  }

  /** The chunk that holds a block, as bytes; the block starts at {@link offsetOf}. */
  bytesOf(addr: number): Uint8Array {
    return this.#bytes[addr >>> CHUNK_UNIT_BITS]!;
  }

  /** The chunk that holds a block, as 32-bit words; the block starts at {@link wordOf}. */
  wordsOf(addr: number): Uint32Array {
    return this.#words[addr >>> CHUNK_UNIT_BITS]!;
  }

  /** The chunk that holds a block, for what is neither bytes nor words; the block starts at {@link offsetOf}. */
  viewOf(addr: number): DataView {
    return this.#views[addr >>> CHUNK_UNIT_BITS]!;
  }

  /** First byte of a block within its chunk. */
  offsetOf(addr: number): number {
    return (addr & UNIT_MASK) << UNIT_SHIFT;
  }

  /** First word of a block within its chunk. */
  wordOf(addr: number): number {
    return (addr & UNIT_MASK) << (UNIT_SHIFT - 2);
  }

  /** Bytes that a block really has (its class's size, or its own chunk's). */
  capacityOf(addr: number): number {
    const chunk = addr >>> CHUNK_UNIT_BITS;
    const cls = this.#class[chunk]!;
    return cls === HUGE ? this.#bytes[chunk]!.length : CLASS_BYTES[cls]!;
  }

  /** Bytes that a block for `size` bytes would take. */
  static sizeFor(size: number): number {
    if (size <= LARGEST_CLASS) return CLASS_BYTES[CLASS_OF_UNITS[(size + 7) >>> UNIT_SHIFT]!]!;
    return Math.ceil(size / PAGE) * PAGE;
  }

  /** A block of at least `size` bytes, not cleared. Throws RangeError where 32 GiB are used up. */
  alloc(size: number): number {
    if (size > LARGEST_CLASS) return this.#allocHuge(size);
    const cls = CLASS_OF_UNITS[(size + 7) >>> UNIT_SHIFT]!;
    let chunk = this.#withRoom[cls]!;
    if (chunk === 0) chunk = this.#addChunk(cls, CHUNK_BYTES);
    const blockBytes = CLASS_BYTES[cls]!;
    let unit = this.#free[chunk]!;
    if (unit !== 0) {
      unit--;
      this.#free[chunk] = this.#words[chunk]![unit << (UNIT_SHIFT - 2)]!;
    } else {
      unit = this.#fresh[chunk]!;
      this.#fresh[chunk] = unit + (blockBytes >>> UNIT_SHIFT);
    }
    this.#used[chunk]!++;
    this.#blockBytes += blockBytes;
    if (this.#free[chunk] === 0 && this.#fresh[chunk]! + (blockBytes >>> UNIT_SHIFT) > CHUNK_UNITS) {
      this.#unlink(chunk, cls);
    }
    return chunk * CHUNK_UNITS + unit;
  }

  /** Gives a block back. The address must not be used again. */
  free(addr: number): void {
    const chunk = addr >>> CHUNK_UNIT_BITS;
    const cls = this.#class[chunk]!;
    if (cls === HUGE) {
      this.#blockBytes -= this.#bytes[chunk]!.length;
      this.#dropChunk(chunk);
      return;
    }
    const blockBytes = CLASS_BYTES[cls]!;
    const unit = addr & UNIT_MASK;
    const hadRoom = this.#free[chunk] !== 0 ||
      this.#fresh[chunk]! + (blockBytes >>> UNIT_SHIFT) <= CHUNK_UNITS;
    this.#words[chunk]![unit << (UNIT_SHIFT - 2)] = this.#free[chunk]!;
    this.#free[chunk] = unit + 1;
    this.#blockBytes -= blockBytes;
    const used = --this.#used[chunk]!;
    if (!hadRoom) this.#link(chunk, cls);
    // One empty chunk stays where it is the only one with room, so that a lone key does not allocate each time.
    if (used === 0 && (this.#next[chunk] !== 0 || this.#prev[chunk] !== 0)) {
      this.#unlink(chunk, cls);
      this.#dropChunk(chunk);
    }
  }

  /**
   * True where moving this block elsewhere would help to empty its chunk: the chunk is under half full and is not
   * the one that new blocks of its class come from.
   */
  isSparse(addr: number): boolean {
    const chunk = addr >>> CHUNK_UNIT_BITS;
    const cls = this.#class[chunk]!;
    if (cls === HUGE || this.#withRoom[cls] === chunk) return false;
    return this.#used[chunk]! * CLASS_BYTES[cls]! < CHUNK_BYTES / 2;
  }

  /** Gives back all chunks at once; no address is valid any more. */
  release(): void {
    for (let chunk = 1; chunk < this.#bytes.length; chunk++) {
      giveBack(this.#bytes[chunk]!);
      this.#forget(chunk);
    }
    this.#blockBytes = this.#chunkBytes = 0;
  }

  /** What is held, by size of block (0: blocks with a chunk of their own). */
  classes(): ArenaClass[] {
    const found = new Map<number, ArenaClass>();
    for (let chunk = 1; chunk < this.#bytes.length; chunk++) {
      const bytes = this.#bytes[chunk]!;
      if (bytes.length === 0) continue;
      const cls = this.#class[chunk]!;
      const blockBytes = cls === HUGE ? 0 : CLASS_BYTES[cls]!;
      let entry = found.get(blockBytes);
      if (entry === undefined) {
        found.set(blockBytes, entry = { blockBytes, chunks: 0, chunkBytes: 0, blocks: 0 });
      }
      entry.chunks++;
      entry.chunkBytes += bytes.length;
      entry.blocks += this.#used[chunk]!;
    }
    return [...found.values()].sort((a, b) => a.blockBytes - b.blockBytes);
  }

  #allocHuge(size: number): number {
    const bytes = Math.ceil(size / PAGE) * PAGE;
    const chunk = this.#addChunk(HUGE, bytes);
    this.#used[chunk] = 1;
    this.#blockBytes += bytes;
    return chunk * CHUNK_UNITS;
  }

  #addChunk(cls: number, bytes: number): number {
    const buffer = new ArrayBuffer(bytes);
    let chunk = this.#freeIds.pop();
    if (chunk === undefined) {
      chunk = this.#bytes.length;
      if (chunk >= MAX_CHUNKS) throw new RangeError("arena: out of addresses (32 GiB)");
      if (chunk >= this.#class.length) this.#growBooks();
    }
    this.#bytes[chunk] = new Uint8Array(buffer);
    this.#words[chunk] = new Uint32Array(buffer);
    this.#views[chunk] = new DataView(buffer);
    this.#class[chunk] = cls;
    this.#used[chunk] = 0;
    this.#fresh[chunk] = 0;
    this.#free[chunk] = 0;
    this.#chunkBytes += bytes;
    if (cls !== HUGE) this.#link(chunk, cls);
    return chunk;
  }

  #dropChunk(chunk: number): void {
    this.#chunkBytes -= this.#bytes[chunk]!.length;
    this.#forget(chunk);
    this.#freeIds.push(chunk);
  }

  #forget(chunk: number): void {
    this.#bytes[chunk] = NO_BYTES;
    this.#words[chunk] = NO_WORDS;
    this.#views[chunk] = NO_VIEW;
  }

  #link(chunk: number, cls: number): void {
    const head = this.#withRoom[cls]!;
    this.#next[chunk] = head;
    this.#prev[chunk] = 0;
    if (head !== 0) this.#prev[head] = chunk;
    this.#withRoom[cls] = chunk;
  }

  #unlink(chunk: number, cls: number): void {
    const next = this.#next[chunk]!;
    const prev = this.#prev[chunk]!;
    if (next !== 0) this.#prev[next] = prev;
    if (prev !== 0) this.#next[prev] = next;
    else this.#withRoom[cls] = next;
    this.#next[chunk] = 0;
    this.#prev[chunk] = 0;
  }

  #growBooks(): void {
    const size = this.#class.length * 2;
    const grown = <T extends Uint8Array | Uint32Array | Int32Array>(old: T, bigger: T): T => {
      bigger.set(old);
      return bigger;
    };
    this.#class = grown(this.#class, new Uint8Array(size));
    this.#used = grown(this.#used, new Uint32Array(size));
    this.#fresh = grown(this.#fresh, new Uint32Array(size));
    this.#free = grown(this.#free, new Uint32Array(size));
    this.#next = grown(this.#next, new Int32Array(size));
    this.#prev = grown(this.#prev, new Int32Array(size));
  }
}
