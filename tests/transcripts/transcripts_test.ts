/** Plays every tests/transcripts/*.txt against toy-redis and the real redis-server and compares the bytes. */
import { Duel } from "../helpers/duel.ts";
import { realTest, startServer } from "../helpers/server.ts";
import type { TestServer } from "../helpers/server.ts";
import { parseTranscript, playTranscript } from "../helpers/transcript_file.ts";

const FOLDER = new URL("./", import.meta.url);

/** The pair of servers that all transcripts without a `!server` line share; restarted after a failure. */
let shared: { toy: TestServer; redis: TestServer; duel: Duel } | undefined;

async function pair(args: readonly string[]) {
  const redis = await startServer("redis", { args });
  const toy = await startServer("toy", { args });
  return { toy, redis, duel: new Duel(toy.port, redis.port) };
}

async function stop(servers: typeof shared): Promise<void> {
  await servers?.duel.close();
  await servers?.toy.stop();
  await servers?.redis.stop();
}

async function run(name: string): Promise<void> {
  const transcript = parseTranscript(await Deno.readTextFile(new URL(name, FOLDER)));
  const own = transcript.serverArgs !== undefined;
  const servers = own ? await pair(transcript.serverArgs!) : shared ??= await pair([]);
  let failure: string | undefined;
  try {
    failure = await playTranscript(servers.duel, transcript);
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
