/** Sessions of node-redis in RESP2 and RESP3, through a real socket. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { createClient, ErrorReply, WatchError } from "redis";
import { startServer } from "../helpers/server.ts";

const connectTo = (port: number, RESP: 2 | 3) =>
  createClient({ RESP, socket: { port, host: "127.0.0.1", reconnectStrategy: false } });
type Client = ReturnType<typeof connectTo>;

async function session(RESP: 2 | 3, fn: (open: () => Promise<Client>) => Promise<void>): Promise<void> {
  await using server = await startServer("toy");
  const clients: Client[] = [];
  try {
    await fn(async () => {
      const client = connectTo(server.port, RESP);
      client.on("error", () => {}); // a server that stops at the end of a test is no news
      clients.push(client);
      await client.connect();
      return client;
    });
  } finally {
    for (const client of clients) client.destroy();
  }
}

/** Registers a test for both protocols. Leaks are not looked for: the library's sockets end after the test. */
function test(name: string, fn: (open: () => Promise<Client>, RESP: 2 | 3) => Promise<void>): void {
  for (const RESP of [2, 3] as const) {
    Deno.test({
      name: `node-redis, RESP${RESP}: ${name}`,
      fn: () => session(RESP, (open) => fn(open, RESP)),
      sanitizeOps: false,
      sanitizeResources: false,
    });
  }
}

test("strings and hashes", async (open) => {
  const client = await open();
  assertEquals(await client.set("k", "v", { expiration: { type: "EX", value: 100 } }), "OK");
  assertEquals(await client.get("k"), "v");
  assertEquals(await client.get("none"), null);
  assertEquals(await client.incrBy("n", 5), 5);
  assertEquals(await client.hSet("h", { f: "1", g: "2" }), 2);
  assertEquals({ ...await client.hGetAll("h") }, { f: "1", g: "2" });
  await assertRejects(() => client.lPush("k", "x"), ErrorReply, "WRONGTYPE");
});

test("sets, sorted sets and their scores", async (open) => {
  const client = await open();
  await client.sAdd("s", ["x", "y"]);
  assertEquals([...await client.sMembers("s")].sort(), ["x", "y"]);
  assertEquals(await client.sIsMember("s", "x"), 1);
  await client.zAdd("z", [{ score: 1, value: "one" }, { score: 2.5, value: "two" }, {
    score: Infinity,
    value: "end",
  }]);
  assertEquals(await client.zScore("z", "two"), 2.5);
  const range = await client.zRangeWithScores("z", 0, -1);
  assertEquals(range.map(({ value, score }) => [value, score]), [["one", 1], ["two", 2.5], [
    "end",
    Infinity,
  ]]);
});

test("transactions", async (open) => {
  const client = await open(), other = await open();
  assertEquals(await client.multi().set("t", "1").incr("t").get("t").exec(), ["OK", 2, "2"] as never);
  await client.watch("t");
  await other.set("t", "9");
  await assertRejects(() => client.multi().incr("t").exec(), WatchError);
});

test("a pipeline made by one tick", async (open) => {
  const client = await open();
  const replies = await Promise.all(Array.from({ length: 3000 }, () => client.incr("n")));
  assertEquals(replies, Array.from({ length: 3000 }, (_, i) => i + 1));
});

test("publish and subscribe", async (open) => {
  const subscriber = await open(), publisher = await open();
  const messages: string[] = [];
  let done = () => {};
  const two = new Promise<void>((resolve) => done = resolve);
  const note = (text: string, channel: string) => {
    messages.push(`${channel}: ${text}`);
    if (messages.length === 2) done();
  };
  await subscriber.subscribe("news", note);
  await subscriber.pSubscribe("w*", note);
  assertEquals(await publisher.publish("news", "one"), 1);
  assertEquals(await publisher.publish("weather", "two"), 1);
  await two;
  assertEquals(messages, ["news: one", "weather: two"]);
  await subscriber.unsubscribe("news");
  assertEquals(await publisher.publish("news", "three"), 0);
});

