/** Roles: chains, promotion, FAILOVER, several replicas at once, restarts; what each role accepts and answers. */
import { assertEquals, assertMatch } from "@std/assert";
import { RawClient, sleep } from "../helpers/client.ts";
import { type Kind, realTest, startServer, type TestServer } from "../helpers/server.ts";
import { assertSame, infoField, waitForField, waitInStep, WriteLoad } from "./load.ts";

const NOW = ["--repl-diskless-sync-delay", "0"];
const isUp = (value: string) => value === "up";

async function textOf(server: TestServer, ...args: string[]): Promise<string> {
  await using client = await server.connect();
  const reply = await client.call(...args);
  return "text" in reply
    ? String(reply.text)
    : JSON.stringify(reply, (_, value) => typeof value === "bigint" ? `${value}` : value);
}

async function follower(kind: Kind, port: number, ...args: string[]): Promise<TestServer> {
  const server = await startServer(kind, { args: ["--replicaof", "127.0.0.1", `${port}`, ...NOW, ...args] });
  await waitForField(server, "master_link_status", isUp);
  return server;
}

async function chain(kinds: readonly [Kind, Kind, Kind]): Promise<void> {
  await using first = await startServer(kinds[0], { args: NOW });
  const load = new WriteLoad(first.port, 11);
  try {
    await using second = await follower(kinds[1], first.port);
    await using third = await follower(kinds[2], second.port);
    await sleep(300);
    await load.stop();
    await assertSame(first, second);
    await assertSame(second, third);
    assertEquals(await infoField(third, "master_replid"), await infoField(first, "master_replid"));
    // The one in the middle takes over: the last one goes on without another full resync.
    assertEquals(await textOf(second, "REPLICAOF", "NO", "ONE"), "OK");
    assertEquals(await textOf(second, "SET", "own", "write"), "OK");
    await assertSame(second, third);
    assertEquals(await infoField(second, "sync_full"), "1");
    assertEquals(await infoField(second, "sync_partial_ok"), "1");
    assertEquals(await infoField(third, "master_replid2"), await infoField(first, "master_replid"));
    // And the first one follows: it has nothing that the second one has not.
    await waitForField(first, "connected_slaves", (n) => n === "0");
    assertEquals(await textOf(first, "REPLICAOF", "127.0.0.1", `${second.port}`), "OK");
    await waitForField(first, "master_link_status", isUp);
    await assertSame(second, first);
  } finally {
    await load.stop();
  }
}

Deno.test("a chain of three, whose middle takes over", () => chain(["toy", "toy", "toy"]));
realTest("a chain of redis, toy-redis, redis", () => chain(["redis", "toy", "redis"]));
realTest("a chain of toy-redis, redis, toy-redis", () => chain(["toy", "redis", "toy"]));

for (const how of [["--repl-diskless-sync", "yes"], ["--repl-diskless-sync", "no"]]) {
  Deno.test(`several replicas share one snapshot (${how.join(" ")})`, async () => {
    await using primary = await startServer("toy", { args: [...how, "--repl-diskless-sync-delay", "1"] });
    await using client = await primary.connect();
    for (let i = 0; i < 50; i++) await client.call("SET", `big${i}`, "x".repeat(100_000));
    const load = new WriteLoad(primary.port, 5);
    try {
      const args = ["--replicaof", `127.0.0.1 ${primary.port}`];
      await using a = await startServer("toy", { args });
      await using b = await startServer("toy", { args: [...args, "--repl-diskless-load", "on-empty-db"] });
      await using c = await startServer("toy", { args: [...args, "--repl-diskless-load", "swapdb"] });
      for (const replica of [a, b, c]) await waitForField(replica, "master_link_status", isUp);
      await load.stop();
      for (const replica of [a, b, c]) await assertSame(primary, replica);
    } finally {
      await load.stop();
    }
  });
}

async function changePlaces(kind: Kind): Promise<void> {
  await using primary = await startServer("toy", { args: NOW });
  await using replica = await follower(kind, primary.port);
  await using client = await primary.connect();
  for (let i = 0; i < 50; i++) await client.call("SET", `k${i}`, "v");
  await waitInStep(primary, replica);
  assertEquals(
    await textOf(primary, "FAILOVER", "TO", "127.0.0.1", `${replica.port}`, "TIMEOUT", "20000"),
    "OK",
  );
  await waitForField(primary, "role", (role) => role === "slave");
  await waitForField(primary, "master_link_status", isUp);
  assertEquals(await infoField(replica, "role"), "master");
  assertEquals(await infoField(replica, "sync_full"), "0");
  assertEquals(await textOf(replica, "SET", "after", "failover"), "OK");
  await assertSame(replica, primary);
  assertMatch(await textOf(primary, "SET", "x", "y"), /^READONLY /);
  assertEquals(await infoField(primary, "master_failover_state"), "no-failover");
}

Deno.test("FAILOVER changes places", () => changePlaces("toy"));
realTest("FAILOVER changes places with redis", () => changePlaces("redis"));

