/** Which deletions INFO counts as lazy, by command, by setting and by what the value takes to free: as redis-server does. */
import { assertEquals } from "@std/assert";
import type { RawClient } from "../helpers/client.ts";
import { show } from "../helpers/resp.ts";
import { type Kind, realTest, startServer } from "../helpers/server.ts";

const words = (line: string) => line.split(" ");
const many = (count: number, of: (i: number) => string) =>
  Array.from({ length: count }, (_, i) => of(i)).join(" ");
const set = (count: number) => `SADD s ${many(count, (i) => `member${i}`)}`;
/** Members too long for a packed value. */
const long = "x".repeat(70);

/** What is done, a line a command, and how many values count as freed lazily. */
const CASES: [steps: string[], lazily: number][] = [
  [[set(200), "DEL s"], 0],
  [[set(200), "UNLINK s"], 1],
  [[set(65), "UNLINK s"], 1],
  [[set(64), "UNLINK s"], 0],
  [[set(200), "SET s a"], 0],
  [[`HSET h ${many(100, (i) => `f${i} v`)}`, "UNLINK h"], 0],
  [[`HSET h ${many(100, (i) => `${long}${i} v`)}`, "UNLINK h"], 1],
  [[`ZADD z ${many(100, (i) => `${i} ${long}${i}`)}`, "UNLINK z"], 1],
  [[`RPUSH l ${many(300, () => "x".repeat(5000))}`, "UNLINK l"], 1],
  [[`RPUSH l ${many(300, () => "x")}`, "UNLINK l"], 0],
  [["CONFIG SET stream-node-max-entries 1", ...Array(100).fill("XADD st * f v"), "UNLINK st"], 1],
  [["XADD st * f v", "XADD st * f v", "XGROUP CREATE st g 0", "UNLINK st"], 0],
  [[`SET str ${"x".repeat(100_000)}`, "UNLINK str"], 0],
  [["CONFIG SET lazyfree-lazy-server-del yes", set(200), "SET s a"], 1],
  [[set(200), "SET o a", "RENAME o s"], 1],
  [[set(200), "SUNIONSTORE s none"], 1],
  [[set(200), "SET o a", "COPY o s REPLACE"], 1],
  [[set(200), "DEL s"], 0],
  [["CONFIG SET lazyfree-lazy-server-del no lazyfree-lazy-user-del yes", set(200), "DEL s"], 1],
  [["CONFIG SET lazyfree-lazy-user-del no", set(200), "PEXPIRE s -1"], 0],
  [["CONFIG SET lazyfree-lazy-expire yes", set(200), "PEXPIRE s -1"], 1],
  [["DEBUG SET-ACTIVE-EXPIRE 0", set(200), "PEXPIRE s 1", "DEBUG SLEEP 0.01", "EXISTS s"], 1],
  [["DEBUG POPULATE 100", "FLUSHALL"], 0],
  [["DEBUG POPULATE 100", "FLUSHALL ASYNC"], 100],
  [["DEBUG POPULATE 100", "FLUSHDB ASYNC"], 100],
  [["CONFIG SET lazyfree-lazy-user-flush yes", "DEBUG POPULATE 100", "FLUSHALL"], 100],
  [["DEBUG POPULATE 100", "FLUSHALL SYNC"], 0],
];

async function freedLazily(client: RawClient): Promise<number> {
  for (;;) {
    const text = show(await client.call("INFO", "memory"));
    if (text.includes("lazyfree_pending_objects:0")) {
      return Number(/lazyfreed_objects:(\d+)/.exec(text)![1]);
    }
  }
}

async function check(kind: Kind): Promise<void> {
  await using server = await startServer(kind);
  await using client = await server.connect();
  for (const [steps, lazily] of CASES) {
    await client.call("FLUSHALL", "SYNC");
    await client.call("CONFIG", "RESETSTAT");
    for (const step of steps) {
      assertEquals((await client.call(...words(step))).type === "error", false, step.slice(0, 80));
    }
    assertEquals(await freedLazily(client), lazily, steps.map((step) => step.slice(0, 60)).join("; "));
  }
}

Deno.test("what was freed lazily is counted", () => check("toy"));
realTest("by redis-server too", () => check("redis"));
