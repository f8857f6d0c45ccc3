/** The books of memory against what the runtime says, and MEMORY USAGE against the books. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import type { RawClient } from "../helpers/client.ts";
import { startServer } from "../helpers/server.ts";

async function text(client: RawClient, ...args: string[]): Promise<string> {
  const reply = await client.call(...args);
  if (reply.type !== "bulk") throw new Error(`${args}: ${reply.type}`);
  return reply.text;
}

/** used_memory without what clients take: their buffers grow with a pipeline. */
async function used(client: RawClient): Promise<number> {
  const info = await text(client, "INFO", "memory");
  const field = (name: string) => Number(new RegExp(`^${name}:(\\d+)`, "m").exec(info)![1]);
  return field("used_memory") - field("mem_clients_normal");
}

/** What the runtime has allocated: its heap and the buffers outside of it. */
async function allocated(client: RawClient): Promise<number> {
  const line = /of it in use (\d+), buffers (\d+)/.exec(await text(client, "MEMORY", "MALLOC-STATS"))!;
  return Number(line[1]) + Number(line[2]);
}

/** Commands that make `count` keys of a type, and how large they are. */
const KINDS: Record<string, { count: number; make: (i: number) => string[] }> = {
  "short strings": { count: 4000, make: (i) => ["SET", `key:${i}`, `value:${i}`] },
  "strings with an expiry": { count: 4000, make: (i) => ["SET", `key:${i}`, `value:${i}`, "EX", "1000"] },
  "long strings": { count: 100, make: (i) => ["SET", `key:${i}`, "x".repeat(20_000)] },
  "packed hashes": { count: 1000, make: (i) => ["HSET", `key:${i}`, ...numbered(20, "field", "value")] },
  "large hashes": { count: 30, make: (i) => ["HSET", `key:${i}`, ...numbered(700, "field", "value")] },
  "large sets": { count: 30, make: (i) => ["SADD", `key:${i}`, ...numbered(700, "member")] },
  "large sorted sets": { count: 30, make: (i) => ["ZADD", `key:${i}`, ...scored(700)] },
  "large lists": { count: 30, make: (i) => ["RPUSH", `key:${i}`, ...numbered(1500, "element")] },
  "streams": { count: 500, make: (i) => ["XADD", `key:${i}`, "*", ...numbered(20, "field", "value")] },
};

function numbered(count: number, ...words: string[]): string[] {
  return Array.from({ length: count }, (_, i) => words.map((word) => `${word}:${i}`)).flat();
}

function scored(count: number): string[] {
  return Array.from({ length: count }, (_, i) => [`${i * 1.5}`, `member:${i}`]).flat();
}

for (const [name, { count, make }] of Object.entries(KINDS)) {
  Deno.test(`MEMORY USAGE of ${name} adds up to what used_memory grows by`, async () => {
    await using toy = await startServer("toy");
    await using client = await toy.connect();
    const before = await used(client);
    for (let i = 0; i < count; i += 100) {
      await client.pipeline(Array.from({ length: Math.min(100, count - i) }, (_, j) => make(i + j)));
    }
    const grown = await used(client) - before;
    let sum = 0;
    for (
      const { value } of await client.pipeline(
        Array.from({ length: count }, (_, i) => ["MEMORY", "USAGE", `key:${i}`]),
      )
    ) {
      if (value.type !== "integer") throw new Error(value.type);
      sum += Number(value.value);
    }
    assert(Math.abs(sum - grown) < grown * 0.15, `${sum} for ${grown}`);
    // What was deleted is not used any more, whatever the collector does.
    await client.call("FLUSHALL");
    assert(await used(client) - before < 256 * 1024);
  });
}

Deno.test("used_memory grows by what the runtime allocates, within 15%", async () => {
  await using toy = await startServer("toy");
  await using client = await toy.connect();
  const booksBefore = await used(client);
  const realBefore = await allocated(client);
  await client.call("DEBUG", "POPULATE", "500000", "key", "100");
  for (const name of ["packed hashes", "large hashes", "large sets", "large sorted sets"]) {
    const { count, make } = KINDS[name]!;
    for (let i = 0; i < count; i++) {
      const [command, key, ...rest] = make(i);
      await client.call(command!, `${name}:${key}`, ...rest);
    }
  }
  // What the runtime has allocated includes garbage until its next collection: work brings that about.
  let books = 0;
  let real = Infinity;
  for (let tries = 0; tries < 20 && Math.abs(books - real) >= real * 0.15; tries++) {
    await client.call("MEMORY", "PURGE");
    for (let i = 0; i < 20; i++) await client.call("LOLWUT", "500", "200");
    books = await used(client) - booksBefore;
    real = await allocated(client) - realBefore;
  }
  assert(Math.abs(books - real) < real * 0.15, `${books} for ${real}`);
});

Deno.test("MEMORY PURGE gives back chunks in which little is left", async () => {
  await using toy = await startServer("toy");
  await using client = await toy.connect();
  await client.call("DEBUG", "POPULATE", "50000", "key", "200");
  const keys = Array.from({ length: 50_000 }, (_, i) => i).filter((i) => i % 20 !== 0);
  for (let i = 0; i < keys.length; i += 500) {
    await client.call("DEL", ...keys.slice(i, i + 500).map((key) => `key:${key}`));
  }
  const chunks = async () => Number(/allocator_active:(\d+)/.exec(await text(client, "INFO", "memory"))![1]);
  const before = await chunks();
  await client.call("MEMORY", "PURGE");
  const after = await chunks();
  assert(after < before - 5_000_000, `${before} -> ${after}`);
  assertEquals(await text(client, "GET", "key:40"), "value:40" + "\0".repeat(192));
  const size = await client.call("DBSIZE");
  assertEquals(size.type === "integer" && Number(size.value), 2500);
});

Deno.test("MEMORY DOCTOR has words of its own", async () => {
  await using toy = await startServer("toy");
  await using client = await toy.connect();
  assertMatch(await text(client, "MEMORY", "DOCTOR"), /too little data/);
  await client.call("DEBUG", "POPULATE", "60000", "key", "200");
  const verdict = await text(client, "MEMORY", "DOCTOR");
  assertMatch(verdict, /Nothing is wrong/);
  for (const word of ["MEMORY", "LATENCY"]) {
    assert(!/sam/i.test(await text(client, word, "DOCTOR")), `${word} DOCTOR`);
  }
});

Deno.test("an empty server uses less than a megabyte, and always the same", async () => {
  await using toy = await startServer("toy");
  await using client = await toy.connect();
  const before = await used(client);
  assert(before < 1024 * 1024, `${before}`);
  for (let i = 0; i < 20; i++) await client.call("LOLWUT", "500", "200"); // garbage, and perhaps a collection
  const grown = await used(client) - before;
  assert(grown >= 0 && grown < 256 * 1024, `${grown}`); // the client's own buffers
  const startup = /^used_memory_startup:(\d+)/m.exec(await text(client, "INFO", "memory"))![1];
  assert(Number(startup) < before, `${startup} of ${before}`);
});
