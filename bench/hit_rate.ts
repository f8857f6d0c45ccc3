/**
 * How well each maxmemory policy guesses, beside redis-server: both serve as a cache for one trace of requests whose
 * keys follow Zipf's law (few are asked for often, most hardly ever), with room for the same number of keys.
 *
 *     deno run -A --no-check bench/hit_rate.ts [requests]
 *
 * Memory per key differs between the two, so the limit is not a number of bytes: each server is filled with the keys
 * that are to fit, and what it then uses is its limit.
 */
import { Random } from "../server/random.ts";
import { type Kind, startServer } from "../tests/helpers/server.ts";

const KEYS = 100_000;
const ROOM = 15_000;
const EXPONENT = 0.9;
const BATCH = 200;
const VALUE = "x".repeat(100);
const REQUESTS = Number(Deno.args[0] ?? 400_000);
const POLICIES = ["allkeys-lru", "allkeys-lfu", "allkeys-random", "volatile-lru", "volatile-lfu"];

/** The same for every run: numbers of keys, the lower the more often. */
function trace(): Uint32Array {
  const random = new Random(42);
  const sums = new Float64Array(KEYS);
  let sum = 0;
  for (let i = 0; i < KEYS; i++) sums[i] = sum += 1 / (i + 1) ** EXPONENT;
  const requests = new Uint32Array(REQUESTS);
  for (let i = 0; i < REQUESTS; i++) {
    const at = random.float() * sum;
    let low = 0;
    let high = KEYS - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (sums[middle]! < at) low = middle + 1;
      else high = middle;
    }
    requests[i] = low;
  }
  return requests;
}

/** Percent of the second half of the trace that was found. */
async function hitRate(kind: Kind, policy: string, requests: Uint32Array): Promise<number> {
  await using server = await startServer(kind);
  await using client = await server.connect();
  const expiry = policy.startsWith("volatile") ? ["EX", "100000"] : [];
  const set = (key: number) => ["SET", `key:${key}`, VALUE, ...expiry];
  for (let i = 0; i < ROOM; i += BATCH) {
    await client.pipeline(Array.from({ length: BATCH }, (_, j) => set(KEYS + i + j)));
  }
  const limit = await client.infoNumber("used_memory");
  await client.call("FLUSHALL");
  await client.call("CONFIG", "SET", "maxmemory-policy", policy);
  await client.call("CONFIG", "SET", "maxmemory", `${limit}`);
  let hits = 0;
  let counted = 0;
  for (let i = 0; i < requests.length; i += BATCH) {
    const keys = [...requests.subarray(i, i + BATCH)];
    const replies = await client.pipeline(keys.map((key) => ["GET", `key:${key}`]));
    const missing = new Set(keys.filter((_, j) => replies[j]!.value.type === "null"));
    if (missing.size > 0) await client.pipeline([...missing].map(set));
    if (i < requests.length / 2) continue;
    hits += replies.filter(({ value }) => value.type === "bulk").length;
    counted += keys.length;
  }
  return hits * 100 / counted;
}

const requests = trace();
console.log("policy            toy-redis   redis-server   difference");
for (const policy of POLICIES) {
  const ours = await hitRate("toy", policy, requests);
  const theirs = await hitRate("redis", policy, requests);
  const column = (value: number, width: number) => `${value.toFixed(2)}%`.padStart(width);
  console.log(
    policy.padEnd(16) + column(ours, 11) + column(theirs, 15) + `${(ours - theirs).toFixed(2)}`.padStart(13),
  );
}
