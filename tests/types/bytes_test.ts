import { assertEquals } from "@std/assert";
import {
  compareBytes,
  equalBytes,
  formatInt,
  fromLatin1,
  intDigits,
  latin1,
  normalizeInt64,
  parseInt64,
  readI64,
  writeI64,
} from "../../types/bytes.ts";
import { seededRandom } from "../helpers/seeded.ts";
import { BORDERS, LOOKALIKES, randomElement } from "./naive.ts";

const parse = (text: string) => parseInt64(fromLatin1(text), 0, text.length);

Deno.test("integers parse to the exact value, as number or bigint", () => {
  for (const text of BORDERS) {
    const value = parse(text);
    assertEquals(value, normalizeInt64(BigInt(text)), text);
    assertEquals(typeof value, Number.isSafeInteger(Number(text)) ? "number" : "bigint", text);
  }
});

Deno.test("what only looks like an integer is none", () => {
  for (const text of LOOKALIKES) assertEquals(parse(text), undefined, JSON.stringify(text));
});

Deno.test("integers survive formatting, parsing and the 64-bit wire form", () => {
  const random = seededRandom(1);
  const out = new Uint8Array(32);
  for (let i = 0; i < 100000; i++) {
    let value = (BigInt(random.next()) << 32n) | BigInt(random.next());
    value = BigInt.asIntN(64, value) >> BigInt(random.below(64));
    const int = normalizeInt64(value);
    const end = formatInt(int, out, 3);
    assertEquals(latin1(out, 3, end), value.toString());
    assertEquals(intDigits(int), end - 3);
    assertEquals(parseInt64(out, 3, end), int);
    writeI64(out, 5, int);
    assertEquals(readI64(out, 5), int);
  }
});

Deno.test("every power of ten and its neighbours print right", () => {
  const out = new Uint8Array(32);
  for (let power = 1n; power < 10n ** 19n; power *= 10n) {
    for (const value of [power - 1n, power, power + 1n, 1n - power, -power]) {
      if (value > 9223372036854775807n) continue;
      assertEquals(latin1(out, 0, formatInt(normalizeInt64(value), out, 0)), value.toString());
      assertEquals(intDigits(normalizeInt64(value)), value.toString().length);
    }
  }
});

Deno.test("comparison orders as memcmp, short and long", () => {
  const random = seededRandom(2);
  for (let i = 0; i < 20000; i++) {
    const a = randomElement(random, 600);
    const b = random.below(3) === 0 ? a.slice() : randomElement(random, 600);
    if (b.length > 0 && random.below(3) === 0) b[b.length - 1] = random.next();
    const textA = latin1(a), textB = latin1(b);
    assertEquals(equalBytes(a, 0, a.length, b, 0, b.length), textA === textB);
    const order = Math.sign(compareBytes(a, 0, a.length, b, 0, b.length));
    assertEquals(order, textA < textB ? -1 : textA > textB ? 1 : 0);
  }
});

Deno.test("latin1 keeps all 256 values at every length", () => {
  const all = new Uint8Array(256).map((_, i) => i);
  for (const length of [0, 1, 24, 25, 256]) {
    const text = latin1(all, 256 - length, 256);
    assertEquals(text.length, length);
    assertEquals(fromLatin1(text), all.slice(256 - length));
  }
});
