/** Decimals as C prints them, next to what BigInt says of every multiple of 1/64. */
import { assertEquals } from "@std/assert";
import { fixed } from "../../util/fixed.ts";

/** `value` times 64 is an integer; half of the last place goes to the even digit. */
function expected(sixtyFourths: number, places: number): string {
  const scaled = BigInt(sixtyFourths) * 10n ** BigInt(places);
  let whole = scaled / 64n;
  const rest = scaled % 64n;
  if (rest > 32n || (rest === 32n && whole % 2n === 1n)) whole++;
  const digits = whole.toString().padStart(places + 1, "0");
  return digits.slice(0, -places) + "." + digits.slice(-places);
}

Deno.test("decimals: ties go to the even digit, all else is rounded", () => {
  for (let i = 0; i < 5000; i++) {
    for (const places of [1, 2, 3, 6]) assertEquals(fixed(i / 64, places), expected(i, places), `${i}/64`);
  }
  assertEquals([fixed(3.625, 2), fixed(0.375, 2), fixed(2.675, 2), fixed(1e20, 2)], [
    "3.62",
    "0.38",
    "2.67",
    "100000000000000000000.00",
  ]);
});
