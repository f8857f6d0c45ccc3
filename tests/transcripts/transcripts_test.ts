/** Plays every tests/transcripts/*.txt against toy-redis and the real redis-server and compares the bytes. */
import { Duel } from "../helpers/duel.ts";
import type { Reply } from "../helpers/resp.ts";
import { counters } from "../helpers/rules.ts";
import { realTest, startServer } from "../helpers/server.ts";
import type { TestServer } from "../helpers/server.ts";
import { parseTranscript, playTranscript } from "../helpers/transcript_file.ts";

const FOLDER = new URL("./", import.meta.url);

interface Pair {
  toy: TestServer;
  redis: TestServer;
  duel: Duel;
}

/** The pair of servers that all transcripts without a `!server` line share; restarted after a failure. */
let shared: Pair | undefined;

async function pair(args: readonly string[]) {
  const redis = await startServer("redis", { args });
  const toy = await startServer("toy", { args });
  return { toy, redis, duel: new Duel(toy.port, redis.port) };
}

async function stop(servers: Pair | undefined): Promise<void> {
  await servers?.duel.close();
  await servers?.toy.stop();
  await servers?.redis.stop();
}

function onBoth({ duel }: Pair, ...command: string[]): Promise<Reply[]> {
  return Promise.all([duel.toy, duel.redis].map(async (side) => (await side.control()).call(...command)));
}

/** Which commands were called, refused and failed, and with which errors, must be the same too. */
async function statistics(servers: Pair): Promise<string | undefined> {
  for (const section of ["commandstats", "errorstats"]) {
    const [toy, redis] = await onBoth(servers, "INFO", section);
    if (counters.same(toy!, redis!)) continue;
    const lines = (reply: Reply) => counters.view!(reply).split("\n");
    const only = (a: Reply, b: Reply) => lines(a).filter((line) => !lines(b).includes(line)).join("\n    ");
    return `INFO ${section}\n  toy:\n    ${only(toy!, redis!)}\n  redis:\n    ${only(redis!, toy!)}`;
  }
  return undefined;
}

async function run(name: string): Promise<void> {
  const transcript = parseTranscript(await Deno.readTextFile(new URL(name, FOLDER)));
  const own = transcript.serverArgs !== undefined;
  const servers = own ? await pair(transcript.serverArgs!) : shared ??= await pair([]);
  let failure: string | undefined;
  try {
    await onBoth(servers, "CONFIG", "RESETSTAT");
    failure = await playTranscript(servers.duel, transcript) ?? await statistics(servers);
  } catch (error) {
    failure = String(error);
  }
  if (own || failure) {
    if (!own) shared = undefined;
    await stop(servers);
  }
  if (failure) throw new Error(`tests/transcripts/${name}:\n${failure}`);
}

const names = [...Deno.readDirSync(FOLDER)].map((entry) => entry.name).filter((name) =>
  name.endsWith(".txt")
);
for (const name of names.sort()) realTest(`transcript ${name}`, () => run(name), { shared: true });

Deno.test.afterAll(async () => {
  await stop(shared);
  shared = undefined;
});
