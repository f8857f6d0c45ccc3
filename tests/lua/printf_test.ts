import { assertEquals } from "@std/assert";
import { formatNumber } from "../../lua/number.ts";
import {
  generalText,
  plainSpec,
  printDouble,
  printInteger,
  type PrintSpec,
  printText,
  printUnsigned,
  toInt64,
  toUint64,
} from "../../lua/printf.ts";

function spec(options: Partial<PrintSpec>): PrintSpec {
  return { ...plainSpec(), ...options };
}

Deno.test("numbers print as %.14g", () => {
  const cases: [number, string][] = [
    [0, "0"],
    [-0, "-0"],
    [1, "1"],
    [-17, "-17"],
    [99999999999999, "99999999999999"],
    [100000000000000, "1e+14"],
    [123456789012345, "1.2345678901234e+14"], // an exact tie: to the even digit
    [123456789012355, "1.2345678901236e+14"],
    [0.1, "0.1"],
    [1 / 3, "0.33333333333333"],
    [1e-5, "1e-05"],
    [0.0001, "0.0001"],
    [1e100, "1e+100"],
    [5e-324, "4.9406564584125e-324"],
    [Infinity, "inf"],
    [-Infinity, "-inf"],
    [NaN, "-nan"],
  ];
  for (const [value, text] of cases) assertEquals(formatNumber(value), text);
  assertEquals(generalText(2.5, 1), "2");
  assertEquals(generalText(3.5, 1), "4");
  assertEquals(generalText(0.1, 15), "0.1");
  assertEquals([9, 10, 99.5, -9].map((value) => generalText(value, 1)), ["9", "1e+01", "1e+02", "-9"]);
});

Deno.test("%f rounds ties to even, as C does and toFixed does not", () => {
  const cases: [number, number, string][] = [
    [0.5, 0, "0"],
    [1.5, 0, "2"],
    [2.5, 0, "2"],
    [-0.5, 0, "-0"],
    [0.125, 2, "0.12"],
    [0.375, 2, "0.38"],
    [0.15, 1, "0.1"], // a little below the tie
    [0.25, 1, "0.2"],
    [1e22, 1, "10000000000000000000000.0"],
    [0, 3, "0.000"],
  ];
  for (const [value, precision, text] of cases) {
    assertEquals(printDouble(spec({ precision }), "f", value), text);
  }
  const long = printDouble(spec({ precision: 99 }), "f", 1 / 3);
  assertEquals(long, "0.333333333333333314829616256247390992939472198486328125" + "0".repeat(45));
});

Deno.test("flags, width and precision lay a number out", () => {
  assertEquals(printInteger(spec({ width: 6 }), 42), "    42");
  assertEquals(printInteger(spec({ width: 6, left: true, plus: true }), 42), "+42   ");
  assertEquals(printInteger(spec({ width: 6, zero: true }), -42), "-00042");
  assertEquals(printInteger(spec({ width: 6, zero: true, precision: 3 }), 42), "   042");
  assertEquals(printInteger(spec({ precision: 0 }), 0), "");
  assertEquals(printInteger(spec({ space: true }), 1.9), " 1");
  assertEquals(printUnsigned(spec({ alternate: true }), "x", 255), "0xff");
  assertEquals(printUnsigned(spec({ alternate: true, precision: 4 }), "X", 255), "0X00FF");
  assertEquals(printUnsigned(spec({ alternate: true }), "x", 0), "0");
  assertEquals(printUnsigned(spec({ alternate: true }), "o", 8), "010");
  assertEquals(printUnsigned(spec({ plus: true }), "u", 8), "8");
  assertEquals(printDouble(spec({ width: 12, zero: true }), "e", -12345.678), "-1.234568e+04");
  assertEquals(printDouble(spec({ width: 8, zero: true }), "f", Infinity), "     inf");
  assertEquals(printDouble(spec({ alternate: true, precision: 0 }), "e", 3), "3.e+00");
  assertEquals(printDouble(spec({ alternate: true }), "g", 3), "3.00000");
  assertEquals(printDouble(spec({}), "G", 1e-10), "1E-10");
  assertEquals(printText(spec({ width: 5, precision: 2 }), "abc"), "   ab");
});

Deno.test("doubles become 64-bit integers as on x86", () => {
  const least = -(1n << 63n);
  assertEquals([1e300, -1e300, NaN, 2 ** 63].map(toInt64), [least, least, least, least]);
  assertEquals([-0.5, 3.99, -(2 ** 60)].map(toInt64), [0, 3, -(1n << 60n)]);
  assertEquals([2 ** 63, 2 ** 64, 1e300, -1].map(toUint64), [1n << 63n, 0, 0, (1n << 64n) - 1n]);
  assertEquals([NaN, -1e300].map(toUint64), [1n << 63n, 1n << 63n]);
});
