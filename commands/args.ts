/**
 * The argument cursor: a request's arguments as spans, decoded when a handler asks and not before.
 *
 * Argument 0 is the command's name (and 1 the sub-command's, where there is one), as in the documentation. Every
 * accessor that can fail throws the CommandError that Redis answers, so handlers read like their syntax.
 */

import type { RequestFrame } from "../resp.ts";
import { latin1, parseInt64 } from "../types/bytes.ts";
import { parseDouble } from "../types/double.ts";
import { cString } from "../types/quoting.ts";
import { CommandError, NOT_FLOAT, NOT_INTEGER } from "./errors.ts";

const INITIAL_ARGS = 16;
/** Span arrays above this many entries are given up after the request. */
const KEPT_ARGS = 4096;
/** A read buffer above this size is not kept alive by the arguments of a request that is over. */
const KEPT_BYTES = 256 * 1024;
const NO_BYTES = new Uint8Array(0);

/** The arguments of one request. */
export class Args implements RequestFrame {
  buf: Uint8Array = new Uint8Array(0);
  count = 0;
  starts = new Int32Array(INITIAL_ARGS);
  ends = new Int32Array(INITIAL_ARGS);
  frameStart = 0;
  frameEnd = 0;

  /** Arguments made of byte arrays or latin1 text, in a buffer of their own. */
  static of(items: readonly (Uint8Array | string)[]): Args {
    const args = new Args();
    let size = 0;
    for (const item of items) size += item.length;
    args.buf = new Uint8Array(size);
    args.starts = new Int32Array(items.length);
    args.ends = new Int32Array(items.length);
    args.count = items.length;
    let at = 0;
    for (let i = 0; i < items.length; i++) {
      const item = items[i]!;
      args.starts[i] = at;
      if (typeof item === "string") {
        for (let j = 0; j < item.length; j++) args.buf[at++] = item.charCodeAt(j);
      } else {
        args.buf.set(item, at);
        at += item.length;
      }
      args.ends[i] = at;
    }
    return args;
  }

  /** A copy that outlives the read buffer (queued or blocked commands). The frame's bytes are kept where there are. */
  copy(): Args {
    const copy = new Args();
    const from = this.frameEnd > 0 ? this.frameStart : 0;
    const to = this.frameEnd > 0 ? this.frameEnd : this.ends[this.count - 1] ?? 0;
    copy.buf = this.buf.slice(from, to);
    copy.count = this.count;
    copy.starts = this.starts.slice(0, this.count);
    copy.ends = this.ends.slice(0, this.count);
    for (let i = 0; i < this.count; i++) {
      copy.starts[i]! -= from;
      copy.ends[i]! -= from;
    }
    if (this.frameEnd > 0) copy.frameEnd = to - from;
    return copy;
  }

  /** Arguments `first` and after as a request of their own, over the same bytes (COMMAND GETKEYS, ACL DRYRUN). */
  tail(first: number): Args {
    const tail = new Args();
    tail.buf = this.buf;
    tail.count = this.count - first;
    tail.starts = this.starts.subarray(first);
    tail.ends = this.ends.subarray(first);
    return tail;
  }

  /** Gives back oversized span arrays; called between requests. */
  trim(): void {
    if (this.buf.length > KEPT_BYTES) this.buf = NO_BYTES;
    if (this.starts.length <= KEPT_ARGS) return;
    this.starts = new Int32Array(INITIAL_ARGS);
    this.ends = new Int32Array(INITIAL_ARGS);
  }

  /** First byte of argument `i` in {@link buf}. */
  start(i: number): number {
    return this.starts[i]!;
  }

  /** One past the last byte of argument `i`. */
  end(i: number): number {
    return this.ends[i]!;
  }

  /** Length of argument `i` in bytes. */
  length(i: number): number {
    return this.ends[i]! - this.starts[i]!;
  }

  /** A copy of argument `i`. */
  bytes(i: number): Uint8Array {
    return this.buf.slice(this.starts[i]!, this.ends[i]!);
  }

  /** Argument `i` as text, a character for each byte. */
  text(i: number): string {
    return latin1(this.buf, this.starts[i]!, this.ends[i]!);
  }

  /** As {@link text}, up to the first zero byte: what an error text shows of an argument, since C's "%s" ends there. */
  cText(i: number): string {
    return cString(this.text(i));
  }

  /** True where argument `i` is this word in any case. `word` is in upper case ASCII. */
  is(i: number, word: string): boolean {
    const start = this.starts[i]!;
    if (this.ends[i]! - start !== word.length) return false;
    for (let j = 0; j < word.length; j++) {
      let byte = this.buf[start + j]!;
      if (byte >= 97 && byte <= 122) byte -= 32;
      if (byte !== word.charCodeAt(j)) return false;
    }
    return true;
  }

  /** True where arguments `i` and `j` are the same bytes. */
  same(i: number, j: number): boolean {
    const length = this.length(i);
    if (length !== this.length(j)) return false;
    const a = this.starts[i]!;
    const b = this.starts[j]!;
    for (let k = 0; k < length; k++) if (this.buf[a + k] !== this.buf[b + k]) return false;
    return true;
  }

  /**
   * A signed 64-bit integer as a number: exact up to 2^53, the nearest double beyond (good for positions and counts
   * that are clamped anyway; where each unit matters use {@link int64}). Throws "value is not an integer ...".
   */
  integer(i: number, error: CommandError = NOT_INTEGER): number {
    const value = parseInt64(this.buf, this.starts[i]!, this.ends[i]!);
    if (value === undefined) throw error;
    return typeof value === "number" ? value : Number(value);
  }

  /** A signed 64-bit integer, exactly: a number while it is a safe integer, a bigint beyond. */
  int64(i: number, error: CommandError = NOT_INTEGER): number | bigint {
    const value = parseInt64(this.buf, this.starts[i]!, this.ends[i]!);
    if (value === undefined) throw error;
    return value;
  }

  /**
   * An integer within `min..max` (safe integers). `error` is thrown for what is no integer, and `outOfRange` (by default
   * the same) outside the range.
   */
  ranged(i: number, min: number, max: number, error: CommandError = NOT_INTEGER, outOfRange = error): number {
    const value = this.integer(i, error);
    if (value < min || value > max) throw outOfRange;
    return value;
  }

  /** A finite or infinite double, as strictly as Redis reads scores and floats. Throws "value is not a valid float". */
  double(i: number, error: CommandError = NOT_FLOAT): number {
    const value = parseDouble(this.buf, this.starts[i]!, this.ends[i]!);
    if (Number.isNaN(value)) throw error;
    return value;
  }
}
