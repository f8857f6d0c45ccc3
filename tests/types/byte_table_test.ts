import { assert, assertEquals } from "@std/assert";
import { Arena } from "../../types/arena.ts";
import { ByteTable, recordHead } from "../../types/byte_table.ts";
import { hashBytes } from "../../types/hash_function.ts";
import { type SeededRandom, seededRandom } from "../helpers/seeded.ts";

/** A table of bare keys beside a Set of the same keys. `hash` can be weakened to force collisions. */
class Pair {
  readonly arena = new Arena();
  readonly table = new ByteTable(this.arena);
  readonly model = new Map<string, number>();
  readonly #hash: (key: Uint8Array) => number;

  constructor(hash: (key: Uint8Array) => number = (key) => hashBytes(key, 0, key.length)) {
    this.#hash = hash;
  }

  find(name: string): number {
    const key = encode(name);
    return this.table.find(key, 0, key.length, this.#hash(key));
  }

  add(name: string): void {
    if (this.model.has(name)) return;
    const key = encode(name);
    const addr = this.arena.alloc(4 + key.length);
    this.arena.wordsOf(addr)[this.arena.wordOf(addr)] = recordHead(key.length, 0);
    this.arena.bytesOf(addr).set(key, this.arena.offsetOf(addr) + 4);
    this.table.insert(this.#hash(key), addr);
    this.model.set(name, addr);
  }

  remove(name: string): void {
    const addr = this.model.get(name);
    const key = encode(name);
    assertEquals(this.table.remove(this.#hash(key), addr ?? 0xfffffff0), addr !== undefined);
    if (addr === undefined) return;
    this.arena.free(addr);
    this.model.delete(name);
  }

  check(): void {
    assertEquals(this.table.size, this.model.size);
    for (const [name, addr] of this.model) assertEquals(this.find(name), addr, name);
    let visited = 0;
    this.table.forEach(() => visited++);
    assertEquals(visited, this.model.size);
  }
}

function encode(name: string): Uint8Array {
  return new TextEncoder().encode(name);
}

function churn(pair: Pair, random: SeededRandom, steps: number, keys: number, growing: number): void {
  for (let i = 0; i < steps; i++) {
    const name = "key:" + random.below(keys);
    if (random.below(100) < growing) pair.add(name);
    else pair.remove(name);
    if (i % 1000 === 0) assertEquals(pair.find("absent"), 0);
  }
}

Deno.test("byte table: like a Map through growth and shrinking", () => {
  const random = seededRandom(3);
  const pair = new Pair();
  for (let phase = 0; phase < 12; phase++) {
    churn(pair, random, 60_000, 40_000, phase % 2 === 0 ? 80 : 10);
    pair.check();
  }
  assert(pair.table.capacity < 40_000 * 8);
  for (const name of [...pair.model.keys()]) pair.remove(name);
  pair.check();
  assert(pair.table.indexBytes < 4096, "an empty table shrinks");
});

Deno.test("byte table: keys that all collide are told apart, removed and rehashed", () => {
  const random = seededRandom(4);
  const pair = new Pair((key) => key.length % 3);
  for (let phase = 0; phase < 4; phase++) {
    churn(pair, random, 3000, 400, phase % 2 === 0 ? 80 : 20);
    pair.check();
  }
});

Deno.test("byte table: a scan returns every key that stays, through growth and shrinking", () => {
  const random = seededRandom(5);
  for (let round = 0; round < 24; round++) {
    const pair = new Pair();
    const stable = Array.from({ length: 500 }, (_, i) => `stable:${round}:${i}`);
    for (const name of stable) pair.add(name);
    const seen = new Set<number>();
    let cursor = 0;
    do {
      cursor = pair.table.scan(cursor, (addr) => seen.add(addr));
      churn(pair, random, 8, 6000, round % 3 === 0 ? 95 : round % 3 === 1 ? 50 : 5);
    } while (cursor !== 0);
    for (const name of stable) assert(seen.has(pair.model.get(name)!), `${name} was not returned`);
  }
});

Deno.test("byte table: a scan of a table at rest returns every key once", () => {
  const pair = new Pair();
  for (let i = 0; i < 3000; i++) pair.add("k" + i);
  pair.table.finishRehash();
  const seen: number[] = [];
  let cursor = 0;
  do cursor = pair.table.scan(cursor, (addr) => seen.push(addr)); while (cursor !== 0);
  assertEquals(seen.length, 3000);
  assertEquals(new Set(seen).size, 3000);
});

Deno.test("byte table: random picks are spread evenly (chi-square)", () => {
  const random = seededRandom(6);
  const pair = new Pair();
  const count = 100;
  for (let i = 0; i < count; i++) pair.add("m" + i);
  const hits = new Map<number, number>();
  const picks = 50_000;
  for (let i = 0; i < picks; i++) {
    const addr = pair.table.random(random.next);
    hits.set(addr, (hits.get(addr) ?? 0) + 1);
  }
  assertEquals(hits.size, count);
  const expected = picks / count;
  let chi = 0;
  for (const hit of hits.values()) chi += (hit - expected) ** 2 / expected;
  // 99 degrees of freedom: beyond 160 lies less than one seed in ten thousand.
  assert(chi < 160, `chi-square ${chi}`);
});

Deno.test("byte table: drain hands out each record once, in slices", () => {
  const pair = new Pair();
  for (let i = 0; i < 5000; i++) pair.add("d" + i);
  const drained = new Set<number>();
  let calls = 0;
  while (!pair.table.drain(100, (addr) => drained.add(addr))) calls++;
  assertEquals(drained.size, 5000);
  assert(calls > 10);
  assertEquals(pair.table.size, 0);
});

Deno.test("byte table: a shrinking index that is overtaken by insertions goes on growing", () => {
  const pair = new Pair();
  for (let i = 0; i < 20_000; i++) pair.add("a" + i);
  for (let i = 0; i < 19_900; i++) pair.remove("a" + i);
  for (let i = 0; i < 50_000; i++) pair.add("b" + i);
  pair.check();
});
