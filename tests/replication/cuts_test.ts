/** A real redis-server and toy-redis follow each other over a connection that breaks again and again under load. */
import { assert, assertEquals } from "@std/assert";
import { sleep } from "../helpers/client.ts";
import { type Kind, realTest, startServer } from "../helpers/server.ts";
import { assertSame, infoField, waitForField, WriteLoad } from "./load.ts";
import { CuttingProxy } from "./proxy.ts";

const CUTS = Number(Deno.env.get("TOY_REDIS_CUTS") ?? 6);

async function survivesCuts(primaryKind: Kind, replicaKind: Kind, seed: number): Promise<void> {
  await using primary = await startServer(primaryKind, { args: ["--repl-diskless-sync-delay", "0"] });
  await using proxy = new CuttingProxy(primary.port);
  const load = new WriteLoad(primary.port, seed);
  try {
    await sleep(200);
    await using replica = await startServer(replicaKind, {
      args: ["--replicaof", "127.0.0.1", `${proxy.port}`],
    });
    await waitForField(replica, "master_link_status", (value) => value === "up");
    const fullBefore = Number(await infoField(primary, "sync_full"));
    for (let i = 0; i < CUTS; i++) {
      await sleep(150);
      const { connections } = proxy;
      if (i % 2 === 0) proxy.cutInTheMiddle();
      else proxy.cut();
      for (let waited = 0; proxy.connections === connections; waited++) {
        assert(waited < 1500, `the replica does not come back:\n${replica.log.slice(-3000)}`);
        await sleep(20);
      }
      await waitForField(replica, "master_link_status", (value) => value === "up");
    }
    await load.stop();
    await assertSame(primary, replica);
    assertEquals(proxy.cuts, CUTS);
    assert(Number(await infoField(primary, "sync_partial_ok")) >= CUTS);
    assertEquals(Number(await infoField(primary, "sync_full")), fullBefore, "the backlog held everything");
    assert(load.written > 500);
  } finally {
    await load.stop();
  }
}

realTest("redis follows toy-redis through cuts", () => survivesCuts("toy", "redis", 1));
realTest("toy-redis follows redis through cuts", () => survivesCuts("redis", "toy", 2));

Deno.test("toy-redis follows toy-redis through cuts", () => survivesCuts("toy", "toy", 3));

Deno.test("a replica that was away for longer than the backlog gets everything", async () => {
  await using primary = await startServer("toy", {
    args: ["--repl-diskless-sync-delay", "0", "--repl-backlog-size", "16kb"],
  });
  await using proxy = new CuttingProxy(primary.port);
  await using replica = await startServer("toy", { args: ["--replicaof", `127.0.0.1 ${proxy.port}`] });
  await waitForField(replica, "master_link_status", (value) => value === "up");
  proxy.closed = true;
  proxy.cut();
  await using client = await primary.connect();
  for (let i = 0; i < 300; i++) await client.call("SET", `key${i}`, "v".repeat(100));
  proxy.closed = false;
  await assertSame(primary, replica);
  assertEquals(await infoField(primary, "sync_full"), "2");
  assertEquals(await infoField(primary, "sync_partial_err"), "1");
});
