/** A write load of every type, and the reads that say whether two servers hold the same. */
import { assertEquals, assertNotEquals } from "@std/assert";
import { RawClient, sleep } from "../helpers/client.ts";
import type { SeededRandom } from "../helpers/seeded.ts";
import { seededRandom } from "../helpers/seeded.ts";
import type { TestServer } from "../helpers/server.ts";

const KEYS = 40;

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
      return assertEquals(b, a);
    }
    await sleep(100);
  }
}
