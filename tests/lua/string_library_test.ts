/** The string library in scripts, as redis-server 7.0.15 answers; more of it is compared in *_real_test.ts. */
import { assertEquals } from "@std/assert";
import { LuaError } from "../../lua/error.ts";
import type { LuaValue } from "../../lua/value.ts";
import { newWorld } from "./real_calls.ts";

const world = newWorld();

/** The results of a script. */
function results(script: string): LuaValue[] {
  return world.runToEnd(world.compile(script, "@user_script"), []);
}

/** The error of a script. */
function failure(script: string): string {
  try {
    results(script);
  } catch (error) {
    if (error instanceof LuaError) return error.message;
    throw error;
  }
  return "no error";
}

Deno.test("gsub replaces by text, table and function", () => {
  assertEquals(results(`return ("hello world"):gsub("o", "0")`), ["hell0 w0rld", 2]);
  assertEquals(results(`return ("key=val"):gsub("(%w+)=(%w+)", "%2=%1 %0 %%")`), ["val=key key=val %", 1]);
  assertEquals(results(`return ("abc"):gsub("%w", { a = 1, b = false })`), ["1bc", 3]);
  assertEquals(
    results(`return ("abc"):gsub("(%w)", function(c) if c ~= "b" then return c:upper() end end)`),
    ["AbC", 3],
  );
  assertEquals(
    results(`return ("abc"):gsub("%w", setmetatable({}, { __index = function(t, k) return k .. k end }))`),
    ["aabbcc", 3],
  );
  assertEquals(results(`return ("abc"):gsub("", "-"), ("aaa"):gsub("^a", "b"), ("aaa"):gsub("a", "b", 2)`), [
    "-a-b-c-",
    "baa",
    "bba",
    2,
  ]);
});

Deno.test("gmatch walks all matches", () => {
  assertEquals(
    results(
      `local t = {} for k, v in ("a=1, b=2"):gmatch("(%w+)=(%w+)") do t[#t + 1] = k .. v end return unpack(t)`,
    ),
    ["a1", "b2"],
  );
  assertEquals(results(`local n = 0 for _ in ("abc"):gmatch("") do n = n + 1 end return n`), [4]);
});

Deno.test("positions count from both ends", () => {
  assertEquals(
    results(`return ("hello"):sub(2, -2), ("hello"):sub(-3), ("hello"):sub(4, 2), ("hello"):byte(-1)`),
    ["ell", "llo", "", 111],
  );
  assertEquals(results(`return ("hello"):find("l"), ("hello"):find("l", -2, true), ("hello"):find("xyz")`), [
    3,
    4,
    undefined,
  ]);
  assertEquals(results(`return ("x"):rep(3), ("Hi\\200"):upper(), ("Hi\\200"):lower(), ("abc"):reverse()`), [
    "xxx",
    "HI\xc8",
    "hi\xc8",
    "cba",
  ]);
});

Deno.test("format converts as C does", () => {
  assertEquals(
    results(`return string.format("%5.2f|%-5s|%05d|%x|%q|%c", 3.14159, "ab", 42, 255, 'a"\\n', 65)`),
    [' 3.14|ab   |00042|ff|"a\\"\\\n"|A'],
  );
  assertEquals(failure(`return ("%y"):format(1)`), "user_script:1: invalid option '%y' to 'format'");
  assertEquals(failure(`return ("%d"):format()`), "user_script:1: bad argument #1 to 'format' (no value)");
});

Deno.test("errors name the function as it was called", () => {
  assertEquals(
    failure(`string.rep()`),
    "user_script:1: bad argument #1 to 'rep' (string expected, got no value)",
  );
  assertEquals(
    failure(`("x"):rep({})`),
    "user_script:1: bad argument #1 to 'rep' (number expected, got table)",
  );
  assertEquals(
    failure(`("x").gsub("x", "x", function() return {} end)`),
    "user_script:1: invalid replacement value (a table)",
  );
  assertEquals(results(`return pcall(string.rep)`), [
    false,
    "bad argument #1 to '?' (string expected, got no value)",
  ]);
});

Deno.test("what no memory holds is an error, not the end", () => {
  assertEquals(results(`return pcall(string.rep, "abc", 2 ^ 30)`), [false, "resulting string too large"]);
});
