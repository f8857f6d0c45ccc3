/**
 * What compiled code calls when the quick way that it has inline does not do: tables with metatables, strings used
 * as numbers, errors. One `Chunk` belongs to each compiled text; it knows the places (`Site`) that errors name.
 *
 * Compiled code is in the middle of a generator and can suspend, these helpers are plain functions and cannot. So
 * where a metamethod has to run, a helper leaves the call in `state.pending` and returns `PENDING`; the compiled
 * code yields that, the driver (driver.ts) runs the call and resumes with its result.
 */

import { hostError, LuaError, LuaInterrupt, type Name, nameArgument, toLuaError } from "./error.ts";
import { formatNumber, toNumber, toText } from "./number.ts";
import { bound, call, MAX_BOUNDARIES } from "./call.ts";
import { MAX_CHAIN } from "./limits.ts";
import type { LuaState } from "./state.ts";
import { displayName } from "./lexer.ts";
import { LuaTable } from "./table.ts";
import { cString } from "../types/quoting.ts";
import { PENDING, type Pending } from "./signals.ts";
import {
  first,
  type LuaCall,
  LuaFunction,
  type LuaResult,
  LuaUserdata,
  type LuaValue,
  truthy,
  typeName,
} from "./value.ts";

/** A place in the text where something can fail. */
export type Site = {
  readonly line: number;
  /** The value that is called or indexed, the left operand. */
  readonly left?: Name | undefined;
  readonly right?: Name | undefined;
  /** A call: `left` is the name of the function. */
  readonly call?: boolean;
  /** A call in a return statement: its function takes the place of the one that returns. */
  readonly tail?: boolean;
};

/** Events of the arithmetic operators. */
const EVENTS: Readonly<Record<string, string>> = {
  "+": "__add",
  "-": "__sub",
  "*": "__mul",
  "/": "__div",
  "%": "__mod",
  "^": "__pow",
};

/** C's pow: 1 to any power and -1 to an infinite one are 1. */
export function power(x: number, y: number): number {
  if (x === 1 || x === -1 && (y === Infinity || y === -Infinity)) return 1;
  return x ** y;
}

/** Lua 5.1's remainder, with the sign of the divisor. */
export function modulo(x: number, y: number): number {
  return x - Math.floor(x / y) * y;
}

/** See the file comment. */
export class Chunk {
  readonly state: LuaState;
  /** The name that the chunk was compiled with, and as messages show it. */
  readonly name: string;
  readonly source: string;
  /** By number, as compiled code mentions them; 0 is none. */
  readonly sites: Site[] = [{ line: 0 }];

  /** Functions and tables that compiled code names: `k0`, `k1` ... */
  readonly constants: (LuaFunction | LuaTable)[] = [];
  readonly #environment: LuaTable;

  constructor(state: LuaState, name: string, environment: LuaTable) {
    this.state = state;
    this.#environment = environment;
    this.name = cString(name);
    this.source = displayName(this.name);
  }

  /** Whether looking up a global never has to wait for a metamethod. */
  get plainGlobals(): boolean {
    return this.state.changing !== undefined && this.#environment === this.state.globals;
  }

  /** The value that a global always has, if it has one. */
  fixedGlobal(name: string): LuaValue {
    const { changing } = this.state;
    if (changing === undefined || !this.#environment.readonly || changing.has(name)) return undefined;
    return this.#environment.getStr(name);
  }

  /** The name of a constant in compiled code. */
  constant(value: LuaFunction | LuaTable): string {
    let i = this.constants.indexOf(value);
    if (i < 0) i = this.constants.push(value) - 1;
    return "k" + i;
  }

  /** `object[key]`. */
  index(object: LuaValue, key: LuaValue, site: number): LuaValue | Pending {
    if (object instanceof LuaTable) {
      const value = object.get(key);
      if (value !== undefined || object.metatable === undefined) return value;
    }
    return this.#indexSlowly(object, key, site);
  }

  /** `object[key]` for a number. */
  indexNumber(object: LuaValue, key: number, site: number): LuaValue | Pending {
    if (object instanceof LuaTable) {
      const value = object.getNumber(key);
      if (value !== undefined || object.metatable === undefined) return value;
    }
    return this.#indexSlowly(object, key, site);
  }

  /** `object[key]` for a constant string. */
  indexStr(object: LuaValue, key: string, hash: number, site: number): LuaValue | Pending {
    if (object instanceof LuaTable) {
      const value = object.getStr(key, hash);
      if (value !== undefined || object.metatable === undefined) return value;
    }
    return this.#indexSlowly(object, key, site);
  }

  #indexSlowly(start: LuaValue, key: LuaValue, site: number): LuaValue | Pending {
    let object = start;
    for (let i = 0; i < MAX_CHAIN; i++) {
      let handler: LuaValue;
      if (object instanceof LuaTable) {
        const value = object.get(key);
        if (value !== undefined || object.metatable === undefined) return value;
        handler = object.metatable.getStr("__index");
        if (handler === undefined) return undefined;
      } else {
        handler = this.state.metatableOf(object)?.getStr("__index");
        if (handler === undefined) throw this.typeError("index", object, site, object === start);
      }
      if (handler instanceof LuaFunction) return this.#handle(handler, [object, key], site);
      object = handler;
    }
    throw this.error("loop in gettable", site);
  }

