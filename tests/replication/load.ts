/** A write load of every type, and the reads that say whether two servers hold the same. */
import { assertEquals, assertNotEquals } from "@std/assert";
import { RawClient, sleep } from "../helpers/client.ts";
import type { SeededRandom } from "../helpers/seeded.ts";
import { seededRandom } from "../helpers/seeded.ts";
import type { TestServer } from "../helpers/server.ts";

const KEYS = 40;

/** Writes what differs from run to run: only its effects may go to a replica. */
const SCRIPT =
  "redis.call('SET', KEYS[1], ARGV[1] .. redis.call('TIME')[2]) return redis.call('INCR', 'scripts')";
const FUNCTION = (n: number) =>
  `redis.register_function('f${n}', function(keys, args) return redis.call('SADD', keys[1], args[1]) end)`;

/** One random write of some type. */
export function randomWrite(random: SeededRandom): string[] {
  const n = random.below(KEYS);
  const word = `w${random.below(1000)}`;
  const writes: (() => string[])[] = [
    () => ["SET", `s${n}`, word.repeat(1 + random.below(200))],
    () => ["SET", `s${n}`, word, "PX", `${1 + random.below(3000)}`],
    () => ["APPEND", `s${n}`, word],
    () => ["INCRBYFLOAT", `f${n}`, "0.5"],
    () => ["RPUSH", `l${n}`, word, "x".repeat(random.below(100))],
    () => ["LPOP", `l${n}`, `${random.below(4)}`],
    () => ["HSET", `h${n}`, word, word, "n", `${n}`],
    () => ["HINCRBYFLOAT", `h${n}`, "n", "1.25"],
    () => ["HDEL", `h${n}`, word],
    () => ["SADD", `set${n}`, word, `${random.below(500)}`],
    () => ["SPOP", `set${n}`, `${random.below(3)}`],
    () => ["ZADD", `z${n}`, `${random.below(100) / 4}`, word],
    () => ["ZPOPMIN", `z${n}`],
    () => ["ZUNIONSTORE", `z${n}`, "2", `z${(n + 1) % KEYS}`, `set${n}`],
    () => ["XADD", `x${n}`, "MAXLEN", "~", "50", "*", "f", word],
    () => ["XTRIM", `x${n}`, "MAXLEN", `${random.below(30)}`],
    () => ["SETBIT", `b${n}`, `${random.below(5000)}`, "1"],
    () => ["PFADD", `p${n}`, word],
    () => ["GEOADD", `g${n}`, `${random.below(180)}`, `${random.below(80)}`, word],
    () => ["EXPIRE", `h${n}`, `${1 + random.below(100)}`],
    () => ["PEXPIRE", `z${n}`, `${random.below(500)}`],
    () => ["DEL", `l${n}`, `set${n}`],
    () => ["RENAME", `s${n}`, `s${(n + 7) % KEYS}`],
    () => ["SELECT", `${random.below(3)}`],
    () => ["GETDEL", `s${n}`],
    () => ["GETEX", `s${n}`, "EX", `${1 + random.below(5)}`],
    () => ["BITFIELD", `b${n}`, "INCRBY", "u16", `${random.below(900)}`, "777"],
    () => ["LMOVE", `l${n}`, `l${(n + 3) % KEYS}`, "LEFT", "RIGHT"],
    () => ["SORT", `set${n}`, "ALPHA", "STORE", `l${n}`],
    () => ["COPY", `h${n}`, `h${(n + 5) % KEYS}`, "REPLACE"],
    () => ["MOVE", `g${n}`, `${random.below(3)}`],
    () => ["PFMERGE", `p${n}`, `p${(n + 1) % KEYS}`],
    // Without STOREDIST: each server computes distances anew, and the last digit is the C library's.
    () => ["GEOSEARCHSTORE", `z${n}`, `g${n}`, "FROMLONLAT", "90", "40", "BYRADIUS", "9000", "km"],
    () => ["ZRANGESTORE", `z${n}`, `z${(n + 2) % KEYS}`, "0", "9"],
    () => ["XGROUP", "CREATE", `x${n}`, "group", "0", "MKSTREAM"],
    () => ["XREADGROUP", "GROUP", "group", word, "COUNT", "3", "STREAMS", `x${n}`, ">"],
    () => ["XAUTOCLAIM", `x${n}`, "group", word, "0", "0", "COUNT", "2"],
    () => ["XDEL", `x${n}`, "1-1"],
    () => ["SWAPDB", "1", "2"],
    () => ["PUBLISH", "news", word],
  ];
  return writes[random.below(writes.length)]!();
}

/** One random write by way of a script or a function. */
function randomScript(random: SeededRandom): string[] {
  const n = random.below(KEYS);
  const word = `w${random.below(1000)}`;
  const writes: (() => string[])[] = [
    () => ["EVAL", SCRIPT, "1", `s${n}`, word],
    () => ["FUNCTION", "LOAD", "REPLACE", `#!lua name=lib${n % 3}\n${FUNCTION(n)}`],
    () => ["FCALL", `f${n}`, "1", `set${n}`, word],
  ];
  return writes[random.below(writes.length)]!();
}