Deno.test("FAILOVER that is never met gives up and lets writes go on", async () => {
  await using primary = await startServer("toy", { args: NOW });
  await using client = await primary.connect();
  // A replica that never acknowledges.
  await using silent = await primary.connect();
  await silent.call("REPLCONF", "listening-port", "1");
  await silent.send("PSYNC", "?", "-1");
  await silent.read();
  await silent.readFile();
  await client.call("SET", "a", "1");
  assertEquals(await textOf(primary, "FAILOVER", "TIMEOUT", "300"), "OK");
  assertEquals(await infoField(primary, "master_failover_state"), "waiting-for-sync");
  assertMatch(await textOf(primary, "FAILOVER"), /^ERR FAILOVER already in progress/);
  assertEquals(await textOf(primary, "SET", "b", "2"), "OK"); // held back until it gives up
  assertEquals(await infoField(primary, "master_failover_state"), "no-failover");
  assertEquals(await textOf(primary, "FAILOVER"), "OK");
  assertEquals(await textOf(primary, "FAILOVER", "ABORT"), "OK");
  assertEquals(await textOf(primary, "SET", "c", "3"), "OK");
  assertEquals(await textOf(primary, "FAILOVER", "ABORT"), "ERR No failover in progress.");
});

for (const kept of [["--save", "3600 1"], ["--appendonly", "yes"]]) {
  Deno.test(`a replica restarts and goes on where its file ends (${kept[0]})`, () => goesOn(kept));
}

