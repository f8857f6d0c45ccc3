/**
 * Random Lua programs, the same for the same seed. They are made to disagree: values of all types meet all operators,
 * variables are shadowed, captured and assigned, loops break, functions return too few or too many values, and each
 * program prints what it computed or the error it ended with, position and names included.
 */

import { Random } from "../../server/random.ts";

/** Makes programs; see the file comment. */
export class ProgramMaker {
  readonly #random: Random;
  /** Names in scope, innermost last. */
  #scope: string[] = [];
  #depth = 0;
  #inLoop = 0;
  #lastName = 0;
  #vararg = false;

  constructor(seed: number) {
    this.#random = new Random(seed);
  }

  /** One program: several protected blocks. */
  program(): string {
    let text = "local unpack, pcall, tostring, type = unpack, pcall, tostring, type\n" + PRELUDE;
    const blocks = 3 + this.#below(4);
    for (let i = 0; i < blocks; i++) {
      this.#scope = ["a", "b", "c"];
      this.#inLoop = 0;
      this.#depth = 0;
      this.#vararg = true;
      text +=
        `show(pcall(function(...)\nlocal a, b, c = ${this.#leaf()}, ${this.#leaf()}, ${this.#leaf()}\n` +
        this.#block(3 + this.#below(4)) + `return ${this.#expressions(3)}\nend, 1, "two", nil))\n`;
    }
    return text;
  }

