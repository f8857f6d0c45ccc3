/**
 * Kills a server with SIGKILL at random moments, under pipelined writers, transactions, rewrites and snapshots, and
 * looks at what the next start finds. The data directory goes on from round to round.
 *
 * What is promised and checked after each kill:
 * - appendfsync always: every acknowledged command is there. (Under a kill, not a power failure, the same holds for
 *   everysec and no, unless a write had to wait for the disk: there up to two seconds may be missing.)
 * - nothing was applied twice, and nothing is there that was never sent;
 * - of a transaction everything is there or nothing.
 */
import { assert, assertEquals } from "@std/assert";
import { RawClient, sleep } from "../helpers/client.ts";
import { type Arg, type Frame, show } from "../helpers/resp.ts";
import { type SeededRandom, seededRandom } from "../helpers/seeded.ts";
import { startServer, type TestServer } from "../helpers/server.ts";

/** How a run is made. */
export interface CrashOptions {
  rounds: number;
  seed: number;
  /** Says what happens, round by round. */
  log?: (line: string) => void;
}

const POLICIES = ["always", "everysec", "no"] as const;
/** Writers of each kind, and iterations that a plain one sends at once. */
const PLAIN_WRITERS = 2;
const TRANSACTION_WRITERS = 2;
const BATCH = 8;
/** How much may be missing where appendfsync is not always, in milliseconds. */
const LOSS_MS = 2000;

/** What one writer has sent and been told. */
class Ledger {
  sent = 0;
  /** Acknowledged iterations with the time of their acknowledgement, the latest last. */
  readonly #acknowledged: { count: number; at: number }[] = [{ count: 0, at: -Infinity }];

  constructor(readonly name: string, readonly isTransaction: boolean) {}

  acknowledge(count: number, at: number): void {
    this.#acknowledged.push({ count, at });
  }

  /** Iterations that were acknowledged before `at`. */
  acknowledgedBefore(at: number): number {
    return this.#acknowledged.findLast((entry) => entry.at <= at)!.count;
  }

  /** The next start found so many: what was sent and is not there never happened. */
  settle(count: number): void {
    this.sent = count;
    this.#acknowledged.length = 0;
    this.#acknowledged.push({ count, at: -Infinity });
  }
}

/** The commands of iteration `n`: each counts or collects it in another type. */
function iteration(name: string, n: number): Arg[][] {
  return [
    ["INCR", `${name}:counter`],
    ["RPUSH", `${name}:list`, `${n}`],
    ["HSET", `${name}:hash`, `field${n}`, `${n}`],
    ["ZADD", `${name}:zset`, `${n}`, `member${n}`],
    ["XADD", `${name}:stream`, "*", "n", `${n}`],
    ["INCRBYFLOAT", `${name}:float`, "0.5"],
    ["SET", `${name}:key${n % 500}`, `${n}`, "EX", "100000"],
  ];
}
const PER_ITERATION = iteration("", 0).length;

async function writePlain(client: RawClient, ledger: Ledger): Promise<void> {
  for (;;) {
    const commands: Arg[][] = [];
    for (let i = 0; i < BATCH; i++) commands.push(...iteration(ledger.name, ledger.sent + i + 1));
    ledger.sent += BATCH;
    const frames = await client.pipeline(commands);
    if (frames.some(isClosed)) return;
    for (const frame of frames) assert(frame.value.type !== "error", show(frame.value));
    ledger.acknowledge(ledger.sent, performance.now());
  }
}

async function writeTransactions(client: RawClient, ledger: Ledger): Promise<void> {
  for (;;) {
    const n = ++ledger.sent;
    const frames = await client.pipeline([["MULTI"], ...iteration(ledger.name, n), ["EXEC"]]);
    if (frames.some(isClosed)) return;
    const reply = frames.at(-1)!.value;
    assert("items" in reply && reply.items.length === PER_ITERATION, show(reply));
    ledger.acknowledge(n, performance.now());
  }
}

/** Rewrites and snapshots at random moments. */
async function disturb(client: RawClient, random: SeededRandom): Promise<void> {
  for (;;) {
    await sleep(random.below(60));
    const frame = await client.frame(random.below(2) === 0 ? "BGREWRITEAOF" : "BGSAVE");
    if (isClosed(frame)) return;
  }
}

function isClosed(frame: Frame): boolean {
  return frame.value.type === "closed";
}

async function number(client: RawClient, ...args: Arg[]): Promise<number> {
  const reply = await client.call(...args);
  if (reply.type === "integer") return Number(reply.value);
  return reply.type === "bulk" ? Number(reply.text) : 0;
}

