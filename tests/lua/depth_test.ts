/** Deep, long and large programs: what PUC bounds is bounded at the same place, nothing ends in an error of JavaScript. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { LuaError } from "../../lua/error.ts";
import { LuaState } from "../../lua/state.ts";
import type { LuaValue } from "../../lua/value.ts";

function run(source: string): LuaValue[] {
  const state = new LuaState();
  return state.runToEnd(state.compile(source, "@user_script"), []);
}

function complaint(source: string): string {
  try {
    run(source);
  } catch (error) {
    if (error instanceof LuaError) return error.message;
    throw error;
  }
  return "fine";
}

Deno.test("recursion ends where it ends in Redis", () => {
  // 19997: what redis-server 7.0.15 answers to the same script.
  assertEquals(
    run("local d = 0 local function g() d = d + 1 return g() + 1 end local ok, e = pcall(g) return d, e"),
    [
      19997,
      "user_script:1: stack overflow",
    ],
  );
  assertEquals(
    run("local function f(n) if n == 0 then return 0 end return 1 + f(n - 1) end return f(19000)"),
    [19000],
  );
});

Deno.test("nested protected calls end where they end in Redis", () => {
  const source =
    "local d = 0 local function h() d = d + 1 local ok, e = pcall(h) if not ok then error(e, 0) end end " +
    "local ok, e = pcall(h) return d, e";
  assertEquals(run(source), [198, "C stack overflow"]);
});

Deno.test("metamethods that call themselves end", () => {
  const source =
    "local mt = {} mt.__index = function(t, k) return t[k + 1] end return setmetatable({}, mt)[1]";
  assertEquals(complaint(source), "user_script:1: C stack overflow");
  assertEquals(
    complaint("local t = setmetatable({}, {__tostring = function(t) return tostring(t) end}) tostring(t)"),
    "C stack overflow",
  );
});

Deno.test("tail calls need no room", () => {
  assertEquals(
    run("local function f(n) if n == 0 then return 'done' end return f(n - 1) end return f(200000)"),
    ["done"],
  );
  const mutual = "local g local function f(n) if n == 0 then return 'f' end return g(n - 1) end " +
    "function g(n) if n == 0 then return 'g' end return f(n - 1) end return f(100001)";
  assertEquals(run(mutual), ["g"]);
});

Deno.test("a coroutine in a coroutine in a coroutine", () => {
  const source = "local function nest(n) if n == 0 then return 0 end " +
    "return 1 + coroutine.wrap(function() return nest(n - 1) end)() end return nest(150)";
  assertEquals(run(source), [150]);
});

Deno.test("a recursion inside of each of many coroutines", () => {
  const source =
    "local function deep(n) if n == 0 then coroutine.yield(1) return 0 end return 1 + deep(n - 1) end " +
    "local s = 0 for i = 1, 5 do local co = coroutine.create(deep) coroutine.resume(co, 3000) " +
    "local ok, v = coroutine.resume(co) s = s + v end return s";
  assertEquals(run(source), [15000]);
});

Deno.test("texts nested too deeply are refused", () => {
  const nested = (n: number) => "return " + "(".repeat(n) + "1" + ")".repeat(n);
  assertEquals(run(nested(150)), [1]);
  assertEquals(complaint(nested(300)), "user_script:1: chunk has too many syntax levels");
  assertEquals(complaint("do ".repeat(300)), "user_script:1: chunk has too many syntax levels");
  assertEquals(complaint("return " + "{".repeat(300)), "user_script:1: chunk has too many syntax levels");
});

Deno.test("long texts are no trouble", () => {
  assertEquals(run("return " + "1 + ".repeat(3000) + "1"), [3001]);
  assertEquals(run("return " + "'a' .. ".repeat(150) + "'a'"), ["a".repeat(151)]);
  assertEquals((run("local t = {" + "1, ".repeat(20000) + "} return #t"))[0], 20000);
  assertEquals(run("local n = 0 " + "n = n + 1\n".repeat(5000) + "return n"), [5000]);
  const numbers = Array.from({ length: 2000 }, (_, i) => `n == ${i}`);
  assertEquals(run(`local n = 1999 return ${numbers.join(" or ")}`), [true]);
  assertEquals(run(`local n = 1999 if ${numbers.join(" or ")} then return 1 end`), [1]);
  assertEquals(
    run(`local t = {} return ${Array.from({ length: 2000 }, (_, i) => "t.x" + i).join(" or ")} or 5`),
    [5],
  );
  const branches = Array.from({ length: 500 }, (_, i) => `if n == ${i} then return ${i * 2}`).join(" else");
  assertEquals(run(`local n = 499 ${branches} end`), [998]);
});

Deno.test("variables and upvalues are limited", () => {
  const locals = (n: number) => Array.from({ length: n }, (_, i) => `local v${i} = ${i}`).join(" ");
  assertEquals(run(locals(200) + " return v199"), [199]);
  assertEquals(complaint(locals(201)), "user_script:1: main function has more than 200 local variables");
  const uses = (n: number) => Array.from({ length: n }, (_, i) => `v${i}`).join(" + ");
  assertEquals(run(locals(60) + ` return (function() return ${uses(60)} end)()`), [1770]);
  assertEquals(
    complaint(locals(61) + `\nreturn (function() return ${uses(61)} end)()`),
    "user_script:2: function at line 2 has more than 60 upvalues",
  );
});

Deno.test("what is unpacked is limited, what a table holds is not", () => {
  assertEquals(complaint("return unpack({}, 1, 9000)"), "user_script:1: too many results to unpack");
  assertEquals(run("return select('#', unpack({}, 1, 7000))"), [7000]);
  assertEquals(run("local t = {} for i = 1, 300000 do t[i] = i end return #t, t[300000]"), [300000, 300000]);
  assertEquals(
    run(
      "local t = {} for i = 1, 50000 do t['k' .. i] = i end local n = 0 for k in pairs(t) do n = n + 1 end return n",
    ),
    [50000],
  );
});

Deno.test("a string that no memory holds is an error of the script", () => {
  const error = assertThrows(() => run("local s = ('x'):rep(1000000) while true do s = s .. s end"));
  assert(error instanceof LuaError);
  assertEquals(error.value, "not enough memory");
});
