/**
 * Short chunks run in two ways, interpreted at first and compiled later (lua/compile.ts): whatever they do must be the
 * same, to the last error text. So the same chunks run both ways here, those of the other tests and random ones.
 */

import { assert, assertEquals } from "@std/assert";
import { LuaError } from "../../lua/error.ts";
import { rawToString } from "../../lua/library.ts";
import { parseChunk } from "../../lua/parser.ts";
import type { LuaState } from "../../lua/state.ts";
import { isStraight } from "../../lua/straight.ts";
import { LuaTable } from "../../lua/table.ts";
import type { LuaValue } from "../../lua/value.ts";
import { Random } from "../../server/random.ts";
import { EXPRESSIONS } from "./expressions.ts";
import { newWorld } from "./real_calls.ts";

/** Steps between suspensions: short ones show whether a chunk survives them. */
const BUDGETS = [100_000, 1];
const PROGRAMS = 600;

/** What chunks find beside the libraries: values with metamethods, written in Lua and not. */
const PRELUDE = `
  local function said(event) return function(a, b) return event .. type(a) .. type(b) end end
  plain = { x = 1, y = "two", [1] = 10, [2] = 20, inner = { z = 3 } }
  meta = setmetatable({ own = 1 }, {
    __index = function(t, k) return "at " .. tostring(k) end, __newindex = function(t, k, v) rawset(t, k, v) end,
    __add = said("add"), __sub = said("sub"), __mul = said("mul"), __div = said("div"), __mod = said("mod"),
    __pow = said("pow"), __unm = said("unm"), __concat = said("concat"), __call = function(self, ...) return ... end,
    __eq = function() return true end, __lt = function() return true end, __le = function() return false end,
  })
  host = setmetatable({}, { __index = plain, __call = rawget, __add = math.max })
  function several(...) return ... end
  function twice(x) return x, x end
  function fails(text) error(text) end
`;

/** What a chunk returns or fails with, as a text. */
function outcome(source: string, interpretedRuns: number, budget: number, sealed: boolean): string {
  const state = newWorld();
  state.runToEnd(state.compile(PRELUDE, "=prelude"), []);
  if (sealed) seal(state);
  state.interpretedRuns = interpretedRuns;
  state.budget = budget;
  try {
    const results = state.runToEnd(state.compile(source, "@user_script"), ["first", 2]);
    return results.map((value) => shown(value, 2)).join(", ");
  } catch (error) {
    if (!(error instanceof LuaError)) throw error;
    const { position } = error;
    return `${shown(error.value, 2)} at ${position?.source}:${position?.line}`;
  }
}

/** Makes everything read-only, as a server does: compiled code then names what the globals hold. */
function seal(state: LuaState): void {
  const { globals } = state;
  for (let i = globals.nextIndex(-1); i >= 0; i = globals.nextIndex(i)) {
    const value = globals.valueAt(i);
    if (value instanceof LuaTable) value.readonly = true;
  }
  globals.readonly = true;
  state.changing = new Set(["meta"]);
}

function shown(value: LuaValue, levels: number): string {
  if (!(value instanceof LuaTable) || levels === 0) return rawToString(value).replace(/0x[0-9a-f]+/, "?");
  const fields: string[] = [];
  for (let i = value.nextIndex(-1); i >= 0; i = value.nextIndex(i)) {
    fields.push(`${shown(value.keyAt(i), 0)}=${shown(value.valueAt(i), levels - 1)}`);
  }
  return `{${fields.join(" ")}}#${value.length()}`;
}

function assertSame(source: string, budget: number, sealed: boolean): void {
  assertEquals(outcome(source, Infinity, budget, sealed), outcome(source, 0, budget, sealed), source);
}

Deno.test("scripts of the other tests do the same interpreted as compiled", () => {
  const straight = EXPRESSIONS.filter((source) => isStraight(parseChunk(source, "@x").main.body));
  assert(straight.length > 100, `only ${straight.length} are short`);
  for (const source of straight) BUDGETS.forEach((budget, i) => assertSame(source, budget, i === 1));
});

Deno.test("random short scripts do the same interpreted as compiled", () => {
  const random = new Random(7);
  for (let i = 0; i < PROGRAMS; i++) {
    assertSame(new ScriptMaker(random).script(), BUDGETS[i % 2]!, i % 3 === 0);
  }
});

Deno.test("a chunk is compiled when it has been called often, and goes on as before", () => {
  const state = newWorld();
  const chunk = state.compile("counted = (rawget(_G, 'counted') or 0) + 1 return counted, ...", "@x");
  for (let i = 1; i < 40; i++) assertEquals(state.runToEnd(chunk, ["a"]), [i, "a"]);
});

