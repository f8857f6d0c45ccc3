/** maxmemory with all policies: memory stays within the limit, the right keys go, and everybody hears of it. */
import { assert, assertEquals } from "@std/assert";
import { type RawClient, sleep } from "../helpers/client.ts";
import { type Kind, realTest, startServer } from "../helpers/server.ts";

/** Sets keys `prefix:from` to `prefix:to`; the number of errors. */
async function fill(client: RawClient, prefix: string, count: number, ...options: string[]): Promise<number> {
  const value = "x".repeat(500);
  let errors = 0;
  for (let from = 0; from < count; from += 500) {
    const commands = Array.from(
      { length: Math.min(500, count - from) },
      (_, i) => ["SET", `${prefix}:${from + i}`, value, ...options],
    );
    for (const { value } of await client.pipeline(commands)) if (value.type === "error") errors++;
  }
  return errors;
}

const MB = 1024 * 1024;

for (const policy of ["allkeys-lru", "allkeys-lfu", "allkeys-random", "volatile-lru", "volatile-lfu"]) {
  Deno.test(`${policy} keeps memory within the limit`, async () => {
    await using toy = await startServer("toy");
    await using client = await toy.connect();
    const options = policy.startsWith("volatile") ? ["EX", "1000"] : [];
    const limit = await client.infoNumber("used_memory") + 2 * MB;
    await client.call("CONFIG", "SET", "maxmemory", `${limit}`, "maxmemory-policy", policy);
    assertEquals(await fill(client, "key", 12_000, ...options), 0);
    const used = await client.infoNumber("used_memory");
    assert(used < limit + 64 * 1024, `${used} for ${limit}`);
    const keys = await client.integer("DBSIZE");
    assertEquals(await client.infoNumber("evicted_keys"), 12_000 - keys);
    // Full, not emptied: a key takes some 600 bytes.
    assert(keys > 2000, `${keys} keys`);
  });
}

for (const policy of ["volatile-lru", "volatile-lfu", "volatile-random", "volatile-ttl"]) {
  Deno.test(`${policy} takes keys that expire and no others`, async () => {
    await using toy = await startServer("toy");
    await using client = await toy.connect();
    await fill(client, "stays", 1000);
    const limit = await client.infoNumber("used_memory") + MB;
    await client.call("CONFIG", "SET", "maxmemory", `${limit}`, "maxmemory-policy", policy);
    assertEquals(await fill(client, "goes", 4000, "EX", "1000"), 0);
    assert(await client.infoNumber("evicted_keys") > 1000);
    let stay = 0;
    for (let i = 0; i < 1000; i++) stay += await client.integer("EXISTS", `stays:${i}`);
    assertEquals(stay, 1000);
    // Once there is nothing left to evict, writes that need memory are refused.
    assert(await fill(client, "more", 6000) > 0);
    assertEquals((await client.call("GET", "stays:0")).type, "bulk");
  });
}

Deno.test("volatile-ttl takes those that would expire first", async () => {
  await using toy = await startServer("toy");
  await using client = await toy.connect();
  await client.call("CONFIG", "SET", "maxmemory-samples", "64");
  await fill(client, "late", 1500, "EX", "100000");
  await fill(client, "soon", 1500, "EX", "1000");
  const limit = await client.infoNumber("used_memory");
  await client.call("CONFIG", "SET", "maxmemory", `${limit}`, "maxmemory-policy", "volatile-ttl");
  await fill(client, "new", 700);
  let late = 0;
  for (let i = 0; i < 1500; i++) late += await client.integer("EXISTS", `late:${i}`);
  assertEquals(late, 1500);
});

Deno.test("large values are given back before more keys are taken", async () => {
  await using toy = await startServer("toy");
  await using client = await toy.connect();
  for (let i = 0; i < 20; i++) {
    const members = Array.from({ length: 3000 }, (_, j) => `member:${i}:${j}`);
    await client.call("SADD", `set:${i}`, ...members);
  }
  const used = await client.infoNumber("used_memory");
  const perSet = await client.integer("MEMORY", "USAGE", "set:0");
  const limit = used - 5 * perSet;
  await client.call("CONFIG", "SET", "maxmemory", `${limit}`, "maxmemory-policy", "allkeys-random");
  await client.call("SET", "small", "v");
  let left = await client.integer("DBSIZE");
  for (let i = 0; i < 100 && await client.infoNumber("used_memory") > limit; i++) {
    left = await client.integer("DBSIZE");
  }
  left = await client.integer("DBSIZE");
  assert(left >= 13 && left <= 17, `${left} keys`);
});

