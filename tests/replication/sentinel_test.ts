/**
 * The real redis-sentinel watches toy-redis servers, and mixes with real ones, promotes a replica of a primary that was
 * killed under writers, and clients follow.
 */
import { assert, assertEquals } from "@std/assert";
import { Redis } from "ioredis";
import { RawClient, sleep } from "../helpers/client.ts";
import { freePort, hasRedis, type Kind, startServer, type TestServer } from "../helpers/server.ts";
import { assertSame, infoField, waitForField } from "./load.ts";

const SENTINELS = 3;
const WRITERS = 3;
/**
 * From the end of the primary until clients can write again, milliseconds. It takes some 4 seconds; but sentinels that
 * find that their machine stood still for two do nothing for the next thirty.
 */
const FAILOVER_LIMIT_MS = 90_000;

function hasSentinel(): boolean {
  try {
    return new Deno.Command("redis-sentinel", { args: ["--version"] }).outputSync().success;
  } catch {
    if (Deno.env.get("TOY_REDIS_REQUIRE_REAL") === "1") throw new Error("redis-sentinel was not found");
    console.error(
      "\n!!! redis-sentinel was not found: the tests with it are SKIPPED (Debian: redis-sentinel)\n",
    );
    return false;
  }
}

/** A running redis-sentinel. */
interface Sentinel {
  port: number;
  stop(): Promise<void>;
}

async function startSentinel(primaryPort: number, dir: string): Promise<Sentinel> {
  const port = freePort();
  const path = `${dir}/sentinel-${port}.conf`;
  await Deno.writeTextFile(
    path,
    [
      `port ${port}`,
      "bind 127.0.0.1",
      `dir ${dir}`,
      `sentinel monitor toy 127.0.0.1 ${primaryPort} 2`,
      "sentinel down-after-milliseconds toy 1000",
      "sentinel failover-timeout toy 10000",
      "sentinel parallel-syncs toy 1",
    ].join("\n") + "\n",
  );
  const child = new Deno.Command("redis-sentinel", {
    args: [path],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  return {
    port,
    async stop(): Promise<void> {
      try {
        child.kill("SIGKILL");
      } catch {
        // It has ended.
      }
      await child.status;
    },
  };
}

async function ask(port: number, ...args: string[]): Promise<string[]> {
  await using client = await RawClient.connect(port);
  const reply = await client.call(...args);
  if (reply.type !== "array") return [];
  return reply.items.map((item) => item.type === "bulk" ? item.text : "");
}

async function until(what: string, test: () => Promise<boolean>, timeoutMs: number): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!(await test().catch(() => false))) {
    if (Date.now() > deadline) throw new Error(`not within ${timeoutMs} ms: ${what}`);
    await sleep(100);
  }
}

/** Starts a server with a configuration file of its own, as CONFIG REWRITE needs. */
async function startNode(
  kind: Kind,
  dir: string,
  port: number,
  lines: readonly string[],
): Promise<TestServer> {
  const data = await Deno.makeTempDir({ dir });
  const path = `${data}/redis.conf`;
  await Deno.writeTextFile(
    path,
    [`port ${port}`, "bind 127.0.0.1", `dir ${data}`, 'save ""', "enable-debug-command yes", ...lines].join(
      "\n",
    ),
  );
  return await startServer(kind, { bare: true, port, args: [path], dir: data });
}

/**
 * Writes numbered keys by way of the sentinels, each followed by a WAIT for one replica or, `hasty`, by the next. A request that a break leaves
 * without an answer is not sent again: nobody knows whether it was carried out.
 */
class Writer {
  /** Numbers of the writes that were answered, in order, and of those that WAIT confirmed. */
  readonly answered: number[] = [];
  readonly confirmed: number[] = [];
  readonly #name: string;
  readonly #client: Redis;
  #stopped = false;
  readonly #done: Promise<void>;

