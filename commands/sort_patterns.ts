/**
 * The patterns of SORT's BY and GET: a key's name with a `*` for the element, or a field of such a key (`key_*->field`),
 * or `#` for the element itself.
 */

import type { ByteStrings } from "../types/byte_strings.ts";
import { copyBytes, EMPTY_BYTES } from "../types/bytes.ts";
import type { FieldTable } from "../types/field_table.ts";
import { HashView } from "../types/hash_view.ts";
import { isString, Kind } from "../types/kind.ts";
import type { Context } from "./context.ts";
import { closedOnFlush } from "./open_views.ts";

const STAR = 0x2a;
const HASH_SIGN = 0x23;
const DASH = 0x2d;
const GREATER = 0x3e;

/** One view serves all patterns: what it shows is used before the next look-up. */
const hash = closedOnFlush(new HashView());

/** One pattern, and what it found last. */
export class SortPattern {
  /** Where the last `find` found its value: valid until the next change or look-up. */
  buf: Uint8Array = EMPTY_BYTES;
  start = 0;
  end = 0;
  readonly #bytes: Uint8Array;
  /** Position of the `*`, -1 for none. */
  readonly #star: number;
  /** Position of the `->` before a field's name, -1 for none. */
  readonly #arrow: number;
  readonly #isElement: boolean;
  #key: Uint8Array = EMPTY_BYTES;

  /** The bytes are kept. As in C, a zero byte ends the search for the marks; what follows it belongs to the name. */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    const zero = bytes.indexOf(0);
    const text = zero < 0 ? bytes : bytes.subarray(0, zero);
    this.#star = text.indexOf(STAR);
    this.#arrow = this.#star < 0 ? -1 : arrowIn(text, this.#star + 1);
    this.#isElement = text.length === 1 && text[0] === HASH_SIGN;
  }

  /** Whether it has no `*`: as BY, it then means not to sort. */
  get isConstant(): boolean {
    return this.#star < 0;
  }

  /** Looks up the value for element `i`; false when there is none, or one of another type. */
  find(ctx: Context, elements: ByteStrings, i: number): boolean {
    const { buf } = elements;
    const from = elements.start(i);
    const to = elements.end(i);
    if (this.#isElement) return this.#found(buf, from, to);
    if (this.#star < 0) return false;
    const { db } = ctx;
    const length = this.#substitute(buf, from, to);
    const addr = db.lookupRead(this.#key, 0, length);
    if (addr === 0) return false;
    const kind = db.kind(addr);
    const start = db.valueStart(addr);
    if (this.#arrow < 0) {
      return isString(kind) && this.#found(db.bytes(addr), start, start + db.valueLength(addr));
    }
    if (kind === Kind.HASH_PACKED) hash.showPacked(db.bytes(addr), start, db.arena);
    else if (kind === Kind.HASH) hash.showTable(db.object<FieldTable>(addr));
    else return false;
    const { value } = hash;
    return hash.find(this.#bytes, this.#arrow + 2, this.#bytes.length) &&
      this.#found(value.buf, value.start, value.end);
  }

  #found(buf: Uint8Array, start: number, end: number): true {
    this.buf = buf;
    this.start = start;
    this.end = end;
    return true;
  }

  /** Writes the key's name for an element; returns its length. */
  #substitute(buf: Uint8Array, from: number, to: number): number {
    const star = this.#star;
    const end = this.#arrow < 0 ? this.#bytes.length : this.#arrow;
    const length = end - 1 + to - from;
    if (length > this.#key.length) this.#key = new Uint8Array(2 * length);
    copyBytes(this.#bytes, 0, star, this.#key, 0);
    copyBytes(buf, from, to, this.#key, star);
    copyBytes(this.#bytes, star + 1, end, this.#key, star + to - from);
    return length;
  }
}

/** Position of the first `->` with something behind it; a `->` at the end, even a later one, is part of the name. */
function arrowIn(text: Uint8Array, from: number): number {
  for (let i = from; i + 1 < text.length; i++) {
    if (text[i] === DASH && text[i + 1] === GREATER) return i + 2 < text.length ? i : -1;
  }
  return -1;
}
