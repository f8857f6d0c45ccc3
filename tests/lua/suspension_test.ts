/** A script stops at any loop turn and call to let others work, goes on as if nothing had been, and can be ended. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { LuaInterrupt } from "../../lua/error.ts";
import type { LuaState } from "../../lua/state.ts";
import { printingState } from "./lua51.ts";

function newState(budget: number): { state: LuaState; lines: string[] } {
  const lines: string[] = [];
  const state = printingState(lines);
  state.budget = budget;
  return { state, lines };
}

/** Runs a program that has a budget of `budget` steps at a time. @returns results and number of suspensions */
function run(source: string, budget: number) {
  const { state, lines } = newState(budget);
  const call = state.run(state.compile(source, "@s"), []);
  for (let stops = 0;; stops++) {
    const step = call.next();
    if (step.done) return { results: step.value, stops, lines };
  }
}

const LONG_ONES: Record<string, string> = {
  "while": "local n = 0 while n < 1000 do n = n + 1 end return n",
  "repeat": "local n = 0 repeat n = n + 1 until n == 1000 return n",
  "numeric for": "local n = 0 for i = 1, 1000 do n = n + 1 end return n",
  "pairs":
    "local t, n = {}, 0 for i = 1, 500 do t[i] = 1 t['k' .. i] = 1 end for k in pairs(t) do n = n + 1 end return n",
  "ipairs":
    "local t, n = {}, 0 for i = 1, 1000 do t[i] = 1 end for _, v in ipairs(t) do n = n + v end return n",
  "calls": "local function f(n) if n == 0 then return 0 end return 1 + f(n - 1) end return f(1000)",
  "tail calls":
    "local function f(n, a) if n == 0 then return a end return f(n - 1, a + 1) end return f(1000, 0)",
  "pcall": "local n = 0 pcall(function() for i = 1, 1000 do n = n + 1 end end) return n",
  "metamethod":
    "local n = 0 local t = setmetatable({}, {__index = function() for i = 1, 1000 do n = n + 1 end return n end})" +
    " return t.x",
  "comparison": "local n, t = 0, {} for i = 1, 200 do t[i] = -i end" +
    " table.sort(t, function(a, b) for i = 1, 5 do n = i end return a < b end) return t[1] + 1200",
  "gsub":
    "local n = 0 string.gsub(('x'):rep(100), 'x', function() for i = 1, 10 do n = n + 1 end end) return n",
  "coroutine":
    "local n = 0 local f = coroutine.wrap(function() for i = 1, 1000 do n = n + 1 coroutine.yield() end end)" +
    " for i = 1, 1000 do f() end return n",
  "iterator":
    "local n = 0 for i in function(_, c) if (c or 0) < 1000 then return (c or 0) + 1 end end do n = i end return n",
};

for (const [name, source] of Object.entries(LONG_ONES)) {
  Deno.test(`${name}: suspended often, the result is the same`, () => {
    const often = run(source, 7);
    assertEquals(often.results, [1000]);
    assert(often.stops > 50, `${often.stops} stops`);
    const seldom = run(source, 1e9);
    assertEquals(seldom.results, [1000]);
    assertEquals(seldom.stops, 0);
  });
}

const ENDLESS: Record<string, string> = {
  "a loop": "while true do end",
  "a loop in pcall": "while true do pcall(function() while true do end end) print('caught') end",
  "a loop in xpcall, and in its handler":
    "xpcall(function() while true do end end, function() print('caught') end)",
  "recursion through pcall": "local function f() pcall(f) f() end f()",
  "an endless tail call": "local function f() return f() end f()",
  "a coroutine":
    "local co = coroutine.create(function() while true do end end) print(coroutine.resume(co)) print('on')",
  "a wrapped coroutine in pcall":
    "pcall(coroutine.wrap(function() pcall(function() while true do end end) end)) print('on')",
  "a metamethod":
    "local t = setmetatable({}, {__add = function() while true do end end}) local x = pcall(function() return t + 1 end) print('on')",
  "a comparison": "pcall(table.sort, {3, 2, 1}, function() while true do end end) print('on')",
  "an iterator": "for x in function() return 1 end do end",
  "a reader of load": "load(function() while true do end end) print('on')",
  "__tostring":
    "pcall(tostring, setmetatable({}, {__tostring = function() while true do end end})) print('on')",
};

for (const [name, source] of Object.entries(ENDLESS)) {
  Deno.test(`${name} can be ended, and pcall does not catch it`, () => {
    const { state, lines } = newState(100);
    const call = state.run(state.compile(source, "@s"), []);
    for (let i = 0; i < 20; i++) assertEquals(call.next().done, false);
    state.interrupt("killed");
    const error = assertThrows(() => {
      for (let i = 0; i < 10; i++) call.next();
    });
    assert(error instanceof LuaInterrupt, String(error));
    assert(error.message.endsWith("killed"));
    assertEquals(lines, []);
    assertEquals(state.runToEnd(state.compile("return 1 + 1", "@s"), []), [2], "the state works on");
  });
}
