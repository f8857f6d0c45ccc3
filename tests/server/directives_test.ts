/** Settings whose effect is seen only from outside of a command: what redis-server does with them, we do. */
import { assertEquals } from "@std/assert";
import type { RawClient } from "../helpers/client.ts";
import { type Kind, realTest, startServer } from "../helpers/server.ts";

const KINDS: readonly Kind[] = ["toy", "redis"];

function testKinds(name: string, run: (kind: Kind) => Promise<void>): void {
  for (const kind of KINDS) (kind === "toy" ? Deno.test : realTest)(`${name} (${kind})`, () => run(kind));
}

testKinds("dynamic-hz: the cron runs more often for many clients", async (kind) => {
  await using server = await startServer(kind, { args: ["--hz", "1"] });
  await using client = await server.connect();
  const others: RawClient[] = [];
  for (let i = 0; i < 210; i++) others.push(await server.connect());
  while (await client.infoNumber("hz") !== 2);
  assertEquals(await client.infoNumber("configured_hz"), 1);
  await client.call("CONFIG", "SET", "dynamic-hz", "no");
  while (await client.infoNumber("hz") !== 1);
  for (const other of others) await other.close();
});

testKinds("use-exit-on-panic: a panic ends the process with 1", async (kind) => {
  await using server = await startServer(kind, { args: ["--use-exit-on-panic", "yes"] });
  await using client = await server.connect();
  await client.write(new TextEncoder().encode("DEBUG PANIC whatever\r\n"));
  assertEquals((await client.read()).value.type, "closed");
  while (server.exited === undefined) await new Promise((resolve) => setTimeout(resolve, 20));
  assertEquals([server.exited.code, server.exited.signal], [1, null]);
});
