/**
 * A real redis-server and toy-redis follow each other over a connection that delays everything and breaks again and
 * again, under a load of every type. `TOY_REDIS_CUTS=100` makes the long run; by itself it is 20 cuts each way.
 */
import { assert, assertEquals } from "@std/assert";
import { RawClient, sleep } from "../helpers/client.ts";
import { type SeededRandom, seededRandom } from "../helpers/seeded.ts";
import { type Kind, realTest, startServer, type TestServer } from "../helpers/server.ts";
import { assertSame, infoField, kindsOfKeys, waitForField, WriteLoad } from "./load.ts";
import { CuttingProxy } from "./proxy.ts";

const CUTS = Number(Deno.env.get("TOY_REDIS_CUTS") ?? 20);
const DELAY_MS = 12;
/** The link to a replica must come back within this. */
const BACK_MS = 30_000;

const isUp = (value: string) => value === "up";

/** Writes whose arrival WAIT confirms, each of which must be in the replica from that moment on. */
class ConfirmedWrites {
  confirmed = 0;
  /** Confirmed ones that were not in the replica. */
  readonly lost: string[] = [];
  #stopped = false;
  readonly #done: Promise<void>;

  constructor(primary: TestServer, replica: TestServer) {
    this.#done = this.#run(primary, replica);
  }

  async #run(primary: TestServer, replica: TestServer): Promise<void> {
    await using writer = await primary.connect();
    await using reader = await replica.connect();
    for (let i = 0; !this.#stopped; i++) {
      const [, acks] = await writer.pipeline([["SET", `sure${i}`, `${i}`], ["WAIT", "1", "100"]]);
      if (text(acks!.raw) !== ":1\r\n") continue;
      this.confirmed++;
      const value = text((await reader.frame("GET", `sure${i}`)).raw);
      if (value !== `$${`${i}`.length}\r\n${i}\r\n`) this.lost.push(`sure${i}: ${value}`);
      await sleep(5);
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#done;
  }
}

function text(raw: Uint8Array): string {
  return new TextDecoder().decode(raw);
}

/** Breaks the link in one of the ways it can break. Returns once somebody has connected anew. */
async function breakLink(proxy: CuttingProxy, random: SeededRandom, how: number): Promise<void> {
  const { connections } = proxy;
  const back = async (count: number): Promise<void> => {
    for (const deadline = Date.now() + BACK_MS; proxy.connections < connections + count; await sleep(10)) {
      assert(Date.now() < deadline, "the replica does not come back");
    }
  };
  proxy.maxDelayMs = random.below(2) * DELAY_MS;
  switch (how % 5) {
    case 0:
    case 1:
      proxy.cutInTheMiddle();
      return await back(1);
    case 2:
      proxy.cut();
      return await back(1);
    case 3: // in an acknowledgement
      proxy.cutInTheMiddle("fromClient");
      return await back(1);
    default: // for a while; every other time the handshake of who comes back breaks as well
      proxy.closed = true;
      proxy.cut();
      await sleep(random.below(150));
      if (how % 10 === 9) proxy.cutInTheMiddle(random.below(2) === 0 ? "fromTarget" : "fromClient");
      proxy.closed = false;
      await back(how % 10 === 9 ? 2 : 1);
  }
}

async function survivesCuts(primaryKind: Kind, replicaKind: Kind, seed: number, cuts: number): Promise<void> {
  const random = seededRandom(seed);
  await using primary = await startServer(primaryKind, {
    args: ["--repl-diskless-sync-delay", "0", "--repl-backlog-size", "16mb"],
  });
  await using proxy = new CuttingProxy(primary.port, seed);
  const load = new WriteLoad(primary.port, seed);
  let sure: ConfirmedWrites | undefined;
  try {
    await sleep(200);
    await using replica = await startServer(replicaKind, {
      args: ["--replicaof", "127.0.0.1", `${proxy.port}`],
    });
    await waitForField(replica, "master_link_status", isUp);
    sure = new ConfirmedWrites(primary, replica);
    const fullBefore = Number(await infoField(primary, "sync_full"));
    for (let i = 0; i < cuts; i++) {
      await sleep(50 + random.below(150));
      await breakLink(proxy, random, i);
      await waitForField(replica, "master_link_status", isUp);
    }
    proxy.maxDelayMs = 0;
    await sure.stop();
    await load.stop();
    await assertSame(primary, replica);
    assert(proxy.cuts >= cuts, `${proxy.cuts} cuts`);
    const partial = Number(await infoField(primary, "sync_partial_ok"));
    assert(partial >= cuts, `${partial} partial resyncs for ${cuts} cuts`);
    assertEquals(Number(await infoField(primary, "sync_full")), fullBefore, "the backlog held everything");
    assertEquals(await infoField(primary, "sync_partial_err"), "0");
    assertEquals(sure.lost, []);
    assert(sure.confirmed > cuts, `${sure.confirmed} writes were confirmed`);
    assertEquals(await kindsOfKeys(replica), ["hash", "list", "set", "stream", "string", "zset"]);
    console.log(
      `${replicaKind} follows ${primaryKind}: ${proxy.cuts} cuts, ${partial} partial resyncs, ${load.written} writes, ` +
        `${sure.confirmed} confirmed by WAIT`,
    );
  } finally {
    await sure?.stop();
    await load.stop();
  }
}

realTest("redis follows toy-redis through cuts", () => survivesCuts("toy", "redis", 1, CUTS));
realTest("toy-redis follows redis through cuts", () => survivesCuts("redis", "toy", 2, CUTS));

Deno.test("toy-redis follows toy-redis through cuts", () =>
  survivesCuts("toy", "toy", 3, Math.ceil(CUTS / 2)));

Deno.test("a replica that was away for longer than the backlog gets everything", async () => {
  await using primary = await startServer("toy", {
    args: ["--repl-diskless-sync-delay", "0", "--repl-backlog-size", "16kb"],
  });
  await using proxy = new CuttingProxy(primary.port);
  await using replica = await startServer("toy", { args: ["--replicaof", `127.0.0.1 ${proxy.port}`] });
  await waitForField(replica, "master_link_status", isUp);
  proxy.closed = true;
  proxy.cut();
  await using client: RawClient = await primary.connect();
  for (let i = 0; i < 300; i++) await client.call("SET", `key${i}`, "v".repeat(100));
  proxy.closed = false;
  await assertSame(primary, replica);
  assertEquals(await infoField(primary, "sync_full"), "2");
  assertEquals(await infoField(primary, "sync_partial_err"), "1");
});