Deno.test("an eviction is published, deletes watched keys, and is counted", async () => {
  await using toy = await startServer("toy");
  await using client = await toy.connect();
  await using listener = await toy.connect();
  await using watcher = await toy.connect();
  await client.call("CONFIG", "SET", "notify-keyspace-events", "Ee");
  await client.call("SET", "k", "v");
  await listener.call("SUBSCRIBE", "__keyevent@0__:evicted");
  await watcher.call("WATCH", "k");
  await client.call("CONFIG", "SET", "maxmemory", "1", "maxmemory-policy", "allkeys-lru");
  await client.call("PING");
  const message = await listener.read();
  assertEquals(
    message.value.type === "array" && message.value.items.map((i) => i.type === "bulk" && i.text),
    [
      "message",
      "__keyevent@0__:evicted",
      "k",
    ],
  );
  await client.call("CONFIG", "SET", "maxmemory", "0");
  await watcher.call("MULTI");
  assertEquals((await watcher.call("EXEC")).type, "null");
  assertEquals(await client.infoNumber("evicted_keys"), 1);
  assert(await client.infoNumber("total_eviction_exceeded_time") >= 0);
});

Deno.test("maxmemory-clients closes the largest clients, not those that asked to be spared", async () => {
  await using toy = await startServer("toy");
  await using client = await toy.connect();
  await client.call("CONFIG", "SET", "maxmemory-clients", "2mb");
  await using small = await toy.connect();
  await using spared = await toy.connect();
  await using large = await toy.connect();
  await spared.call("CLIENT", "NO-EVICT", "on");
  await spared.write(new TextEncoder().encode(`*2\r\n$4\r\nECHO\r\n$8000000\r\n${"x".repeat(4_000_000)}`));
  await large.write(new TextEncoder().encode(`*2\r\n$4\r\nECHO\r\n$8000000\r\n${"x".repeat(4_000_000)}`));
  assertEquals((await large.read()).value.type, "closed");
  // The spared one's share counts all the same.
  assertEquals((await small.read()).value.type, "closed");
  assertEquals((await client.read()).value.type, "closed");
  await spared.write(new TextEncoder().encode("x".repeat(4_000_000) + "\r\n"));
  assertEquals((await spared.read()).value.type, "bulk");
  assertEquals(await spared.infoNumber("evicted_clients"), 3);
});

/** Whether the time over maxmemory goes on: while memory is over it, and while there is no limit any more. */
async function exceededTimes(kind: Kind): Promise<boolean[]> {
  await using server = await startServer(kind);
  await using client = await server.connect();
  const runs = async () => await client.infoNumber("current_eviction_exceeded_time") > 0;
  const found: boolean[] = [];
  await client.call("DEBUG", "POPULATE", "1000", "key", "1000");
  for (const maxmemory of ["1mb", "0", "1mb", "100mb", "0"]) {
    await client.call("CONFIG", "SET", "maxmemory", maxmemory);
    await client.call("SET", "k", "v");
    await sleep(50);
    found.push(await runs());
  }
  found.push(await client.infoNumber("total_eviction_exceeded_time") > 100);
  await client.call("CONFIG", "RESETSTAT");
  found.push(await client.infoNumber("total_eviction_exceeded_time") > 0);
  return found;
}

realTest("the time over maxmemory ends when there is a limit that memory is within", async () => {
  const expected = [true, true, true, false, false, true, false];
  assertEquals(await exceededTimes("redis"), expected);
  assertEquals(await exceededTimes("toy"), expected);
});

/** What CLIENT LIST's tot-mem grows by with each step. */
async function costs(kind: Kind): Promise<number[]> {
  await using server = await startServer(kind);
  await using client = await server.connect();
  await using watcher = await server.connect();
  const id = await client.call("CLIENT", "ID");
  const total = async () => {
    const reply = await watcher.call("CLIENT", "LIST", "ID", id.type === "integer" ? `${id.value}` : "");
    return Number(/ tot-mem=(\d+)/.exec(reply.type === "bulk" ? reply.text : "")![1]);
  };
  await client.call("HELLO", "3");
  while (await watcher.infoNumber("reply_buffer_shrinks") < 2) await sleep(50);
  await sleep(200);
  const found: number[] = [];
  let before = await total();
  const long = "x".repeat(300);
  const steps = [
    ["WATCH", "a"],
    ["WATCH", "b", "c", long],
    ["SUBSCRIBE", "a"],
    ["SUBSCRIBE", long],
    ["PSUBSCRIBE", "a*"],
    ["SSUBSCRIBE", "a"],
    ["MULTI"],
    ["SET", "k", "v"],
    ["SET", "k", "value"],
    ["SET", "k", "v"],
    ["DISCARD"],
  ];
  for (const step of steps) {
    await client.call(...step);
    const after = await total();
    found.push(after - before);
    before = after;
  }
  return found;
}

realTest("what watched keys, subscriptions and queued commands cost a client is the same", async () => {
  assertEquals(await costs("toy"), await costs("redis"));
});