async function goesOn(kept: readonly string[]): Promise<void> {
  await using primary = await startServer("toy", { args: NOW });
  const dir = await Deno.makeTempDir();
  try {
    const replica = await startServer("toy", {
      dir,
      args: ["--replicaof", `127.0.0.1 ${primary.port}`, ...kept],
    });
    await waitForField(replica, "master_link_status", isUp);
    await using client = await primary.connect();
    await client.call("SELECT", "3");
    await client.call("SET", "k", "1");
    await client.call("SET", "short", "1", "PX", "1");
    await waitInStep(primary, replica);
    await waitForField(replica, "aof_rewrite_in_progress", (v) => v === "0");
    await replica.stop();
    await client.call("SET", "k", "2");
    await using again = await startServer("toy", {
      dir,
      args: ["--replicaof", `127.0.0.1 ${primary.port}`, ...kept],
    });
    await waitForField(again, "master_link_status", isUp);
    await assertSame(primary, again);
    assertEquals(await infoField(primary, "sync_full"), "1");
    assertEquals(await infoField(primary, "sync_partial_ok"), "1");
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

Deno.test("a primary restarts and its replicas go on where its file ends", async () => {
  const dir = await Deno.makeTempDir();
  try {
    const args = [...NOW, "--save", "3600 1"];
    const primary = await startServer("toy", { dir, args });
    const { port } = primary;
    await using replica = await follower("toy", port);
    await using client = await primary.connect();
    await client.call("SET", "k", "1");
    await waitInStep(primary, replica);
    await primary.stop();
    await using again = await startServer("toy", { dir, args, port });
    await waitForField(replica, "master_link_status", isUp);
    assertEquals(await textOf(again, "SET", "k", "2"), "OK");
    await assertSame(again, replica);
    assertEquals(await infoField(again, "sync_partial_ok"), "1");
    assertEquals(await infoField(again, "sync_full"), "0");
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("a replica with an append-only file keeps what it was sent", async () => {
  await using primary = await startServer("toy", { args: NOW });
  await textOf(primary, "SET", "from", "snapshot");
  const dir = await Deno.makeTempDir();
  try {
    const replica = await startServer("toy", {
      dir,
      args: ["--replicaof", `127.0.0.1 ${primary.port}`, "--appendonly", "yes"],
    });
    await waitForField(replica, "master_link_status", isUp);
    await textOf(primary, "SET", "from", "stream");
    await textOf(primary, "RPUSH", "list", "a", "b");
    await waitInStep(primary, replica);
    await waitForField(replica, "aof_rewrite_in_progress", (v) => v === "0");
    await replica.stop();
    await using alone = await startServer("toy", { dir, args: ["--appendonly", "yes"] });
    assertEquals(await textOf(alone, "GET", "from"), "stream");
    assertMatch(await textOf(alone, "LRANGE", "list", "0", "-1"), /"a".*"b"/);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("a replica with masterauth follows a primary with a password", async () => {
  await using primary = await startServer("toy", { args: [...NOW, "--requirepass", "secret"] });
  await using replica = await startServer("toy", { args: ["--replicaof", `127.0.0.1 ${primary.port}`] });
  await replica.waitForLog(/NOAUTH/);
  await textOf(replica, "CONFIG", "SET", "masterauth", "secret");
  await waitForField(replica, "master_link_status", isUp);
});

Deno.test("what a replica refuses, hides and may serve", async () => {
  const primary = await startServer("toy", { args: NOW });
  await using replica = await follower("toy", primary.port);
  await using writer = await primary.connect();
  await writer.call("DEBUG", "SET-ACTIVE-EXPIRE", "0");
  await writer.call("SET", "short", "1", "PX", "1");
  await waitInStep(primary, replica);
  await sleep(20);
  // Logically gone, and counted until the primary deletes it.
  assertEquals(await textOf(replica, "EXISTS", "short"), await textOf(replica, "EXISTS", "nothing"));
  assertEquals(await textOf(replica, "DBSIZE"), await textOf(primary, "DBSIZE"));
  assertMatch(
    await textOf(replica, "SET", "a", "b"),
    /^READONLY You can't write against a read only replica\.$/,
  );
  await textOf(replica, "CONFIG", "SET", "replica-read-only", "no");
  assertEquals(await textOf(replica, "SET", "own", "b"), "OK");
  await primary.stop("SIGKILL");
  await waitForField(replica, "master_link_status", (v) => v === "down");
  assertEquals(await textOf(replica, "GET", "own"), "b");
  await textOf(replica, "CONFIG", "SET", "replica-serve-stale-data", "no");
  assertMatch(await textOf(replica, "GET", "own"), /^MASTERDOWN Link with MASTER is down/);
  assertEquals(await textOf(replica, "REPLICAOF", "NO", "ONE"), "OK");
  assertEquals(await textOf(replica, "GET", "own"), "b");
});

Deno.test("min-replicas-to-write and WAIT count replicas that have acknowledged", async () => {
  await using primary = await startServer("toy", { args: [...NOW, "--min-replicas-to-write", "1"] });
  assertMatch(await textOf(primary, "SET", "a", "b"), /^NOREPLICAS Not enough good replicas to write\.$/);
  await using replica = await follower("toy", primary.port);
  await waitForField(primary, "min_slaves_good_slaves", (n) => n === "1");
  await using client = await primary.connect();
  assertEquals(await client.call("SET", "a", "b"), { type: "simple", text: "OK" } as never);
  const frame = await client.frame("WAIT", "1", "20000");
  assertEquals(new TextDecoder().decode(frame.raw), ":1\r\n");
  assertEquals(await textOf(replica, "GET", "a"), "b");
  assertEquals(new TextDecoder().decode((await client.frame("WAIT", "2", "50")).raw), ":1\r\n");
  assertMatch(await textOf(replica, "WAIT", "0", "1"), /^ERR WAIT cannot be used with replica instances/);
});

Deno.test("clients that wait are released when their primary becomes a replica", async () => {
  await using primary = await startServer("toy", { args: NOW });
  await using waiting = await primary.connect();
  await waiting.send("BLPOP", "never", "0");
  await waitForField(primary, "blocked_clients", (n) => n === "1");
  assertEquals(await textOf(primary, "REPLICAOF", "127.0.0.1", "1"), "OK");
  const { raw } = await waiting.read();
  assertMatch(new TextDecoder().decode(raw), /^-UNBLOCKED force unblock from blocking operation/);
});

/** Sends the same to both servers and requires the same bytes. */
realTest("texts are those of redis", async () => {
  await using toy = await startServer("toy");
  await using redis = await startServer("redis");
  const commands = [
    "REPLCONF",
    "REPLCONF a",
    "REPLCONF a b",
    "REPLCONF listening-port x",
    "REPLCONF capa foo",
    "REPLCONF rdb-only 1",
    "REPLCONF rdb-only 3",
    "REPLCONF rdb-filter-only x",
    "REPLCONF ip-address aa",
    "WAIT 0",
    "WAIT a 1",
    "WAIT 0 -1",
    "WAIT -1 0",
    "WAIT 0 a",
    "WAIT 0 10",
    "WAIT 1 10",
    "PSYNC a b",
    "PSYNC a 1 FAILOVER",
    "FAILOVER",
    "FAILOVER ABORT",
    "FAILOVER TO",
    "FAILOVER TO a b",
    "FAILOVER TO 127.0.0.1 1",
    "FAILOVER TIMEOUT 0",
    "FAILOVER TIMEOUT a",
    "FAILOVER TIMEOUT -1",
    "FAILOVER FORCE",
    "FAILOVER ABORT TIMEOUT 10",
    "FAILOVER TIMEOUT 1 TIMEOUT 1",
    "FAILOVER FOO",
    "FAILOVER TO a 1 FORCE",
    "ROLE",
    "REPLICAOF no",
    "REPLICAOF no one",
    "REPLICAOF a 99999",
    "REPLICAOF a -1",
    "REPLICAOF a b",
    "REPLICAOF 127.0.0.1 1",
    "REPLICAOF 127.0.0.1 1",
    "SLAVEOF no one",
    "ROLE",
  ];
  for (const command of commands) {
    const [a, b] = await Promise.all([toy, redis].map(async (server) => {
      await using client: RawClient = await server.connect();
      return new TextDecoder().decode((await client.frame(...command.split(" "))).raw);
    }));
    assertEquals(a, b, command);
  }
});
