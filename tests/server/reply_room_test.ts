/** The size of a reply buffer over time, as redis-server 7.0.15 was seen to choose it; and the fields of CLIENT LIST. */
import { assertEquals } from "@std/assert";
import type { RawClient } from "../helpers/client.ts";
import { type Kind, realTest, startServer } from "../helpers/server.ts";
import { ReplyRoom } from "../../server/reply_room.ts";

const SETTINGS = { resizing: true, peakResetMs: 5000 };

Deno.test("a quiet client's buffer is fitted to its peak, a busy one's doubles", () => {
  const room = new ReplyRoom();
  assertEquals([room.fit(100, 0, SETTINGS), room.size, room.peak], [0, 16384, 16384]);
  assertEquals([room.fit(5001, 0, SETTINGS), room.size, room.peak], [0, 16384, 0]);
  room.note(3000);
  assertEquals([room.fit(5101, 0, SETTINGS), room.size, room.peak], [-1, 3001, 3000]);
  room.note(40_000);
  assertEquals([room.fit(5201, 0, SETTINGS), room.size, room.needed], [1, 6002, 40_000]);
  assertEquals([room.fit(5301, 0, SETTINGS), room.size], [0, 6002]);
  for (const size of [12004, 16384]) {
    room.note(40_000);
    assertEquals([room.fit(5401, 0, SETTINGS), room.size], [1, size]);
  }
  assertEquals(room.fit(99_999, 0, { ...SETTINGS, resizing: false }), 0);
  assertEquals([room.fit(99_999, 10, SETTINGS), room.peak], [0, 10]);
  assertEquals([room.fit(100_000, 0, SETTINGS), room.size], [-1, 1024]);
  assertEquals([room.fit(100_001, 0, SETTINGS), room.size], [0, 1024]);
});

async function field(client: RawClient, name: string, field: string): Promise<number> {
  const reply = await client.call("CLIENT", "LIST");
  if (reply.type !== "bulk") throw new Error(reply.type);
  const line = reply.text.split("\n").find((each) => each.includes(`name=${name} `))!;
  return Number(new RegExp(` ${field}=(\\d+)`).exec(line)![1]);
}

async function check(kind: Kind): Promise<void> {
  await using server = await startServer(kind);
  await using watcher = await server.connect();
  await using subject = await server.connect();
  await subject.call("CLIENT", "SETNAME", "subject");
  const rbs = () => field(watcher, "subject", "rbs");
  const query = async () =>
    await field(watcher, "subject", "qbuf") + await field(watcher, "subject", "qbuf-free");
  assertEquals([await rbs(), await query()], [16384, 20474]);
  await watcher.call("SET", "big", "x".repeat(32768));
  await watcher.call("DEBUG", "REPLYBUFFER", "PEAK-RESET-TIME", "100");
  while (await rbs() !== 1024);
  await watcher.call("DEBUG", "REPLYBUFFER", "PEAK-RESET-TIME", "NEVER");
  while (await rbs() !== 16384) await subject.call("GET", "big");
  while (await query() !== 0);
  await subject.write(new TextEncoder().encode("*2\r\n$4\r\nECHO\r\n$1000000\r\nx"));
  while (await query() < 1_000_000);
  while (await query() > 1);
}

Deno.test("buffers grow with use and shrink in peace", () => check("toy"));
realTest("redis-server's do so too", () => check("redis"));