  /** `object[key] = value`; anything but PENDING means done. */
  setIndex(object: LuaValue, key: LuaValue, value: LuaValue, site: number): void | Pending {
    if (object instanceof LuaTable && object.metatable === undefined) {
      if (object.readonly || key === undefined || key !== key) throw this.#refusal(object, key, site);
      object.set(key, value);
      return;
    }
    return this.#setSlowly(object, key, value, site);
  }

  /** `object[key] = value` for a number. */
  setIndexNumber(object: LuaValue, key: number, value: LuaValue, site: number): void | Pending {
    if (object instanceof LuaTable && object.metatable === undefined && !object.readonly && key === key) {
      object.setNumber(key, value);
      return;
    }
    return this.#setSlowly(object, key, value, site);
  }

  /** `object[key] = value` for a constant string. */
  setIndexStr(
    object: LuaValue,
    key: string,
    hash: number,
    value: LuaValue,
    site: number,
  ): void | Pending {
    if (object instanceof LuaTable && object.metatable === undefined && !object.readonly) {
      object.setStr(key, value, hash);
      return;
    }
    return this.#setSlowly(object, key, value, site);
  }

  #setSlowly(start: LuaValue, key: LuaValue, value: LuaValue, site: number): void | Pending {
    let object = start;
    for (let i = 0; i < MAX_CHAIN; i++) {
      let handler: LuaValue;
      if (object instanceof LuaTable) {
        if (object.readonly || key === undefined || key !== key) throw this.#refusal(object, key, site);
        handler = object.metatable?.getStr("__newindex");
        if (handler === undefined || object.get(key) !== undefined) {
          object.set(key, value);
          return;
        }
      } else {
        handler = this.state.metatableOf(object)?.getStr("__newindex");
        if (handler === undefined) throw this.typeError("index", object, site, object === start);
      }
      if (handler instanceof LuaFunction) {
        return this.#handle(handler, [object, key, value], site) === PENDING ? PENDING : undefined;
      }
      object = handler;
    }
    throw this.error("loop in settable", site);
  }

  #refusal(table: LuaTable, key: LuaValue, site: number): LuaError {
    if (table.readonly) return this.error("Attempt to modify a readonly table", site);
    return this.error(key === undefined ? "table index is nil" : "table index is NaN", site);
  }

  /** An arithmetic operation on values of which not both are numbers. */
  arithmetic(operator: string, x: LuaValue, y: LuaValue, site: number): LuaValue | Pending {
    const a = toNumber(x);
    const b = toNumber(y);
    if (a !== undefined && b !== undefined) return calculate(operator, a, b);
    return this.#operator(EVENTS[operator]!, x, y, site);
  }

  /** `-x` of what is no number. */
  negate(x: LuaValue, site: number): LuaValue | Pending {
    const a = toNumber(x);
    if (a !== undefined) return -a;
    return this.#operator("__unm", x, x, site);
  }

  /** The metamethod of an arithmetic operator. */
  #operator(event: string, x: LuaValue, y: LuaValue, site: number): LuaValue | Pending {
    const handler = this.state.metatableOf(x)?.getStr(event) ?? this.state.metatableOf(y)?.getStr(event);
    if (handler !== undefined) return this.#handle(handler, [x, y], site);
    const leftIsWrong = toNumber(x) === undefined;
    const side = leftIsWrong ? "left" : "right";
    throw this.typeError("perform arithmetic on", leftIsWrong ? x : y, site, true, side);
  }

  /** `a .. b .. c`. */
  concat(operands: LuaValue[], site: number): LuaValue | Pending {
    let text = toText(operands[operands.length - 1]);
    let i = operands.length - 2;
    for (; i >= 0 && text !== undefined; i--) {
      const part = toText(operands[i]);
      if (part === undefined) break;
      text = part + text;
    }
    if (i < 0) return text;
    return this.#pend(this.#concatSlowly(operands, i, text ?? operands[operands.length - 1], site));
  }

  /** From the right: operand `i` and all before it still have to be joined to `right`. Each has its own site. */
  *#concatSlowly(operands: LuaValue[], i: number, right: LuaValue, site: number): LuaCall {
    for (; i >= 0; i--) {
      const left = operands[i];
      const a = toText(left), b = toText(right);
      if (a !== undefined && b !== undefined) {
        right = a + b;
        continue;
      }
      const handler = this.state.metatableOf(left)?.getStr("__concat") ??
        this.state.metatableOf(right)?.getStr("__concat");
      if (handler === undefined) {
        throw this.typeError(
          "concatenate",
          a === undefined ? left : right,
          site + i + (a === undefined ? 0 : 1),
        );
      }
      right = first(yield* call(this.state, handler, [left, right], true));
    }
    return right;
  }

  /** `#x` of what is no string. */
  length(x: LuaValue, site: number): number {
    if (x instanceof LuaTable) return x.length();
    if (typeof x === "string") return x.length;
    throw this.typeError("get length of", x, site);
  }

  /** `x == y` of values that are not identical. */
  equals(x: LuaValue, y: LuaValue, site: number): LuaValue | Pending {
    let handler: LuaValue;
    if (
      x instanceof LuaTable && y instanceof LuaTable || x instanceof LuaUserdata && y instanceof LuaUserdata
    ) {
      handler = sharedHandler(x.metatable, y.metatable, "__eq");
    }
    return handler === undefined ? false : this.#handle(handler, [x, y], site, truth);
  }

  /** `x < y` of what are not both numbers. */
  less(x: LuaValue, y: LuaValue, site: number): LuaValue | Pending {
    if (typeof x === "string" && typeof y === "string") return x < y;
    const handler = this.#comparison(x, y, "__lt", site);
    if (handler === undefined) throw this.#orderError(x, y, site);
    return this.#handle(handler, [x, y], site, truth);
  }

  /** `x <= y` of what are not both numbers: without `__le`, not (y < x). */
  lessOrEqual(x: LuaValue, y: LuaValue, site: number): LuaValue | Pending {
    if (typeof x === "string" && typeof y === "string") return x <= y;
    const handler = this.#comparison(x, y, "__le", site);
    if (handler !== undefined) return this.#handle(handler, [x, y], site, truth);
    const opposite = this.#comparison(y, x, "__lt", site);
    if (opposite === undefined) throw this.#orderError(x, y, site);
    return this.#handle(opposite, [y, x], site, untruth);
  }

  /** Both operands must be of one type and have the same metamethod. */
  #comparison(x: LuaValue, y: LuaValue, event: string, site: number): LuaValue {
    if (typeName(x) !== typeName(y)) throw this.#orderError(x, y, site);
    return sharedHandler(this.state.metatableOf(x), this.state.metatableOf(y), event);
  }

  #orderError(x: LuaValue, y: LuaValue, site: number): LuaError {
    return this.error(orderComplaint(x, y), site);
  }

  /** A function to call instead of a value that is none: its `__call`, with the value in front. */
  callable(value: LuaValue, site: number): LuaFunction {
    const target = bound(this.state.metatableOf(value)?.getStr("__call"), value);
    if (target === undefined) throw this.typeError("call", value, site);
    return target;
  }

  /** The numbers of a numeric for loop, `[from, to, step]`, where they are not all numbers. */
  forLoop(from: LuaValue, to: LuaValue, step: LuaValue, site: number): number[] {
    const numbers = [from, to, step].map(toNumber);
    const names = ["initial value", "limit", "step"];
    for (let i = 0; i < 3; i++) {
      if (numbers[i] === undefined) throw this.error(`'for' ${names[i]} must be a number`, site);
    }
    return numbers as number[];
  }

  /** Lua 5.0's table of extra arguments. */
  argTable(extra: LuaValue[]): LuaTable {
    const table = new LuaTable(extra.length, 1);
    for (let i = 0; i < extra.length; i++) table.setNumber(i + 1, extra[i]);
    table.setStr("n", extra.length);
    return table;
  }

  /** Puts `items` into a table under construction, as elements from `from` + 1 on. */
  fill(table: LuaTable, items: readonly LuaValue[], from: number): LuaTable {
    table.reserve(from + items.length);
    for (let i = 0; i < items.length; i++) table.setNumber(from + i + 1, items[i]);
    return table;
  }

  /**
   * How a generic for loop goes: -1 by `next` from the start of a table, -2 by the step of `ipairs`, -3 by calls.
   */
  loopKind(f: LuaValue, subject: LuaValue, control: LuaValue): number {
    if (!(subject instanceof LuaTable)) return -3;
    if (f === this.state.nextFunction && control === undefined) return -1;
    return f === this.state.ipairsStep && control === 0 ? -2 : -3;
  }

  /** The place after `i` in a traversal whose last key was `key`; looked up again if the table was laid out anew. */
  advance(table: LuaTable, i: number, key: LuaValue): number {
    return table.nextIndex(i >= 0 && table.keyAt(i) !== key ? table.indexOf(key) : i);
  }

  /** An error with the position of a site. */
  error(text: string, site: number): LuaError {
    const { line } = this.sites[site]!;
    const error = new LuaError(`${this.source}:${line}: ${text}`);
    error.position = { source: this.name, line };
    return error;
  }

  /** "attempt to {action} global 'x' (a nil value)". `named`: the site's name is that of this value. */
  typeError(
    action: string,
    value: LuaValue,
    site: number,
    named = true,
    side: "left" | "right" = "left",
  ): LuaError {
    const name = named ? this.sites[site]![side] : undefined;
    const type = typeName(value);
    const what = name === undefined ? `a ${type} value` : `${name.kind} '${name.name}' (a ${type} value)`;
    return this.error(`attempt to ${action} ${what}`, site);
  }

  /**
   * Completes an error that leaves a function of this chunk, where it was at `site`: position in front of the text,
   * name of a host function that was given a bad argument.
   * @returns what to throw on
   */
  settle(thrown: unknown, site: number): unknown {
    const error = toLuaError(thrown);
    if (!(error instanceof LuaError)) return error;
    if (error instanceof LuaInterrupt) {
      error.position ??= { source: this.name, line: this.sites[site]!.line };
      return error;
    }
    const { line, left, call, tail } = this.sites[site]!;
    const direct = error.position === undefined;
    if (direct) error.position = { source: this.name, line };
    if (error.level === 0 || --error.level > 0) return error;
    if (error.argument >= 0) nameArgument(error, call === true ? left : undefined);
    if (typeof error.value === "number") error.value = formatNumber(error.value);
    if (typeof error.value === "string" && (direct || tail !== true)) {
      error.value = `${this.source}:${line}: ${error.value}`;
    }
    return error;
  }

  /** The result of calling `f`, if it is there; otherwise it is left to the driver: longer, but a `yield*` less. */
  ready(f: LuaFunction, result: LuaResult | LuaCall): LuaResult | Pending {
    if (!f.generator) return result as LuaResult;
    return this.#pend(result as LuaCall);
  }

  /** Leaves the plain form of a function. */
  giveUp(): never {
    throw PENDING;
  }

  /**
   * Calls a metamethod: a plain function at once, anything else is left to the driver.
   * @param finish makes the operator's value of the results
   */
  #handle(
    handler: LuaValue,
    args: readonly LuaValue[],
    site: number,
    finish: (result: LuaResult) => LuaValue = first,
  ): LuaValue | Pending {
    if (!(handler instanceof LuaFunction) || handler.generator) {
      return this.#pend(finished(call(this.state, handler, args, true), finish));
    }
    const { state } = this;
    let result: unknown;
    try {
      if (++state.boundaries >= MAX_BOUNDARIES) throw hostError("C stack overflow");
      result = handler.fn(...args);
    } catch (thrown) {
      throw this.settle(thrown, site);
    }
    state.boundaries--;
    if (result === PENDING) return this.#pend(finished(this.state.pending, finish));
    return finish(result as LuaResult);
  }

  #pend(call: LuaCall): Pending {
    this.state.pending = call;
    return PENDING;
  }
}

/** What is wrong with comparing two values that have no order. */
export function orderComplaint(x: LuaValue, y: LuaValue): string {
  const a = typeName(x), b = typeName(y);
  return `attempt to compare ${a === b ? `two ${a} values` : `${a} with ${b}`}`;
}

/** The metamethod that both have, as comparisons want it. */
export function sharedHandler(a: LuaTable | undefined, b: LuaTable | undefined, event: string): LuaValue {
  const handler = a?.getStr(event);
  return handler !== undefined && (a === b || b?.getStr(event) === handler) ? handler : undefined;
}

/** An arithmetic operation on numbers. */
export function calculate(operator: string, x: number, y: number): number {
  switch (operator) {
    case "+":
      return x + y;
    case "-":
      return x - y;
    case "*":
      return x * y;
    case "/":
      return x / y;
    case "%":
      return modulo(x, y);
  }
  return power(x, y);
}

function truth(result: LuaResult): boolean {
  return truthy(first(result));
}

function untruth(result: LuaResult): boolean {
  return !truthy(first(result));
}

function* finished(call: LuaCall, finish: (result: LuaResult) => LuaValue): LuaCall {
  return finish(yield* call);
}
