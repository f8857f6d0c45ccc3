/** Byte strings in one buffer against an array of arrays. */
import { assert, assertEquals } from "@std/assert";
import { ByteStrings } from "../../types/byte_strings.ts";
import { compareBytes } from "../../types/bytes.ts";
import { toBytes } from "../helpers/bytes.ts";
import { seededRandom } from "../helpers/seeded.ts";

Deno.test("strings are kept and compared as they were added", () => {
  const random = seededRandom(4);
  const strings = new ByteStrings(1, 1);
  const model: Uint8Array[] = [];
  for (let i = 0; i < 500; i++) {
    const text = Uint8Array.from({ length: random.below(i % 100 === 0 ? 600 : 4) }, () => random.below(3));
    strings.add(Uint8Array.of(9, ...text, 9), 1, text.length + 1);
    model.push(text);
  }
  assertEquals(strings.length, model.length);
  const cText = (text: Uint8Array) => text.subarray(0, text.includes(0) ? text.indexOf(0) : text.length);
  for (let i = 0; i < model.length; i++) {
    assertEquals(strings.buf.slice(strings.start(i), strings.end(i)), model[i]);
    const j = random.below(model.length);
    const a = model[i]!, b = model[j]!;
    assertEquals(Math.sign(strings.compare(i, j)), Math.sign(compareBytes(a, 0, a.length, b, 0, b.length)));
    const x = cText(a), y = cText(b);
    const expected = Math.sign(compareBytes(x, 0, x.length, y, 0, y.length));
    assertEquals(Math.sign(strings.compareAsCStrings(i, j)), expected);
  }
});

Deno.test("cleared strings are filled anew, and a large buffer is given up", () => {
  const strings = new ByteStrings();
  for (const size of [3, 100_000, 5]) {
    strings.clear();
    assertEquals(strings.length, 0);
    assert(strings.buf.length <= 65536);
    for (let i = 1; i <= 3; i++) strings.add(new Uint8Array(size).fill(i), 0, size);
    for (let i = 0; i < 3; i++) {
      assertEquals(strings.buf.slice(strings.start(i), strings.end(i)), new Uint8Array(size).fill(i + 1));
    }
  }
});

Deno.test("a zero byte ends a C string, and nothing else does", () => {
  const strings = new ByteStrings();
  for (const text of ["a\0b", "a\0a", "a", "\xff", ""]) strings.add(toBytes(text), 0, text.length);
  assertEquals(strings.compareAsCStrings(0, 1), 0);
  assertEquals(strings.compareAsCStrings(0, 2), 0);
  assertEquals(Math.sign(strings.compare(0, 1)), 1);
  assertEquals(Math.sign(strings.compareAsCStrings(3, 2)), 1);
  assertEquals(Math.sign(strings.compareAsCStrings(4, 2)), -1);
});
