/**
 * The promise of a snapshot without fork, seen from outside: under writes all the time the file that BGSAVE leaves is
 * the data set as it was at one instant, which redis-server confirms, and memory grows by a fraction of the data set.
 *
 * The instant is known because DEBUG DIGEST and BGSAVE are sent together. (How long answers take meanwhile is
 * measured by `deno task bench --suite persistence`, with a load generator of its own.)
 */
import { assert, assertEquals } from "@std/assert";
import { RawClient, sleep } from "../helpers/client.ts";
import { type Arg, concat, encodeCommand, show } from "../helpers/resp.ts";
import { type SeededRandom, seededRandom } from "../helpers/seeded.ts";
import { startServer, type TestServer } from "../helpers/server.ts";

/** How a run is made. */
export interface ProofOptions {
  keys: number;
  saves: number;
  seed: number;
  /** Says what was seen, save by save. */
  log?: (line: string) => void;
}

const PATIENCE_MS = 180_000;
const CLOSED = show({ type: "closed" });
const WRITERS = 4;
const BATCH = 100;
/** Commands of one request while the data set is made. */
const FILL_BATCH = 2000;
/** One key in so many is no string. */
const COLLECTION_EVERY = 50;

/** The command that makes key `i`: mostly strings, sometimes a small collection. */
function create(i: number): Arg[] {
  if (i % COLLECTION_EVERY !== 0) return ["SET", `key:${i}`, `value of 24 bytes ${i % 1000000}`];
  const name = `c:${i}`;
  switch (i / COLLECTION_EVERY % 5) {
    case 0:
      return ["RPUSH", name, "a", "b", `${i}`];
    case 1:
      return ["SADD", name, "a", "b", `${i}`];
    case 2:
      return ["HSET", name, "field", `${i}`, "other", "value"];
    case 3:
      return ["ZADD", name, "1", "a", `${i}`, "b"];
    default:
      return ["XADD", name, "1-1", "field", `${i}`];
  }
}

/** A command that changes, makes or removes a key, each type with its own. */
function change(random: SeededRandom, keys: number): Arg[] {
  const i = random.below(keys);
  const value = `${random.next()}`;
  if (i % COLLECTION_EVERY === 0) {
    const name = `c:${i}`;
    switch (i / COLLECTION_EVERY % 5) {
      case 0:
        return random.below(2) === 0 ? ["RPUSH", name, value] : ["LPOP", name];
      case 1:
        return random.below(2) === 0 ? ["SADD", name, value] : ["SPOP", name];
      case 2:
        return ["HSET", name, `f${random.below(200)}`, value];
      case 3:
        return random.below(2) === 0 ? ["ZADD", name, value, `m${random.below(200)}`] : ["ZPOPMIN", name];
      default:
        return ["XADD", name, "*", "field", value];
    }
  }
  switch (random.below(12)) {
    case 0:
      return ["DEL", `key:${i}`];
    case 1:
      return ["EXPIRE", `key:${i}`, `${100_000 + random.below(1000)}`];
    case 2:
      return ["APPEND", `key:${i}`, value];
    case 3:
      return ["SET", `new:${value}`, value];
    // Large values are changed as well, half written ones among them.
    case 4:
      return ["HSET", "large:hash", `field${random.below(50_000)}`, value];
    case 5:
      return ["ZADD", "large:zset", value, `member${random.below(50_000)}`];
    default:
      return ["SET", `key:${i}`, value];
  }
}

/** Sends commands in one write. The digest of a million keys takes its time, and everybody waits for it. */
async function ask(client: RawClient, commands: Arg[][]): Promise<string[]> {
  await client.write(concat(commands.map((command) => encodeCommand(command))));
  const replies: string[] = [];
  for (let i = 0; i < commands.length; i++) replies.push(show((await client.read(PATIENCE_MS)).value));
  return replies;
}

