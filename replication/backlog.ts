/**
 * The bytes of the replication stream that are kept: the last `repl-backlog-size` of them for replicas that come back,
 * and all that some replica has not been sent yet.
 *
 * Why one list of blocks for both: every replica reads the same stream, so each of them needs a position and not a
 * buffer of its own. A full resync waits with its position at the cut; a partial one begins at the position that the
 * replica asks for. What is sent goes from a block to the socket without being copied again.
 */
import { copyBytes } from "../types/bytes.ts";

/** Bytes of one block: a sixteenth of the backlog, within these limits. */
const LEAST_BLOCK_BYTES = 16 * 1024;
const MOST_BLOCK_BYTES = 64 * 1024;
/** Empty slots at the head of the list before it is compacted. */
const COMPACT_AFTER = 64;

/** A window over the stream: the bytes from offset {@link first} (counted from 0) up to {@link end}. */
export class Backlog {
  /** All full but the last; those before `#head` are gone. */
  #blocks: (Uint8Array | null)[] = [];
  readonly #blockBytes: number;
  #head = 0;
  /** Offset of the first byte of the block at `#head`. */
  #base: number;
  /** Offset at which this backlog began. */
  readonly #begin: number;
  /** Offset behind the last byte. */
  end: number;
  /** Bytes to keep for replicas that come back (repl-backlog-size). */
  capacity: number;

  /** Begins to keep what follows `offset`. */
  constructor(offset: number, capacity: number) {
    this.#begin = this.#base = this.end = offset;
    this.capacity = capacity;
    this.#blockBytes = Math.min(MOST_BLOCK_BYTES, Math.max(LEAST_BLOCK_BYTES, capacity >>> 4));
  }

  /** Offset of the first byte that a returning replica can have: all that is kept, for whomever, serves. */
  get first(): number {
    return Math.max(this.#begin, this.#base);
  }

  /** Bytes that a returning replica can have (repl_backlog_histlen). */
  get length(): number {
    return this.end - this.first;
  }

  /** Bytes of memory in use. */
  get bytes(): number {
    return this.bytesOf(this.#blocks.length - this.#head);
  }

  /** How many blocks hold what follows `offset`: one at least, which is the one that will, unless there are none. */
  blocksFrom(offset: number): number {
    const kept = this.#blocks.length - this.#head;
    if (kept === 0) return 0;
    return Math.max(1, kept - Math.floor((offset - this.#base) / this.#blockBytes));
  }

  /** Bytes of memory of so many blocks. */
  bytesOf(blocks: number): number {
    return blocks * this.#blockBytes;
  }

  /** Whether the bytes from `offset` on are all here. */
  covers(offset: number): boolean {
    return offset >= this.first && offset <= this.end;
  }

  /** Adds `buf[start, stop)` to the stream. */
  append(buf: Uint8Array, start: number, stop: number): void {
    const blockBytes = this.#blockBytes;
    let last = this.#blocks.length - 1;
    while (start < stop) {
      const used = this.end - this.#base - (last - this.#head) * blockBytes;
      if (used === blockBytes) {
        this.#blocks.push(new Uint8Array(blockBytes));
        last++;
        continue;
      }
      const count = Math.min(stop - start, blockBytes - used);
      copyBytes(buf, start, start + count, this.#blocks[last]!, used);
      start += count;
      this.end += count;
    }
  }

  /** Bytes from `offset` on, as many as stand together: a view that stays valid while the bytes are kept. */
  view(offset: number): Uint8Array {
    const blockBytes = this.#blockBytes;
    const distance = offset - this.#base;
    const at = distance % blockBytes;
    const block = this.#blocks[this.#head + (distance - at) / blockBytes];
    if (block === undefined || block === null) return new Uint8Array(0);
    return block.subarray(at, Math.min(blockBytes, at + this.end - offset));
  }

  /** Gives up the blocks that lie before both the last {@link capacity} bytes and `needed`, the lowest offset not sent yet. */
  trim(needed: number): void {
    const blockBytes = this.#blockBytes;
    const from = Math.min(needed, this.end - this.capacity);
    while (this.#base + blockBytes <= from) {
      this.#blocks[this.#head++] = null;
      this.#base += blockBytes;
    }
    if (this.#head < COMPACT_AFTER || this.#head * 2 < this.#blocks.length) return;
    this.#blocks = this.#blocks.slice(this.#head);
    this.#head = 0;
  }
}
