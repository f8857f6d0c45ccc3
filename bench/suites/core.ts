/** Strings: throughput by pipeline depth, size of the value and number of connections. */
import { RawClient } from "../../tests/helpers/client.ts";
import { fill, stringKeys } from "../fill.ts";
import { type Case, compareAll, type Settings } from "../measure.ts";
import { type Pair, startPair } from "../pair.ts";
import type { Section, Table, Target } from "../report.ts";

const TESTS = [["PING", "ping_mbulk"], ["SET", "set"], ["GET", "get"], ["INCR", "incr"]] as const;
const PIPELINES = [1, 16, 100] as const;

/** Measures strings. */
export async function core(settings: Settings): Promise<Section> {
  await using pair = await startPair();
  const keys = settings.quick ? 100_000 : 1_000_000;
  const tables: Table[] = [];

  await refill(pair, keys, 3);
  const small = PIPELINES.flatMap((pipeline) =>
    [...TESTS, ["MSET", "mset"] as const].map(([name, test]) => caseOf(name, test, keys, pipeline, 50, 3))
  );
  tables.push(await compareAll(pair, small, settings, "Values of 3 bytes, 50 connections"));

  const crowds = [[1, 1], [500, 1], [500, 16]].flatMap(([clients, pipeline]) =>
    TESTS.map(([name, test]) => caseOf(name, test, keys, pipeline!, clients!, 3))
  );
  tables.push(await compareAll(pair, crowds, settings, "1 and 500 connections"));

  for (const [size, count] of [[1024, Math.min(keys, 200_000)], [65_536, 2000]] as const) {
    await refill(pair, count, size);
    const depths = size === 1024 ? PIPELINES : [1, 16];
    const cases = depths.flatMap((pipeline) =>
      TESTS.slice(1, 3).map(([name, test]) => caseOf(name, test, count, pipeline, 50, size))
    );
    tables.push(await compareAll(pair, cases, settings, `Values of ${size / 1024} KiB, 50 connections`));
  }
  const text = `Random keys out of ${keys.toLocaleString("en-US")} (values of 1 KiB: ` +
    `${
      Math.min(keys, 200_000).toLocaleString("en-US")
    }, of 64 KiB: 2,000), all there before the first run. ` +
    `MSET sets ten keys.`;
  return { suite: "core", text, tables };
}

function caseOf(
  name: string,
  test: string,
  keyspace: number,
  pipeline: number,
  clients: number,
  dataSize: number,
): Case {
  const label = `${name} -P ${pipeline}` + (clients === 50 ? "" : ` -c ${clients}`) +
    (dataSize === 3 ? "" : `, ${dataSize / 1024} KiB`);
  const target = targetOf(name, pipeline, clients, dataSize);
  return { label, test, keyspace, pipeline, clients, dataSize, ...(target && { target }) };
}

function targetOf(name: string, pipeline: number, clients: number, dataSize: number): Target | undefined {
  if (dataSize === 65_536) return "≥ 0.7";
  if (clients === 500) return "≥ 1";
  if (clients === 1 || dataSize !== 3 || name === "MSET") return undefined;
  return pipeline === 100 ? "≥ 1.2" : "≥ 0.9";
}

async function refill(pair: Pair, count: number, size: number): Promise<void> {
  for (const server of [pair.redis, pair.toy]) {
    await using client = await RawClient.connect(server.port);
    await client.call("FLUSHALL");
    await fill(server.port, stringKeys(count, size));
  }
}
