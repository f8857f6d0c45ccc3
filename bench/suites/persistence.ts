/** Durability: what an append-only file costs, what a snapshot costs while it is written, how fast files are loaded. */
import { RawClient, sleep } from "../../tests/helpers/client.ts";
import type { TestServer } from "../../tests/helpers/server.ts";
import { fill, stringKeys } from "../fill.ts";
import { type Case, compareAll, sample, type Settings } from "../measure.ts";
import { KINDS, startOne, startPair } from "../pair.ts";
import type { Section, Table } from "../report.ts";
import { figure, median, medianRatio, ratioText } from "../stats.ts";

/** Measures persistence. */
export async function persistence(settings: Settings): Promise<Section> {
  const tables = [...await appending(settings), await saving(settings), ...await loading(settings)];
  const text = "Both servers write to the same disk, one after the other.";
  return { suite: "persistence", text, tables };
}

async function appending(settings: Settings): Promise<Table[]> {
  const tables: Table[] = [];
  for (const policy of ["always", "everysec", "no"]) {
    await using pair = await startPair(["--appendonly", "yes", "--appendfsync", policy]);
    const cases = [1, 16].map((pipeline): Case => ({
      label: `SET -P ${pipeline}, ${policy}`,
      test: "set",
      clients: 50,
      pipeline,
      keyspace: 100_000,
      target: "≥ 0.85",
    }));
    tables.push(await compareAll(pair, cases, settings, `appendfsync ${policy}`));
  }
  return tables;
}

/** What a snapshot does to latency and memory. redis-server's figure for memory is its own: what its child copied. */
async function saving(settings: Settings): Promise<Table> {
  const keys = settings.quick ? 200_000 : 1_000_000;
  const rows: string[][] = [];
  await using pair = await startPair();
  const item: Case = { label: "", test: "set", clients: 50, pipeline: 16, keyspace: keys };
  for (const kind of KINDS) {
    const server = pair[kind], empty = server.rss() ?? NaN;
    await fill(server.port, stringKeys(keys, 3));
    const dataSet = (server.rss() ?? NaN) - empty;
    const outside: number[] = [], during: number[] = [], growths: number[] = [];
    for (let round = 0; round < settings.rounds; round++) {
      const requests = keys;
      outside.push((await sample(server, item, requests)).p99);
      const end = new AbortController();
      const grown = growthWhileSaving(server, end.signal);
      during.push((await sample(server, item, requests)).p99);
      end.abort();
      growths.push((await grown) / dataSet);
    }
    const ratio = medianRatio(during, outside);
    const growth = `${figure(median(growths) * 100)} %`;
    rows.push([kind, figure(median(outside)), figure(median(during)), ratioText(ratio), growth]);
    settings.log(`BGSAVE, ${kind}: p99 ${ratioText(ratio)} times as long, memory ${growth}`);
  }
  const head = ["server", "p99 before ms", "p99 during ms", "quotient", "memory growth"];
  return {
    title: `BGSAVE of ${keys.toLocaleString("en-US")} keys under SET -P 16 (≤ 2 times, ≤ 25 %)`,
    head,
    rows,
  };
}

/** Runs one BGSAVE behind the other until the end; by how many bytes memory grew meanwhile. */
async function growthWhileSaving(server: TestServer, end: AbortSignal): Promise<number> {
  await using client = await RawClient.connect(server.port);
  const before = server.rss() ?? NaN;
  let most = before, copied = 0;
  for (;;) {
    const info = await client.call("INFO", "persistence");
    const text = "text" in info ? info.text : "";
    most = Math.max(most, server.rss() ?? NaN);
    if (/rdb_bgsave_in_progress:0/.test(text)) {
      copied = Math.max(copied, Number(/rdb_last_cow_size:(\d+)/.exec(text)?.[1] ?? 0));
      if (end.aborted) return server.kind === "redis" ? copied : most - before;
      await client.call("BGSAVE");
    }
    await sleep(10);
  }
}

async function loading(settings: Settings): Promise<Table[]> {
  const keys = settings.quick ? 300_000 : 5_000_000, commands = settings.quick ? 200_000 : 2_000_000;
  const rdb = await loadTable(settings, `RDB of ${keys.toLocaleString("en-US")} keys`, [], keys, "SAVE");
  const args = ["--appendonly", "yes", "--appendfsync", "no", "--auto-aof-rewrite-percentage", "0"];
  const name = `AOF of ${commands.toLocaleString("en-US")} commands`;
  return [rdb, await loadTable(settings, name, args, commands, "PING")];
}

/** redis-server writes the files; both servers then load them, from the start of the process to the first PONG. */
async function loadTable(
  settings: Settings,
  label: string,
  args: readonly string[],
  count: number,
  finish: string,
): Promise<Table> {
  const dir = await Deno.makeTempDir({ prefix: "toy-redis-bench-" });
  const seconds: Record<typeof KINDS[number], number[]> = { redis: [], toy: [] };
  try {
    {
      await using writer = await startOne("redis", { dir, args });
      await fill(writer.port, stringKeys(count, 3));
      await fill(writer.port, [[finish]]);
    }
    for (let round = 0; round < settings.rounds; round++) {
      for (const kind of KINDS) seconds[kind].push(await loadSeconds(kind, dir, args, count));
    }
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
  const ratio = ratioText(medianRatio(seconds.redis, seconds.toy));
  settings.log(`${label}: ${ratio}`);
  const row = [`load ${label}`, figure(median(seconds.redis)), figure(median(seconds.toy)), ratio, "≥ 0.8"];
  const head = ["file", "redis s", "toy s", "ratio", "target"];
  return { title: `Loading: ${label}`, head, rows: [row] };
}

async function loadSeconds(
  kind: "redis" | "toy",
  dir: string,
  args: readonly string[],
  count: number,
): Promise<number> {
  const started = performance.now();
  await using server = await startOne(kind, { dir, args, readyTimeoutMs: 300_000 });
  const seconds = (performance.now() - started) / 1000;
  await using client = await RawClient.connect(server.port);
  if (await client.integer("DBSIZE") !== count) throw new Error(`${kind} did not load all keys`);
  return seconds;
}
