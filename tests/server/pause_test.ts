/** CLIENT PAUSE beside redis-server: who waits, how INFO counts them, what they get in the end. */
import { assertEquals } from "@std/assert";
import { toText } from "../helpers/bytes.ts";
import type { RawClient } from "../helpers/client.ts";
import { type Kind, realTest, startServer, type TestServer } from "../helpers/server.ts";

const WAITING: readonly string[][] = [
  ["SET", "a", "1"],
  ["PUBLISH", "news", "x"],
  ["PFCOUNT", "none"],
  ["EVAL", "return 1", "0"],
  ["SPUBLISH", "news", "x"],
];
const RUNNING: readonly string[][] = [["GET", "a"], ["PING"], ["EVAL_RO", "return 1", "0"]];

async function blocked(client: RawClient): Promise<number> {
  const reply = await client.call("INFO", "clients");
  if (reply.type !== "bulk") throw new Error(reply.type);
  return Number(/blocked_clients:(\d+)/.exec(reply.text)![1]);
}

/** A client that has sent the command, which the server holds back as the `count`-th. */
async function held(
  server: TestServer,
  watcher: RawClient,
  words: string[],
  count: number,
): Promise<RawClient> {
  const client = await server.connect();
  await client.send(...words);
  while (await blocked(watcher) !== count);
  return client;
}

async function check(kind: Kind): Promise<void> {
  await using server = await startServer(kind);
  await using watcher = await server.connect();
  await watcher.call("CLIENT", "PAUSE", "1000000", "WRITE");
  const waiting: RawClient[] = [];
  for (const words of WAITING) waiting.push(await held(server, watcher, words, waiting.length + 1));
  for (const words of RUNNING) assertEquals((await watcher.call(...words)).type !== "error", true, words[0]);
  await watcher.call("CLIENT", "UNPAUSE");
  const answers: string[] = [];
  for (const client of waiting) {
    answers.push(toText((await client.read()).raw));
    await client[Symbol.asyncDispose]();
  }
  assertEquals(answers, ["+OK\r\n", ":0\r\n", ":0\r\n", ":1\r\n", ":0\r\n"]);
  assertEquals(await blocked(watcher), 0);
}

function texts(frames: { raw: Uint8Array }[]): string {
  return frames.map((frame) => toText(frame.raw)).join("");
}

/** The pause ends in a transaction that has more to do: what was held back comes behind it, one client after the other. */
async function checkOrder(kind: Kind): Promise<void> {
  await using server = await startServer(kind);
  await using watcher = await server.connect();
  await watcher.call("CLIENT", "PAUSE", "1000000", "WRITE");
  await using first = await held(server, watcher, ["APPEND", "log", "1"], 1);
  await first.send("APPEND", "log", "2"); // waits behind it
  await using second = await held(server, watcher, ["APPEND", "log", "3"], 2);
  const ending = [["MULTI"], ["CLIENT", "UNPAUSE"], ["STRLEN", "log"], ["EXEC"], ["APPEND", "log", "0"]];
  assertEquals(
    texts(await watcher.pipeline(ending)),
    "+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n+OK\r\n:0\r\n:1\r\n",
  );
  assertEquals(texts([await first.read(), await first.read()]), ":2\r\n:3\r\n");
  assertEquals(texts([await second.read()]), ":4\r\n");
  assertEquals(texts([await watcher.frame("GET", "log")]), "$4\r\n0123\r\n");
}

Deno.test("paused clients count as blocked and run when the pause is over", () => check("toy"));
realTest("redis-server counts them so too", () => check("redis"));
Deno.test("paused clients go on behind the pipeline that ended the pause, in order", () => checkOrder("toy"));
realTest("redis-server lets them go on so too", () => checkOrder("redis"));
