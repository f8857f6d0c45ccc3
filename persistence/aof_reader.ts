/**
 * Reading commands back from a part of the append-only file.
 *
 * A part may end in the middle of a command, since a crash can cut the last write short; anything else that is no
 * command is damage. The two must be told apart with certainty, so the reader is strict: every length is digits, every
 * line and every argument ends in CR LF, and a length that leads past the end of the file means a cut tail.
 */
import type { RequestFrame } from "../resp.ts";
import { latin1 } from "../types/bytes.ts";
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

/** What parsing came to: a command, an annotation, more bytes are needed, neither. */
const COMMAND = 0, ANNOTATION = 1, SHORT = 2, BAD = 3;
/** Answers of a length that is none (yet). */
const SHORT_LENGTH = -1, BAD_LENGTH = -2;
const MAX_DIGITS = 10;

/** Reads one file from its current position on. */
export class AofReader {
  /** Offset of the next command; after CUT or DAMAGED, of the one that cannot be read. */
  offset: number;
  /** The annotation behind the last command, without its "#"; "" where a command is the last thing read. */
  annotation = "";
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
      if (this.#start === this.#end && this.offset >= this.#size) return AofStep.END;
      const parsed = this.#buf[this.#start] === HASH ? this.#annotation() : this.#command(frame);
      if (parsed === BAD) return AofStep.DAMAGED;
      if (parsed === SHORT) {
        if (!this.#fill()) return AofStep.CUT;
        continue;
      }
      this.annotation = parsed === ANNOTATION ? latin1(this.#buf, this.#start + 1, this.#pos).trimEnd() : "";
      this.offset += this.#pos - this.#start;
      this.#start = this.#pos;
      if (parsed === COMMAND) return AofStep.COMMAND;
    }
  }

  /** Steps over a line; `#pos` is then behind it. */
  #annotation(): number {
    const line = this.#buf.indexOf(LF, this.#start);
    const end = line < 0 ? this.#end : Math.min(line, this.#end);
    if (end - this.#start > MAX_LINE_BYTES) return BAD;
    if (end === this.#end) return SHORT;
    this.#pos = end + 1;
    return ANNOTATION;
  }

  /** Parses the command at the front of the window; `#pos` is then behind it. */
  #command(frame: RequestFrame): number {
    const buf = this.#buf;
    const end = this.#end;
    let pos = this.#start;
    if (pos >= end) return SHORT;
    if (buf[pos] !== STAR) return BAD;
    const count = this.#number(pos + 1, MAX_ARGS);
    if (count <= 0) return count === SHORT_LENGTH ? SHORT : BAD;
    pos = this.#pos;
    if (frame.starts.length < count) {
      frame.starts = new Int32Array(count * 2);
      frame.ends = new Int32Array(count * 2);
    }
    for (let i = 0; i < count; i++) {
      if (pos >= end) return SHORT;
      if (buf[pos] !== DOLLAR) return BAD;
      const length = this.#number(pos + 1, MAX_ARG_BYTES);
      if (length < 0) return length === SHORT_LENGTH ? SHORT : BAD;
      const from = this.#pos;
      const to = from + length;
      if (to + 2 > end) {
        this.#needed = to + 2 - this.#start;
        return SHORT;
      }
      if (buf[to] !== CR || buf[to + 1] !== LF) return BAD;
      frame.starts[i] = from;
      frame.ends[i] = to;
      pos = to + 2;
    }
    this.#pos = pos;
    frame.buf = buf;
    frame.count = count;
    frame.frameStart = this.#start;
    frame.frameEnd = pos;
    return COMMAND;
  }

  /** The digits from `pos` to the end of their line, behind which `#pos` is then; or one of the negative answers. */
  #number(pos: number, limit: number): number {
    const buf = this.#buf;
    const end = this.#end;
    const first = pos;
    let value = 0;
    for (;; pos++) {
      if (pos >= end) return SHORT_LENGTH;
      const digit = buf[pos]! - 48;
      if (digit >= 0 && digit <= 9) value = value * 10 + digit;
      else break;
      if (pos - first > MAX_DIGITS) return BAD_LENGTH;
    }
    if (buf[pos] !== CR || pos === first || value > limit) return BAD_LENGTH;
    if (pos + 1 >= end) return SHORT_LENGTH;
    if (buf[pos + 1] !== LF) return BAD_LENGTH;
    this.#pos = pos + 2;
    return value;
  }

  /** Bytes that the command at the front needs at least. */
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
