/** The random source: reproducible with a seed, even, within its limits. */
import { assert, assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { Random } from "../../server/random.ts";

/** xoshiro128** in 64-bit arithmetic, from the paper, as a model. */
function model(state: bigint[]): number {
  const mask = (1n << 32n) - 1n;
  const rotl = (x: bigint, k: bigint) => ((x << k) | (x >> (32n - k))) & mask;
  const result = (rotl((state[1]! * 5n) & mask, 7n) * 9n) & mask;
  const t = (state[1]! << 9n) & mask;
  state[2]! ^= state[0]!;
  state[3]! ^= state[1]!;
  state[1]! ^= state[2]!;
  state[0]! ^= state[3]!;
  state[2]! ^= t;
  state[3] = rotl(state[3]!, 11n);
  return Number(result);
}

Deno.test("the sequence of a seed is that of the generator in the paper", () => {
  // The state of seed 7: four splitmix32 words.
  const state: bigint[] = [];
  let seed = 7;
  for (let i = 0; i < 4; i++) {
    seed = (seed + 0x9e3779b9) >>> 0;
    let word = Math.imul(seed ^ (seed >>> 16), 0x85ebca6b);
    word = Math.imul(word ^ (word >>> 13), 0xc2b2ae35);
    state.push(BigInt((word ^ (word >>> 16)) >>> 0));
  }
  const random = new Random(7);
  for (let i = 0; i < 1000; i++) assertEquals(random.u32(), model(state));
});

Deno.test("a seed replays, other seeds and unseeded sources differ", () => {
  const take = (random: Random) => Array.from({ length: 8 }, () => random.u32());
  assertEquals(take(new Random(1)), take(new Random(1)));
  assertNotEquals(take(new Random(1)), take(new Random(2)));
  assertNotEquals(take(new Random()), take(new Random()));
  assertEquals(new Random(3).secretHex(40), new Random(3).secretHex(40));
  assertNotEquals(new Random().secretHex(40), new Random().secretHex(40));
});

Deno.test("numbers stay in their range and fill it evenly", () => {
  const random = new Random(5);
  const counts = new Array(10).fill(0);
  for (let i = 0; i < 100_000; i++) counts[random.below(10)]++;
  // Ten cells of 10,000: a deviation of 500 is five standard deviations, and the seed is fixed.
  for (const count of counts) assert(Math.abs(count - 10_000) < 500, String(counts));
  for (let i = 0; i < 1000; i++) {
    const float = random.float();
    assert(float >= 0 && float < 1);
    const big = random.below(2 ** 53);
    assert(Number.isInteger(big) && big >= 0 && big < 2 ** 53);
    assertEquals(random.below(1), 0);
  }
});

Deno.test("secrets have the length asked for", () => {
  const random = new Random();
  assertEquals(random.secret(70_000).length, 70_000);
  assertMatch(random.secretHex(40), /^[0-9a-f]{40}$/);
  assertMatch(random.secretHex(7), /^[0-9a-f]{7}$/);
});
