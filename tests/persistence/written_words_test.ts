/**
 * Scenarios whose bytes in the append-only file must be redis-server's, SELECTs included: what random commands
 * (tests/differential/effects_test.ts) do not bring about, since it needs keys whose time has come, several databases or
 * clients that wait.
 */
import { assertEquals } from "@std/assert";
import { RawClient, sleep } from "../helpers/client.ts";
import { show } from "../helpers/resp.ts";
import { realTest, type TestServer, withBoth } from "../helpers/server.ts";

/** Longer than the time to live of the keys that a scenario lets expire. */
const EXPIRED_MS = 25;

/** What one server replied, announced and wrote down; moments are masked. */
async function outcome(
  server: TestServer,
  play: (client: RawClient) => Promise<string[]>,
): Promise<string[]> {
  await using client = await server.connect();
  await using listener = await server.connect();
  await listener.call("PSUBSCRIBE", "__keyevent*");
  await client.call("DEBUG", "SET-ACTIVE-EXPIRE", "0");
  const lines = await play(client);
  await listener.send("PING");
  for (let event = ""; !event.startsWith('["pong"'); lines.push(event)) {
    event = show((await listener.read()).value);
  }
  const written = await Deno.readFile(`${server.dir}/appendonlydir/appendonly.aof.1.incr.aof`);
  const text = new TextDecoder("latin1").decode(written);
  return [...lines, ...text.replace(/\b1[789]\d{11}\b/g, "<ms>").split("\r\n")];
}

/** Plays a scenario on both servers; each must answer, announce and write the same. */
function scenario(name: string, play: (client: RawClient, server: TestServer) => Promise<string[]>): void {
  realTest(name, async () => {
    const args = ["--appendonly", "yes", "--notify-keyspace-events", "KEA"];
    await withBoth({ args }, async (toy, redis) => {
      const theirs = await outcome(redis, (client) => play(client, redis));
      assertEquals(await outcome(toy, (client) => play(client, toy)), theirs);
    });
  });
}

async function say(client: RawClient, ...commands: string[]): Promise<string[]> {
  const lines: string[] = [];
  for (const command of commands) {
    lines.push(`${command} => ${show(await client.call(...command.split(" ")))}`);
  }
  return lines;
}

scenario("a key whose time has come expires before a new value takes its place", async (client) => {
  const lines = await say(client, "SADD s a", "ZADD z 1 a", "GEOADD geo 15 37 a", "RPUSH l b a", "SET str x");
  const targets =
    "SET e 2|SETEX e 100 2|MSET e 1 f 2|SUNIONSTORE e s|SUNIONSTORE e none|ZUNIONSTORE e 1 z|BITOP NOT e str|" +
    "ZUNIONSTORE e 1 none|BITOP AND e none|SORT l ALPHA STORE e|SORT none STORE e|GEOSEARCHSTORE e geo FROMLONLAT 15 37 " +
    "BYRADIUS 1 km|GEOSEARCHSTORE e geo FROMLONLAT 1 1 BYRADIUS 1 km|RENAME str e|INCR e|GET e";
  for (const lazy of ["no", "yes"]) {
    await say(client, `CONFIG SET lazyfree-lazy-expire ${lazy}`);
    for (const command of targets.split("|")) {
      await say(client, "DEL e", "SET e old PX 5");
      await sleep(EXPIRED_MS);
      lines.push(...await say(client, command));
    }
  }
  return lines;
});

scenario("RESTORE REPLACE over a key whose time has come, and of one", async (client) => {
  const lines = await say(client, "RPUSH l a");
  const reply = await client.call("DUMP", "l");
  const payload = "text" in reply ? reply.text : "";
  for (const lazy of ["no", "yes"]) {
    for (const what of ["expire", "server-del", "user-del"]) {
      await say(client, `CONFIG SET lazyfree-lazy-${what} ${lazy}`);
    }
    await say(client, "SET e old PX 5");
    await sleep(EXPIRED_MS);
    lines.push(show(await client.call("RESTORE", "e", "0", payload, "REPLACE")));
    lines.push(show(await client.call("RESTORE", "e", "1", payload, "REPLACE", "ABSTTL")));
    lines.push(
      ...await say(client, "SET e 1", "GETDEL e", "SET e 1", "GETEX e PXAT 1", "SET e 1", "EXPIRE e -1"),
    );
  }
  return lines;
});

scenario("the database that is selected is told once, also around transactions", (client) =>
  say(
    client,
    ..."SWAPDB 0 0|MULTI|SELECT 5|SET a 1|SELECT 0|SET b 1|EXEC|SELECT 4|MULTI|SET a 1|SELECT 5|SET a 1|EXEC|SET b 1|SWAPDB 4 5"
      .split("|"),
  ));

scenario("clients that have waited are served in redis-server's words", async (client, server) => {
  const lines: string[] = [];
  for (
    const command of [
      "BLMOVE a b LEFT RIGHT 0",
      "BRPOPLPUSH a b 0",
      "BLMPOP 0 1 a RIGHT COUNT 2",
      "BLPOP a 0",
    ]
  ) {
    await using waiting = await server.connect();
    await waiting.send(...command.split(" "));
    while (!show(await client.call("INFO", "clients")).includes("blocked_clients:1")) await sleep(5);
    lines.push(
      ...await say(client, "RPUSH a 1 2 3"),
      show((await waiting.read()).value),
      ...await say(client, "DEL a b"),
    );
  }
  return lines;
});
