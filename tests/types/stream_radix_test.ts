import { assertEquals } from "@std/assert";
import { Stream } from "../../types/stream.ts";
import { idFromText, IdList } from "../../types/stream_id.ts";
import { seededRandom } from "../helpers/seeded.ts";
import { spans } from "./stream_model.ts";

/** A stream with one node for each ID. */
function withKeys(ids: string[]): Stream {
  const stream = new Stream();
  const args = spans(["f", "v"]);
  for (const id of ids) stream.append(idFromText(id), args, 0, 1, { maxBytes: 0, maxEntries: 1 });
  return stream;
}

/** Counts the nodes of a radix tree by building it: `keys` share their first `depth` bytes. */
function naive(keys: Uint8Array[], depth: number): number {
  if (depth === 16) return 1;
  let fork = depth;
  while (fork < 16 && keys.every((key) => key[fork] === keys[0]![fork])) fork++;
  if (fork === 16) return 2;
  const groups = Map.groupBy(keys, (key) => key[fork]);
  let count = (fork > depth ? 1 : 0) + 1;
  for (const group of groups.values()) count += naive(group, fork + 1);
  return count;
}

function bytes(id: string): Uint8Array {
  const key = new Uint8Array(16);
  idFromText(id).writeBytes(key, 0);
  return key;
}

Deno.test("radix tree nodes are as many as redis-server 7.0.15 reports", () => {
  assertEquals(withKeys([]).nodes.radixNodes, 1);
  assertEquals(withKeys(["1-0"]).nodes.radixNodes, 2);
  assertEquals(withKeys(["1-0", "2-0", "2-5"]).nodes.radixNodes, 8);
  assertEquals(withKeys(["1-0", "2-0", "2-5", "1795371803683-0"]).nodes.radixNodes, 12);
});

Deno.test("radix tree nodes are as many as building the tree gives, whatever keys come and go", () => {
  for (let seed = 1; seed <= 60; seed++) {
    const random = seededRandom(seed);
    const ids = new Set<string>();
    const wide = [10, 300, 70000, 2 ** 40];
    for (let i = 1 + random.below(60); i > 0; i--) {
      ids.add(`${1 + random.below(wide[seed % 4]!)}-${random.below(wide[(seed >> 2) % 4]!)}`);
    }
    const sorted = [...ids].sort((a, b) => idFromText(a).compare(idFromText(b)));
    const stream = withKeys(sorted);
    assertEquals(stream.nodes.radixNodes, naive(sorted.map(bytes), 0));
    while (sorted.length > 1) {
      const gone = new IdList();
      gone.add(idFromText(sorted.splice(random.below(3) === 0 ? 0 : random.below(sorted.length), 1)[0]!));
      stream.delete(gone);
      assertEquals(stream.nodes.radixNodes, naive(sorted.map(bytes), 0));
    }
  }
});
