/** Sums of plain decimals equal those of the long doubles, which are reckoned with big integers. */
import { assert, assertEquals } from "@std/assert";
import { addDecimals, DECIMAL_SUM_BYTES } from "../../types/decimal_sum.ts";
import { addLongDouble, formatLongDouble, parseLongDouble } from "../../types/long_double.ts";
import { type SeededRandom, seededRandom } from "../helpers/seeded.ts";

const encoder = new TextEncoder();
const out = new Uint8Array(DECIMAL_SUM_BYTES);

/** The sum's text, null where it is left to the long doubles. */
function quickSum(a: string, b: string): string | null {
  const text = encoder.encode(`(${a})${b}!`); // neither starts where its buffer does
  const length = addDecimals(text, 1, 1 + a.length, text, a.length + 2, text.length - 1, out);
  return length === 0 ? null : new TextDecoder().decode(out.subarray(0, length));
}

function longSum(a: string, b: string): string {
  const [left, right] = [a, b].map((text) => parseLongDouble(encoder.encode(text), 0, text.length)!);
  return formatLongDouble(addLongDouble(left!, right!));
}

function digits(random: SeededRandom, count: number): string {
  let text = "";
  // Long runs of one digit are where sums are carried far.
  const run = random.below(3) === 0 ? "09"[random.below(2)]! : null;
  for (let i = 0; i < count; i++) text += run !== null && random.below(8) > 0 ? run : `${random.below(10)}`;
  return text;
}

function decimal(random: SeededRandom): string {
  const sign = ["", "", "-", "+"][random.below(4)]!;
  const decimals = random.below(4) === 0 ? "" : `.${digits(random, random.below(18))}`;
  const whole = decimals.length < 2 || random.below(8) > 0 ? digits(random, 1 + random.below(15)) : "";
  return sign + whole + decimals;
}

Deno.test("the sum of two decimals is that of the long doubles", () => {
  const random = seededRandom(17);
  let quick = 0;
  const rounds = 60_000;
  for (let i = 0; i < rounds; i++) {
    const a = decimal(random);
    const b = random.below(6) === 0 ? a.replace(/^[-+]?/, "-") : decimal(random);
    const found = quickSum(a, b);
    if (found === null) continue;
    quick++;
    assertEquals(found, longSum(a, b), `${a} + ${b}`);
  }
  assert(quick > rounds * 0.8, `${quick} of ${rounds}`);
});

Deno.test("sums of sums stay those of the long doubles", () => {
  const random = seededRandom(18);
  for (let i = 0; i < 300; i++) {
    let total = "0";
    const step = decimal(random);
    for (let n = 0; n < 50; n++) {
      const expected = longSum(total, step);
      assertEquals(quickSum(total, step) ?? expected, expected, `${total} + ${step}`);
      total = expected;
    }
  }
});

Deno.test("sums that show how a long double rounds", () => {
  assertEquals(quickSum("0", "200.1"), "200.10000000000000001");
  assertEquals(quickSum("0", "1234567.1"), "1234567.10000000000002274");
  assertEquals(quickSum("1000.3", "0.1"), "1000.39999999999999997");
  assertEquals(quickSum("3", "1.1"), "4.1");
  assertEquals(quickSum("0.1", "0.2"), "0.3");
  assertEquals(quickSum("-0.5", "0.5"), "0");
  assertEquals(quickSum("-0", "-0"), "0");
  assertEquals(quickSum("999999999999999", "0.99999999999999999"), "1000000000000000");
  assertEquals(quickSum("1.", ".5"), "1.5");
});

Deno.test("what is no plain decimal of moderate size is left to the long doubles", () => {
  for (
    const text of [
      ...["", "+", "-", ".", "-.", " 1", "1 ", "1e3", "0x10", "inf", "nan", "1,5", "1.2.3", "--1", "1.5x"],
      ...["1234567890123456", "0.000000000000000001", "0.00000000001", "123456789012345678901234567890"],
    ]
  ) {
    assertEquals(quickSum(text, "1"), null, text);
    assertEquals(quickSum("1", text), null, text);
  }
});