  constructor(sentinels: { host: string; port: number }[], name: string, readonly hasty: boolean) {
    this.#name = name;
    this.#client = new Redis({
      sentinels,
      name: "toy",
      maxRetriesPerRequest: null,
      autoResendUnfulfilledCommands: false,
      commandTimeout: 2000, // what was under way when the link broke is never answered
      sentinelRetryStrategy: () => 100,
    });
    this.#client.on("error", () => {}); // it reconnects by itself
    this.#done = this.#run();
  }

  async #run(): Promise<void> {
    for (let i = 0; !this.#stopped; i++) {
      const commands = this.#client.pipeline().set(this.key(i), i);
      if (!this.hasty) commands.call("WAIT", "1", "500");
      const answers = await commands.exec().catch(() => null);
      if (answers?.[0]?.[1] !== "OK") continue;
      this.answered.push(i);
      if (this.hasty) continue;
      if (Number(answers[1]?.[1]) >= 1) this.confirmed.push(i);
      await sleep(2);
    }
  }

  key(i: number): string {
    return `${this.#name}:${i}`;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.race([this.#done, sleep(10_000)]);
    this.#client.disconnect();
    await this.#done;
  }
}

/** Which of these writes are on a server. */
async function present(server: TestServer, writer: Writer, numbers: readonly number[]): Promise<boolean[]> {
  await using client = await server.connect();
  const frames = await client.pipeline(numbers.map((i) => ["EXISTS", writer.key(i)]));
  return frames.map(({ raw }) => new TextDecoder().decode(raw) === ":1\r\n");
}

/** What is lost may only be what was written last and not confirmed. Tells how many were lost. */
async function judgeLosses(server: TestServer, writer: Writer, before: number): Promise<number> {
  const confirmed = await present(server, writer, writer.confirmed);
  assertEquals(writer.confirmed.filter((_, i) => !confirmed[i]), [], "confirmed writes that were lost");
  const written = await present(server, writer, writer.answered.slice(0, before));
  const firstLost = written.indexOf(false);
  if (firstLost < 0) return 0;
  assert(!written.includes(true, firstLost), "what came after a lost write was kept");
  return written.length - firstLost;
}

/**
 * The server that all sentinels call the primary and that is one. On a machine that stands still for a second the
 * sentinels may have changed it again, or passed over the replica that they prefer.
 */
async function agreedPrimary(
  sentinels: readonly Sentinel[],
  nodes: readonly TestServer[],
): Promise<TestServer> {
  let agreed: TestServer | undefined;
  await until("the sentinels agree on a primary", async () => {
    const named = await Promise.all(
      sentinels.map(({ port }) => ask(port, "SENTINEL", "GET-MASTER-ADDR-BY-NAME", "toy")),
    );
    const node = nodes.find(({ port }) => named.every((address) => address[1] === `${port}`));
    if (node && await infoField(node, "role") === "master") agreed = node;
    return agreed !== undefined;
  }, FAILOVER_LIMIT_MS);
  return agreed!;
}

/** Sentinels over a primary and two replicas; the first of them is preferred. */
async function killUnderWriters(dir: string, kinds: readonly [Kind, Kind, Kind]): Promise<void> {
  const ports = [freePort(), freePort(), freePort()] as const;
  const follow = `replicaof 127.0.0.1 ${ports[0]}`;
  const now = "repl-diskless-sync-delay 0";
  await using first = await startNode(kinds[0], dir, ports[0], [now]);
  await using second = await startNode(kinds[1], dir, ports[1], [follow, now, "replica-priority 10"]);
  await using third = await startNode(kinds[2], dir, ports[2], [follow, now]);
  for (const node of [second, third]) await waitForField(node, "master_link_status", (v) => v === "up");
  const sentinels: Sentinel[] = [];
  for (let i = 0; i < SENTINELS; i++) sentinels.push(await startSentinel(ports[0], dir));
  const addresses = sentinels.map(({ port }) => ({ host: "127.0.0.1", port }));
  const writers: Writer[] = [];
  let switches: RawClient | undefined;
  try {
    for (const sentinel of sentinels) await untilKnown(sentinel);
    switches = await RawClient.connect(sentinels[0]!.port);
    await switches.call("SUBSCRIBE", "+switch-master");
    for (let i = 0; i < WRITERS; i++) writers.push(new Writer(addresses, `writer${i}`, i === 0));
    await until(
      "writes are confirmed",
      () => Promise.resolve(writers.every((w) => w.hasty || w.confirmed.length > 100)),
      30_000,
    );
    const killed = await agreedPrimary(sentinels, [first, second, third]);
    const killedAt = Date.now();
    await killed.stop("SIGKILL");
    const before = writers.map((writer) => writer.answered.length);
    const frame = await switches.read(FAILOVER_LIMIT_MS);
    assert(JSON.stringify(frame.value).includes("+switch-master"));
    await until(
      "all writers write again, and WAIT confirms it",
      () =>
        Promise.resolve(
          writers.every((w, i) =>
            (w.hasty ? w.answered : w.confirmed).some((n) => n > w.answered[before[i]! - 1]!)
          ),
        ),
      FAILOVER_LIMIT_MS - (Date.now() - killedAt),
    );
    const tookMs = Date.now() - killedAt;
    for (const writer of writers) await writer.stop();
    const alive = [first, second, third].filter((node) => node !== killed);
    const promoted = await agreedPrimary(sentinels, alive);
    const follower = alive.find((node) => node !== promoted)!;
    await waitForField(follower, "master_port", (port) => port === `${promoted.port}`);
    // What the sentinels have changed outlives a restart.
    assertEquals(await followedInFile(promoted), null);
    assertEquals(await followedInFile(follower), `replicaof 127.0.0.1 ${promoted.port}`);
    await assertSame(promoted, follower);
    let lost = 0;
    for (const [i, writer] of writers.entries()) lost += await judgeLosses(promoted, writer, before[i]!);
    const sum = (of: (writer: Writer) => number) => writers.reduce((total, writer) => total + of(writer), 0);
    console.log(
      `${kinds.join(", ")}: writing again after ${tookMs} ms; ${
        sum((w) => w.answered.length)
      } writes answered, ` +
        `${sum((w) => w.confirmed.length)} confirmed, of which none was lost; ${lost} others lost`,
    );
    await using back = await startServer(killed.kind, {
      bare: true,
      port: killed.port,
      args: [`${killed.dir}/redis.conf`],
      dir: killed.dir,
    });
    await waitForField(back, "role", (role) => role === "slave");
    await assertSame(promoted, back);
  } finally {
    for (const writer of writers) await writer.stop();
    await switches?.close();
    for (const sentinel of sentinels) await sentinel.stop();
  }
}

/** Whom the server's configuration file says that it follows. */
async function followedInFile(server: TestServer): Promise<string | null> {
  const text = await Deno.readTextFile(`${server.dir}/redis.conf`);
  return /^(?:replicaof|slaveof) .*$/m.exec(text)?.[0].replace("slaveof", "replicaof") ?? null;
}

/** Any of the sentinels may lead the failover: each has to know the others, and which replica is preferred. */
function untilKnown(sentinel: Sentinel): Promise<void> {
  return until("the sentinels know each other and the replicas", async () => {
    const fields = await ask(sentinel.port, "SENTINEL", "MASTER", "toy");
    const field = (name: string) => fields[fields.indexOf(name) + 1];
    await using client = await RawClient.connect(sentinel.port);
    const replicas = JSON.stringify(await client.call("SENTINEL", "REPLICAS", "toy"));
    return field("num-slaves") === "2" && field("num-other-sentinels") === "2" &&
      /"slave-priority"[^}]*}[^}]*"10"/.test(replicas);
  }, 30_000);
}

function sentinelTest(name: string, needsRedis: boolean, fn: (dir: string) => Promise<void>): void {
  Deno.test({
    name,
    ignore: !hasSentinel() || (needsRedis && !hasRedis()),
    sanitizeOps: false,
    sanitizeResources: false,
    async fn() {
      const dir = await Deno.makeTempDir({ prefix: "toy-redis-sentinel-" });
      try {
        await fn(dir);
      } finally {
        await Deno.remove(dir, { recursive: true });
      }
    },
  });
}

sentinelTest(
  "a toy-redis is killed under writers, a redis-server takes over, a toy-redis follows",
  true,
  (dir) => killUnderWriters(dir, ["toy", "redis", "toy"]),
);
sentinelTest(
  "a redis-server is killed under writers, a toy-redis takes over, a redis-server follows",
  true,
  (dir) => killUnderWriters(dir, ["redis", "toy", "redis"]),
);
sentinelTest(
  "a toy-redis is killed under writers, a toy-redis takes over, a toy-redis follows",
  false,
  (dir) => killUnderWriters(dir, ["toy", "toy", "toy"]),
);
