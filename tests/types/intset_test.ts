import { assertEquals } from "@std/assert";
import { normalizeInt64 } from "../../types/bytes.ts";
import {
  IntsetBuilder,
  intsetGet,
  intsetHas,
  intsetLength,
  intsetSearch,
  intsetValidate,
  intsetWidth,
} from "../../types/intset.ts";
import { seededRandom } from "../helpers/seeded.ts";
import { BORDERS, pick } from "./naive.ts";

/** Both integer kinds in one order. */
const ascending = (a: number | bigint, b: number | bigint) => a < b ? -1 : a > b ? 1 : 0;

function contents(set: IntsetBuilder): (number | bigint)[] {
  return Array.from({ length: set.count }, (_, i) => set.get(i));
}

Deno.test("an intset equals a sorted array through random adds and removes", () => {
  for (let seed = 1; seed <= 20; seed++) {
    const random = seededRandom(seed);
    const range = [1n << 7n, 1n << 15n, 1n << 20n, 1n << 40n, 1n << 62n][seed % 5]!;
    const set = new IntsetBuilder(16);
    const model = new Set<number | bigint>();
    for (let i = 0; i < 2000; i++) {
      const raw = (BigInt(random.next()) << 31n) ^ BigInt(random.next());
      const value = random.below(200) === 0
        ? normalizeInt64(BigInt(pick(random, ...BORDERS)))
        : normalizeInt64(raw % range - range / 2n);
      if (random.below(3) > 0) assertEquals(set.add(value), !model.has(value) && !!model.add(value));
      else assertEquals(set.remove(value), model.delete(value));
      assertEquals(set.has(value), model.has(value));
    }
    assertEquals(contents(set), [...model].sort(ascending));
    assertEquals(intsetValidate(set.buf, 0, set.length, true), true);
  }
});

Deno.test("the bytes are Redis's and can be read anywhere in a buffer", () => {
  const set = new IntsetBuilder();
  for (const value of [5, -1, 1000]) set.add(value);
  assertEquals([...set.view()], [2, 0, 0, 0, 3, 0, 0, 0, 0xff, 0xff, 5, 0, 0xe8, 3]);
  set.add(70000);
  assertEquals(intsetWidth(set.buf, 0), 4);
  const moved = new Uint8Array(64);
  moved.set(set.view(), 13);
  assertEquals(intsetLength(moved, 13), 4);
  assertEquals(intsetGet(moved, 13, 3), 70000);
  assertEquals(intsetHas(moved, 13, -1), true);
  assertEquals(intsetSearch(moved, 13, 6), -3);
  const again = new IntsetBuilder();
  again.load(moved, 13);
  assertEquals(again.remove(-1), true);
  assertEquals(contents(again), [5, 1000, 70000]);
});

Deno.test("a widening integer goes to the end it belongs to", () => {
  const set = new IntsetBuilder();
  for (const value of [1, -70000, 2 ** 40, -(2n ** 62n), 2n ** 63n - 1n, 7]) set.add(value);
  assertEquals(contents(set), [-(2n ** 62n), -70000, 1, 7, 2 ** 40, 2n ** 63n - 1n]);
});

Deno.test("validation refuses damaged sets", () => {
  const set = new IntsetBuilder();
  for (let i = 0; i < 10; i++) set.add(i * 3);
  const good = set.view().slice();
  const refused = (change: (bytes: Uint8Array) => void) => {
    const bytes = good.slice();
    change(bytes);
    return !intsetValidate(bytes, 0, bytes.length, true);
  };
  assertEquals(intsetValidate(good, 0, good.length, true), true);
  assertEquals(intsetValidate(good, 0, good.length - 1, true), false);
  assertEquals(intsetValidate(good, 0, 4, true), false);
  assertEquals(refused((b) => b[0] = 3), true);
  assertEquals(refused((b) => b[4] = 11), true);
  assertEquals(refused((b) => b[7] = 0xff), true);
  assertEquals(refused((b) => b.copyWithin(10, 8, 10)), true, "duplicate");
  assertEquals(intsetValidate(new IntsetBuilder().view(), 0, 8, true), false, "empty");
});
