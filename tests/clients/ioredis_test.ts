/** A session of ioredis, the client most Node.js programs use, through a real socket. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { Redis } from "ioredis";
import { Buffer } from "node:buffer";
import { startServer } from "../helpers/server.ts";

type Reply = unknown;

/** Runs `fn` with a fresh server and a way to open clients, all of which are closed at the end. */
async function session(fn: (open: () => Redis) => Promise<void>): Promise<void> {
  await using server = await startServer("toy");
  const clients: Redis[] = [];
  try {
    await fn(() => {
      const client = new Redis({
        port: server.port,
        host: "127.0.0.1",
        maxRetriesPerRequest: 0,
        retryStrategy: () => null,
      });
      clients.push(client);
      return client;
    });
  } finally {
    for (const client of clients) client.disconnect();
    await Promise.all(
      clients.map((client) =>
        client.status === "end" ? null : new Promise((done) => client.once("end", done))
      ),
    );
  }
}

// The library keeps timers and sockets in ways that the leak checks of Deno.test do not understand.
const test = (name: string, fn: () => Promise<void>) =>
  Deno.test({ name: `ioredis: ${name}`, fn, sanitizeOps: false, sanitizeResources: false });

test("strings, numbers, binary values, expiry", () =>
  session(async (open) => {
    const redis = open();
    assertEquals(await redis.set("k", "v"), "OK");
    assertEquals(await redis.get("k"), "v");
    assertEquals(await redis.get("none"), null);
    assertEquals(await redis.set("k", "w", "EX", 100, "XX"), "OK");
    const ttl = await redis.ttl("k");
    assert(ttl > 90 && ttl <= 100);
    assertEquals(await redis.incrby("n", 41), 41);
    assertEquals(await redis.incr("n"), 42);
    assertEquals(await redis.incrbyfloat("f", "1.5"), "1.5");
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
    await redis.set("bin", bytes);
    assertEquals(Buffer.compare((await redis.getBuffer("bin"))!, bytes), 0);
    assertEquals(await redis.mset("a", "1", "b", "2"), "OK");
    assertEquals(await redis.mget("a", "none", "b"), ["1", null, "2"]);
    await assertRejects(() => redis.lpush("k", "x"), Error, "WRONGTYPE");
    assertEquals(await redis.del("a", "b", "none"), 2);
  }));

test("hashes, lists, sets, sorted sets", () =>
  session(async (open) => {
    const redis = open();
    assertEquals(await redis.hset("h", { f: "1", g: "2" }), 2);
    assertEquals(await redis.hgetall("h"), { f: "1", g: "2" });
    assertEquals(await redis.hincrby("h", "f", 9), 10);
    assertEquals(await redis.rpush("l", "a", "b", "c"), 3);
    assertEquals(await redis.lrange("l", 0, -1), ["a", "b", "c"]);
    assertEquals(await redis.lpop("l", 2), ["a", "b"]);
    assertEquals(await redis.sadd("s", "x", "y", "x"), 2);
    assertEquals((await redis.smembers("s")).sort(), ["x", "y"]);
    assertEquals(await redis.zadd("z", 1, "one", 2.5, "two"), 2);
    assertEquals(await redis.zrange("z", "0", "-1", "WITHSCORES"), ["one", "1", "two", "2.5"]);
    assertEquals(await redis.zscore("z", "two"), "2.5");
  }));

test("pipelines and transactions", () =>
  session(async (open) => {
    const redis = open();
    const results = await redis.pipeline().set("p", "1").incr("p").lpush("p", "x").get("p").exec();
    assertEquals(results!.map(([error, value]: [Error | null, Reply]) => error ? "error" : value), [
      "OK",
      2,
      "error",
      "2",
    ]);
    const many = redis.pipeline();
    for (let i = 0; i < 5000; i++) many.incr("count");
    const counted = (await many.exec())!;
    assertEquals(counted.at(-1), [null, 5000]);
    assertEquals(await redis.multi().set("t", "1").incr("t").exec(), [[null, "OK"], [null, 2]]);
    const other = open();
    await redis.watch("t");
    await other.set("t", "9");
    assertEquals(await redis.multi().incr("t").exec(), null);
    assertEquals(await redis.get("t"), "9");
  }));

test("publish and subscribe", () =>
  session(async (open) => {
    const publisher = open(), subscriber = open();
    const messages: string[] = [];
    const three = new Promise<void>((done) => {
      subscriber.on("message", (channel: string, text: string) => {
        messages.push(`${channel}: ${text}`);
        if (messages.length === 3) done();
      });
      subscriber.on("pmessage", (pattern: string, channel: string, text: string) => {
        messages.push(`${pattern} ${channel}: ${text}`);
        if (messages.length === 3) done();
      });
    });
    assertEquals(await subscriber.subscribe("news", "sport"), 2);
    assertEquals(await subscriber.psubscribe("w*"), 3);
    assertEquals(await publisher.publish("news", "one"), 1);
    assertEquals(await publisher.publish("nobody", "lost"), 0);
    assertEquals(await publisher.publish("sport", "two"), 1);
    assertEquals(await publisher.publish("weather", "three"), 1);
    await three;
    assertEquals(messages, ["news: one", "sport: two", "w* weather: three"]);
    assertEquals(await subscriber.unsubscribe("news"), 2);
  }));

