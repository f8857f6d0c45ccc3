/** Servers that end, in order or not, and go on in a history with what their files say of it. */
import { assertEquals, assertMatch } from "@std/assert";
import { RawClient, sleep } from "../helpers/client.ts";
import { hasRedis, type Kind, realTest, startServer, type TestServer } from "../helpers/server.ts";
import { assertSame, infoField, waitForField, waitInStep } from "./load.ts";
import { RawReplica, withoutIds } from "./raw_replica.ts";

const NOW = ["--repl-diskless-sync-delay", "0"];
const isUp = (value: string) => value === "up";

/** A replica is killed, its files are changed by `between`, and it starts again. Tells how it got in step. */
async function afterACrash(
  primaryKind: Kind,
  kept: readonly string[],
  before: (replica: TestServer) => Promise<void>,
  between: (dir: string) => Promise<void> = () => Promise.resolve(),
): Promise<{ full: string; partial: string }> {
  await using primary = await startServer(primaryKind, { args: NOW });
  const dir = await Deno.makeTempDir();
  try {
    const args = ["--replicaof", "127.0.0.1", `${primary.port}`, ...kept];
    const replica = await startServer("toy", { dir, args });
    await waitForField(replica, "master_link_status", isUp);
    await using client = await primary.connect();
    for (let i = 0; i < 200; i++) await client.call("INCR", `counter${i % 7}`);
    await client.pipeline([["SELECT", "3"], ["MULTI"], ["RPUSH", "list", "a"], ["RPUSH", "list", "b"], [
      "EXEC",
    ]]);
    await waitInStep(primary, replica);
    await before(replica);
    await replica.stop("SIGKILL");
    await between(dir);
    await client.pipeline([["RPUSH", "list", "c"], ["SELECT", "0"], ["INCR", "counter1"]]);
    await using again = await startServer("toy", { dir, args });
    await waitForField(again, "master_link_status", isUp);
    await assertSame(primary, again);
    return {
      full: await infoField(primary, "sync_full"),
      partial: await infoField(primary, "sync_partial_ok"),
    };
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

const RESUMED = { full: "1", partial: "1" };
const STARTED_OVER = { full: "2", partial: "0" };
const AOF = ["--appendonly", "yes"];

async function aofIsComplete(replica: TestServer): Promise<void> {
  await waitForField(replica, "aof_rewrite_in_progress", (v) => v === "0");
}

/** The part of the append-only file that is written to. */
async function lastPart(dir: string): Promise<string> {
  const names: string[] = [];
  for await (const { name } of Deno.readDir(`${dir}/appendonlydir`)) {
    if (name.includes(".incr.")) names.push(name);
  }
  return `${dir}/appendonlydir/${names.sort().at(-1)}`;
}

for (const kind of ["toy", ...(hasRedis() ? ["redis"] : [])] as Kind[]) {
  Deno.test(`a killed replica of ${kind} goes on where its append-only file ends`, async () => {
    assertEquals(await afterACrash(kind, AOF, aofIsComplete), RESUMED);
  });
}

Deno.test("a killed replica whose append-only file has just been rewritten goes on, too", async () => {
  const rewritten = async (replica: TestServer) => {
    await aofIsComplete(replica);
    await using client = await replica.connect();
    await client.call("BGREWRITEAOF");
    await waitForField(replica, "aof_rewrite_in_progress", (v) => v === "0");
    for (
      let tries = 0;
      !(await Deno.readTextFile(await lastPart(replica.dir))).startsWith("#REPL:");
      tries++
    ) {
      if (tries > 200) throw new Error("the new part does not say where it begins");
      await sleep(20);
    }
  };
  assertEquals(await afterACrash("toy", AOF, rewritten), RESUMED);
});

Deno.test("a replica whose last write was cut short by the crash starts over", async () => {
  const torn = async (dir: string) => {
    const path = await lastPart(dir);
    const text = await Deno.readTextFile(path);
    await Deno.writeTextFile(path, text.slice(0, text.lastIndexOf("#REPL:")));
  };
  assertEquals(await afterACrash("toy", AOF, aofIsComplete, torn), STARTED_OVER);
});

Deno.test("a killed replica goes on where its RDB file ends", async () => {
  const saved = async (replica: TestServer) => {
    await using client = await replica.connect();
    await client.call("SAVE");
  };
  assertEquals(await afterACrash("toy", [], saved), RESUMED);
});

realTest("redis-server and redis-check-aof take a replica's append-only file", async () => {
  await using primary = await startServer("toy", { args: NOW });
  const dir = await Deno.makeTempDir();
  try {
    const replica = await startServer("toy", {
      dir,
      args: ["--replicaof", "127.0.0.1", `${primary.port}`, ...AOF],
    });
    await waitForField(replica, "master_link_status", isUp);
    await using client = await primary.connect();
    await aofIsComplete(replica);
    for (let i = 0; i < 20; i++) await client.call("RPUSH", "list", `${i}`);
    await waitInStep(primary, replica);
    await replica.stop("SIGKILL");
    assertMatch(await Deno.readTextFile(await lastPart(dir)), /\r\n#REPL:[0-9a-f]{40}:\d+:0\r\n$/);
    const check = await new Deno.Command("redis-check-aof", {
      args: [`${dir}/appendonlydir/appendonly.aof.manifest`],
    }).output();
    assertMatch(new TextDecoder().decode(check.stdout), /All AOF files and manifest are valid/);
    await using redis = await startServer("redis", { dir, args: AOF });
    await using reader = await redis.connect();
    assertEquals(new TextDecoder().decode((await reader.frame("LLEN", "list")).raw), ":20\r\n");
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

/** What a replica that goes on after the primary's restart is sent, when keys have expired in between. */
async function expiredMeanwhile(kind: Kind, lazily: string): Promise<string[]> {
  const dir = await Deno.makeTempDir();
  const args = [...NOW, "--save", "3600 1", "--shutdown-timeout", "0", "--lazyfree-lazy-expire", lazily];
  try {
    const primary = await startServer(kind, { dir, args });
    let id: string;
    {
      await using client = await primary.connect();
      const [attached] = await RawReplica.attach(primary.port);
      await using replica = attached;
      await replica.takeFile();
      id = await infoField(primary, "master_replid");
      await client.call("DEBUG", "SET-ACTIVE-EXPIRE", "0");
      await client.pipeline([
        ["SET", "a", "1", "PX", "100"],
        ["SELECT", "3"],
        ["SET", "b", "1", "PX", "100"],
        ["SET", "stays", "1"],
      ]);
      await replica.take(/stays/);
    }
    await primary.stop();
    await sleep(120);
    await using again: TestServer = await startServer(kind, { dir, args });
    const from = await infoField(again, "second_repl_offset");
    const [attached, answer] = await RawReplica.attach(again.port, `${id} ${from}`);
    await using replica = attached;
    await using client: RawClient = await again.connect();
    await client.call("SET", "end", "1");
    const stream = await replica.take(/\r\nend\r\n/);
    return [withoutIds(answer), stream, await infoField(again, "sync_partial_ok")];
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

for (const lazily of ["no", "yes"]) {
  realTest(
    `replicas hear of keys that expired while their primary was away (lazily: ${lazily})`,
    async () => {
      const [redis, toy] = [await expiredMeanwhile("redis", lazily), await expiredMeanwhile("toy", lazily)];
      assertEquals(toy, redis);
      assertMatch(toy[1]!, lazily === "no" ? /DEL/ : /UNLINK/);
    },
  );
}
