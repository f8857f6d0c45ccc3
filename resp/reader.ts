/**
 * The request reader: the buffer that one connection is read into, and the parser of the frames in it.
 *
 * Bytes come in one of two ways. {@link RequestReader.batches} is an async iterator over the reads of a socket that answers
 * with promises; who reads otherwise asks for {@link RequestReader.room}, fills it and says how much {@link RequestReader.arrived}.
 *
 * Why a parser that remembers where it is: a frame may arrive in any number of pieces. The parser keeps the arguments
 * found so far, so a request of a million arguments or a value of 100 MB is scanned once, not again at every read.
 * Memory grows with the bytes that came, never with the length that was declared.
 *
 * The parser is as lenient as redis-server: the byte after a carriage return is not looked at, nor are the two bytes
 * after a bulk string; an inline request ends at a line feed alone.
 */

import { parseInt64 } from "../types/bytes.ts";
import { growFrame, type RequestFrame } from "./frame.ts";
import { splitInline } from "./inline.ts";

/** Longest inline request and longest length line, in bytes. */
const MAX_INLINE = 64 * 1024;
/** Limits before a client has authenticated. */
const UNAUTHENTICATED_ARGS = 10;
const UNAUTHENTICATED_BULK = 16384;
const MAX_ARGS = 2147483647;
/** A connection's buffer at first, and what it goes back to once emptied. */
const SMALL_BUFFER = 4 * 1024;
const LARGE_BUFFER = 64 * 1024;

const STAR = 42;
const DOLLAR = 36;
const CR = 13;
const LF = 10;

/** The client broke the protocol: it is told so and the connection is closed after that. */
export class ProtocolError {
  readonly text: string;
  /** What was wrong, for the log. */
  readonly reason: string;
  constructor(reason: string) {
    this.reason = reason;
    this.text = "ERR Protocol error: " + reason;
  }
}

/** What the reader must know of the connection and the configuration. */
export interface ReaderLimits {
  /** Longest bulk string (proto-max-bulk-len), bytes. */
  maxBulk: number;
  /** Most bytes of requests not yet executed (client-query-buffer-limit). */
  maxQueryBuffer: number;
}

/** Where bytes come from: a connection of Deno. */
export interface ByteSource {
  read(into: Uint8Array): Promise<number | null>;
}

/** Reads one connection. After each read {@link parse} is called until there are no more complete frames. */
export class RequestReader {
  readonly #limits: ReaderLimits;
  /** True until the client may do more than a few small requests. */
  unauthenticated = false;
  #buf = new Uint8Array(SMALL_BUFFER);
  #start = 0;
  #end = 0;
  /** Parser state of a RESP array in progress: arguments still missing (-1: none in progress), and where to go on. */
  #missing = -1;
  #pos = 0;
  #bulk = -1;
  /** Where the bytes began that were not parsed before the last read. */
  #batch = 0;
  /** Bytes read in all. */
  totalBytes = 0;

  constructor(limits: ReaderLimits) {
    this.#limits = limits;
  }

  /** Some arguments of a request are here, others are missing. */
  get midRequest(): boolean {
    return this.#missing >= 0;
  }

  /** Bytes received and not parsed yet. */
  get pending(): number {
    return this.#end - (this.#missing < 0 ? this.#start : this.#pos);
  }

