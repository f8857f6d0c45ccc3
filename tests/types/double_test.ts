/** Doubles and long doubles as text; the expected texts are answers of redis-server 7.0.15. */
import { assert, assertEquals } from "@std/assert";
import { formatDouble, parseDouble, parseRangeDouble, parseWeight } from "../../types/double.ts";
import {
  addLongDouble,
  formatHumanDouble,
  formatLongDouble,
  isFiniteLong,
  longDoubleFrom,
  parseLongDouble,
  scaleLongDoubleUp,
} from "../../types/long_double.ts";
import { toBytes } from "../helpers/bytes.ts";
import { seededRandom } from "../helpers/seeded.ts";

const parse = (text: string) => parseDouble(toBytes(`9${text}9`), 1, text.length + 1);
const bound = (text: string) => parseRangeDouble(toBytes(`9${text}9`), 1, text.length + 1);

Deno.test("scores are printed with 17 significant digits", () => {
  const cases: [number, string][] = [
    [3, "3"],
    [0, "0"],
    [-0, "-0"],
    [0.1, "0.10000000000000001"],
    [-2.5, "-2.5"],
    [1e16, "10000000000000000"],
    [1e17, "1e+17"],
    [1e21, "1e+21"],
    [123456789012345678, "1.2345678901234568e+17"],
    [2 ** 56, "72057594037927936"],
    [0.0001, "0.0001"],
    [0.00001, "1.0000000000000001e-05"],
    [5e-324, "4.9406564584124654e-324"],
    [1234567890123.03125, "1234567890123.0312"],
    [1234567890123.09375, "1234567890123.0938"],
    [Infinity, "inf"],
    [-Infinity, "-inf"],
  ];
  for (const [value, text] of cases) assertEquals(formatDouble(value), text);
});

Deno.test("scores are read as strtod reads them, the whole text and in range", () => {
  const good: [string, number][] = [
    ["3.0", 3],
    ["+5", 5],
    [".5", 0.5],
    ["1.", 1],
    ["-0", -0],
    ["1e3", 1000],
    ["0x10", 16],
    ["0x.8", 0.5],
    ["0X1.8P-2", 0.375],
    ["0x1.8p-1075", 5e-324],
    ["0x0p+99999", 0],
    ["inf", Infinity],
    ["-Infinity", -Infinity],
    ["0e-999999", 0],
    ["2.2250738585072011e-308", 2.2250738585072011e-308],
    ["123456789012345678901234567890", 123456789012345678901234567890],
  ];
  for (const [text, value] of good) assert(Object.is(parse(text), value), text);
  const refused = ["", " 1", "1 ", ".", "--5", "1e", "0x", "0x1p", "nan", "nan(12)", "infinit", "1_0", "1\0"];
  for (const text of [...refused, "1e400", "-1e400", "1e-400", "0x1p1024", "0x1p-1075"]) {
    assert(Number.isNaN(parse(text)), text);
  }
});

Deno.test("bounds of score ranges are read more leniently", () => {
  for (
    const [text, value] of [["", 0], [" 1", 1], ["1\0junk", 1], ["1e400", Infinity], ["1e-400", 0]] as const
  ) {
    assertEquals(bound(text), value);
  }
  for (const text of [" ", "1 ", "nan", "abc", "1e"]) assert(Number.isNaN(bound(text)), text);
});

Deno.test("weights of SORT are lenient in syntax and strict in range", () => {
  const weight = (text: string) => parseWeight(toBytes(`9${text}9`), 1, text.length + 1);
  for (const [text, value] of [["", 0], [" 1", 1], ["1\0x", 1], ["inf", Infinity], ["0x10", 16]] as const) {
    assertEquals(weight(text), value);
  }
  for (const text of ["2.2250738585072014e-308", "0x1p-1074", "0x1p-1025", "0e-9999"]) {
    assert(!Number.isNaN(weight(text)), text);
  }
  for (
    const text of ["1 ", "nan", "x", "1e400", "1e-400", "1e-310", "5e-324", "0x1.8p-1074", "0x1p-999999"]
  ) {
    assert(Number.isNaN(weight(text)), text);
  }
});

Deno.test("what is printed reads back as the same double", () => {
  const random = seededRandom(3);
  const view = new DataView(new ArrayBuffer(8));
  for (let i = 0; i < 20_000; i++) {
    view.setUint32(0, random.next());
    view.setUint32(4, random.next());
    const value = view.getFloat64(0);
    if (Number.isNaN(value)) continue;
    assert(Object.is(parse(formatDouble(value)), value), String(value));
  }
});

const long = (text: string) => parseLongDouble(toBytes(text), 0, text.length);

function sum(a: string, b: string): string {
  return formatLongDouble(addLongDouble(long(a)!, long(b)!));
}

Deno.test("increments are added with a mantissa of 64 bits and printed with 17 decimals", () => {
  assertEquals(sum("10.50", "0.1"), "10.6");
  assertEquals(sum("5.0e3", "2.0e2"), "5200");
  assertEquals(sum("0", "5e-324"), "0");
  assertEquals(sum("0", "-1e-30"), "0");
  assertEquals(sum("1e17", "0.3"), "100000000000000000.296875");
  assertEquals(sum("3", "-3"), "0");
  assertEquals(sum("0x1p3", "0.5"), "8.5");
  assertEquals(sum("0", "1e30"), "1000000000000000000024696061952");
  assert(!isFiniteLong(addLongDouble(long("1.18e4932")!, long("1.18e4932")!)));
  assert(!isFiniteLong(addLongDouble(long("inf")!, long("1")!)));
});

Deno.test("increments out of range are refused", () => {
  for (const text of ["", " 1", "abc", "nan", "1e5000", "1e-5000", "-1e99999999999", "9".repeat(5120)]) {
    assertEquals(long(text), null, text);
  }
  assert(long("3.7e-4951") !== null, "a denormal number is accepted");
});

Deno.test("timeouts are rounded up to milliseconds, never down", () => {
  assertEquals(scaleLongDoubleUp(long("0.001")!, 1000n), 1);
  assertEquals(scaleLongDoubleUp(long("0.0001")!, 1000n), 1);
  assertEquals(scaleLongDoubleUp(long("1.5")!, 1000n), 1500);
  assertEquals(scaleLongDoubleUp(long("-0.0005")!, 1000n), -0);
  assertEquals(scaleLongDoubleUp(long("1e300")!, 1000n), 1e303);
  assertEquals(scaleLongDoubleUp(long("inf")!, 1000n), Infinity);
});

Deno.test("doubles in the human format: 17 decimals, ties to even", () => {
  assertEquals(formatHumanDouble(3), "3");
  assertEquals(formatHumanDouble(-0), "0");
  assertEquals(formatHumanDouble(0.1), "0.10000000000000001");
  assertEquals(formatHumanDouble(-1e-30), "0");
  assertEquals(formatHumanDouble(1 / 262144), "0.00000381469726562");
  assertEquals(formatHumanDouble(3 / 262144), "0.00001144409179688");
  assertEquals(formatHumanDouble(1e22), "10000000000000000000000");
  assertEquals(formatHumanDouble(13.361389338970184), "13.36138933897018433");
  const random = seededRandom(5);
  for (let i = 0; i < 5_000; i++) {
    const value = (random.next() - 2147483648) / (1 + random.below(100_000));
    assertEquals(formatHumanDouble(value), formatLongDouble(longDoubleFrom(value)));
  }
});
