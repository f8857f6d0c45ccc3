/** Replicas and starts that take their time: nobody else may have to wait for them, and nothing may get mixed up. */
import { assert, assertEquals } from "@std/assert";
import { sleep } from "../helpers/client.ts";
import { startServer, type TestServer } from "../helpers/server.ts";
import { rawReply } from "./both.ts";
import { waitForField } from "./load.ts";

const isUp = (value: string): boolean => value === "up";
const isZero = (value: string): boolean => value === "0";
/** More than the buffers of a socket hold. */
const LARGE = ["DEBUG", "POPULATE", "200", "large", "200000"];

function followArgs(primary: TestServer): string[] {
  return ["--replicaof", "127.0.0.1", `${primary.port}`];
}

/** A replica that asks for everything and takes nothing of it. */
async function stuckReplica(primary: TestServer): Promise<Deno.Conn> {
  const conn = await Deno.connect({ hostname: "127.0.0.1", port: primary.port });
  await conn.write(new TextEncoder().encode("REPLCONF capa eof capa psync2\r\n"));
  await conn.read(new Uint8Array(5));
  await conn.write(new TextEncoder().encode("PSYNC ? -1\r\n"));
  return conn;
}

async function inDirectory(run: (dir: string) => Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir({ prefix: "toy-redis-test-hold-ups-" });
  try {
    await run(dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

for (const diskless of ["yes", "no"]) {
  Deno.test(`a replica that takes nothing holds up no other, diskless ${diskless}`, () =>
    inDirectory(async (dir) => {
      const words = [
        "--repl-diskless-sync",
        diskless,
        "--repl-diskless-sync-delay",
        "0",
        "--repl-timeout",
        "3",
      ];
      await using primary = await startServer("toy", { dir, args: [...words, "--rdbcompression", "no"] });
      await rawReply(primary, ...LARGE);
      using _stuck = await stuckReplica(primary);
      await primary.waitForLog(
        diskless === "yes" ? /target: replicas sockets/ : /saving terminated with success/,
      );
      await using replica = await startServer("toy", { args: followArgs(primary) });
      await waitForField(replica, "master_link_status", isUp);
      assertEquals(await rawReply(replica, "DBSIZE"), ":200\r\n");
      if (diskless === "yes") assert(primary.log.includes("Disconnecting timedout replica (full sync)"));
      await primary.stop();
      // Files that were on their way do not outlive the process.
      assertEquals(
        [...Deno.readDirSync(dir)].map(({ name }) => name).filter((name) => /temp/.test(name)),
        [],
      );
    }));
}

Deno.test("a replica that starts with a file of its own asks for nothing before it is loaded", () =>
  inDirectory(async (dir) => {
    await using primary = await startServer("toy", { args: ["--repl-diskless-sync-delay", "0"] });
    await rawReply(primary, "SET", "theirs", "1");
    {
      await using replica = await startServer("toy", { dir });
      await rawReply(replica, "DEBUG", "POPULATE", "3000", "ours");
      await rawReply(replica, "SAVE");
    }
    const args = ["--key-load-delay", "800", ...followArgs(primary)];
    await using replica = await startServer("toy", { dir, args, waitReady: false });
    await replica.waitForLog(/MASTER <-> REPLICA sync: Finished with success/);
    const loaded = replica.log.indexOf("DB loaded from disk");
    assert(loaded > 0 && replica.log.indexOf("Connecting to MASTER") > loaded, replica.log);
    assertEquals(await rawReply(replica, "DBSIZE"), ":1\r\n");
  }));

Deno.test("what a replica has acknowledged outlives it", () =>
  inDirectory(async (dir) => {
    const args = ["--appendonly", "yes"];
    await using primary = await startServer("toy", { args: ["--repl-diskless-sync-delay", "0"] });
    await using client = await primary.connect();
    {
      await using replica = await startServer("toy", { dir, args: [...args, ...followArgs(primary)] });
      await waitForField(replica, "master_link_status", isUp);
      await replica.waitForLog(/Background AOF rewrite finished successfully/);
      for (let i = 0; i < 20; i++) {
        await client.frame("SET", "n", `${i}`);
        await client.frame("WAIT", "1", "0");
        if (i % 5 !== 4) await sleep(7);
      }
      await replica.stop("SIGKILL");
    }
    await using replica = await startServer("toy", { dir, args });
    await waitForField(replica, "loading", isZero);
    assertEquals(await rawReply(replica, "GET", "n"), "$2\r\n19\r\n");
  }));
