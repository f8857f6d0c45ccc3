/**
 * A server at its maxmemory under load from several clients, with each policy: memory stays within the limit and some
 * slack, every request is answered, keys that must stay do, and in the end the books still add up.
 */
import { assert, assertEquals } from "@std/assert";
import { RawClient } from "../helpers/client.ts";
import { Random } from "../helpers/random.ts";
import { startServer } from "../helpers/server.ts";

export const POLICIES = [
  "noeviction",
  "allkeys-lru",
  "allkeys-lfu",
  "allkeys-random",
  "volatile-lru",
  "volatile-lfu",
  "volatile-random",
  "volatile-ttl",
] as const;

/** What to do to one server. */
export interface EvictionSoak {
  policy: typeof POLICIES[number];
  /** Commands in all. */
  commands: number;
  /** Megabytes of data that maxmemory leaves room for. */
  room: number;
  seed: number;
}

const MB = 1024 * 1024;
/** What one batch of every client may add before the next command evicts, and the buffers it comes in. */
const SLACK = MB;
const CLIENTS = 4;
const BATCH = 50;
/** Keys without an expiry, which volatile policies must leave alone. */
const LASTING = 200;

/** One command of the load, on a key that may expire. */
function command(random: Random): string[][] {
  const type = random.int(0, 5);
  const key = `${type}:${random.int(0, 5000)}`;
  const value = "x".repeat(random.chance(0.02) ? random.int(1000, 30_000) : random.int(1, 300));
  const member = `m${random.int(0, 200)}`;
  if (random.chance(0.3)) return [["EXISTS", key]];
  const write = [
    ["SET", key, value],
    ["HSET", key, member, value],
    ["RPUSH", key, value],
    ["SADD", key, member + value.slice(0, 100)],
    ["ZADD", key, `${random.int(0, 1000)}`, member],
    ["XADD", key, "*", member, value],
  ][type]!;
  return [write, ["EXPIRE", key, `${random.int(1000, 100_000)}`]];
}

/** Runs the load; throws where a promise is broken. Returns what happened, for a line of a report. */
export async function soakEviction({ policy, commands, room, seed }: EvictionSoak): Promise<string> {
  await using server = await startServer("toy");
  await using watcher = await server.connect();
  const lasting = Array.from({ length: LASTING }, (_, i) => ["SET", `lasting:${i}`, "x".repeat(100)]);
  if (policy.startsWith("volatile")) await watcher.pipeline(lasting);
  const empty = await watcher.infoNumber("used_memory");
  const limit = empty + room * MB;
  await watcher.call("CONFIG", "SET", "maxmemory", `${limit}`, "maxmemory-policy", policy);
  let left = commands;
  let refused = 0;
  let most = 0;
  const load = async (number: number): Promise<void> => {
    await using client = await server.connect();
    const random = new Random(seed * 100 + number);
    while (left > 0) {
      const batch = Array.from({ length: BATCH }, () => command(random)).flat();
      left -= batch.length;
      for (const { value } of await client.pipeline(batch)) {
        if (value.type !== "error") continue;
        assert(value.text.startsWith("OOM "), value.text);
        refused++;
      }
    }
  };
  const watch = async (): Promise<void> => {
    while (left > 0) {
      most = Math.max(most, await watcher.infoNumber("used_memory"));
      assert(most <= limit + SLACK, `${policy}: ${most - limit} bytes above the limit`);
    }
  };
  await Promise.all([watch(), ...Array.from({ length: CLIENTS }, (_, i) => load(i))]);
  const evicted = await watcher.infoNumber("evicted_keys");
  assertEquals(evicted > 0, policy !== "noeviction", `${evicted} evicted`);
  assertEquals(refused > 0, policy === "noeviction", `${refused} refused`);
  if (policy.startsWith("volatile")) {
    assertEquals(await watcher.integer("EXISTS", ...lasting.map(([, key]) => key!)), LASTING);
  }
  await assertBooks(watcher, empty);
  const above = ((most - limit) / 1024).toFixed(0);
  return `${policy}: ${commands} commands, ${evicted} evicted, ${refused} refused, at most ${above} KB above the limit`;
}

/** Every key that is counted is there, and memory is given back with the last one. */
async function assertBooks(client: RawClient, empty: number): Promise<void> {
  const reply = await client.call("KEYS", "*");
  if (reply.type !== "array") throw new Error(reply.type);
  assertEquals(reply.items.length, await client.integer("DBSIZE"));
  await client.call("CONFIG", "SET", "maxmemory", "0");
  await client.call("FLUSHALL");
  const used = await client.infoNumber("used_memory");
  assert(used < empty + 512 * 1024, `${used - empty} bytes stayed in use`);
}