  #below(n: number): number {
    return this.#random.u32() % n;
  }

  #one<T>(list: readonly T[]): T {
    return list[this.#below(list.length)]!;
  }

  #block(count: number): string {
    const mark = this.#scope.length;
    let text = "";
    for (let i = 0; i < count; i++) text += this.#statement();
    this.#scope.length = mark;
    return text;
  }

  /** A block with a turn counter of its own, so that every loop ends. */
  #loopBody(): string {
    this.#inLoop++;
    const text = this.#block(1 + this.#below(3)) + (this.#below(4) === 0 ? "break\n" : "");
    this.#inLoop--;
    return text;
  }

  #statement(): string {
    if (++this.#depth > 5) {
      this.#depth--;
      return `emit(${this.#expression()})\n`;
    }
    const text = this.#anyStatement();
    this.#depth--;
    return text;
  }

  #anyStatement(): string {
    switch (this.#below(16)) {
      case 0:
      case 1: {
        const value = this.#expressions(2);
        const names = [this.#name(), ...(this.#below(3) === 0 ? [this.#name()] : [])];
        this.#scope.push(...names);
        return `local ${names.join(", ")} = ${value}\n`;
      }
      case 2:
      case 3:
        return `${this.#target()} = ${this.#expression()}\n`;
      case 4:
        return `${this.#target()}, ${this.#target()} = ${this.#expressions(3)}\n`;
      case 5:
        return `if ${this.#expression()} then\n${this.#block(2)}` +
          (this.#below(2) === 0 ? `elseif ${this.#expression()} then\n${this.#block(1)}` : "") +
          (this.#below(2) === 0 ? `else\n${this.#block(1)}` : "") + "end\n";
      case 6: {
        const turns = `n${++this.#lastName}`;
        return `local ${turns} = 0\nwhile ${turns} < ${1 + this.#below(4)} and ${this.#expression()} do\n` +
          `${turns} = ${turns} + 1\n${this.#loopBody()}end\n`;
      }
      case 7: {
        const turns = `n${++this.#lastName}`;
        const body = this.#loopBody().replace(/break\n$/, "");
        return `local ${turns} = 0\nrepeat\n${turns} = ${turns} + 1\nlocal q = ${this.#expression()}\n${body}` +
          `until ${turns} > 2 or q == ${this.#leaf()}\n`;
      }
      case 8:
        return this.#for();
      case 9:
        return this.#function();
      case 10:
        return `emit(${this.#call()})\n`;
      case 11:
        return `do\n${this.#block(2)}end\n`;
      case 12:
        return `show(pcall(function() ${this.#block(1)} return ${this.#expression()} end))\n`;
      case 13:
        return `pairs_of(${this.#expression()})\n`;
    }
    return `emit(${this.#expression()})\n`;
  }

  #for(): string {
    const name = this.#name();
    if (this.#below(2) === 0) {
      const step = this.#one(["", ", 1", ", -1", ", 2", ", 0.5"]);
      const head = `for ${name} = ${this.#below(4)}, ${this.#below(5)}${step} do\n`;
      this.#scope.push(name);
      const text = `${head}${this.#loopBody()}end\n`;
      this.#scope.pop();
      return text;
    }
    const second = this.#name();
    const head = `for ${name}, ${second} in ${this.#one(["ipairs", "pairs", "each"])}(${this.#table()}) do\n`;
    this.#scope.push(name, second);
    const text = `${head}${this.#loopBody()}end\n`;
    this.#scope.length -= 2;
    return text;
  }

  #function(): string {
    const name = this.#name();
    const outer = { scope: [...this.#scope], loop: this.#inLoop, vararg: this.#vararg };
    const parameters = [this.#name(), this.#name()];
    this.#inLoop = 0;
    this.#vararg = this.#below(3) === 0;
    this.#scope.push(...parameters);
    const list = [...parameters, ...(this.#vararg ? ["..."] : [])].join(", ");
    const text = `local function ${name}(${list})\n${this.#block(2)}return ${this.#expressions(3)}\nend\n`;
    this.#scope = outer.scope;
    this.#inLoop = outer.loop;
    this.#vararg = outer.vararg;
    this.#scope.push(name);
    return text;
  }

  #name(): string {
    return this.#below(4) === 0 ? this.#one(["a", "b", "c"]) : `v${++this.#lastName}`;
  }

  #target(): string {
    const name = this.#one(this.#scope);
    switch (this.#below(6)) {
      case 0:
        return `${name}.${this.#one(["x", "y", "z"])}`;
      case 1:
        return `t[${this.#expression()}]`;
      case 2:
        return `t.${this.#one(["x", "y", "z"])}`;
      case 3:
        return this.#one(["g1", "g2"]);
    }
    return name;
  }

  #expressions(most: number): string {
    return Array.from({ length: 1 + this.#below(most) }, () => this.#expression()).join(", ");
  }

  #expression(): string {
    if (++this.#depth > 7) {
      this.#depth--;
      return this.#leaf();
    }
    const text = this.#anyExpression();
    this.#depth--;
    return text;
  }

  #anyExpression(): string {
    switch (this.#below(17)) {
      case 0:
      case 1:
        return `${this.#operand()} ${this.#one(["+", "-", "*", "/", "%", "^"])} ${this.#operand()}`;
      case 2:
        return `${this.#operand()} ${this.#one(["==", "~=", "<", "<=", ">", ">="])} ${this.#operand()}`;
      case 3:
        return `${this.#operand()} ${this.#one(["and", "or"])} ${this.#operand()}`;
      case 4:
        return `${this.#operand()} .. ${this.#operand()}` + (this.#below(2) ? ` .. ${this.#operand()}` : "");
      case 5:
        return `${this.#one(["-", "not ", "#"])}${this.#operand()}`;
      case 6:
        return this.#table();
      case 7:
        return this.#call();
      case 8:
        return `${this.#one(this.#scope)}.${this.#one(["x", "y"])}`;
      case 9:
        return `t[${this.#expression()}]`;
      case 10:
        return `function(p) ${this.#one(this.#scope)} = p return p end`;
      case 11:
        return this.#vararg ? this.#one(["...", "(...)", "select('#', ...)"]) : this.#leaf();
      case 12:
        return `meta(${this.#leaf()})`;
    }
    return this.#leaf();
  }

  #operand(): string {
    return this.#below(2) === 0 ? this.#leaf() : `(${this.#expression()})`;
  }

  /** Functions of the library that look at their arguments closely, or call back. */
  #libraryCall(): string {
    switch (this.#below(12)) {
      case 0:
        return `co(function(...) local x = coroutine.yield(${this.#expression()}) emit(x) return ${this.#leaf()} end)`;
      case 1:
        return `sorted(${this.#table()})`;
      case 2:
        return `string.gsub("a1", "%w", function(p) emit(p) return ${this.#expression()} end)`;
      case 3:
        return `xpcall(function() return ${this.#expression()} end, function(m) return plain(m) end)`;
      case 4:
        return `select(${this.#leaf()}, ${this.#expressions(2)})`;
      case 5:
        return `unpack(${this.#table()})`;
      case 6:
        return `next(${this.#one(["{}", "{5}", "t", this.#leaf()])}, ${
          this.#one(["nil", "1", this.#leaf()])
        })`;
      case 7:
        return `rawget(${this.#expression()}, ${this.#leaf()})`;
      case 8:
        return `assert(${this.#expressions(2)})`;
      case 9:
        return `error(${this.#expression()}, ${this.#below(3)})`;
      case 10:
        return `table.concat(${this.#table()}, ${this.#leaf()})`;
    }
    return `rawset(${this.#expression()}, ${this.#leaf()}, ${this.#leaf()}) == nil`;
  }

  #call(): string {
    switch (this.#below(8)) {
      case 6:
      case 7:
        return this.#libraryCall();
      case 0:
        return `tostring(${this.#expression()})`;
      case 1:
        return `tonumber(${this.#expression()})`;
      case 2:
        return `${this.#one(this.#scope)}(${this.#expressions(2)})`;
      case 3:
        return `t:${this.#one(["m", "x"])}(${this.#expressions(2)})`;
      case 4:
        return `(${this.#expression()})(${this.#leaf()})`;
    }
    return `id(${this.#expressions(3)})`;
  }

  #table(): string {
    const fields = Array.from({ length: this.#below(5) }, () => {
      switch (this.#below(4)) {
        case 0:
          return `${this.#one(["x", "y", "zed"])} = ${this.#leaf()}`;
        case 1:
          return `[${this.#one(["1", "2", "'k'", "2.5", "true", this.#leaf()])}] = ${this.#leaf()}`;
      }
      return this.#leaf();
    });
    return `{${fields.join(", ")}}`;
  }

  #leaf(): string {
    switch (this.#below(9)) {
      case 0:
      case 1:
        return this.#one(["0", "1", "2", "3", "10", "-1", "0.5", "1e15", "2^53", "1/0", "0x10"]);
      case 2:
        return this.#one(["''", "'x'", "'10'", "'0x1f'", "' 5 '", "'abc'", "'5e1'", "'1x'"]);
      case 3:
        return this.#one(["nil", "true", "false"]);
      case 4:
        return this.#one(["t", "g1", "nothere"]);
    }
    return this.#one(this.#scope);
  }
}

