/**
 * Reading commands back from a part of the append-only file.
 *
 * A part may end in the middle of a command, since a crash can cut the last write short; anything else that is no
 * command is damage. The two must be told apart with certainty, so the reader is strict: every length is digits, every
 * line and every argument ends in CR LF, and a length that leads past the end of the file means a cut tail.
 */
import type { RequestFrame } from "../resp.ts";
import type { ByteSource } from "./rdb_input.ts";

const WINDOW_BYTES = 256 * 1024;
const CR = 13, LF = 10, HASH = 35, DOLLAR = 36, STAR = 42;
/** Longest line of a length or of an annotation. */
const MAX_LINE_BYTES = 1024;
const MAX_ARGS = 1024 * 1024;
/** Longest argument. */
const MAX_ARG_BYTES = 0x1fffffff;

/** What {@link AofReader.next} came upon. */
export const AofStep = {
  COMMAND: 0,
  /** The end of the file, behind a whole command. */
  END: 1,
  /** The end of the file, within a command. */
  CUT: 2,
  /** Something that is no command. */
  DAMAGED: 3,
} as const;

/** Thrown and caught within this file only: more bytes are needed. */
const MORE = Symbol("more");
const BAD = Symbol("bad");

/** Reads one file from its current position on. */
export class AofReader {
  /** Offset of the next command; after CUT or DAMAGED, of the one that cannot be read. */
  offset: number;
  readonly #source: ByteSource;
  readonly #size: number;
  #buf: Uint8Array;
  #start = 0;
  #end = 0;
  #pos = 0;

  /** @param size bytes of the file; @param offset where in it the source stands. */
  constructor(source: ByteSource, size: number, offset = 0) {
    this.#source = source;
    this.#size = size;
    this.offset = offset;
    this.#buf = new Uint8Array(Math.min(WINDOW_BYTES, Math.max(64, size - offset)));
  }

  /** Reads the next command into `frame`, whose spans are valid until the next call. Returns an {@link AofStep}. */
  next(frame: RequestFrame): number {
    for (;;) {
      this.#pos = this.#start;
      try {
        if (this.#start === this.#end && this.offset >= this.#size) return AofStep.END;
        const isCommand = this.#parse(frame);
        this.offset += this.#pos - this.#start;
        this.#start = this.#pos;
        if (isCommand) return AofStep.COMMAND;
      } catch (signal) {
        if (signal === BAD) return AofStep.DAMAGED;
        if (signal !== MORE) throw signal;
        if (!this.#fill()) return AofStep.CUT;
      }
    }
  }

  /** True with a command, false with an annotation. Throws MORE or BAD. */
  #parse(frame: RequestFrame): boolean {
    const type = this.#byte();
    if (type === HASH) {
      this.#line();
      return false;
    }
    if (type !== STAR) throw BAD;
    const count = this.#number(MAX_ARGS);
    if (count < 1) throw BAD;
    if (frame.starts.length < count) {
      frame.starts = new Int32Array(count * 2);
      frame.ends = new Int32Array(count * 2);
    }
    for (let i = 0; i < count; i++) {
      if (this.#byte() !== DOLLAR) throw BAD;
      const length = this.#number(MAX_ARG_BYTES);
      this.#want(length + 2);
      const at = this.#pos;
      if (this.#buf[at + length] !== CR || this.#buf[at + length + 1] !== LF) throw BAD;
      frame.starts[i] = at;
      frame.ends[i] = at + length;
      this.#pos = at + length + 2;
    }
    frame.buf = this.#buf;
    frame.count = count;
    frame.frameStart = this.#start;
    frame.frameEnd = this.#pos;
    return true;
  }

  #byte(): number {
    if (this.#pos >= this.#end) throw MORE;
    return this.#buf[this.#pos++]!;
  }

  /** A number of digits up to the end of the line. */
  #number(limit: number): number {
    let value = 0;
    let digits = 0;
    for (;;) {
      const byte = this.#byte();
      if (byte === CR) break;
      const digit = byte - 48;
      if (digit < 0 || digit > 9 || ++digits > 10) throw BAD;
      value = value * 10 + digit;
    }
    if (this.#byte() !== LF || digits === 0 || value > limit) throw BAD;
    return value;
  }

  #line(): void {
    for (let length = 0; this.#byte() !== LF; length++) if (length > MAX_LINE_BYTES) throw BAD;
  }

  /** Bytes that the command needs at least, from `pos` on. */
  #want(count: number): void {
    if (this.#pos + count <= this.#end) return;
    this.#needed = this.#pos - this.#start + count;
    throw MORE;
  }

  #needed = 0;

  /** Reads on, with the whole command so far at the front. False at the end of the file. */
  #fill(): boolean {
    const kept = this.#end - this.#start;
    const left = this.#size - this.offset - kept;
    if (left <= 0 || this.#needed - kept > left) return false;
    // Doubling keeps the number of times that a giant command is looked at again small.
    const wanted = Math.max(this.#needed, kept >= this.#buf.length ? kept * 2 : 0);
    if (wanted > this.#buf.length) {
      const wider = new Uint8Array(Math.min(Math.max(wanted, kept + 1), kept + left));
      wider.set(this.#buf.subarray(this.#start, this.#end));
      this.#buf = wider;
    } else this.#buf.copyWithin(0, this.#start, this.#end);
    this.#start = 0;
    this.#end = kept;
    this.#needed = 0;
    const room = this.#buf.subarray(kept, Math.min(this.#buf.length, kept + left));
    const count = this.#source.readSync(room);
    if (count === null || count === 0) return false;
    this.#end += count;
    return true;
  }
}
