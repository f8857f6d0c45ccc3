/** SHUTDOWN: what is saved, what happens to waiting clients, and what is answered where it fails. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { startServer } from "../helpers/server.ts";

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

for (
  const [words, points, saved] of [
    [["NOSAVE"], "3600 1", false],
    [["SAVE"], "", true],
    [[], "3600 1", true],
    [[], "", false],
    [["NOW", "FORCE"], "", false],
  ] as const
) {
  const name = ["SHUTDOWN", ...words].join(" ");
  Deno.test(`${name} with save "${points}" ${saved ? "leaves" : "leaves no"} file`, async () => {
    const dir = await Deno.makeTempDir();
    await using toy = await startServer("toy", { dir, args: ["--save", points] });
    await using client = await toy.connect();
    await client.call("SET", "k", "v");
    assertEquals((await client.call("SHUTDOWN", ...words)).type, "closed");
    assertEquals((await toy.waitForExit()).code, 0);
    assertMatch(toy.log, /User requested shutdown\.\.\./);
    assertEquals(await exists(`${dir}/dump.rdb`), saved);
    await Deno.remove(dir, { recursive: true });
  });
}

Deno.test("SHUTDOWN that cannot save is refused and the server goes on; FORCE ends it all the same", async () => {
  const dir = await Deno.makeTempDir();
  await using toy = await startServer("toy", { dir, args: ["--dbfilename", "taken"] });
  await using client = await toy.connect();
  await Deno.mkdir(`${dir}/taken/inside`, { recursive: true });
  const reply = await client.call("SHUTDOWN", "SAVE");
  assertEquals(reply.type === "error" && reply.text, "ERR Errors trying to SHUTDOWN. Check logs.");
  assertEquals((await client.call("PING")).type, "simple");
  assertEquals((await client.call("SHUTDOWN", "SAVE", "FORCE")).type, "closed");
  assertEquals((await toy.waitForExit()).code, 0);
  await Deno.remove(dir, { recursive: true });
});

Deno.test("SHUTDOWN waits for a replica that lags, and can be aborted meanwhile", async () => {
  await using primary = await startServer("toy", {
    args: ["--shutdown-timeout", "60", "--repl-diskless-sync-delay", "0"],
  });
  await using replica = await startServer("toy", {
    args: ["--replicaof", "127.0.0.1", `${primary.port}`],
  });
  await using client = await primary.connect();
  await using other = await primary.connect();
  await using onReplica = await replica.connect();
  await replica.waitForLog(/MASTER <-> REPLICA sync: Finished with success/);
  // A replica that is asleep acknowledges nothing.
  await onReplica.send("DEBUG", "SLEEP", "2");
  await other.call("SET", "k", "v");
  await client.send("SHUTDOWN", "NOSAVE");
  await primary.waitForLog(/Waiting for replicas before shutting down/);
  const info = await other.call("INFO", "server");
  assert(info.type === "bulk" && info.text.includes("shutdown_in_milliseconds:"));
  assertEquals((await other.call("SHUTDOWN", "ABORT")).type, "simple");
  const reply = await client.read();
  assertEquals(
    reply.value.type === "error" && reply.value.text,
    "ERR Errors trying to SHUTDOWN. Check logs.",
  );
  assertEquals((await other.call("SET", "k", "w")).type, "simple");
  assertEquals((await other.call("SHUTDOWN", "NOSAVE")).type, "closed");
  assertEquals((await primary.waitForExit()).code, 0);
  assertMatch(primary.log, /1 of 1 replicas are in sync when shutting down/);
});