/** Writes in bursts, transactions among them, until it is stopped. */
export class WriteLoad {
  #stopped = false;
  readonly #done: Promise<void>;
  written = 0;

  constructor(port: number, seed: number) {
    this.#done = this.#run(port, seededRandom(seed));
  }

  async #run(port: number, random: SeededRandom): Promise<void> {
    await using client = await RawClient.connect(port);
    while (!this.#stopped) {
      const burst: string[][] = [];
      for (let i = 1 + random.below(20); i > 0; i--) burst.push(randomWrite(random));
      const commands = random.below(3) === 0 ? [["MULTI"], ...burst, ["EXEC"]] : burst;
      if (random.below(3) === 0) commands.push(randomScript(random));
      await client.pipeline(commands);
      this.written += burst.length;
      await sleep(1);
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#done;
  }
}

/** The types of all keys of all databases, and the names of the functions: what the load left. */
export async function kindsOfKeys(server: TestServer): Promise<string[]> {
  await using client = await server.connect();
  const kinds = new Set<string>();
  for (let db = 0; db < 3; db++) {
    await client.call("SELECT", `${db}`);
    const keys = await client.call("KEYS", "*");
    if (keys.type !== "array") continue;
    for (const key of keys.items) {
      const type = await client.call("TYPE", key.type === "bulk" ? key.text : "");
      if (type.type === "simple" && type.text !== "none") kinds.add(type.text);
    }
  }
  return [...kinds].sort();
}

/** What DEBUG DIGEST leaves out: what consumers of streams hold, and the functions. */
export async function groupsAndFunctions(server: TestServer): Promise<string[]> {
  await using client = await server.connect();
  const texts: string[] = [];
  const add = async (...command: string[]) => {
    texts.push(`${command.join(" ")}: ${new TextDecoder().decode((await client.frame(...command)).raw)}`);
  };
  for (let db = 0; db < 3; db++) {
    await client.call("SELECT", `${db}`);
    for (let n = 0; n < KEYS; n++) {
      await add("XPENDING", `x${n}`, "group");
      // Not entries-read and lag: what redis-server sends its replicas for XREADGROUP does not carry them.
      const groups = await client.call("XINFO", "GROUPS", `x${n}`);
      if (groups.type !== "array") continue;
      for (const group of groups.items) {
        if (group.type === "array") texts.push(`x${n}: ${JSON.stringify(group.items.slice(0, 8), plain)}`);
      }
    }
  }
  for (const library of ["lib0", "lib1", "lib2"]) {
    await add("FUNCTION", "LIST", "LIBRARYNAME", library, "WITHCODE");
  }
  return texts;
}

function plain(_: string, value: unknown): unknown {
  return typeof value === "bigint" ? `${value}` : value instanceof Uint8Array ? undefined : value;
}

/** One field of INFO. */
export async function infoField(server: TestServer, field: string): Promise<string> {
  await using client = await server.connect();
  const reply = await client.call("INFO", "everything");
  const text = reply.type === "bulk" || reply.type === "verbatim" ? reply.text : "";
  return new RegExp(`^${field}:(.*)\\r$`, "m").exec(text)?.[1] ?? "";
}

/** Waits until the field has a value that passes. */
export async function waitForField(
  server: TestServer,
  field: string,
  passes: (value: string) => boolean,
  timeoutMs = 30_000,
): Promise<string> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const value = await infoField(server, field);
    if (passes(value)) return value;
    if (Date.now() > deadline) {
      throw new Error(`${field} is still ${value}; the log:\n${server.log.slice(-4000)}`);
    }
    await sleep(30);
  }
}

/** Waits until the replica is up and has everything that its primary has. */
export async function waitInStep(primary: TestServer, replica: TestServer): Promise<void> {
  await waitForField(replica, "master_link_status", (value) => value === "up");
  const deadline = Date.now() + 30_000;
  for (;;) {
    const [have, want] = [
      await infoField(replica, "slave_repl_offset"),
      await infoField(primary, "master_repl_offset"),
    ];
    if (Number(have) >= Number(want)) return;
    if (Date.now() > deadline) throw new Error(`the replica is at ${have} of ${want}`);
    await sleep(20);
  }
}

/** The digest of all databases. */
export async function digest(server: TestServer): Promise<string> {
  await using client = await server.connect();
  const reply = await client.call("DEBUG", "DIGEST");
  if (reply.type !== "simple") throw new Error(`DEBUG DIGEST: ${JSON.stringify(reply)}`);
  return reply.text;
}

/** Requires that both hold the same data at the same offset, once what expires has expired. */
export async function assertSame(primary: TestServer, replica: TestServer): Promise<void> {
  // Keys with a short time to live go in the meantime; their deletion comes over the link.
  for (let tries = 0;; tries++) {
    await waitInStep(primary, replica);
    const [a, b] = [await digest(primary), await digest(replica)];
    if (a === b || tries > 50) {
      assertNotEquals(a, "0".repeat(40), "there is something to compare");
      assertEquals(b, a);
      return assertEquals(await groupsAndFunctions(replica), await groupsAndFunctions(primary));
    }
    await sleep(100);
  }
}