test("blocking commands", () =>
  session(async (open) => {
    const waiting = open(), pushing = open();
    const popped = waiting.blpop("queue", 0);
    // The push may come before or after the pop has arrived: the answer is the same.
    assertEquals(await pushing.rpush("queue", "job"), 1);
    assertEquals(await popped, ["queue", "job"]);
    assertEquals(await waiting.brpop("queue", 0.01), null);
  }));

test("CLIENT UNBLOCK: who calls it has the answer before the client that waited", () =>
  session(async (open) => {
    const waiting = open(), calling = open();
    const id = await waiting.client("ID");
    let inOrder = 0;
    for (let i = 0; i < 20; i++) {
      const order: string[] = [];
      const popped = waiting.blpop("never", 0).catch((error: Error) => order.push(error.message));
      let called = 0;
      while (called === 0) called = await calling.client("UNBLOCK", id, "ERROR") as number;
      order.push("called");
      await popped;
      if (order[0] === "called") inOrder++;
      assertEquals(order.sort(), ["UNBLOCKED client unblocked via CLIENT UNBLOCK", "called"]);
    }
    // What comes to two sockets at once may be read in either order, but not most of the time.
    assert(inOrder > 10, `${inOrder} of 20 in order`);
  }));

test("streams", () =>
  session(async (open) => {
    const redis = open(), writer = open();
    const id = await redis.xadd("events", "*", "kind", "login");
    assert(/^\d+-\d+$/.test(id!));
    assertEquals(await redis.xrange("events", "-", "+"), [[id!, ["kind", "login"]]]);
    assertEquals(await redis.xgroup("CREATE", "events", "workers", "0"), "OK");
    const read = await redis.xreadgroup("GROUP", "workers", "w1", "COUNT", 10, "STREAMS", "events", ">");
    assertEquals(read, [["events", [[id, ["kind", "login"]]]]]);
    assertEquals(await redis.xack("events", "workers", id!), 1);
    const blocked = redis.xread("BLOCK", 0, "STREAMS", "events", id!);
    const next = await writer.xadd("events", "*", "kind", "logout");
    assertEquals(await blocked, [["events", [[next!, ["kind", "logout"]]]]]);
  }));

test("SCAN streams see every key", () =>
  session(async (open) => {
    const redis = open();
    const pipeline = redis.pipeline();
    for (let i = 0; i < 2000; i++) pipeline.set(`key:${i}`, i).hset("big", `field:${i}`, i);
    await pipeline.exec();
    const keys = new Set<string>();
    for await (const batch of redis.scanStream({ match: "key:*", count: 50 })) {
      for (const key of batch) keys.add(key);
    }
    assertEquals(keys.size, 2000);
    const fields = new Set<string>();
    for await (const batch of redis.hscanStream("big", { count: 50 })) {
      for (let i = 0; i < batch.length; i += 2) fields.add(batch[i]);
    }
    assertEquals(fields.size, 2000);
  }));

test("scripts: eval, defineCommand with its cached digest, errors", () =>
  session(async (open) => {
    const redis = open();
    assertEquals(await redis.eval("return {KEYS[1], ARGV[1], 3.9, false, true}", 1, "k", "a"), [
      "k",
      "a",
      3,
      null,
      1,
    ]);
    redis.defineCommand("cap", {
      numberOfKeys: 1,
      lua: "local n = redis.call('INCRBY', KEYS[1], ARGV[1])\n" +
        "if n > tonumber(ARGV[2]) then redis.call('SET', KEYS[1], ARGV[2]) return ARGV[2] end\nreturn tostring(n)",
    });
    const { cap } = redis as unknown as { cap(key: string, by: number, most: number): Promise<string> };
    assertEquals(await cap.call(redis, "n", 3, 5), "3");
    assertEquals(await cap.call(redis, "n", 3, 5), "5");
    await redis.script("FLUSH");
    assertEquals(await cap.call(redis, "n", -1, 5), "4"); // EVALSHA says NOSCRIPT, and the library sends the text again
    const sha = await redis.script("LOAD", "return ARGV[1]") as string;
    assertEquals(await redis.evalsha(sha, 0, "back"), "back");
    await assertRejects(() => redis.eval("return redis.call('LPUSH', 'n', 'x')", 0), Error, "WRONGTYPE");
    await assertRejects(() => redis.eval("error('mine')", 0), Error, "user_script:1: mine");
    const results = await redis.multi().set("t", "1").eval("return redis.call('INCR', 't')", 0).exec();
    assertEquals(results!.map(([, value]: [Error | null, Reply]) => value), ["OK", 2]);
  }));
