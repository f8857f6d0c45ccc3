/** What ACL promises that no comparison of replies shows: how refusals are joined over time, and what strangers may cost. */
import { assert, assertEquals } from "@std/assert";
import { AclLog, type AclLogEntry } from "../../server/acl_log.ts";
import { startServer } from "../helpers/server.ts";

function entry(object: string, time: number, more: Partial<AclLogEntry> = {}): AclLogEntry {
  const common = {
    count: 1,
    reason: "key",
    context: "toplevel",
    username: "bob",
    client: `at ${time}`,
  } as const;
  return { ...common, object, time, ...more };
}

const shown = (log: AclLog) => log.entries.map(({ object, count, client }) => `${object} ${count} ${client}`);

Deno.test("equal refusals within a minute are one entry, which moves to the head", () => {
  const log = new AclLog();
  log.add(entry("a", 0), 128);
  log.add(entry("b", 10), 128);
  log.add(entry("a", 60_000), 128);
  assertEquals(shown(log), ["a 2 at 60000", "b 1 at 10"]);
  log.add(entry("b", 60_011), 128);
  assertEquals(shown(log), ["b 1 at 60011", "a 2 at 60000", "b 1 at 10"]);
  for (const more of [{ reason: "command" }, { context: "multi" }, { username: "eve" }] as const) {
    log.add(entry("b", 60_012, more), 128);
  }
  assertEquals(log.entries.length, 6);
});

Deno.test("only the ten newest entries are looked at, and the oldest go", () => {
  const log = new AclLog();
  for (let i = 0; i <= 10; i++) log.add(entry(`key${i}`, i), 12);
  log.add(entry("key0", 20), 12);
  assertEquals(log.entries.length, 12);
  log.add(entry("key10", 20), 12);
  assertEquals([log.entries.length, log.entries[0]!.count], [12, 2]);
  log.add(entry("new", 20), 3);
  assertEquals(shown(log), ["new 1 at 20", "key10 2 at 20", "key0 1 at 20"]);
});

Deno.test("a client that is not logged in and takes no replies is closed", async () => {
  await using server = await startServer("toy", { args: ["--requirepass", "pw"] });
  using stranger = await Deno.connect({ port: server.port });
  const pings = new TextEncoder().encode("PING\r\n".repeat(5000));
  let closed = false;
  try {
    // Far more than the kernel's buffers take: without a limit the write would never end, or end well.
    for (let i = 0; i < 4000; i++) {
      for (let at = 0; at < pings.length;) at += await stranger.write(pings.subarray(at));
    }
  } catch (error) {
    closed = error instanceof Deno.errors.BrokenPipe || error instanceof Deno.errors.ConnectionReset;
  }
  assert(closed);
  // The log comes through a pipe of its own, maybe later than the end of the connection.
  const said = (): boolean => server.log.includes("overcoming of output buffer limits");
  for (let tries = 0; tries < 200 && !said(); tries++) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert(said(), server.log);
});
