/** What WAIT has confirmed outlives the primary. */
import { assert, assertEquals } from "@std/assert";
import { type Kind, realTest, startServer } from "../helpers/server.ts";
import { sleep } from "../helpers/client.ts";
import { waitForField } from "./load.ts";
import { CuttingProxy } from "./proxy.ts";

const WRITES = 150;

/** Writes and waits while the link breaks, kills the primary, and looks for each confirmed write in the replica. */
async function keepsWhatWasConfirmed(primaryKind: Kind, replicaKind: Kind): Promise<void> {
  const primary = await startServer(primaryKind, { args: ["--repl-diskless-sync-delay", "0"] });
  await using proxy = new CuttingProxy(primary.port);
  await using replica = await startServer(replicaKind, {
    args: ["--replicaof", "127.0.0.1", `${proxy.port}`],
  });
  await waitForField(replica, "master_link_status", (value) => value === "up");
  const confirmed: string[] = [];
  let isWriting = true;
  const cutter = (async () => {
    while (isWriting) {
      await sleep(60);
      proxy.cutInTheMiddle();
    }
  })();
  {
    await using client = await primary.connect();
    for (let i = 0; i < WRITES || (proxy.cuts < 3 && i < 100 * WRITES); i++) {
      const [, acks] = await client.pipeline([["SET", `key${i}`, `value${i}`], ["WAIT", "1", "100"]]);
      if (new TextDecoder().decode(acks!.raw) === ":1\r\n") confirmed.push(`key${i}`);
    }
  }
  isWriting = false;
  await cutter;
  await primary.stop("SIGKILL");
  assert(confirmed.length > 20, `${confirmed.length} writes were confirmed`);
  assert(proxy.cuts >= 3);
  await using client = await replica.connect();
  await client.call("REPLICAOF", "NO", "ONE");
  for (const key of confirmed) {
    const { raw } = await client.frame("GET", key);
    const value = key.replace("key", "value");
    assertEquals(new TextDecoder().decode(raw), `$${value.length}\r\n${value}\r\n`);
  }
}

Deno.test("a promoted replica has every write that WAIT has confirmed", () =>
  keepsWhatWasConfirmed("toy", "toy"));
realTest(
  "redis, promoted, has every write that WAIT has confirmed",
  () => keepsWhatWasConfirmed("toy", "redis"),
);
realTest(
  "toy-redis, promoted, has every write that redis's WAIT has confirmed",
  () => keepsWhatWasConfirmed("redis", "toy"),
);