/** Makes scripts without loops and functions, of several lines, many of which fail somewhere. */
class ScriptMaker {
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  #pick<T>(items: readonly T[]): T {
    return items[this.#random.u32() % items.length]!;
  }

  script(): string {
    const lines = ["local a, b, c = 1, 'two', {3, 4, x = 5}"];
    const count = 2 + this.#random.u32() % 6;
    for (let i = 0; i < count; i++) lines.push(this.#statement(2));
    lines.push(`return a, b, c, ${this.#expression(3)}`);
    return lines.join("\n");
  }

  #statement(depth: number): string {
    const e = () => this.#expression(3);
    switch (this.#random.u32() % (depth === 0 ? 6 : 8)) {
      case 0:
        return `local ${this.#pick(["a", "b", "d", "a, b", "a, d, e"])} = ${
          this.#pick([e(), e() + ", " + e()])
        }`;
      case 1:
        return `${this.#place()} = ${e()}`;
      case 2:
        return `${this.#place()}, ${this.#place()} = ${e()}, ${e()}`;
      case 3:
        return `${this.#place()}, ${this.#place()} = ${this.#call(2)}`;
      case 4:
        return this.#call(3);
      case 5:
        return `${this.#place()} = ${this.#call(2)}`;
      case 6:
        return `if ${e()} then\n${this.#statement(depth - 1)}\nelseif ${e()} then ${
          this.#statement(depth - 1)
        }\nelse ${this.#statement(depth - 1)} end`;
    }
    return `do\n${this.#statement(depth - 1)}\n${
      this.#pick(["", `return ${e()}`, `return ${this.#call(2)}`])
    }\nend`;
  }

  #place(): string {
    return this.#pick([
      "a",
      "b",
      "c",
      "c.x",
      "c[1]",
      "plain.q",
      "plain.inner.z",
      "meta.q",
      "new",
      "a.x",
      "c[a]",
    ]);
  }

  #call(depth: number): string {
    const args = this.#pick([0, 1, 2]) === 0 ? "" : this.#pick([
      this.#expression(depth - 1),
      `${this.#expression(depth - 1)}, ${this.#expression(depth - 1)}`,
    ]);
    const callee = this.#pick([
      "several",
      "several",
      "twice",
      "meta",
      "host",
      "tostring",
      "pcall",
      "string.rep",
      "fails",
      "select",
      "math.max",
      "b.rep",
      "plain.nothing",
      "redis.sha1hex",
    ]);
    return this.#pick([0, 1, 2, 3]) === 0
      ? `b:${this.#pick(["rep", "upper", "nothing"])}(${args})`
      : `${callee}(${args})`;
  }

  #expression(depth: number): string {
    if (depth <= 0) {
      return this.#pick(
        [
          "a",
          "b",
          "c",
          "1",
          "0",
          "2.5",
          "'s'",
          "'7'",
          "nil",
          "true",
          "false",
          "...",
          "plain",
          "meta",
          "host",
          "c.x",
          "c[1]",
        ],
      );
    }
    const e = () => this.#expression(depth - 1);
    switch (this.#random.u32() % 12) {
      case 0:
        return `${e()} ${this.#pick(["+", "-", "*", "/", "%", "^"])} ${e()}`;
      case 1:
        return `${e()} .. ${e()}${this.#pick(["", " .. " + e(), "\n.. a"])}`;
      case 2:
        return `(${e()} ${this.#pick(["==", "~=", "<", "<=", ">", ">="])} ${e()})`;
      case 3:
        return `(${e()} and ${e()} or ${e()})`;
      case 4:
        return this.#pick([
          `not ${e()}`,
          `- ${this.#pick(["a", "b", "c", "meta", "(" + e() + ")"])}`,
          `#${this.#pick(["b", "c", "a"])}`,
        ]);
      case 5:
        return `{${e()}, ${this.#pick(["x", "y"])} = ${e()}, [${e()}] = ${e()}, ${e()}}`;
      case 6:
        return `{${e()}, ${this.#call(depth - 1)}}`;
      case 7:
        return `(${e()})`;
      case 8:
      case 9:
        return this.#call(depth);
      case 10:
        return this.#pick([
          "plain.inner.z",
          "meta[1]",
          "meta.own",
          "host.x",
          "a.b",
          "undefined",
          "plain[b]",
          "several(c)[1]",
        ]);
    }
    return this.#expression(0);
  }
}