async function fill(client: RawClient, keys: number): Promise<void> {
  for (let at = 0; at < keys; at += FILL_BATCH) {
    const count = Math.min(FILL_BATCH, keys - at);
    await client.pipeline(Array.from({ length: count }, (_, i) => create(at + i)));
  }
  const large = Math.ceil(keys / 20);
  for (let at = 0; at < large; at += FILL_BATCH) {
    const ids = Array.from({ length: Math.min(FILL_BATCH, large - at) }, (_, i) => at + i);
    await client.call("HSET", "large:hash", ...ids.flatMap((i) => [`field${i}`, `value${i}`]));
    await client.call("ZADD", "large:zset", ...ids.flatMap((i) => [`${i}`, `member${i}`]));
    await client.call("RPUSH", "large:list", ...ids.map((i) => `element${i}`));
  }
  await client.call("SET", "large:string", "0123456789 ".repeat(keys));
}

/** Writes until told to stop; how many commands were answered. */
async function write(client: RawClient, seed: number, keys: number, stop: AbortSignal): Promise<number> {
  const random = seededRandom(seed);
  let count = 0;
  while (!stop.aborted) {
    const replies = await ask(client, Array.from({ length: BATCH }, () => change(random, keys)));
    for (const reply of replies) assert(!reply.startsWith("-") && reply !== CLOSED, reply);
    count += replies.length;
  }
  return count;
}

/**
 * Cuts and saves. Returns the digest at the cut and by how many bytes memory grew from then on: what the digest, of a million
 * keys, takes itself is not the snapshot's.
 */
async function saveOnce(server: TestServer, client: RawClient): Promise<{ digest: string; growth: number }> {
  // Both are in one read of the server: nothing comes in between.
  const [digest, started] = await ask(client, [["DEBUG", "DIGEST"], ["BGSAVE"]]) as [string, string];
  assertEquals(started, "+Background saving started");
  const before = server.rss() ?? NaN;
  for (let most = before;;) {
    most = Math.max(most, server.rss() ?? NaN);
    const info = show(await client.call("INFO", "persistence"));
    if (info.includes("rdb_bgsave_in_progress:0")) {
      assert(info.includes("rdb_last_bgsave_status:ok"), info);
      return { digest, growth: most - before };
    }
    await sleep(5);
  }
}

/** {@link saveOnce} under writes; also how many commands were run. */
async function saveUnderWrites(server: TestServer, client: RawClient, keys: number, seed: number) {
  const stop = new AbortController();
  const clients = await Promise.all(Array.from({ length: WRITERS }, () => server.connect()));
  const work = clients.map((each, i) => write(each, seed * 100 + i, keys, stop.signal));
  let saved: { digest: string; growth: number };
  try {
    await sleep(50);
    saved = await saveOnce(server, client);
  } finally {
    stop.abort();
    await Promise.allSettled(work);
  }
  const commands = (await Promise.all(work)).reduce((sum, count) => sum + count, 0);
  for (const each of clients) await each.close();
  return { ...saved, commands };
}

/** The digest that redis-server computes of the file. */
async function digestByRedis(dir: string): Promise<string> {
  await using server = await startServer("redis", { dir, readyTimeoutMs: PATIENCE_MS });
  await using client = await server.connect();
  return (await ask(client, [["DEBUG", "DIGEST"]]))[0]!;
}

/** Saves again and again under writes. Throws where a file is not the data set at its cut. The largest growth, 0 to 1. */
export async function proveSnapshots({ keys, saves, seed, log }: ProofOptions): Promise<number> {
  await using server = await startServer("toy");
  await using client = await server.connect();
  const empty = server.rss() ?? NaN;
  await fill(client, keys);
  const dataSet = (server.rss() ?? NaN) - empty;
  let most = 0;
  for (let n = 1; n <= saves; n++) {
    const { digest, growth, commands } = await saveUnderWrites(server, client, keys, seed + n);
    assertEquals(await digestByRedis(server.dir), digest, "redis-server finds another data set in the file");
    const check = await new Deno.Command("redis-check-rdb", { args: [`${server.dir}/dump.rdb`] }).output();
    assert(check.success, "redis-check-rdb finds fault with the file");
    most = Math.max(most, growth / dataSet);
    log?.(
      `save ${n}: exact, ${commands} commands meanwhile, memory + ${(growth / 1e6).toFixed(1)} MB ` +
        `of ${(dataSet / 1e6).toFixed(0)} MB`,
    );
  }
  return most;
}
