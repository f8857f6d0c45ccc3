/** The real redis-sentinel watches toy-redis servers, promotes a replica of a killed primary, and clients follow. */
import { assert, assertEquals } from "@std/assert";
import { Redis } from "ioredis";
import { RawClient, sleep } from "../helpers/client.ts";
import { freePort, startServer, type TestServer } from "../helpers/server.ts";
import { assertSame, infoField, waitForField } from "./load.ts";

const SENTINELS = 3;

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
async function startNode(dir: string, port: number, lines: readonly string[]): Promise<TestServer> {
  const data = await Deno.makeTempDir({ dir });
  const path = `${data}/redis.conf`;
  await Deno.writeTextFile(
    path,
    [`port ${port}`, "bind 127.0.0.1", `dir ${data}`, 'save ""', "enable-debug-command yes", ...lines].join(
      "\n",
    ),
  );
  return await startServer("toy", { bare: true, port, args: [path], dir: data });
}

async function scenario(dir: string): Promise<void> {
  const ports = [freePort(), freePort(), freePort()] as const;
  const follow = `replicaof 127.0.0.1 ${ports[0]}`;
  await using first = await startNode(dir, ports[0], ["repl-diskless-sync-delay 0"]);
  await using second = await startNode(dir, ports[1], [follow, "repl-diskless-sync-delay 0"]);
  await using third = await startNode(dir, ports[2], [follow, "repl-diskless-sync-delay 0"]);
  for (const node of [second, third]) await waitForField(node, "master_link_status", (v) => v === "up");
  const sentinels: Sentinel[] = [];
  for (let i = 0; i < SENTINELS; i++) sentinels.push(await startSentinel(ports[0], dir));
  const addresses = sentinels.map(({ port }) => ({ host: "127.0.0.1", port }));
  const client = new Redis({ sentinels: addresses, name: "toy", maxRetriesPerRequest: null });
  client.on("error", () => {}); // it reconnects by itself
  let switches: RawClient | undefined;
  try {
    await until("the sentinels know each other and the replicas", async () => {
      const fields = await ask(sentinels[0]!.port, "SENTINEL", "MASTER", "toy");
      const field = (name: string) => fields[fields.indexOf(name) + 1];
      return field("num-slaves") === "2" && field("num-other-sentinels") === "2";
    }, 30_000);
    switches = await RawClient.connect(sentinels[0]!.port);
    await switches.call("SUBSCRIBE", "+switch-master");
    for (let i = 0; i < 100; i++) await client.set(`before${i}`, "1");
    await until(
      "both replicas have everything",
      async () => await client.call("WAIT", "2", "1000") === 2,
      10_000,
    );
    const killedAt = Date.now();
    await first.stop("SIGKILL");
    const frame = await switches.read(30_000);
    assert(JSON.stringify(frame.value).includes("+switch-master"));
    await client.set("after", "2");
    assert(Date.now() - killedAt < 30_000, "clients can write again");
    const [, now] = await ask(sentinels[1]!.port, "SENTINEL", "GET-MASTER-ADDR-BY-NAME", "toy");
    const [promoted, other] = now === `${ports[1]}` ? [second, third] : [third, second];
    assertEquals(`${promoted.port}`, now);
    assertEquals(await infoField(promoted, "role"), "master");
    await waitForField(other, "master_port", (port) => port === now);
    await assertSame(promoted, other);
    for (let i = 0; i < 100; i++) assertEquals(await client.get(`before${i}`), "1");
    assertEquals(await client.get("after"), "2");
    // What the sentinel has changed outlives a restart.
    const conf = await Deno.readTextFile(`${other.dir}/redis.conf`);
    assert(conf.includes(`replicaof 127.0.0.1 ${now}`), conf);
    assert(!(await Deno.readTextFile(`${promoted.dir}/redis.conf`)).includes("replicaof"));
    // The old primary comes back as a replica.
    await using back = await startServer("toy", {
      bare: true,
      port: ports[0],
      args: [`${first.dir}/redis.conf`],
      dir: first.dir,
    });
    await waitForField(back, "role", (role) => role === "slave");
    await assertSame(promoted, back);
  } finally {
    client.disconnect();
    await switches?.close();
    for (const sentinel of sentinels) await sentinel.stop();
  }
}

Deno.test({
  name: "redis-sentinel fails over toy-redis servers, and ioredis follows",
  ignore: !hasSentinel(),
  sanitizeOps: false,
  sanitizeResources: false,
  async fn() {
    const dir = await Deno.makeTempDir({ prefix: "toy-redis-sentinel-" });
    try {
      await scenario(dir);
    } finally {
      await Deno.remove(dir, { recursive: true });
    }
  },
});
