import { assertEquals, assertThrows } from "@std/assert";
import { figure, median, medianRatio, ratioText, sizeText } from "../../bench/stats.ts";

Deno.test("the median is the middle value, whatever the order", () => {
  assertEquals(median([9, 1, 5]), 5);
  assertEquals(median([9, 1, 5, 7]), 6);
  assertEquals(median([10, 9]), 9.5);
  assertEquals(median([3]), 3);
  assertThrows(() => median([]), RangeError);
});

Deno.test("the median does not sort the caller's array", () => {
  const values = [3, 1, 2];
  median(values);
  assertEquals(values, [3, 1, 2]);
});

Deno.test("ratios are taken round by round", () => {
  // The machine was ten times as slow in the second round: the ratio of each round is 2 nevertheless.
  assertEquals(medianRatio([200, 20, 300], [100, 10, 150]), 2);
});

Deno.test("figures have three digits that matter", () => {
  const cases: [number, string][] = [
    [0, "0"],
    [0.00123, "0.00123"],
    [0.12345, "0.123"],
    [1.2345, "1.23"],
    [12.345, "12.3"],
    [123.45, "123"],
    [1234.5, "1,230"],
    [1_234_567, "1,230,000"],
    [-12.345, "-12.3"],
    [NaN, "-"],
    [Infinity, "-"],
  ];
  for (const [value, text] of cases) assertEquals(figure(value), text);
});

Deno.test("ratios have two decimals, sizes are powers where they are", () => {
  assertEquals(ratioText(0.9), "0.90");
  assertEquals(ratioText(NaN), "-");
  assertEquals(sizeText(1e6), "10^6");
  assertEquals(sizeText(1000), "10^3");
  assertEquals(sizeText(5000), "5,000");
});
