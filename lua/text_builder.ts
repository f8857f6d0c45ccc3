/**
 * Builds long strings from many short pieces. JavaScript's `+=` makes a tree of pieces that is only laid out when the
 * string is read: a hundred million replacements in a text would take gigabytes before the text is there. Here a tree
 * is laid out as soon as it holds some kilobytes.
 */

import { LuaError } from "./error.ts";

/** The longest string: V8's limit, where PUC Lua's is memory. */
export const MAX_LENGTH = 0x1fffffe8;

const PIECE = 8192;

/** See the file comment. */
export class TextBuilder {
  readonly #parts: string[] = [];
  #tail = "";
  #length = 0;
  /** What was read of a tree to lay it out; kept, as a compiler may leave out what nobody uses. */
  #read = 0;

  /** Length of what was added so far. */
  get length(): number {
    return this.#length + this.#tail.length;
  }

  /** @throws LuaError when it becomes too long */
  add(text: string): void {
    this.#tail += text;
    if (this.#tail.length > PIECE) this.#lay();
  }

  #lay(): void {
    this.#read = this.#tail.charCodeAt(this.#tail.length >> 1);
    this.#parts.push(this.#tail);
    this.#length += this.#tail.length;
    this.#tail = "";
    if (this.#length > MAX_LENGTH) throw new LuaError("not enough memory");
  }

  /** All of it. */
  toString(): string {
    if (this.#parts.length === 0) return this.#tail;
    this.#lay();
    return this.#parts.join("");
  }
}
