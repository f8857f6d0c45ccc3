/**
 * What a script returns, as a reply: the other way round of to_lua.ts. Numbers lose their fraction, nil ends an array,
 * a table with one of the known fields is what that says. What has no form in RESP (a function) is null.
 */

import type { Command } from "../../commands/table.ts";
import { MAX_STACK } from "../../lua/limits.ts";
import { toText } from "../../lua/number.ts";
import { toInt64 } from "../../lua/printf.ts";
import { LuaTable } from "../../lua/table.ts";
import type { LuaValue } from "../../lua/value.ts";
import type { Reply } from "../../resp.ts";
import { fromLatin1 } from "../../types/bytes.ts";
import { cString } from "../../types/quoting.ts";
import type { ErrorStats } from "../stats.ts";

/**
 * redis-server converts on Lua's stack; where that is full (MAX_STACK) the rest is an error. Each level of a table takes
 * one place of it, of a set two or three, as here. Places taken before, and places that must be free for one value:
 */
const FIRST_SLOT = 2;
const NEEDED_SLOTS = 4;
const STACK_FULL = "ERR reached lua stack limit";

/** A table whose elements are being written. */
interface Open {
  readonly kind: "array" | "map" | "set";
  readonly table: LuaTable;
  readonly size: number;
  readonly slot: number;
  /** Of an array the elements written, of the others the place of the last key. */
  at: number;
  /** Of a map: the value is next. */
  keyWritten: boolean;
}

/** Writes what scripts return. */
export class LuaToReply {
  #reply!: Reply;
  #command!: Command;
  /** An error was written that nobody had counted. */
  #failed = false;
  readonly #open: Open[] = [];
  /** The script has asked for RESP3: booleans stay booleans. */
  #resp3 = false;
  readonly #errors: ErrorStats;

  /** `errors` counts the errors in what is returned that no command has counted. */
  constructor(errors: ErrorStats) {
    this.#errors = errors;
  }

  /** Writes the value that a script returned to `command`. `resp3`: the script has called redis.setresp(3). */
  write(value: LuaValue, command: Command, reply: Reply, resp3: boolean): void {
    this.#command = command;
    this.#reply = reply;
    this.#resp3 = resp3;
    this.#failed = false;
    this.#value(value, FIRST_SLOT);
    if (this.#failed) command.stats.failed++;
  }

  /** Writes the error that ended a script, of which the statistics know already if it is `counted`. */
  fail(command: Command, reply: Reply, text: string, counted: boolean): void {
    this.#command = command;
    this.#reply = reply;
    this.#error(text, counted);
    if (!counted) command.stats.failed++;
  }

  /** Writes a value and all that is in it. Tables are not followed by recursion: a script may nest them thousands deep. */
  #value(value: LuaValue, slot: number): void {
    this.#begin(value, slot);
    const open = this.#open;
    for (let top = open.at(-1); top !== undefined; top = open.at(-1)) this.#next(top);
  }

  /** Writes a value, or of a table what stands before its elements. */
  #begin(value: LuaValue, slot: number): void {
    const reply = this.#reply;
    if (slot + NEEDED_SLOTS > MAX_STACK) return this.#error(STACK_FULL, false);
    switch (typeof value) {
      case "string":
        return reply.bulkText(value);
      case "number":
        return reply.integer(toInt64(value));
      case "boolean":
        if (this.#resp3) return reply.boolean(value);
        return value ? reply.integer(1) : reply.null();
      case "object":
        if (value instanceof LuaTable) return this.#table(value, slot);
    }
    reply.null();
  }

  /** Writes the next element of a table that has been begun. */
  #next(open: Open): void {
    const { table, slot } = open;
    if (open.kind === "array") {
      if (open.at < open.size) this.#begin(table.getNumber(++open.at), slot + 1);
      else this.#open.pop();
      return;
    }
    if (open.keyWritten) {
      open.keyWritten = false;
      return this.#begin(table.valueAt(open.at), slot + 3);
    }
    open.at = table.nextIndex(open.at);
    if (open.at < 0) return void this.#open.pop();
    open.keyWritten = open.kind === "map";
    this.#begin(table.keyAt(open.at), slot + (open.kind === "map" ? 4 : 3));
  }

  /**
   * Writes an error. As redis-server counts failures: each error that is in the statistics already is one, those that are not
   * make one together.
   */
  #error(text: string, counted: boolean): void {
    if (counted) this.#command.stats.failed++;
    else {
      this.#errors.count(text);
      this.#failed = true;
    }
    this.#reply.uncountedError(text);
  }

  #table(table: LuaTable, slot: number): void {
    const reply = this.#reply;
    if (typeof table.getStr("err") === "string") {
      const counted = table.getStr("ignore_error_stats_update") === true;
      return this.#error(messageOf(table), counted);
    }
    const ok = table.getStr("ok");
    if (typeof ok === "string") return reply.simple(oneLine(cString(ok)));
    const double = table.getStr("double");
    if (typeof double === "number") {
      return double === double ? reply.double(double) : reply.doubleText("-nan");
    }
    const map = table.getStr("map");
    if (map instanceof LuaTable) return this.#enter("map", map, slot);
    const set = table.getStr("set");
    if (set instanceof LuaTable) return this.#enter("set", set, slot);
    const bigNumber = table.getStr("big_number");
    if (typeof bigNumber === "string") return reply.bigNumber(oneLine(bigNumber));
    const verbatim = table.getStr("verbatim_string");
    if (verbatim instanceof LuaTable) {
      const format = verbatim.getStr("format"), text = verbatim.getStr("string");
      if (typeof format === "string" && typeof text === "string") {
        return reply.verbatimBytes(fromLatin1(text), threeBytes(cString(format)));
      }
    }
    this.#enter("array", table, slot);
  }

  /** Writes a table's header; its elements follow. */
  #enter(kind: Open["kind"], table: LuaTable, slot: number): void {
    const reply = this.#reply;
    const size = kind === "array" ? countOf(table) : sizeOf(table);
    if (kind === "array") reply.array(size);
    else if (kind === "map") reply.map(size);
    else reply.set(size);
    if (size > 0) {
      this.#open.push({ kind, table, size, slot, at: kind === "array" ? 0 : -1, keyWritten: false });
    }
  }
}

/** The text of an error table. */
export function messageOf(table: LuaTable): string {
  const text = toText(table.getStr("err"));
  return text === undefined ? "ERR unknown error" : cString(text);
}

/** Elements before the first nil. */
function countOf(table: LuaTable): number {
  let count = 0;
  while (table.getNumber(count + 1) !== undefined) count++;
  return count;
}

function sizeOf(table: LuaTable): number {
  let size = 0;
  for (let i = table.nextIndex(-1); i >= 0; i = table.nextIndex(i)) size++;
  return size;
}

function oneLine(text: string): string {
  return /[\r\n]/.test(text) ? text.replace(/[\r\n]/g, " ") : text;
}

/** A verbatim string's format has three bytes. */
function threeBytes(format: string): string {
  return format.slice(0, 3).padEnd(3, " ");
}
