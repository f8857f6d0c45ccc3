/** What a replica does with commands of its primary that its own rights, data or disk speak against; redis-server likewise. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { type RawClient, sleep } from "../helpers/client.ts";
import { show } from "../helpers/resp.ts";
import { type Kind, realTest, startServer, type TestServer } from "../helpers/server.ts";
import { infoField, waitForField } from "./load.ts";

const KINDS: readonly Kind[] = ["toy", "redis"];
const NOW = ["--repl-diskless-sync-delay", "0"];

async function follower(kind: Kind, primary: TestServer, ...args: string[]): Promise<TestServer> {
  const replicaof = ["--replicaof", "127.0.0.1", `${primary.port}`];
  const server = await startServer(kind, { args: [...replicaof, ...args] });
  await waitForField(server, "master_link_status", (value) => value === "up");
  return server;
}

async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    if (await holds()) return;
    await sleep(50);
  }
  throw new Error(`${what} does not come true`);
}

async function shows(client: RawClient, words: string, expected: string): Promise<void> {
  await until(
    `${words} => ${expected}`,
    async () => show(await client.call(...words.split(" "))) === expected,
  );
}

function testKinds(name: string, run: (kind: Kind) => Promise<void>): void {
  for (const kind of KINDS) (kind === "toy" ? Deno.test : realTest)(`${name} (${kind})`, () => run(kind));
}

testKinds("a primary's commands need no rights of the default user", async (kind) => {
  await using primary = await startServer(kind, { args: NOW });
  await using replica = await follower(kind, primary);
  await using there = await replica.connect();
  await using here = await primary.connect();
  await there.call("ACL", "SETUSER", "default", "-@all", "+get", "+client|list");
  await here.call("SET", "k", "v");
  await shows(there, "GET k", '"v"');
  await here.pipeline([["MULTI"], ["SET", "k", "w"], ["INCR", "n"], ["EXEC"]]);
  await shows(there, "GET n", '"1"');
  await shows(there, "GET k", '"w"');
  assertMatch(show(await there.call("CLIENT", "LIST", "TYPE", "master")), / user=\(superuser\) /);
});

testKinds("errors of a primary's commands are counted and logged", async (kind) => {
  await using primary = await startServer(kind, { args: NOW });
  await using replica = await follower(kind, primary);
  await using here = await primary.connect();
  await here.call("SET", "text", "x");
  await here.call("DEBUG", "REPLICATE", "lpush", "text", "b");
  await waitForField(replica, "unexpected_error_replies", (count) => count === "1");
  const line = "== CRITICAL == This replica is sending an error to its master: " +
    "'-WRONGTYPE Operation against a key holding the wrong kind of value' after processing the command 'lpush'";
  await until("the log's line", () => replica.log.includes(line));
});

testKinds("and end the replica where propagation-error-behavior says so", async (kind) => {
  await using primary = await startServer(kind, { args: NOW });
  await using replica = await follower(kind, primary, "--propagation-error-behavior", "panic-on-replicas");
  await using here = await primary.connect();
  await here.call("SET", "text", "x");
  await here.call("DEBUG", "REPLICATE", "lpush", "text", "b");
  await until("the replica's end", () => replica.exited !== undefined);
  assert(replica.exited!.code !== 0);
  const line = "This replica panicked sending an error to its master after processing the command 'lpush'";
  assert(replica.log.includes(line), replica.log);
});

/** A replica whose last snapshot has failed. */
async function unsaved(kind: Kind, primary: TestServer, ...args: string[]): Promise<TestServer> {
  const replica = await follower(kind, primary, "--save", "3600 1000", "--dbfilename", "taken", ...args);
  await Deno.remove(`${replica.dir}/taken`).catch(() => {});
  await Deno.mkdir(`${replica.dir}/taken/by`, { recursive: true });
  await using client = await replica.connect();
  await client.call("BGSAVE");
  await waitForField(replica, "rdb_last_bgsave_status", (status) => status === "err");
  return replica;
}

testKinds("a replica that cannot save ends at the next write", async (kind) => {
  await using primary = await startServer(kind, { args: NOW });
  await using replica = await unsaved(kind, primary);
  await using here = await primary.connect();
  await here.call("SET", "k", "v");
  await until("the replica's end", () => replica.exited !== undefined);
  assert(replica.log.includes("Replica was unable to write command to disk."), replica.log);
});

testKinds("or goes on with replica-ignore-disk-write-errors, and says so", async (kind) => {
  await using primary = await startServer(kind, { args: NOW });
  await using replica = await unsaved(kind, primary, "--replica-ignore-disk-write-errors", "yes");
  await using here = await primary.connect();
  await using there = await replica.connect();
  await here.call("SET", "k", "v");
  await shows(there, "GET k", '"v"');
  await here.call("SET", "k", "w");
  await shows(there, "GET k", '"w"');
  const line = "Replica is applying a command even though it is unable to write to disk.";
  assertEquals(replica.log.split(line).length, 2);
  assertEquals(await infoField(replica, "unexpected_error_replies"), "0");
  await there.call("CONFIG", "SET", "save", ""); // or it would not end
});

testKinds("a full resync tells those who cache what they read to drop everything", async (kind) => {
  await using primary = await startServer(kind, { args: NOW });
  await using replica = await startServer(kind);
  await using reader = await replica.connect();
  await using control = await replica.connect();
  await reader.call("HELLO", "3");
  await reader.call("CLIENT", "TRACKING", "on");
  await control.call("SET", "own", "x");
  assertEquals(show(await reader.call("GET", "own")), '"x"');
  await control.call("REPLICAOF", "127.0.0.1", `${primary.port}`);
  assertEquals(show((await reader.read()).value), 'push["invalidate", _]');
});

testKinds(
  "a writable replica deletes the keys that its own clients let expire, and no others",
  async (kind) => {
    await using primary = await startServer(kind, { args: NOW });
    await using replica = await follower(kind, primary, "--replica-read-only", "no");
    await using here = await primary.connect();
    await using there = await replica.connect();
    await here.call("DEBUG", "SET-ACTIVE-EXPIRE", "0");
    await here.call("SET", "theirs", "x", "PX", "50");
    await shows(there, "DBSIZE", ":1");
    await there.call("SET", "lasting", "x", "EX", "1000");
    await there.call("SET", "persisted", "x", "EX", "1000");
    await there.call("PERSIST", "persisted");
    await there.call("SET", "deleted", "x", "PX", "60");
    await there.call("EVAL", "redis.call('HSET', 'h', 'a', '1') redis.call('PEXPIRE', 'h', 60)", "0");
    await waitForField(replica, "slave_expires_tracked_keys", (count) => count === "1");
    assertEquals(show(await there.call("DBSIZE")), ":3");
    assertEquals(show(await there.call("GET", "theirs")), "$-1");
    await there.call("CONFIG", "SET", "replica-read-only", "yes");
    assertEquals(await infoField(replica, "slave_expires_tracked_keys"), "1");
  },
);
