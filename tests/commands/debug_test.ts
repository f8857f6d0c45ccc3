/** DEBUG OBJECT and its like beside the real server, whose addresses and clocks differ; and ways to die. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { Random } from "../../server/random.ts";
import { type RawClient, sleep } from "../helpers/client.ts";
import { realTest, startServer } from "../helpers/server.ts";
import { error, mustDo, ok } from "../helpers/transcript.ts";

/** DEBUG OBJECT without what differs between two servers. */
async function details(client: RawClient, key: string): Promise<string> {
  const reply = await client.call("DEBUG", "OBJECT", key);
  if (reply.type !== "simple") throw new Error(`${key}: ${JSON.stringify(reply)}`);
  return reply.text.replace(/0x[0-9a-f]+/, "0x").replace(/lru:\d+/, "lru:").replace(/idle:\d/, "idle:");
}

realTest("DEBUG OBJECT says what redis-server says", async () => {
  await using redis = await startServer("redis");
  await using toy = await startServer("toy");
  await using real = await redis.connect();
  await using ours = await toy.connect();
  const random = new Random(5);
  // Not to be compressed: how well that is done is an implementation's own business.
  const noise = () => String.fromCharCode(...Array.from({ length: 3000 }, () => random.below(256)));
  const big = noise();
  const values: string[][] = [
    ["SET", "embstr", "hello"],
    ["SET", "raw", big],
    ["SET", "int", "123"],
    ["SET", "large int", "1234567"],
    ["RPUSH", "list", "a", "b", "c"],
    ["RPUSH", "long list", ...Array.from({ length: 40 }, noise)],
    ["SADD", "set", "a", "b"],
    ["SADD", "intset", "1", "2", "70000"],
    ["HSET", "hash", "f", "v"],
    ["HSET", "large hash", "f", big],
    ["ZADD", "zset", "1", "a"],
    ["ZADD", "large zset", "1", big],
    ["XADD", "stream", "1-1", "f", "v"],
  ];
  for (const command of values) {
    const key = command[1]!;
    await real.call(...command);
    await ours.call(...command);
    assertEquals(await details(ours, key), await details(real, key), key);
  }
});

Deno.test("DEBUG SDSLEN adds up to the room of the value", async () => {
  await using toy = await startServer("toy");
  await using client = await toy.connect();
  await client.call("SET", "key", "hello world");
  const reply = await client.call("DEBUG", "SDSLEN", "key");
  if (reply.type !== "simple") throw new Error(reply.type);
  const shape =
    /^key_sds_len:3, key_sds_avail:0, key_zmalloc: 3, val_sds_len:11, val_sds_avail:(\d+), val_zmalloc: (\d+)$/;
  const [, free, room] = shape.exec(reply.text)!;
  assertEquals(Number(room), 11 + Number(free));
});

Deno.test("DEBUG HTSTATS counts every key and every home bucket", async () => {
  await using toy = await startServer("toy");
  await using client = await toy.connect();
  await client.call("DEBUG", "POPULATE", "1000");
  const reply = await client.call("DEBUG", "HTSTATS", "0");
  if (reply.type !== "bulk") throw new Error(reply.type);
  assertMatch(reply.text, /^\[Dictionary HT\]\nHash table 0 stats \(main hash table\):\n table size: 2048\n/);
  assertMatch(reply.text, / number of elements: 1000\n/);
  assertMatch(reply.text, /\[Expires HT\]\n.*\nNo stats available for empty dictionaries\n$/);
  let keys = 0;
  let buckets = 0;
  for (const [, length, count] of reply.text.matchAll(/^ {3}(\d+): (\d+) /gm)) {
    keys += Number(length) * Number(count);
    buckets += Number(count);
  }
  assertEquals([keys, buckets], [1000, 2048]);
});

const CRASHES = [
  ["PANIC", 134, /Guru Meditation: called by debug panic/],
  ["SEGFAULT", 139, /crashed by signal: 11/],
  ["ASSERT", 134, /=== ASSERTION FAILED ===/],
  ["OOM", 134, /Out Of Memory/],
] as const;

for (const [word, code, headline] of CRASHES) {
  Deno.test(`DEBUG ${word} ends the process with ${code}`, async () => {
    await using toy = await startServer("toy");
    const client = await toy.connect();
    client.send("DEBUG", word);
    assertEquals((await toy.waitForExit()).code, code);
    assertMatch(toy.log, headline);
    assertMatch(toy.log, /STACK TRACE[^]*redis_version:[^]*cmd=debug[^]*BUG REPORT END/);
    await client.close();
  });
}

realTest(
  "DEBUG RELOAD of a key that is there already ends the process, of a damaged file it fails",
  async () => {
    for (const kind of ["redis", "toy"] as const) {
      await using server = await startServer(kind);
      const client = await server.connect();
      await mustDo(client, "SET", "k", "v", ok);
      await mustDo(client, "DEBUG", "RELOAD", ok);
      const whole = await Deno.readFile(`${server.dir}/dump.rdb`);
      await Deno.writeTextFile(`${server.dir}/dump.rdb`, "REDIS0010 and no more");
      await mustDo(
        client,
        "DEBUG",
        "RELOAD",
        "NOSAVE",
        "NOFLUSH",
        error("ERR Error trying to load the RDB dump"),
      );
      await Deno.writeFile(`${server.dir}/dump.rdb`, whole);
      client.send("DEBUG", "RELOAD", "NOSAVE", "NOFLUSH");
      assert((await server.waitForExit()).code !== 0, kind);
      assertMatch(server.log, /Duplicated key found in RDB file/);
      await client.close();
    }
  },
);

Deno.test("the watchdog says in the log that the event loop stood still", async () => {
  await using server = await startServer("toy");
  await using client = await server.connect();
  await mustDo(client, "DEBUG", "SLEEP", "0.5", ok);
  await mustDo(client, "CONFIG", "SET", "watchdog-period", "200", ok);
  assert(!server.log.includes("WATCHDOG"));
  await mustDo(client, "DEBUG", "SLEEP", "0.5", ok);
  await server.waitForLog(
    /:signal-handler \(\d+\) \n--- WATCHDOG TIMER EXPIRED ---\n[^]*\nThe last command: debug\n/,
  );
});

Deno.test("DEBUG REPLICATE reaches the replicas alone", async () => {
  await using primary = await startServer("toy", { args: ["--repl-diskless-sync-delay", "0"] });
  await using replica = await startServer("toy", { args: ["--replicaof", "127.0.0.1", `${primary.port}`] });
  await using client = await primary.connect();
  await using other = await replica.connect();
  const get = async (from: RawClient, key: string) => {
    const reply = await from.call("GET", key);
    return reply.type === "bulk" ? reply.text : null;
  };
  await client.call("SET", "before", "1");
  while (await get(other, "before") === null) await sleep(20);
  await client.call("DEBUG", "REPLICATE", "SET", "only", "there");
  await client.call("SET", "after", "1");
  while (await get(other, "after") === null) await sleep(20);
  assertEquals([await get(client, "only"), await get(other, "only")], [null, "there"]);
});
