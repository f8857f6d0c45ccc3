import { assertEquals } from "@std/assert";
import { Args } from "../../commands/args.ts";
import { CommandError } from "../../commands/errors.ts";
import { secondsTimeout } from "../../commands/timeout.ts";

/** The milliseconds, or the error's text. */
function timeout(text: string): number | string {
  try {
    return secondsTimeout(Args.of(["BLPOP", text]), 1);
  } catch (error) {
    if (error instanceof CommandError) return error.text;
    throw error;
  }
}

Deno.test("timeouts are rounded up to whole milliseconds", () => {
  assertEquals([timeout("0"), timeout("1"), timeout("1.5"), timeout("0.1")], [0, 1000, 1500, 100]);
  assertEquals([timeout("0.0001"), timeout("1e-3"), timeout("0x1p-7"), timeout("2.0001")], [1, 1, 8, 2001]);
  assertEquals(timeout("9223372036854775"), 9223372036854775000);
});

Deno.test("what redis-server 7.0.15 refuses is refused in its words", () => {
  const notFloat = "ERR timeout is not a float or out of range", negative = "ERR timeout is negative";
  for (const text of ["", "x", "nan", " 1", "1 ", "1,5"]) assertEquals(timeout(text), notFloat, text);
  for (const text of ["-1", "-0.1", "inf", "-inf", "1e20", "9223372036854775807"]) {
    assertEquals(timeout(text), negative, text);
  }
});