/** Helpers of the programs: printing without addresses, an object whose metamethods say who called them. */
const PRELUDE = `
local function plain(v)
  if type(v) == "table" or type(v) == "function" then return type(v) end
  return tostring(v)
end
local lines = 0
function emit(...)
  lines = lines + 1
  if lines > 200 then return end
  local out = {}
  for i = 1, select("#", ...) do out[i] = plain((select(i, ...))) end
  print(table.concat(out, " "))
end
local function show(...) emit(...) end
function id(...) return ... end
function each(t) local i = 0 return function() i = i + 1 if t[i] ~= nil then return i, t[i] end end end
function pairs_of(t) for k, v in pairs(t) do emit(k, v) end emit(#t) end
local M = {}
for _, name in ipairs{"add", "sub", "mul", "div", "mod", "pow", "concat", "call"} do
  M["__" .. name] = function(x, y) emit(name, x, y) return 7 end
end
M.__unm = function(x) return 8 end
M.__index = function(o, k) return k end
M.__newindex = function(o, k, v) emit("set", k, v) end
M.__eq = function() return true end
M.__lt = function(x, y) emit("lt") return 1 end
M.__tostring = function() return "object" end
function meta(v) return setmetatable({v = v}, M) end
function co(f)
  local c = coroutine.create(f)
  emit(coroutine.resume(c, 1, 2))
  emit(coroutine.resume(c, "again"))
  emit(coroutine.status(c))
  return c ~= nil, coroutine.running()
end
function sorted(list)
  emit(pcall(table.sort, list))
  table.sort(list, function(a, b) emit(a, b) return plain(a) < plain(b) end)
  for i = 1, #list do emit(list[i]) end
  return #list
end
t = {1, 2, 3, x = 1, y = "why", m = function(self, ...) return ... end}
g1 = 1
`;
