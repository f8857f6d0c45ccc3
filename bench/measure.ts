/**
 * Compares two servers under a load in interleaved rounds: redis, toy, redis, toy... A machine that is busy with other
 * things for a while is then slow for both, and medians of the rounds leave the outliers out.
 */
import type { TestServer } from "../tests/helpers/server.ts";
import { KINDS, type Pair } from "./pair.ts";
import { CpuMeter } from "./process.ts";
import { type Load, runBenchmark } from "./redis_benchmark.ts";
import type { Table, Target } from "./report.ts";
import { figure, median, medianRatio, ratioText } from "./stats.ts";

/** How thorough a run of the benchmark is. */
export interface Settings {
  /** Rounds of each measurement, at least 1. */
  rounds: number;
  /** Smaller data sets and shorter runs. */
  quick: boolean;
  /** Says what goes on. */
  log: (line: string) => void;
}

/** A load with what is expected of it. */
export interface Case extends Load {
  label: string;
  target?: Target;
  /** At most so many requests in a run. */
  maxRequests?: number;
  /** Brings the server into the state that a run of so many requests needs. Its time and cost do not count. */
  prepare?: (server: TestServer, requests: number) => Promise<void>;
}

/** What one run on one server gave. */
export interface Sample {
  rps: number;
  p99: number;
  /** Processor time of the server per request in microseconds; NaN where the system does not tell. */
  cpu: number;
}

/** A measured case: the samples of all rounds, in order. */
export interface Comparison {
  case: Case;
  redis: Sample[];
  toy: Sample[];
}

/** Seconds that a run should take on redis-server. */
const RUN_SECONDS = { quick: 0.4, full: 2 };
const WARM_UP_SECONDS = 0.1;

/** Measures one case on both servers. */
export async function compare(pair: Pair, item: Case, settings: Settings): Promise<Comparison> {
  const requests = await calibrate(pair, item, settings);
  const result: Comparison = { case: item, redis: [], toy: [] };
  for (let round = 0; round < settings.rounds; round++) {
    for (const kind of KINDS) result[kind].push(await sample(pair[kind], item, requests));
  }
  settings.log(`${item.label}: ${ratioText(throughputRatio(result))} (${requests} requests)`);
  return result;
}

/** How many requests a run has; both servers are warm afterwards. */
async function calibrate(pair: Pair, item: Case, settings: Settings): Promise<number> {
  const limit = item.maxRequests ?? Infinity;
  let requests = Math.min(limit, Math.max(1000, 2 * item.clients * item.pipeline));
  const least = requests;
  // The first run says how many requests make a warm-up, the warm-up how many make a run.
  for (const seconds of [WARM_UP_SECONDS, settings.quick ? RUN_SECONDS.quick : RUN_SECONDS.full]) {
    const { rps } = await sample(pair.redis, item, requests);
    await sample(pair.toy, item, requests);
    requests = Math.min(limit, Math.max(least, Math.ceil(rps * seconds)));
  }
  return requests;
}

/** One run on one server. */
export async function sample(server: TestServer, item: Case, requests: number): Promise<Sample> {
  await item.prepare?.(server, requests);
  const meter = new CpuMeter(server.pid);
  const { rps, p99 } = await runBenchmark(item, server.port, requests);
  return { rps, p99, cpu: meter.micros() / requests };
}

/** Throughput of toy-redis by that of redis-server. */
function throughputRatio({ toy, redis }: Comparison): number {
  return medianRatio(toy.map((run) => run.rps), redis.map((run) => run.rps));
}

/** Measures all cases, and makes the table of them. */
export async function compareAll(
  pair: Pair,
  cases: readonly Case[],
  settings: Settings,
  title: string,
): Promise<Table> {
  const comparisons: Comparison[] = [];
  for (const item of cases) comparisons.push(await compare(pair, item, settings));
  return comparisonTable(title, comparisons);
}

/** The table of several cases: throughput, processor time per request, 99th percentile of the latency. */
function comparisonTable(title: string, comparisons: readonly Comparison[]): Table {
  return {
    title,
    head: [
      "case",
      "redis req/s",
      "toy req/s",
      "ratio",
      "target",
      "redis CPU µs",
      "toy CPU µs",
      "redis p99 ms",
      "toy p99 ms",
    ],
    rows: comparisons.map((comparison) => {
      const { redis, toy, case: { label, target } } = comparison;
      const middle = (runs: Sample[], name: keyof Sample) => figure(median(runs.map((run) => run[name])));
      return [
        label,
        middle(redis, "rps"),
        middle(toy, "rps"),
        ratioText(throughputRatio(comparison)),
        target ?? "",
        middle(redis, "cpu"),
        middle(toy, "cpu"),
        middle(redis, "p99"),
        middle(toy, "p99"),
      ];
    }),
  };
}
