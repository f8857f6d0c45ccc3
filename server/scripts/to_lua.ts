/**
 * Replies as Lua values: what `redis.call` returns. The reply of the command is read where it was written, in the
 * buffer of the script's own client, so that no command needs to know of scripts.
 *
 * In RESP2 null is false, a status is a table with the field `ok`, an error one with `err`; RESP3 adds tables with
 * `double`, `map`, `set`, `big_number` and `verbatim_string`, and real booleans and nil.
 */

import { LuaTable } from "../../lua/table.ts";
import type { LuaValue } from "../../lua/value.ts";
import type { Reply } from "../../resp.ts";
import { latin1 } from "../../types/bytes.ts";

const CR = 13;
const MINUS = 45;

/** An error as scripts see it. `counted`: it is in the statistics already, so that raising it again counts no more. */
export function errorTable(text: string, counted: boolean): LuaTable {
  const table = new LuaTable();
  table.setStr("err", text);
  if (counted) table.setStr("ignore_error_stats_update", true);
  return table;
}

function tagged(field: string, value: LuaValue): LuaTable {
  const table = new LuaTable();
  table.setStr(field, value);
  return table;
}

/** Reads one reply. */
export class ReplyToLua {
  #buf: Uint8Array = new Uint8Array(0);
  #at = 0;

  /** The reply that begins at byte `from` of the buffer. */
  read(reply: Reply, from: number): LuaValue {
    this.#buf = reply.buf;
    this.#at = from;
    return this.#value();
  }

  #value(): LuaValue {
    switch (this.#buf[this.#at++]) {
      case 36: { // $
        const length = this.#integer();
        return length < 0 ? false : this.#bytes(length);
      }
      case 58: // :
        return this.#integer();
      case 43: // +
        return tagged("ok", this.#line());
      case MINUS:
        return errorTable(this.#line(), true);
      case 42: // *
        return this.#array();
      case 37: // %
        return tagged("map", this.#map());
      case 126: // ~
        return tagged("set", this.#set());
      case 95: // _
        this.#line();
        return undefined;
      case 35: // #
        return this.#line() === "t";
      case 44: // ,
        return tagged("double", doubleOf(this.#line()));
      case 40: // (
        return tagged("big_number", this.#line());
      case 61: // =
        return this.#verbatim();
      case 124: // |
        this.#map();
        return this.#value();
      default:
        throw new Error("a reply that is none");
    }
  }

  #array(): LuaValue {
    const length = this.#integer();
    if (length < 0) return false;
    const table = new LuaTable();
    for (let i = 1; i <= length; i++) table.setNumber(i, this.#value());
    return table;
  }

  #map(): LuaTable {
    const pairs = this.#integer();
    const table = new LuaTable();
    for (let i = 0; i < pairs; i++) {
      const key = this.#value();
      table.set(key, this.#value());
    }
    return table;
  }

  #set(): LuaTable {
    const length = this.#integer();
    const table = new LuaTable();
    for (let i = 0; i < length; i++) table.set(this.#value(), true);
    return table;
  }

  #verbatim(): LuaTable {
    const text = this.#bytes(this.#integer());
    const parts = new LuaTable();
    parts.setStr("string", text.slice(4));
    parts.setStr("format", text.slice(0, 3));
    return tagged("verbatim_string", parts);
  }

  /** The rest of the line as a number; beyond 2^53 the nearest, as Lua's own numbers are doubles. */
  #integer(): number {
    const buf = this.#buf;
    let at = this.#at;
    const negative = buf[at] === MINUS;
    if (negative) at++;
    const first = at;
    let value = 0;
    for (let byte = buf[at]!; byte !== CR; byte = buf[++at]!) value = value * 10 + byte - 48;
    const digits = at - first;
    if (digits > 15) value = Number(latin1(buf, first, at));
    this.#at = at + 2;
    return negative ? -value : value;
  }

  #bytes(length: number): string {
    const start = this.#at;
    this.#at = start + length + 2;
    return latin1(this.#buf, start, start + length);
  }

  #line(): string {
    const start = this.#at;
    const end = this.#buf.indexOf(CR, start);
    this.#at = end + 2;
    return latin1(this.#buf, start, end);
  }
}

function doubleOf(text: string): number {
  switch (text) {
    case "inf":
      return Infinity;
    case "-inf":
      return -Infinity;
    case "nan":
      return NaN;
  }
  return Number(text);
}
