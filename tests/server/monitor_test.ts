/** MONITOR beside the real server: the same lines in the same order, no secrets in them. */
import { assertEquals } from "@std/assert";
import { toText } from "../helpers/bytes.ts";
import type { Arg } from "../helpers/resp.ts";
import { realTest, startServer, type TestServer } from "../helpers/server.ts";

/** Runs commands (by client) and returns what a client in MONITOR saw, without times and ports. */
async function seen(
  server: TestServer,
  commands: readonly [client: number, ...args: Arg[]][],
): Promise<string> {
  await using monitor = await server.connect();
  await monitor.call("MONITOR");
  const clients = [await server.connect(), await server.connect()];
  for (const [client, ...args] of commands) {
    if (args[0] === "BLPOP") {
      await clients[client]!.send(...args);
      await clients[1 - client]!.call("PING");
    } else await clients[client]!.call(...args);
  }
  await clients[0]!.call("ECHO", "the end");
  let text = "";
  while (!text.includes("the end")) text += toText((await monitor.read()).raw);
  for (const client of clients) await client.close();
  return text.replace(/\+\d+\.\d{6} /g, "").replace(/127\.0\.0\.1:\d+/g, "peer");
}

realTest("MONITOR shows what redis-server shows", async () => {
  await using redis = await startServer("redis");
  await using toy = await startServer("toy");
  const commands: [number, ...Arg[]][] = [
    [0, "SELECT", "3"],
    [0, "SET", "a", "1"],
    [0, "MULTI"],
    [0, "SET", "b", "1"],
    [0, "LPUSH", "a", "x"],
    [0, "EXEC"],
    [0, "AUTH", "foo"],
    [0, "AUTH", "foo", "bar"],
    [0, "AUTH", "a", "b", "c", "d"],
    [0, "HELLO", "3", "AUTH", "default", "secret", "SETNAME", "foo"],
    [0, "HELLO", "2"],
    [0, "CONFIG", "GET", "port"],
    [0, "CONFIG", "SET", "requirepass", ""],
    [0, "NOSUCH"],
    [0, "GET"],
    [0, "DEBUG", "SLEEP", "0"],
    [0, "CLIENT", "SETNAME", "x"],
    [0, "INFO", "nosuch"],
    [0, "SET", new Uint8Array([97, 0, 255, 10, 9, 7, 8, 92]), 'q"uote'],
    [0, "SLOWLOG", "LEN"],
    [1, "BLPOP", "list", "0"],
    [0, "SELECT", "0"],
    [0, "RPUSH", "list", "v"],
    [1, "CLIENT", "ID"],
  ];
  assertEquals(await seen(toy, commands), await seen(redis, commands));
});

Deno.test("a client in MONITOR is kept from keys and can be reset", async () => {
  await using toy = await startServer("toy");
  await using monitor = await toy.connect();
  await monitor.call("MONITOR");
  const refusal = await monitor.call("GET", "k");
  assertEquals(refusal.type === "error" && refusal.text, "ERR Replica can't interact with the keyspace");
  await monitor.call("RESET");
  await using other = await toy.connect();
  await other.call("SET", "k", "v");
  const reply = await monitor.call("GET", "k");
  assertEquals(reply.type === "bulk" && reply.text, "v");
});
