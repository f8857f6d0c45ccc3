import { assertEquals } from "@std/assert";
import { fromLatin1 } from "../../types/bytes.ts";
import { lzfCompress, lzfDecompress } from "../../types/lzf.ts";
import { seededRandom } from "../helpers/seeded.ts";
import type { SeededRandom } from "../helpers/seeded.ts";
import { pick } from "./naive.ts";

/** Compresses, decompresses and compares; returns the compressed size (0: did not fit in the input's size). */
function roundTrip(input: Uint8Array): number {
  const packed = new Uint8Array(input.length + 10);
  const size = lzfCompress(input, 0, input.length, packed, 5, 5 + input.length);
  if (size === 0) return 0;
  const output = new Uint8Array(input.length + 8);
  assertEquals(lzfDecompress(packed, 5, 5 + size, output, 3, 3 + input.length), true);
  assertEquals(output.slice(3, 3 + input.length), input);
  return size;
}

function randomInput(random: SeededRandom): Uint8Array {
  const bytes = new Uint8Array(random.below(pick(random, 10, 100, 30000)));
  const alphabet = pick(random, 1, 2, 4, 30, 256);
  let i = 0;
  while (i < bytes.length) {
    // Now and then repeat a stretch, from near or from beyond the reach of a match.
    if (i > 10 && random.below(10) === 0) {
      const from = random.below(i), length = random.below(400);
      for (let k = 0; k < length && i < bytes.length; k++) bytes[i++] = bytes[from + k]!;
    } else bytes[i++] = random.below(alphabet);
  }
  return bytes;
}

Deno.test("what is compressed comes back, for all kinds of input", () => {
  const random = seededRandom(1);
  for (let i = 0; i < 400; i++) roundTrip(randomInput(random));
});

Deno.test("repetition shrinks, noise is refused", () => {
  assertEquals(roundTrip(fromLatin1("a".repeat(1000))) < 20, true);
  assertEquals(roundTrip(fromLatin1("abcdefgh".repeat(1000))) < 120, true);
  const random = seededRandom(2);
  assertEquals(roundTrip(new Uint8Array(500).map(() => random.next())), 0);
  assertEquals(roundTrip(new Uint8Array(0)), 0);
});

Deno.test("the result does not depend on what was compressed before", () => {
  const text = fromLatin1("to be or not to be, that is the question".repeat(3));
  const first = new Uint8Array(200), second = new Uint8Array(200);
  const size = lzfCompress(text, 0, text.length, first, 0, 200);
  lzfCompress(fromLatin1("to be or not".repeat(50)), 0, 600, new Uint8Array(600), 0, 600);
  assertEquals(lzfCompress(text, 0, text.length, second, 0, 200), size);
  assertEquals(second, first);
});

Deno.test("reads a string as redis-server 7.0.15 compresses it", () => {
  // From the DUMP of 61 times "x" and of "hello hello hello hello hello".
  const cases: [number[], string][] = [
    [[0x01, 0x78, 0x78, 0xe0, 0x30, 0x00, 0x01, 0x78, 0x78], "x".repeat(61)],
    [
      [6, 0x68, 0x65, 0x6c, 0x6c, 0x6f, 0x20, 0x68, 0xe0, 0x0b, 5, 1, 0x6c, 0x6f],
      "hello hello hello hello hello",
    ],
  ];
  for (const [packed, text] of cases) {
    const output = new Uint8Array(text.length);
    assertEquals(lzfDecompress(new Uint8Array(packed), 0, packed.length, output, 0, text.length), true, text);
    assertEquals(output, fromLatin1(text));
  }
});

Deno.test("corrupt input is refused and nothing outside the span is written", () => {
  const random = seededRandom(3);
  let refused = 0;
  for (let i = 0; i < 5000; i++) {
    const input = randomInput(random).slice(0, 300);
    const packed = new Uint8Array(400);
    const size = lzfCompress(input, 0, input.length, packed, 0, 400);
    for (let flips = random.below(4); flips >= 0; flips--) packed[random.below(size + 1)] = random.next();
    const output = new Uint8Array(320).fill(0xaa);
    const end = random.below(3) === 0 ? random.below(size + 1) : size;
    if (!lzfDecompress(packed, 0, end, output, 10, 10 + input.length)) refused++;
    for (let k = 0; k < 10; k++) assertEquals(output[k], 0xaa);
    for (let k = 10 + input.length; k < 320; k++) assertEquals(output[k], 0xaa);
  }
  assertEquals(refused > 1000, true);
});
