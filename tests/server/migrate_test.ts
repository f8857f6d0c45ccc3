/** MIGRATE to the real redis-server, and from it to us, with the replies of the real one. */
import { assertEquals } from "@std/assert";
import { RawClient } from "../helpers/client.ts";
import { realValues } from "../helpers/real_values.ts";
import { type Arg, show } from "../helpers/resp.ts";
import { freePort, type Kind, realTest, startServer } from "../helpers/server.ts";

async function shown(client: RawClient, ...args: Arg[]): Promise<string> {
  return show(await client.call(...args));
}

for (const [from, to] of [["toy", "redis"], ["redis", "toy"], ["toy", "toy"]] as [Kind, Kind][]) {
  realTest(`every kind of value moves from ${from} to ${to}`, async () => {
    await using source = await startServer(from, {});
    await using target = await startServer(to, {});
    await using here = await source.connect();
    await using there = await target.connect();
    const digests = new Map<string, string>();
    // Smaller collections than elsewhere: the payload of a key is one argument.
    const values = realValues().filter(({ name }) => !name.includes("large") && !name.includes("megabyte"));
    for (const { name, commands } of values) {
      await here.pipeline(commands);
      digests.set(name, await shown(here, "DEBUG", "DIGEST-VALUE", name));
    }
    const port = `${target.port}`;
    const names = [...digests.keys()];
    const half = names.length >> 1;
    for (const name of names.slice(0, half)) {
      assertEquals(await shown(here, "MIGRATE", "127.0.0.1", port, name, "0", "5000"), "+OK", name);
    }
    const rest = names.slice(half);
    assertEquals(await shown(here, "MIGRATE", "127.0.0.1", port, "", "0", "5000", "KEYS", ...rest), "+OK");
    assertEquals(await shown(here, "DBSIZE"), ":0");
    for (const [name, digest] of digests) {
      assertEquals(await shown(there, "DEBUG", "DIGEST-VALUE", name), digest, name);
    }
  });
}

/** Steps whose replies must be the real server's; `T` stands for the target's port, `N` for one where nobody listens. */
const STEPS: string[] = [
  "SET a 1",
  "MIGRATE 127.0.0.1 T missing 0 1000",
  "MIGRATE 127.0.0.1 N a 0 1000",
  "MIGRATE 127.0.0.1 abc a 0 1000",
  "MIGRATE 127.0.0.1 99999 a 0 1000",
  "MIGRATE nowhere.invalid T a 0 1000",
  "MIGRATE 127.0.0.1 T a 99 1000",
  "MIGRATE 127.0.0.1 T a 0 x",
  "MIGRATE 127.0.0.1 T a x 1000",
  "MIGRATE 127.0.0.1 T a 0 1000 FOO",
  "MIGRATE 127.0.0.1 T a 0 1000 AUTH",
  "MIGRATE 127.0.0.1 T a 0 1000 AUTH2 user",
  "MIGRATE 127.0.0.1 T a 0 1000 AUTH wrong",
  "MIGRATE 127.0.0.1 T a 0 1000 AUTH2 nobody wrong",
  "MIGRATE 127.0.0.1 T a 0 1000 KEYS a",
  "MIGRATE 127.0.0.1 T a 3 1000 COPY",
  "EXISTS a",
  "MIGRATE 127.0.0.1 T a 3 1000 COPY",
  "MIGRATE 127.0.0.1 T a 3 1000 COPY REPLACE",
  "MSET b 2 c 3",
  "MIGRATE 127.0.0.1 T '' 3 1000 KEYS b a c",
  "EXISTS a",
  "EXISTS b",
  "EXISTS c",
  "MIGRATE 127.0.0.1 T a 3 1000 REPLACE",
  "MIGRATE 127.0.0.1 T '' 3 -5 KEYS",
  "DBSIZE",
];

realTest("the replies of MIGRATE are the real server's", async () => {
  const transcripts: string[][] = [];
  for (const kind of ["redis", "toy"] as const) {
    await using source = await startServer(kind, {});
    await using target = await startServer("redis", {});
    await using client = await source.connect();
    const nobody = `${freePort()}`;
    const replies: string[] = [];
    for (const step of STEPS) {
      const words = step.split(" ").map((word) =>
        word === "T" ? `${target.port}` : word === "N" ? nobody : word === "''" ? "" : word
      );
      replies.push(`${step} => ${await shown(client, ...words)}`);
    }
    transcripts.push(replies);
  }
  assertEquals(transcripts[1], transcripts[0]);
});

realTest(
  "what changes data waits while keys are on their way, and what was sent is what is deleted",
  async () => {
    await using source = await startServer("toy", {});
    await using client = await source.connect();
    await using other = await source.connect();
    // A target that takes its time.
    using listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
    const port = `${(listener.addr as Deno.NetAddr).port}`;
    await client.call("SET", "k", "before");
    const reply = client.call("MIGRATE", "127.0.0.1", port, "k", "0", "5000");
    const conn = await listener.accept();
    const change = other.call("SET", "k", "after");
    await using reader = await source.connect();
    assertEquals(await shown(reader, "GET", "k"), '"before"');
    await conn.write(new TextEncoder().encode("+OK\r\n+OK\r\n"));
    assertEquals(show(await reply), "+OK");
    assertEquals(show(await change), "+OK");
    assertEquals(await shown(reader, "GET", "k"), '"after"');
    conn.close();
  },
);

/** What the slow log, MONITOR and the statistics say of a few transfers, without times, ids and addresses. */
async function traces(kind: Kind): Promise<string[]> {
  await using source = await startServer(kind, {});
  await using target = await startServer("redis", {});
  await using client = await source.connect();
  await using monitor = await source.connect();
  await client.call("CONFIG", "SET", "slowlog-log-slower-than", "0");
  await client.call("CONFIG", "RESETSTAT");
  await monitor.call("MONITOR");
  const steps = [
    ["SET", "k", "v"],
    ["MIGRATE", "127.0.0.1", "T", "k", "0", "1000"],
    ["MIGRATE", "127.0.0.1", "T", "k", "0", "1000"],
    ["SET", "k", "w"],
    ["MIGRATE", "127.0.0.1", "T", "k", "0", "1000"],
    ["MIGRATE", "127.0.0.1", "T", "k", "0", "1000", "AUTH", "secret"],
    ["GET", "k"],
  ];
  const found: string[] = [];
  for (const step of steps) {
    await client.call(...step.map((word) => word === "T" ? `${target.port}` : word));
    found.push(show((await monitor.read()).value).replace(/[\d.]+ \[0 [\d.:]+\]/, ""));
  }
  found.push(show(await client.call("SLOWLOG", "GET", "20")).replace(/:\d+, :\d+, :\d+/g, "N"));
  const stats = show(await client.call("INFO", "commandstats")) +
    show(await client.call("INFO", "errorstats"));
  found.push(
    ...[...stats.matchAll(/cmdstat_(migrate|del|set):|calls=\d+|error.*:count=\d+/g)].map(String).sort(),
  );
  return found.map((text) => text.replaceAll(/127.0.0.1:\d+/g, "A").replaceAll(`${target.port}`, "T"));
}

realTest("what MIGRATE leaves in the slow log, with MONITOR and in the statistics is the same", async () => {
  assertEquals(await traces("toy"), await traces("redis"));
});
