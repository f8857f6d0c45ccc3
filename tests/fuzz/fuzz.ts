/**
 * Throws damaged requests at a server, hundreds per connection, and looks whether it lives: it must answer PING, log
 * nothing unexpected, and its memory must stay within bounds.
 */
import { RawClient, sleep, withTimeout } from "../helpers/client.ts";
import { concat, encodeCommand } from "../helpers/resp.ts";
import { Random } from "../helpers/random.ts";
import type { TestServer } from "../helpers/server.ts";
import { anyRequest } from "./corpus.ts";
import { Documentation } from "./documented.ts";
import { mutate } from "./mutate.ts";

/** Arguments for a server to be fuzzed: sizes that a mutated number can ask for stay small. */
export const FUZZ_ARGS: string[] = [
  "--proto-max-bulk-len",
  "4mb",
  "--maxmemory",
  "256mb",
  "--loglevel",
  "notice",
];

/** What must not be in a log. */
const TROUBLE =
  /uncaught|unhandled|\bBUG\b|TypeError|RangeError|ReferenceError|SyntaxError|panic|assert| at .*\.ts:/i;

/** How a run is bounded. */
export interface FuzzOptions {
  seed: number;
  requests: number;
  /** Stop after this time even if there are requests left, milliseconds. */
  limitMs: number;
  /** Resident memory above the start that is too much, bytes. */
  memoryLimit: number;
  onProgress?: (sent: number) => void;
}

/** What a run did. */
export interface FuzzResult {
  requests: number;
  connections: number;
  closedByServer: number;
  bytesSent: number;
  bytesReceived: number;
  peakRss: number;
}

const PER_CONNECTION = 400;
/** Requests at the end of a connection, after any of which it may be of no use. */
const LAST_WORDS = 5;

/** Runs until `requests` are sent; throws when the server shows trouble (the message names the connection's seed). */
export async function fuzz(server: TestServer, options: FuzzOptions): Promise<FuzzResult> {
  const result = {
    requests: 0,
    connections: 0,
    closedByServer: 0,
    bytesSent: 0,
    bytesReceived: 0,
    peakRss: 0,
  };
  const start = server.rss() ?? 0;
  const documentation = await documentationOf(server);
  const deadline = Date.now() + options.limitMs;
  let checkedLog = server.log.length;
  while (result.requests < options.requests && Date.now() < deadline) {
    const seed = options.seed * 1_000_003 + result.connections;
    const count = Math.min(PER_CONNECTION, options.requests - result.requests);
    result.requests += await connection(server.port, documentation, seed, count, result);
    result.connections++;
    options.onProgress?.(result.requests);
    await mustLive(server, seed, result.connections % 25 === 0);
    const fresh = TROUBLE.exec(server.log.slice(checkedLog));
    if (fresh) {
      throw new Error(
        `the log says ${JSON.stringify(fresh[0])} (connection seed ${seed}):\n${server.log.slice(-4000)}`,
      );
    }
    checkedLog = server.log.length;
    const rss = server.rss() ?? 0;
    result.peakRss = Math.max(result.peakRss, rss);
    if (rss - start > options.memoryLimit) {
      throw new Error(`memory grew by ${((rss - start) / 1048576).toFixed(0)} MiB (connection seed ${seed})`);
    }
  }
  return result;
}

/**
 * One connection: damaged requests in writes of random sizes, while everything that comes back is read away. Returns
 * how many were sent before the server had enough of it.
 */
async function connection(
  port: number,
  documentation: Documentation,
  seed: number,
  count: number,
  result: FuzzResult,
): Promise<number> {
  const random = new Random(seed);
  // Half from the grammars, whose arguments meet each other's data, half with every option that is documented.
  const draw = () => {
    if (random.chance(0.5)) return anyRequest(random);
    const setting = random.chance(0.02);
    return encodeCommand(setting ? documentation.drawSetting(random) : documentation.draw(random));
  };
  const conn = await Deno.connect({ port, hostname: "127.0.0.1" });
  let closed = false;
  const reading = (async () => {
    const chunk = new Uint8Array(65536);
    try {
      for (let n = await conn.read(chunk); n !== null; n = await conn.read(chunk)) result.bytesReceived += n;
    } catch {
      // reset by the server, or closed by us
    }
    closed = true;
  })();
  let other = draw();
  let sent = 0;
  try {
    while (sent < count && !closed) {
      const batch: Uint8Array[] = [];
      for (let i = random.int(1, 60); i > 0 && sent < count; i--, sent++) {
        const request = draw();
        // Most requests stay whole: one damaged head would otherwise end every connection at once.
        batch.push(random.chance(0.12) ? mutate(random, request, other) : request);
        other = request;
      }
      const bytes = concat(batch);
      for (let at = 0; at < bytes.length;) at += await conn.write(bytes.subarray(at));
      result.bytesSent += bytes.length;
      await sleep(0);
    }
    // What makes a connection useless for all that follows comes at its end.
    for (let i = LAST_WORDS; i > 0 && !closed; i--) {
      await conn.write(encodeCommand(documentation.drawLast(random)));
    }
  } catch {
    closed = true; // a write to a connection that the server has closed
  }
  if (closed) result.closedByServer++;
  await withTimeout(Promise.race([reading, sleep(3)]), 5000, "reading");
  try {
    conn.close();
  } catch {
    // closed already
  }
  await reading;
  return sent;
}

async function documentationOf(server: TestServer): Promise<Documentation> {
  await using client = await server.connect();
  return await Documentation.of(client);
}

/** PING on a new connection; now and then everything that piled up is dropped. */
async function mustLive(server: TestServer, seed: number, clean: boolean): Promise<void> {
  if (server.exited) {
    throw new Error(`the server has ended (connection seed ${seed}):\n${server.log.slice(-4000)}`);
  }
  const client = await withTimeout(
    RawClient.connect(server.port),
    20_000,
    `connecting (connection seed ${seed})`,
  );
  try {
    const reply = await client.call("PING");
    if (reply.type !== "simple" || reply.text !== "PONG") {
      throw new Error(`PING gave ${JSON.stringify(reply)} (seed ${seed})`);
    }
    if (clean) await client.call("FLUSHALL");
  } catch (error) {
    throw new Error(`no PONG (connection seed ${seed}): ${error}\n${server.log.slice(-4000)}`);
  } finally {
    await client.close();
  }
}
