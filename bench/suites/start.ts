/** Time from the start of the process to the first PONG. */
import { sleep } from "../../tests/helpers/client.ts";
import { freePort } from "../../tests/helpers/server.ts";
import type { Settings } from "../measure.ts";
import { KINDS, startOne } from "../pair.ts";
import type { Section } from "../report.ts";
import { figure, median } from "../stats.ts";

const LEAST_ROUNDS = 5;
const POLL_MS = 2;
const LIMIT_MS = 30_000;

/** Measures the start. */
export async function start(settings: Settings): Promise<Section> {
  const rounds = Math.max(settings.rounds, LEAST_ROUNDS);
  const times: Record<typeof KINDS[number], number[]> = { redis: [], toy: [] };
  for (let round = 0; round < rounds; round++) {
    for (const kind of KINDS) times[kind].push(await millisToPong(kind));
  }
  const rows = KINDS.map((kind) => {
    const taken = times[kind];
    return [kind, figure(Math.min(...taken)), figure(median(taken)), figure(Math.max(...taken))];
  });
  for (const [kind, , middle] of rows) settings.log(`${kind}: ${middle} ms`);
  const text = `Empty data directory, ${rounds} rounds.`;
  const head = ["server", "shortest ms", "median ms", "longest ms"];
  return { suite: "start", text, tables: [{ title: "Start-up to first PONG", head, rows }] };
}

async function millisToPong(kind: "redis" | "toy"): Promise<number> {
  const port = freePort();
  const started = performance.now();
  await using server = await startOne(kind, { port, waitReady: false });
  while (!await answers(server.port)) {
    if (performance.now() - started > LIMIT_MS) throw new Error(`${kind} does not answer:\n${server.log}`);
    await sleep(POLL_MS);
  }
  return performance.now() - started;
}

async function answers(port: number): Promise<boolean> {
  try {
    using conn = await Deno.connect({ port, hostname: "127.0.0.1" });
    await conn.write(new TextEncoder().encode("PING\r\n"));
    const buffer = new Uint8Array(16);
    const n = await conn.read(buffer);
    return n !== null && buffer[0] === "+".charCodeAt(0);
  } catch (error) {
    if (error instanceof Deno.errors.ConnectionRefused) return false;
    throw error;
  }
}
