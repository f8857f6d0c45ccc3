/**
 * The reader of `cmsgpack.unpack`. Every count is only believed as far as the bytes go, since each element takes one
 * at least, and open tables stand on a list: nesting costs no JavaScript stack and ends where PUC Lua's would.
 */

import { hostError } from "./error.ts";
import { MAX_STACK, stackOverflow } from "./limits.ts";
import { LuaTable } from "./table.ts";
import type { LuaValue } from "./value.ts";

/** A table that is being read. */
interface Frame {
  table: LuaTable;
  /** Elements of an array, or pairs, that are still to come. */
  left: number;
  /** The index of the array's next element; undefined: a map. */
  index: number | undefined;
  /** Of a map: whether the key was read and its value comes next. */
  keyed: boolean;
  key: LuaValue;
}

const scratch = new DataView(new ArrayBuffer(8));

/** Reads values from a text, one after the other. */
export class MsgpackDecoder {
  /** Where the next value begins. */
  at: number;
  readonly #text: string;
  readonly #frames: Frame[] = [];
  /** Values that PUC Lua would have on its stack: the text, the values read, open tables and their keys. */
  #stack = 1;
  /** The value read last, unless it was a table that is open now. */
  #value: LuaValue = undefined;

  /** @param at where to begin */
  constructor(text: string, at: number) {
    this.#text = text;
    this.at = at;
  }

  /** Reads the next value; there must be a byte left. @throws LuaError where it is cut short or malformed */
  next(): LuaValue {
    while (true) {
      let complete = this.#begin();
      while (complete && this.#frames.length > 0) complete = this.#store();
      if (!complete) continue;
      this.#stack++;
      return this.#value;
    }
  }

  /** Reads one value, or the head of a table. @returns whether there is a whole value */
  #begin(): boolean {
    this.#need(1);
    if (this.#stack + 1 > MAX_STACK) {
      stackOverflow("too many return values at once; use unpack_one or unpack_limit instead.");
    }
    const code = this.#text.charCodeAt(this.at);
    if (code <= 0x7f || code >= 0xe0) return this.#give(code <= 0x7f ? code : code - 256, 1);
    if (code <= 0x8f) return this.#open(code & 15, 1, undefined);
    if (code <= 0x9f) return this.#open(code & 15, 1, 1);
    if (code <= 0xbf) return this.#string(code & 31, 1);
    switch (code) {
      case 0xc0:
        return this.#give(undefined, 1);
      case 0xc2:
      case 0xc3:
        return this.#give(code === 0xc3, 1);
      case 0xca:
        return this.#give(this.#bytes(4).getFloat32(0), 5);
      case 0xcb:
        return this.#give(this.#bytes(8).getFloat64(0), 9);
      case 0xcc:
        return this.#give(this.#bytes(1).getUint8(0), 2);
      case 0xcd:
        return this.#give(this.#bytes(2).getUint16(0), 3);
      case 0xce:
        return this.#give(this.#bytes(4).getUint32(0), 5);
      case 0xcf: // the library gives these a sign, too
      case 0xd3:
        return this.#give(Number(this.#bytes(8).getBigInt64(0)), 9);
      case 0xd0:
        return this.#give(this.#bytes(1).getInt8(0), 2);
      case 0xd1:
        return this.#give(this.#bytes(2).getInt16(0), 3);
      case 0xd2:
        return this.#give(this.#bytes(4).getInt32(0), 5);
      case 0xd9:
        return this.#string(this.#bytes(1).getUint8(0), 2);
      case 0xda:
        return this.#string(this.#bytes(2).getUint16(0), 3);
      case 0xdb:
        return this.#string(this.#bytes(4).getUint32(0), 5);
      case 0xdc:
        return this.#open(this.#bytes(2).getUint16(0), 3, 1);
      case 0xdd:
        return this.#open(this.#bytes(4).getUint32(0), 5, 1);
      case 0xde:
        return this.#open(this.#bytes(2).getUint16(0), 3, undefined);
      case 0xdf:
        return this.#open(this.#bytes(4).getUint32(0), 5, undefined);
      default: // binary and extension types, and 0xc1
        throw hostError("Bad data format in input.");
    }
  }

  #need(count: number): void {
    if (this.at + count > this.#text.length) throw hostError("Missing bytes in input.");
  }

  /** The bytes after the code. */
  #bytes(count: number): DataView {
    this.#need(count + 1);
    for (let i = 0; i < count; i++) scratch.setUint8(i, this.#text.charCodeAt(this.at + 1 + i));
    return scratch;
  }

  #give(value: LuaValue, size: number): true {
    this.#value = value;
    this.at += size;
    return true;
  }

  #string(length: number, head: number): true {
    this.#need(head + length);
    return this.#give(this.#text.slice(this.at + head, this.at + head + length), head + length);
  }

  /** Begins a table. @param index 1 for an array, undefined for a map @returns whether it is empty and so complete */
  #open(left: number, head: number, index: number | undefined): boolean {
    const table = new LuaTable();
    if (index !== undefined && this.#stack + 2 > MAX_STACK) {
      stackOverflow("in function mp_decode_to_lua_array");
    }
    if (left === 0) return this.#give(table, head);
    this.at += head;
    this.#stack += index === undefined ? 1 : 2; // the table; an array's index
    this.#frames.push({ table, left, index, keyed: false, key: undefined });
    return false;
  }

  /** Puts the value into the innermost table. @returns whether that is complete, and is the value now */
  #store(): boolean {
    const frame = this.#frames[this.#frames.length - 1]!;
    if (frame.index !== undefined) {
      frame.table.set(frame.index++, this.#value);
    } else if (!frame.keyed) {
      frame.key = this.#value;
      frame.keyed = true;
      this.#stack++;
      return false;
    } else {
      frame.table.set(frame.key, this.#value);
      frame.keyed = false;
      this.#stack--;
    }
    if (--frame.left > 0) return false;
    this.#stack -= frame.index === undefined ? 1 : 2;
    this.#value = frame.table;
    this.#frames.pop();
    return true;
  }
}
