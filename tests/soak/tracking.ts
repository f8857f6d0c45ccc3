/**
 * Client-side caching under load: many clients keep what they read, others write. In the end no client holds a value that
 * is out of date, and at no time does the server remember more keys than tracking-table-max-keys and a little.
 */
import { assert, assertEquals } from "@std/assert";
import { RawClient } from "../helpers/client.ts";
import { Random } from "../helpers/random.ts";
import type { Reply } from "../helpers/resp.ts";
import { startServer } from "../helpers/server.ts";

/** What to do to one server. */
export interface TrackingSoak {
  clients: number;
  keys: number;
  /** tracking-table-max-keys. */
  maxKeys: number;
  /** Rounds in each of which some clients read and some keys change. */
  rounds: number;
  seed: number;
}

/** Keys that one command may add to the table before the next takes some away. */
const READ_AT_ONCE = 10;
const READERS = 40;
const WRITES = 20;

/** A client with a cache of its own, as libraries have it. */
class CachingClient {
  readonly cache = new Map<string, string>();
  invalidations = 0;

  constructor(readonly raw: RawClient, readonly broadcast: boolean) {}

  /** Sends a command and returns its reply; what comes before it invalidates. */
  async call(...command: string[]): Promise<Reply> {
    await this.raw.send(...command);
    for (;;) {
      const { value } = await this.raw.read();
      if (value.type !== "push") return value;
      this.#invalidate(value.items);
    }
  }

  /** Reads what is not in the cache. */
  async read(keys: readonly string[]): Promise<void> {
    const missing = keys.filter((key) => !this.cache.has(key));
    if (missing.length === 0) return;
    const reply = await this.call("MGET", ...missing);
    if (reply.type !== "array") throw new Error(reply.type);
    reply.items.forEach((value, i) =>
      this.cache.set(missing[i]!, value.type === "bulk" ? value.text : "(none)")
    );
  }

  #invalidate([kind, keys]: readonly Reply[]): void {
    assert(kind?.type === "bulk" && kind.text === "invalidate");
    this.invalidations++;
    if (keys?.type !== "array") return this.cache.clear();
    for (const key of keys.items) if (key.type === "bulk") this.cache.delete(key.text);
  }
}

/** Runs the load; throws where a promise is broken. Returns what happened, for a line of a report. */
export async function soakTracking(soak: TrackingSoak): Promise<string> {
  const { keys, maxKeys } = soak;
  const random = new Random(soak.seed);
  await using server = await startServer("toy");
  await using writer = await server.connect();
  await writer.call("CONFIG", "SET", "tracking-table-max-keys", `${maxKeys}`);
  const clients = await connectAll(server.port, soak);
  const keyOf = () => `${random.chance(0.5) ? "user" : "item"}:${random.int(0, keys - 1)}`;
  let most = 0;
  for (let round = 0; round < soak.rounds; round++) {
    const readers = Array.from({ length: READERS }, () => random.pick(clients));
    await Promise.all([
      ...[...new Set(readers)].map((client) => client.read(distinct(keyOf))),
      writer.pipeline(Array.from({ length: WRITES }, () => write(random, keyOf()))),
    ]);
    if (round % 20 !== 0) continue;
    most = Math.max(most, await writer.infoNumber("tracking_total_keys"));
    assert(most <= maxKeys + READERS * READ_AT_ONCE, `${most} keys are remembered`);
  }
  let cached = 0;
  let invalidations = 0;
  for (const client of clients) {
    await client.call("PING"); // what was on its way has come
    cached += client.cache.size;
    invalidations += client.invalidations;
    await assertUpToDate(client, writer);
  }
  assert(invalidations > 0 && cached > 0);
  assertEquals(await writer.infoNumber("tracking_clients"), clients.length);
  for (const client of clients) await client.raw.close();
  while (await writer.infoNumber("tracking_clients") > 0);
  return `${soak.clients} clients: ${invalidations} invalidations, ${cached} values held, none out of date; at most ` +
    `${most} keys remembered of ${maxKeys}`;
}

async function connectAll(port: number, soak: TrackingSoak): Promise<CachingClient[]> {
  const clients: CachingClient[] = [];
  for (let i = 0; i < soak.clients; i++) {
    const client = new CachingClient(await RawClient.connect(port), i % 4 === 3);
    await client.call("HELLO", "3");
    const mode = client.broadcast ? ["BCAST", "PREFIX", "user:", "PREFIX", "item:"] : [];
    assertEquals((await client.call("CLIENT", "TRACKING", "ON", ...mode)).type, "simple");
    clients.push(client);
  }
  return clients;
}

function distinct(keyOf: () => string): string[] {
  return [...new Set(Array.from({ length: READ_AT_ONCE }, keyOf))];
}

function write(random: Random, key: string): string[] {
  const ticket = random.unit();
  if (ticket < 0.001) return ["FLUSHDB"];
  if (ticket < 0.1) return ["DEL", key];
  return ticket < 0.15 ? ["SET", key, "soon gone", "PX", "20"] : ["SET", key, `${random.int(0, 1e9)}`];
}

/** What a client holds is what the server has. */
async function assertUpToDate(client: CachingClient, server: RawClient): Promise<void> {
  const keys = [...client.cache.keys()];
  if (keys.length === 0) return;
  const reply = await server.call("MGET", ...keys);
  if (reply.type !== "array") throw new Error(reply.type);
  await client.call("PING"); // keys whose time had come were deleted by that, which is told too
  reply.items.forEach((value, i) => {
    const held = client.cache.get(keys[i]!);
    if (held !== undefined) assertEquals(held, value.type === "bulk" ? value.text : "(none)", keys[i]);
  });
}
