/**
 * Who reads a stream as it was, while it is being changed.
 *
 * The blocks of nodes and of pending entries are shared with a frozen stream; the one that is changed makes a copy of a
 * block before it writes to it, as long as somebody reads (`Reading` in id_table.ts). So nothing has to tell of a change,
 * the first change takes no longer than the others, and in memory it costs the blocks that were changed.
 */
import type { Reading } from "./id_table.ts";
import { endWalk, type Guard } from "./kind.ts";
import type { Stream } from "./stream.ts";

/** See the file comment. {@link close} must be called in the end, however that comes. */
export class StreamWalk implements Guard {
  /** The stream as it was when the walk began. */
  readonly stream: Stream;
  whenDone: (() => void) | null = null;
  readonly #live: Stream;
  readonly #reading: Reading = { isOver: false };

  /** Begins to read. Only one walk at a time may: beside another one nothing may change until the end. */
  constructor(live: Stream) {
    this.#live = live;
    if (live.guard === null) {
      this.stream = live.freeze(this.#reading);
      live.guard = this;
    } else this.stream = live;
  }

  /** The stream may write to its blocks again. */
  close(): void {
    this.#reading.isOver = true;
    endWalk(this.#live, this);
  }
}