  /** Bytes from the first one ever read to the end of the last whole request. */
  get parsedBytes(): number {
    return this.totalBytes - (this.#end - this.#start);
  }

  /** Bytes that were there when the last read was over, requests that were run since then included. */
  get received(): number {
    return this.#end - this.#batch;
  }

  /** Size of the buffer and what of it is free, for CLIENT LIST (qbuf, qbuf-free). */
  get capacity(): number {
    return this.#buf.length;
  }

  /** Length of the argument that is coming in, as the client declared it; 0 between arguments. */
  get declared(): number {
    return this.#missing >= 0 ? Math.max(0, this.#bulk) : 0;
  }

  /** The last read had no room for more: the rest of a pipeline may be waiting in the socket. */
  get filled(): boolean {
    return this.#end === this.#buf.length;
  }

  /** The last `count` bytes before {@link parsedBytes}, inline line ends included; valid until the next read. */
  recent(count: number): Uint8Array {
    return this.#buf.subarray(this.#start - count, this.#start);
  }

  /** Bytes not made a request yet, at most `most` of them, for the log; valid until the next read. */
  unparsed(most: number): Uint8Array {
    return this.#buf.subarray(this.#start, Math.min(this.#end, this.#start + most));
  }

  /**
   * Where the next bytes belong. The same object as last time, where nothing is left over from before: so it costs nothing,
   * and who has handed it to the runtime need not do that again.
   */
  room(): Uint8Array {
    this.#makeRoom();
    this.#batch = this.#missing < 0 ? this.#start : this.#pos;
    return this.#end === 0 ? this.#buf : this.#buf.subarray(this.#end);
  }

  /** The first `count` bytes of {@link room} have been filled. */
  arrived(count: number): void {
    this.#end += count;
    this.totalBytes += count;
  }

  /** Reads a socket to its end: yields after each read how many bytes came. Throws what the read throws. */
  batches(source: ByteSource): AsyncIterableIterator<number> {
    return new Batches(this, source);
  }

  /**
   * Parses the next complete request into `frame`. False where bytes are missing. Throws ProtocolError. The frame's
   * spans stay valid until the next read.
   */
  parse(frame: RequestFrame): boolean {
    for (;;) {
      if (this.#missing < 0) {
        if (this.#start >= this.#end) return false;
        if (this.#buf[this.#start] !== STAR) {
          if (!this.#parseInline(frame)) return false;
          if (frame.count === 0) continue;
          return true;
        }
        // The usual case, fewer than ten arguments, without a call.
        const digit = this.#buf[this.#start + 1]! - 48;
        let line = this.#start + 2;
        let count = digit;
        if (line + 2 > this.#end || this.#buf[line] !== CR || digit < 1 || digit > 9) {
          line = this.#lengthLine(this.#start, "too big mbulk count string");
          if (line < 0) return false;
          count = this.#length(this.#start + 1, line, MAX_ARGS, "invalid multibulk length");
        }
        if (this.unauthenticated && count > UNAUTHENTICATED_ARGS) {
          throw new ProtocolError("unauthenticated multibulk length");
        }
        this.#pos = line + 2;
        if (count <= 0) {
          this.#start = this.#pos;
          continue;
        }
        this.#missing = count;
        this.#bulk = -1;
        frame.count = 0;
      }
      return this.#parseBulks(frame);
    }
  }

  /** True while the request whose first bytes are in the buffer needs more than the query buffer may hold. */
  get overLimit(): boolean {
    return this.#end - this.#start > this.#limits.maxQueryBuffer;
  }

  #parseBulks(frame: RequestFrame): boolean {
    const buf = this.#buf;
    const start = this.#start;
    const end = this.#end;
    let pos = this.#pos;
    let missing = this.#missing;
    let bulk = this.#bulk;
    let count = frame.count;
    while (missing > 0) {
      if (bulk < 0) {
        // The usual case, a length of one or two digits, without a call.
        const digit = buf[pos + 1]! - 48;
        const second = buf[pos + 2]! - 48;
        if (pos + 5 > end || buf[pos] !== DOLLAR || digit < 0 || digit > 9) bulk = -1;
        else if (second === CR - 48) {
          bulk = digit;
          pos += 4;
        } else if (digit > 0 && second >= 0 && second <= 9 && buf[pos + 3] === CR) {
          bulk = digit * 10 + second;
          pos += 5;
        }
        if (bulk < 0) {
          this.#pos = pos;
          this.#missing = missing;
          this.#bulk = -1;
          frame.count = count;
          const line = this.#lengthLine(pos, "too big bulk count string");
          if (line < 0) return false;
          bulk = this.#bulkLength(pos, line);
          pos = line + 2;
        }
      }
      if (pos + bulk + 2 > end) {
        this.#pos = pos;
        this.#missing = missing;
        this.#bulk = bulk;
        frame.count = count;
        return false;
      }
      if (count >= frame.starts.length) growFrame(frame);
      // Relative to the frame's start: the buffer may move before the frame is complete.
      frame.starts[count] = pos - start;
      frame.ends[count] = pos + bulk - start;
      count++;
      pos += bulk + 2;
      bulk = -1;
      missing--;
    }
    for (let i = 0; i < count; i++) {
      frame.starts[i]! += start;
      frame.ends[i]! += start;
    }
    frame.count = count;
    frame.buf = buf;
    frame.frameStart = start;
    frame.frameEnd = pos;
    this.#start = pos;
    this.#missing = -1;
    return true;
  }

  /** Position of the CR that ends the line at `from`, -1 if it is not complete. */
  #lengthLine(from: number, tooBig: string): number {
    const cr = this.#buf.indexOf(CR, from);
    if (cr < 0 || cr >= this.#end) {
      if (this.#end - from > MAX_INLINE) throw new ProtocolError(tooBig);
      return -1;
    }
    return cr + 2 <= this.#end ? cr : -1;
  }

  #length(from: number, to: number, max: number, message: string): number {
    const value = parseInt64(this.#buf, from, to);
    if (typeof value !== "number" || value > max) throw new ProtocolError(message);
    return value;
  }

  #bulkLength(from: number, line: number): number {
    if (this.#buf[from] !== DOLLAR) {
      throw new ProtocolError(`expected '$', got '${String.fromCharCode(this.#buf[from]!)}'`);
    }
    const length = this.#length(from + 1, line, this.#limits.maxBulk, "invalid bulk length");
    if (length < 0) throw new ProtocolError("invalid bulk length");
    if (this.unauthenticated && length > UNAUTHENTICATED_BULK) {
      throw new ProtocolError("unauthenticated bulk length");
    }
    return length;
  }

  #parseInline(frame: RequestFrame): boolean {
    const lf = this.#buf.indexOf(LF, this.#start);
    if (lf < 0 || lf >= this.#end) {
      if (this.#end - this.#start > MAX_INLINE) throw new ProtocolError("too big inline request");
      return false;
    }
    let end = lf;
    if (end > this.#start && this.#buf[end - 1] === CR) end--;
    if (!splitInline(this.#buf, this.#start, end, frame)) {
      throw new ProtocolError("unbalanced quotes in request");
    }
    this.#start = lf + 1;
    return true;
  }

  /** Before a read: moves a partial frame to the front and sizes the buffer for what may come. */
  #makeRoom(): void {
    const pending = this.#end - this.#start;
    if (pending === 0) {
      // A buffer that was filled to the brim grows to the size of one batch; one that held a big value goes back.
      if (this.#end === this.#buf.length && this.#buf.length < LARGE_BUFFER) {
        this.#buf = new Uint8Array(LARGE_BUFFER);
      } else if (this.#buf.length > 4 * LARGE_BUFFER) this.#buf = new Uint8Array(LARGE_BUFFER);
      this.#start = 0;
      this.#end = 0;
      this.#pos = 0;
      return;
    }
    const full = this.#end === this.#buf.length;
    if (!full && this.#start < LARGE_BUFFER / 2) return;
    const move = this.#start;
    let target = this.#buf;
    if (full && target.length < LARGE_BUFFER) target = new Uint8Array(LARGE_BUFFER);
    else if (pending > target.length / 2) target = new Uint8Array(Math.max(target.length * 2, LARGE_BUFFER));
    if (target === this.#buf) target.copyWithin(0, move, this.#end);
    else target.set(this.#buf.subarray(move, this.#end));
    this.#buf = target;
    this.#start = 0;
    this.#end = pending;
    this.#pos -= move;
  }
}

/** The reads of one socket. A class, because an async generator costs three promises at each read. */
class Batches implements AsyncIterableIterator<number> {
  readonly #reader: RequestReader;
  readonly #source: ByteSource;
  readonly #result: IteratorYieldResult<number> = { done: false, value: 0 };

  constructor(reader: RequestReader, source: ByteSource) {
    this.#reader = reader;
    this.#source = source;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<number>> {
    return this.#source.read(this.#reader.room()).then(this.#arrived);
  }

  /** Made once: an async function in its place would cost another promise at each read. */
  readonly #arrived = (count: number | null): IteratorResult<number> => {
    if (count === null) return { done: true, value: undefined };
    this.#reader.arrived(count);
    this.#result.value = count;
    return this.#result;
  };
}