/** Iterations of a writer that the server has, after checking that its keys agree. */
async function found(client: RawClient, ledger: Ledger): Promise<number> {
  const { name } = ledger;
  const counts = [
    await number(client, "GET", `${name}:counter`),
    await number(client, "LLEN", `${name}:list`),
    await number(client, "HLEN", `${name}:hash`),
    await number(client, "ZCARD", `${name}:zset`),
    await number(client, "XLEN", `${name}:stream`),
    await number(client, "GET", `${name}:float`) * 2,
  ];
  const [most] = counts as [number];
  for (const [i, count] of counts.entries()) {
    // The commands of an iteration run in order: the later ones may be missing, but of one iteration only.
    const isRight = ledger.isTransaction
      ? count === most
      : count <= (counts[i - 1] ?? most) && count >= most - 1;
    assert(isRight, `${name}: half an iteration or a command twice: ${counts}`);
  }
  const list = await client.call("LRANGE", `${name}:list`, "-2000", "-1");
  if (!("items" in list)) throw new Error(show(list));
  const first = counts[1]! - list.items.length + 1;
  list.items.forEach((item, i) =>
    assertEquals("text" in item ? item.text : "", `${first + i}`, `${name}: order`)
  );
  return most;
}

async function check(client: RawClient, ledger: Ledger, killedAt: number, strict: boolean): Promise<void> {
  const count = await found(client, ledger);
  const owed = ledger.acknowledgedBefore(strict ? killedAt : killedAt - LOSS_MS);
  assert(count >= owed, `${ledger.name}: ${owed} acknowledged, ${count} found`);
  assert(count <= ledger.sent, `${ledger.name}: ${ledger.sent} sent, ${count} found`);
  if (count === ledger.sent || ledger.isTransaction) return ledger.settle(count);
  // An iteration that was cut short is completed, so that the next round can count on.
  const commands = iteration(ledger.name, count);
  const keys = ["counter", "list", "hash", "zset", "stream", "float"];
  for (const [i, key] of keys.entries()) {
    const length = key === "counter"
      ? count
      : key === "float"
      ? await number(client, "GET", `${ledger.name}:float`) * 2
      : await number(client, ["LLEN", "HLEN", "ZCARD", "XLEN"][i - 1]!, `${ledger.name}:${key}`);
    if (length < count) await client.call(...commands[i]!);
  }
  ledger.settle(count);
}

function start(dir: string, policy: string, rdbBase: boolean): Promise<TestServer> {
  return startServer("toy", {
    dir,
    args: [
      ...["--appendonly", "yes", "--appendfsync", policy, "--aof-use-rdb-preamble", rdbBase ? "yes" : "no"],
      ...["--auto-aof-rewrite-min-size", "256kb", "--auto-aof-rewrite-percentage", "50"],
    ],
  });
}

/** Runs all rounds. Throws where a promise was broken. */
export async function crash({ rounds, seed, log }: CrashOptions): Promise<void> {
  const random = seededRandom(seed);
  const dir = await Deno.makeTempDir({ prefix: "toy-redis-crash-" });
  const ledgers = [
    ...Array.from({ length: PLAIN_WRITERS }, (_, i) => new Ledger(`plain${i}`, false)),
    ...Array.from({ length: TRANSACTION_WRITERS }, (_, i) => new Ledger(`multi${i}`, true)),
  ];
  try {
    for (let round = 1; round <= rounds; round++) {
      const policy = POLICIES[round % 5 < 3 ? 0 : round % 5 - 2]!;
      const server = await start(dir, policy, random.below(2) === 0);
      const clients = await Promise.all([...ledgers, null].map(() => server.connect()));
      const work = ledgers.map((ledger, i) =>
        ledger.isTransaction ? writeTransactions(clients[i]!, ledger) : writePlain(clients[i]!, ledger)
      );
      work.push(disturb(clients.at(-1)!, random));
      await sleep(20 + random.below(600));
      const killedAt = performance.now();
      server.kill("SIGKILL");
      await server.waitForExit();
      await Promise.all(work);
      for (const client of clients) await client.close();
      await using next = await start(dir, policy, random.below(2) === 0);
      await using client = await next.connect();
      for (const ledger of ledgers) await check(client, ledger, killedAt, policy === "always");
      log?.(
        `round ${round} (${policy}): ${ledgers.map((ledger) => `${ledger.name} ${ledger.sent}`).join(", ")}`,
      );
      // Half of the time the next round begins where a second kill has left the completed counters.
      if (random.below(2) === 0) next.kill("SIGKILL");
    }
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}
