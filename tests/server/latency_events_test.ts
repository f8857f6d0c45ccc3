/** Every event of the latency monitor comes by its name where the thing happens: a server whose clock runs fast. */
import { assertEquals } from "@std/assert";
import { CommandTable } from "../../commands/table.ts";
import { type Clock, systemClock } from "../../server/clock.ts";
import { Config } from "../../server/config.ts";
import { Log } from "../../server/log.ts";
import { Random } from "../../server/random.ts";
import { RedisServer } from "../../server/server.ts";
import { RawClient, sleep } from "../helpers/client.ts";
import { freePort } from "../helpers/server.ts";

/** Between two looks at it three milliseconds pass. */
class FastClock implements Clock {
  #ms = 0;
  wallMs = () => systemClock.wallMs();
  wallUs = () => systemClock.wallUs();
  monoMs = () => this.#ms += 3;
  monoUs = () => this.monoMs() * 1000;
  sleep(): void {}
}

async function events(client: RawClient): Promise<Set<string>> {
  const latest = await client.call("LATENCY", "LATEST");
  if (latest.type !== "array") throw new Error(latest.type);
  return new Set(latest.items.map((each) => {
    if (each.type !== "array" || each.items[0]?.type !== "bulk") throw new Error(each.type);
    return each.items[0].text;
  }));
}

Deno.test("each event of the latency monitor has its name where it happens", async () => {
  const dir = await Deno.makeTempDir();
  const config = new Config();
  const port = freePort();
  Object.assign(config, { port, dir, save: [], enableDebugCommand: "yes" });
  const clock = new FastClock();
  const log = new Log(clock, () => {});
  const server = new RedisServer({ config, log, clock, random: new Random(1), table: new CommandTable() });
  await server.start();
  await using client = await RawClient.connect(port);
  await using waiter = await RawClient.connect(port);

  await client.call("CONFIG", "SET", "latency-monitor-threshold", "1");
  waiter.send("BLPOP", "list", "0");
  while (server.blocking.count === 0) await sleep(1);
  await client.call("RPUSH", "list", "x");
  await waiter.read();
  await client.call("SET", "short", "lived", "PX", "1");
  await sleep(3);
  await client.call("GET", "short");
  await client.call("CONFIG", "SET", "appendonly", "yes");
  while (server.persistence.aof.state !== "on") await sleep(5);
  await client.call("BGREWRITEAOF");
  await client.call("SET", "a", "b");
  // Several, so that one of them is still being given back when eviction looks for the next key, not only when the cron does.
  for (let n = 0; n < 12; n++) {
    await client.call("SADD", `set${n}`, ...Array.from({ length: 5000 }, (_, i) => `member:${i}`));
  }
  await client.call("CONFIG", "SET", "maxmemory-policy", "allkeys-lru", "maxmemory", "1");
  while (server.store.size > 0) await sleep(5);
  await client.call("CONFIG", "SET", "maxmemory", "0");
  while (server.persistence.snapshots.running !== null) await sleep(5);
  assertEquals(await client.call("DEBUG", "POPULATE", "20000"), { type: "simple", text: "OK" });
  await client.call("CONFIG", "SET", "rdb-key-save-delay", "1000000"); // or it could be over before the FLUSHALL
  await client.call("BGSAVE");
  await client.call("FLUSHALL");
  while (server.persistence.snapshots.running !== null) await sleep(5);
  const names = [
    "command",
    "fast-command",
    "command-unblocking",
    "expire-cycle",
    "expire-del",
    "eviction-cycle",
    "eviction-del",
    "eviction-lazyfree",
    "aof-write",
    "aof-write-alone",
    "aof-fstat",
    "aof-rename",
    "rdb-unlink-temp-file",
  ];
  // The last of them come with a turn of the cron, and when the writer of the file finds that it has been stopped.
  let seen = await events(client);
  for (const end = Date.now() + 30_000; names.some((name) => !seen.has(name)) && Date.now() < end;) {
    await sleep(50);
    seen = await events(client);
  }
  assertEquals(names.filter((name) => !seen.has(name)), [], `seen: ${[...seen]}`);
  await server.stop("SIGTERM");
  await Deno.remove(dir, { recursive: true });
});
