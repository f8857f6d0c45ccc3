/** The longest time for which a server does not answer: idle, while it is filled, and while all its keys expire. */
import { RawClient, sleep } from "../../tests/helpers/client.ts";
import { digits, fill } from "../fill.ts";
import type { Settings } from "../measure.ts";
import { KINDS, startOne } from "../pair.ts";
import { Prober } from "../prober.ts";
import type { Section } from "../report.ts";
import { figure, median } from "../stats.ts";

const IDLE_MS = 3000;
/** The keys expire evenly within this time. */
const EXPIRY_SPAN_MS = 5000;
/** What a slow machine manages to fill in a second; the keys must not expire before all are there. */
const SLOWEST_FILL = 60_000;
/** Both servers delete expired keys with a share of their time only. */
const EXPIRED_LIMIT_MS = 300_000;

const PHASES = ["idle", "fill", "expiry"] as const;
type Pauses = Record<typeof PHASES[number], number>;

/** Measures pauses. */
export async function pause(settings: Settings): Promise<Section> {
  const keys = settings.quick ? 300_000 : 5_000_000;
  const rounds = settings.quick ? 1 : settings.rounds;
  const runs: Record<typeof KINDS[number], Pauses[]> = { redis: [], toy: [] };
  for (let round = 0; round < rounds; round++) {
    for (const kind of KINDS) {
      const result = await longestPauses(kind, keys, settings.log);
      runs[kind].push(result);
      settings.log(`${kind}: ${PHASES.map((phase) => `${phase} ${figure(result[phase])} ms`).join(", ")}`);
    }
  }
  const rows = PHASES.map((phase) => {
    const redis = median(runs.redis.map((run) => run[phase])),
      toy = median(runs.toy.map((run) => run[phase]));
    return [phase, figure(redis), figure(toy), figure(toy - redis), phase === "idle" ? "" : "≤ 20"];
  });
  const head = ["phase", "redis ms", "toy ms", "difference", "target"];
  const text = `The longest answer to a PING, sent each millisecond on a connection of its own, while ` +
    `${
      keys.toLocaleString("en-US")
    } keys are set through one pipelined connection and while they expire within ` +
    `${EXPIRY_SPAN_MS / 1000} s. Idle shows what the machine itself adds. Medians of ${rounds} rounds.`;
  return { suite: "pause", text, tables: [{ title: "Longest pause", head, rows }] };
}

async function longestPauses(kind: "redis" | "toy", keys: number, log: Settings["log"]): Promise<Pauses> {
  await using server = await startOne(kind);
  await using client = await RawClient.connect(server.port);
  await using prober = await Prober.start(server.port);
  await sleep(IDLE_MS);
  const idle = (await prober.take()).longest;
  const expiresAt = Date.now() + keys / SLOWEST_FILL * 1000 + 5000;
  await fill(server.port, expiring(keys, expiresAt));
  const filled = (await prober.take()).longest;
  log(`${kind}: idle ${figure(idle)} ms, fill ${figure(filled)} ms, now waiting for the expiry`);
  if (Date.now() > expiresAt) throw new Error("the machine is too slow: keys expired while they were set");
  await sleep(expiresAt - Date.now());
  await prober.take();
  const deadline = expiresAt + EXPIRED_LIMIT_MS;
  for (let left = keys; left > 0;) {
    await sleep(100);
    left = await client.integer("DBSIZE");
    if (Date.now() > deadline) throw new Error(`${kind}: ${left} expired keys are still there`);
  }
  return { idle, fill: filled, expiry: (await prober.take()).longest };
}

function* expiring(count: number, from: number): Generator<string[]> {
  for (let i = 0; i < count; i++) {
    const at = Math.floor(from + i / count * EXPIRY_SPAN_MS);
    yield ["SET", "key:" + digits(i), "xxx", "PXAT", `${at}`];
  }
}
