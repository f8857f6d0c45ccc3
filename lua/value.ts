/**
 * What a Lua program handles, as JavaScript values chosen so that V8 is quick with them:
 *
 * | Lua      | here                                                                                   |
 * | -------- | -------------------------------------------------------------------------------------- |
 * | nil      | `undefined`                                                                            |
 * | boolean  | `boolean`                                                                              |
 * | number   | `number`                                                                               |
 * | string   | a string whose char codes are the bytes, 0 to 255: one-byte strings concatenate cheaply |
 * | table    | `LuaTable` (table.ts)                                                                  |
 * | function | `LuaFunction`, whether written in Lua or in TypeScript                                 |
 * | thread   | `LuaThread`                                                                            |
 * | userdata | `LuaUserdata`: opaque, compared by identity                                            |
 *
 * Functions written in Lua are JavaScript generators, so that a script can be suspended in the middle. A function
 * written in TypeScript is a plain function unless it has to call back into Lua; then it is a generator too and
 * calls through `yield* call(...)` (call.ts).
 *
 * A function returns its single result as it is. No result or several are a JavaScript array, which is never a Lua
 * value itself: that makes the common case, one result, free of arrays.
 */

import type { LuaTable } from "./table.ts";

/** Any value of a Lua program; see the table above. */
export type LuaValue =
  | undefined
  | boolean
  | number
  | string
  | LuaTable
  | LuaFunction
  | LuaThread
  | LuaUserdata;

/** What a function returns: one value, or an array of none or several. */
export type LuaResult = LuaValue | readonly LuaValue[];

/** What a running generator hands to whoever drives it (driver.ts); functions pass it on by `yield*` and do not look. */
export type Signal = unknown;

/** A call under way that can be suspended. */
export type LuaCall = Generator<Signal, LuaResult, LuaResult>;

/** A host function that does not call Lua. Missing arguments are undefined; use a rest parameter to count them. */
export type PlainFunction = (...args: LuaValue[]) => LuaResult;

/** A host function that calls Lua, or one written in Lua. */
export type GeneratorFunction = (...args: LuaValue[]) => LuaCall;

/** No result at all, which differs from one nil where results are counted. */
export const NOTHING: readonly LuaValue[] = Object.freeze([]);

let lastAddress = 0x5581c0de0000;

/** Something that prints as "table: 0x...": an address is made up when one is asked for. */
export abstract class Addressed {
  #address = 0;

  /** A number unique to this object; PUC Lua prints a pointer here. */
  get address(): number {
    if (this.#address === 0) this.#address = lastAddress += 32;
    return this.#address;
  }
}

/** A function. `name` is for errors and debugging alone: the texts of Lua name functions by how they were called. */
export class LuaFunction extends Addressed {
  /** Takes Lua values; whether it returns a result or a generator of it says `generator`. */
  readonly fn: PlainFunction | GeneratorFunction;
  readonly generator: boolean;
  readonly name: string;
  /** Written in TypeScript: "what" is "C" for PUC. */
  readonly host: boolean;

  constructor(fn: PlainFunction | GeneratorFunction, generator: boolean, name: string, host = false) {
    super();
    this.fn = fn;
    this.generator = generator;
    this.name = name;
    this.host = host;
  }
}

/** A chunk: a generator, which is exchanged for a quicker one once it turns out to be called often (compile.ts). */
export class LuaChunkFunction extends LuaFunction {
  declare fn: GeneratorFunction;

  constructor(fn: GeneratorFunction) {
    super(fn, true, "main chunk");
  }
}

/** A host function that never calls Lua: one JavaScript call, no generator. */
export function hostFunction(name: string, fn: PlainFunction): LuaFunction {
  return new LuaFunction(fn, false, name, true);
}

/** A host function that calls Lua, by `yield* call(...)`. */
export function generatorFunction(name: string, fn: GeneratorFunction): LuaFunction {
  return new LuaFunction(fn, true, name, true);
}

/** A coroutine; the driver (driver.ts) runs it. */
export class LuaThread extends Addressed {
  status: "suspended" | "running" | "normal" | "dead" = "suspended";
  readonly body: LuaFunction;
  /** The driver's stack of it while it is not running; undefined before the first resume. */
  waiting: unknown = undefined;
  /** Host calls that were under way when it was resumed: it cannot yield across more. */
  boundaries = 0;

  constructor(body: LuaFunction) {
    super();
    this.body = body;
  }
}

/** An opaque value of the host, such as `cjson.null`. `text` is what `tostring` gives. */
export class LuaUserdata extends Addressed {
  metatable: LuaTable | undefined = undefined;
  readonly text: string;

  constructor(text: string) {
    super();
    this.text = text;
  }
}

/** The first of the results of a call. */
export function first(result: LuaResult): LuaValue {
  return result instanceof Array ? result[0] : result;
}

/** All results of a call as an array; one that may not be changed, as it may be the function's own. */
export function all(result: LuaResult): readonly LuaValue[] {
  return result instanceof Array ? result : [result];
}

/** Lua's name of a value's type. */
export function typeName(value: LuaValue): string {
  switch (typeof value) {
    case "undefined":
      return "nil";
    case "boolean":
      return "boolean";
    case "number":
      return "number";
    case "string":
      return "string";
  }
  if (value instanceof LuaFunction) return "function";
  if (value instanceof LuaThread) return "thread";
  return value instanceof LuaUserdata ? "userdata" : "table";
}

/** Only nil and false are false; 0 and "" are true. */
export function truthy(value: LuaValue): boolean {
  return value !== undefined && value !== false;
}
