/**
 * The libraries against the real server's: random calls of every function, with a fixed seed. For a longer run:
 * LUA_CALLS=20000 LUA_SEED=7 deno test -A --no-check tests/lua/libraries_real_test.ts
 */
import { quote } from "../helpers/bytes.ts";
import { seededRandom } from "../helpers/seeded.ts";
import { realTest, startServer, type TestServer } from "../helpers/server.ts";
import { KINDS } from "./random_calls.ts";
import { EDGE_CALLS } from "./edge_calls.ts";
import { type Call, callOurs, callReal, literal } from "./real_calls.ts";

const CALLS = Number(Deno.env.get("LUA_CALLS") ?? 1500);
const SEED = Number(Deno.env.get("LUA_SEED") ?? 1);
const BATCH = 250;

let redis: TestServer | undefined;
Deno.test.afterAll(async () => {
  await redis?.stop();
});

/** Makes the calls here and there; tells what differs. */
async function compare(calls: readonly Call[]): Promise<string[]> {
  redis ??= await startServer("redis");
  await using client = await redis.connect();
  const differences: string[] = [];
  for (let done = 0; done < calls.length; done += BATCH) {
    const batch = calls.slice(done, done + BATCH);
    const real = await callReal(client, batch);
    batch.forEach((call, i) => {
      const ours = callOurs(call);
      if (ours !== real[i]) differences.push(difference(call, real[i]!, ours));
    });
  }
  return differences;
}

/** The call and both answers, from where they begin to differ. */
function difference(call: Call, real: string, ours: string): string {
  let same = 0;
  while (same < real.length && real[same] === ours[same]) same++;
  const from = Math.max(same - 60, 0);
  const source = `${call.library}.${call.name}(${call.args.map(literal).join(", ")})`.slice(0, 2000);
  return `${source}\n    real ${quote(real.slice(from, from + 300))}\n    ours ${
    quote(ours.slice(from, from + 300))
  }`;
}

function expectNone(differences: readonly string[]): void {
  if (differences.length > 0) {
    throw new Error(`${differences.length} differences:\n${differences.slice(0, 12).join("\n")}`);
  }
}

realTest("calls at the limits of the Lua libraries answer as the real server's do", async () => {
  expectNone(await compare(EDGE_CALLS));
}, { shared: true });

for (const [kind, make] of Object.entries(KINDS)) {
  realTest(`random calls of the Lua libraries answer as the real server's do: ${kind}`, async () => {
    const random = seededRandom(SEED);
    for (let done = 0; done < CALLS; done += BATCH) {
      const calls = Array.from({ length: Math.min(BATCH, CALLS - done) }, () => make(random));
      expectNone(await compare(calls));
    }
  }, { shared: true });
}
