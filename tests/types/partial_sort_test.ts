/** Partial sorting against Array.prototype.sort, and its order of equal elements against redis-server 7.0.15. */
import { assert, assertEquals } from "@std/assert";
import { partialSort } from "../../types/partial_sort.ts";
import { seededRandom } from "../helpers/seeded.ts";

Deno.test("the wanted positions hold what a full sort puts there", () => {
  const random = seededRandom(77);
  for (let i = 0; i < 3000; i++) {
    const items = Array.from(
      { length: random.below(i % 50 === 0 ? 500 : 60) },
      () => random.below(1 + i % 40),
    );
    const sorted = items.toSorted((a, b) => a - b);
    const first = random.below(items.length + 1);
    const last = first + random.below(items.length + 1);
    partialSort(items, (a, b) => a - b, first, last);
    assertEquals(items.slice(first, last + 1), sorted.slice(first, last + 1));
    assertEquals(items.toSorted((a, b) => a - b), sorted);
    const wanted = sorted.slice(first, last + 1);
    if (wanted.length === 0) continue;
    assert(items.slice(0, first).every((item) => item <= wanted[0]!));
    assert(items.slice(last + 1).every((item) => item >= wanted[wanted.length - 1]!));
  }
});

Deno.test("sorted, reversed and constant inputs recurse no deeper than they should", () => {
  for (const make of [(i: number) => i, (i: number) => -i, () => 1]) {
    const items = Array.from({ length: 200_000 }, (_, i) => make(i));
    partialSort(items, (a, b) => a - b, 0, items.length - 1);
    assert(items.every((item, i) => i === 0 || items[i - 1]! <= item));
  }
});
