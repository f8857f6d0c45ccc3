/** INFO beside the real server's: the same sections, the same fields in the same order, numbers of the same shape. */
import { assertEquals } from "@std/assert";
import { realTest, startServer } from "../helpers/server.ts";
import type { RawClient } from "../helpers/client.ts";

async function info(client: RawClient, ...sections: string[]): Promise<string> {
  const reply = await client.call("INFO", ...sections);
  if (reply.type !== "bulk") throw new Error(`INFO answered ${reply.type}`);
  return reply.text;
}

/** Lines of INFO without values; ours alone are left out. */
function names(text: string): string[] {
  return text.split("\r\n").map((line) => line.replace(/:.*/, "")).filter((line) => !line.startsWith("toy_"));
}

function values(text: string): Map<string, string> {
  return new Map(
    text.split("\r\n").filter((line) => line.includes(":")).map((line) => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon), line.slice(colon + 1)];
    }),
  );
}

/** What has digits in the real one has digits here: 1 for 0.53M, 1 for 7%. */
function shape(value: string): string {
  return value.replace(/-?\d+(\.\d+)?(e[-+]\d+)?/g, (number) => number.includes(".") ? "1.0" : "1")
    .replace(/(1|1\.0)[BKMGTP]$/, "1K");
}

/** Fields whose text is the implementation's own. */
const OWN = /^(os|redis_build_id|executable|atomicvar_api|gcc_version|mem_allocator|run_id|master_replid)$/;

realTest("INFO has the fields of redis-server in its order", async () => {
  await using redis = await startServer("redis");
  await using toy = await startServer("toy");
  await using real = await redis.connect();
  await using ours = await toy.connect();
  for (const client of [real, ours]) {
    await client.call("SET", "k", "v", "EX", "100");
    await client.call("LPUSH", "k", "v");
    await client.call("GET", "nosuch");
    await client.call("SELECT", "3");
    await client.call("SET", "other", "v");
  }
  const requests = [
    [],
    ["all"],
    ["everything"],
    ["default"],
    ["Memory", "SERVER"],
    ["nosuch"],
    ["commandstats", "nosuch"],
    ["modules"],
    ["module_list"],
    ["default", "latencystats"],
    ["errorstats", "keyspace", "keyspace"],
  ];
  for (const sections of requests) {
    const [want, got] = [names(await info(real, ...sections)), names(await info(ours, ...sections))];
    // The order of commands is that of a hash table there.
    const sorted = (lines: string[]) => lines.filter((line) => /^(cmdstat|latency_p)/.test(line)).sort();
    assertEquals(sorted(got), sorted(want), sections.join(" "));
    const rest = (lines: string[]) => lines.filter((line) => !/^(cmdstat|latency_p)/.test(line));
    assertEquals(rest(got), rest(want), sections.join(" "));
  }
  const want = values(await info(real, "all"));
  const got = values(await info(ours, "all"));
  for (const [name, value] of want) {
    if (!OWN.test(name)) assertEquals(shape(got.get(name)!), shape(value), name);
  }
  for (const name of ["keyspace_hits", "keyspace_misses", "errorstat_WRONGTYPE", "total_error_replies"]) {
    assertEquals(got.get(name), want.get(name), name);
  }
  assertEquals(got.get("db3"), want.get("db3"));
});

realTest("CONFIG RESETSTAT begins every count anew", async () => {
  await using redis = await startServer("redis");
  await using toy = await startServer("toy");
  await using real = await redis.connect();
  await using ours = await toy.connect();
  const counts = [
    "total_commands_processed",
    "total_connections_received",
    "expired_keys",
    "evicted_keys",
    "keyspace_hits",
    "keyspace_misses",
    "total_error_replies",
    "rdb_saves",
    "cmdstat_get",
    "errorstat_ERR",
    "rejected_connections",
  ];
  const after: string[][] = [];
  for (const client of [real, ours]) {
    await client.call("SET", "k", "v");
    await client.call("GET", "k");
    await client.call("GET", "nosuch");
    await client.call("SET", "k");
    await client.call("SAVE");
    await client.call("CONFIG", "RESETSTAT");
    const now = values(await info(client, "all"));
    after.push(counts.map((name) => `${name}=${now.get(name)}`));
  }
  assertEquals(after[1], after[0]);
});