test("blocking commands", async (open) => {
  const waiting = await open(), pushing = await open();
  const popped = waiting.blPop("queue", 0);
  assertEquals(await pushing.rPush("queue", "job"), 1);
  assertEquals({ ...await popped }, { key: "queue", element: "job" });
  assertEquals(await waiting.blPop("queue", 0.01), null);
});

test("streams", async (open, RESP) => {
  const client = await open();
  const id = await client.xAdd("events", "*", { kind: "login" });
  const entries = await client.xRange("events", "-", "+");
  assertEquals(entries!.map((entry) => [entry.id, entry.message.kind]), [[id, "login"]]);
  await client.xGroupCreate("events", "workers", "0");
  // The library parses XREADGROUP's map only in RESP2; the raw reply is a map in one and an array in the other.
  const raw = await client.sendCommand(["XREADGROUP", "GROUP", "workers", "w1", "STREAMS", "events", ">"]);
  const entry = [[id, ["kind", "login"]]];
  const expected = RESP === 3 ? { events: entry } : [["events", entry]];
  assertEquals(JSON.stringify(raw), JSON.stringify(expected));
  assertEquals(await client.xAck("events", "workers", id), 1);
});

test("SCAN iterators see every key", async (open) => {
  const client = await open();
  await Promise.all(Array.from({ length: 1500 }, (_, i) => client.set(`key:${i}`, `${i}`)));
  const keys = new Set<string>();
  for await (const batch of client.scanIterator({ MATCH: "key:*", COUNT: 40 })) {
    for (const key of batch) keys.add(key);
  }
  assertEquals(keys.size, 1500);
});

test("scripts and functions", async (open) => {
  const client = await open();
  assertEquals(await client.eval("return {KEYS[1], ARGV[1]}", { keys: ["k"], arguments: ["a"] }), ["k", "a"]);
  const sha = await client.scriptLoad("return redis.call('INCRBY', KEYS[1], ARGV[1])");
  assertEquals(await client.evalSha(sha, { keys: ["n"], arguments: ["5"] }), 5);
  assertEquals(await client.scriptExists([sha, "0".repeat(40)]), [1, 0]);
  const library = "#!lua name=counting\n" +
    "redis.register_function('add', function(keys, args) return redis.call('INCRBY', keys[1], args[1]) end)\n" +
    "redis.register_function{function_name='look', callback=function(keys) return redis.call('GET', keys[1]) end, flags={'no-writes'}}";
  assertEquals(await client.functionLoad(library), "counting");
  assertEquals(await client.fCall("add", { keys: ["n"], arguments: ["2"] }), 7);
  assertEquals(await client.fCallRo("look", { keys: ["n"], arguments: [] }), "7");
  const [listed] = await client.functionList();
  assertEquals(listed!.library_name, "counting");
  const dump = await client.sendCommand(["FUNCTION", "DUMP"]);
  assert(String(dump).length > 50);
  await client.functionFlush();
  await assertRejects(
    () => client.fCall("add", { keys: ["n"], arguments: ["2"] }),
    ErrorReply,
    "Function not found",
  );
});

Deno.test({
  name: "node-redis, RESP3: the types of RESP3 arrive as such",
  sanitizeOps: false,
  sanitizeResources: false,
  fn: () =>
    session(3, async (open) => {
      const client = await open();
      await client.zAdd("z", [{ score: 1.5, value: "m" }]);
      await client.hSet("h", "f", "v");
      await client.sAdd("s", "x");
      assertEquals(await client.sendCommand(["ZSCORE", "z", "m"]), 1.5 as never);
      assertEquals(JSON.stringify(await client.sendCommand(["HGETALL", "h"])), '{"f":"v"}');
      assertEquals(JSON.stringify(await client.sendCommand(["SMEMBERS", "s"])), '["x"]');
      assertEquals(await client.sendCommand(["GET", "none"]), null as never);
      const info = String(await client.sendCommand(["INFO", "server"]));
      assert(info.includes("redis_version:7.0.15"));
    }),
});
