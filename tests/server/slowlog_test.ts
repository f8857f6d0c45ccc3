/** What the slow log keeps of a command, beside the real server. */
import { assertEquals } from "@std/assert";
import type { RawClient } from "../helpers/client.ts";
import { show } from "../helpers/resp.ts";
import { realTest, startServer } from "../helpers/server.ts";

/** The whole log without times, durations and ports. */
async function log(client: RawClient): Promise<string[]> {
  const reply = await client.call("SLOWLOG", "GET", "-1");
  if (reply.type !== "array") throw new Error(reply.type);
  return reply.items.map((entry) => {
    if (entry.type !== "array") throw new Error(entry.type);
    const [id, , , args, peer, name] = entry.items.map(show);
    return `${id} ${args} ${peer!.replace(/:\d+/, ":port")} ${name}`;
  });
}

realTest("SLOWLOG keeps, cuts and hides what redis-server does", async () => {
  await using redis = await startServer("redis");
  await using toy = await startServer("toy");
  const many = (count: number) => Array.from({ length: count }, (_, i) => `f${i}`);
  const logs: string[][] = [];
  for (const server of [redis, toy]) {
    await using client = await server.connect();
    await client.call("CONFIG", "SET", "slowlog-log-slower-than", "0", "slowlog-max-len", "20");
    await client.call("SLOWLOG", "RESET");
    await client.call("CLIENT", "SETNAME", "me");
    await client.call("SET", "k", "x".repeat(128));
    await client.call("SET", "k", "x".repeat(129));
    await client.call("DEL", ...many(31));
    await client.call("DEL", ...many(32));
    await client.call("DEL", ...many(100));
    await client.call("MULTI");
    await client.call("GET", "k");
    await client.call("EXEC");
    await client.call("LPUSH", "k", "x");
    await client.call("AUTH", "default", "secret");
    await client.call("HELLO", "2", "AUTH", "default", "secret");
    await client.call("CONFIG", "SET", "masterauth", "secret", "maxmemory", "0");
    await client.call("NOSUCH");
    await client.call("GET");
    await client.call("DEBUG", "SLEEP", "0");
    await client.call("BLPOP", "nosuch", "0.01");
    logs.push(await log(client));
    await client.call("CONFIG", "SET", "slowlog-max-len", "2");
    await client.call("PING");
    logs.push(await log(client));
    await client.call("CONFIG", "SET", "slowlog-log-slower-than", "-1");
    await client.call("SLOWLOG", "RESET");
    await client.call("PING");
    logs.push(await log(client));
  }
  const [first, second, third, ...ours] = logs;
  assertEquals(ours, [first, second, third]);
});
