/** Scripts beside the real server: those that run for long, what others see of them, and where their effects go. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import type { RawClient } from "../helpers/client.ts";
import { toText } from "../helpers/bytes.ts";
import { show } from "../helpers/resp.ts";
import { realTest, startServer, type TestServer, withBoth } from "../helpers/server.ts";

const FOREVER = "while true do end";
const LIBRARY = "#!lua name=lib\n" +
  "redis.register_function('loop', function(keys, args) while true do end end)\n" +
  "redis.register_function('incr', function(keys, args) return redis.call('INCR', keys[1]) end)";
/** Scripts are busy after so many milliseconds. */
const IMPATIENT = ["--busy-reply-threshold", "20"];

/** Runs the same on both servers and compares what `fn` returns. */
async function same(
  fn: (server: TestServer) => Promise<unknown>,
  args: readonly string[] = [],
): Promise<void> {
  await withBoth({ args }, async (toy, redis) => {
    const expected = await fn(redis);
    assertEquals(await fn(toy), expected);
  });
}

/** Waits until the server says BUSY to this client. */
async function becomesBusy(client: RawClient): Promise<void> {
  for (;;) {
    const reply = await client.call("PING");
    if (reply.type === "error" && reply.text.startsWith("BUSY")) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Waits until the script that was killed is over. */
async function becomesFree(client: RawClient): Promise<void> {
  while ((await client.call("PING")).type === "error") await new Promise((resolve) => setTimeout(resolve, 5));
}

/** Replies to commands, one after the other. */
async function replies(client: RawClient, commands: readonly (readonly string[])[]): Promise<string[]> {
  const shown: string[] = [];
  for (const command of commands) shown.push(`${command.join(" ")}: ${show(await client.call(...command))}`);
  return shown;
}

realTest(
  "while a script runs for long, others are told BUSY, but for a few commands",
  () =>
    same(async (server) => {
      await using runner = await server.connect();
      await using other = await server.connect();
      await runner.send("EVAL", FOREVER, "0");
      await becomesBusy(other);
      const during = await replies(other, [
        ["GET", "x"],
        ["AUTH", "x"],
        ["MULTI"],
        ["SET", "x", "1"],
        ["EXEC"],
        ["DISCARD"],
        ["WATCH", "x"],
        ["UNWATCH"],
        ["SCRIPT", "FLUSH"],
        ["FUNCTION", "STATS"],
        ["FUNCTION", "KILL"],
        ["SHUTDOWN"],
        ["SHUTDOWN", "SAVE"],
        ["INFO"],
        ["NOSUCH"],
        ["GET"],
        ["RESET"],
        ["SCRIPT", "KILL"],
      ]);
      return [
        during,
        show((await runner.read()).value),
        await replies(other, [["PING"], ["SCRIPT", "KILL"]]),
      ];
    }, IMPATIENT),
);

realTest(
  "a script that has written cannot be killed, and its writes show when it is over",
  () =>
    same(async (server) => {
      await using runner = await server.connect();
      await using other = await server.connect();
      // It ends once the clock says so: long after the other has seen it busy.
      await runner.send(
        "EVAL",
        "redis.call('SET', 'k', '1') local now = redis.call('TIME')[1] " +
          "repeat local t = redis.call('TIME')[1] until t - now > 2 return redis.call('INCR', 'k')",
        "0",
      );
      await becomesBusy(other);
      const during = await replies(other, [["SCRIPT", "KILL"], ["GET", "k"]]);
      return [during, show((await runner.read()).value), await replies(other, [["GET", "k"]])];
    }, IMPATIENT),
);

realTest(
  "a script killed in a transaction or a pipeline: what stands behind it still runs",
  () =>
    same(async (server) => {
      await using runner = await server.connect();
      await using other = await server.connect();
      const before = await replies(runner, [["MULTI"], ["SET", "m", "1"], ["EVAL", FOREVER, "0"], [
        "INCR",
        "m",
      ]]);
      await runner.send("EXEC");
      await becomesBusy(other);
      const killed = await replies(other, [["GET", "m"], ["SCRIPT", "KILL"]]);
      const exec = show((await runner.read()).value);
      for (const command of [["SET", "p", "1"], ["EVAL", FOREVER, "0"], ["INCR", "p"]]) {
        await runner.send(...command);
      }
      await becomesBusy(other);
      killed.push(...await replies(other, [["SCRIPT", "KILL"]]));
      const pipeline = [];
      for (let i = 0; i < 3; i++) pipeline.push(show((await runner.read()).value));
      return [before, killed, exec, pipeline, await replies(other, [["MGET", "m", "p"]])];
    }, IMPATIENT),
);

realTest("a function that runs for long is shown and killed as a function", () =>
  same(async (server) => {
    await using runner = await server.connect();
    await using other = await server.connect();
    await runner.call("FUNCTION", "LOAD", LIBRARY);
    await runner.send("FCALL", "loop", "1", "key", "arg");
    await becomesBusy(other);
    const during = await replies(other, [["GET", "x"], ["SCRIPT", "KILL"], ["FUNCTION", "STATS"]]);
    const killed = await replies(other, [["FUNCTION", "KILL"]]);
    return [
      during.join("\n").replace(/("duration_ms", :)\d+/, "$1?"),
      killed,
      show((await runner.read()).value),
    ];
  }, IMPATIENT));

realTest("a script goes on though its client is gone; pcall does not save it", () =>
  same(async (server) => {
    await using other = await server.connect();
    const runner = await server.connect();
    await runner.send("EVAL", FOREVER, "0");
    await becomesBusy(other);
    await runner.close();
    await becomesBusy(other);
    const first = await replies(other, [["SCRIPT", "KILL"]]);
    await becomesFree(other);
    await using stubborn = await server.connect();
    await stubborn.send("EVAL", "while true do pcall(function() while true do end end) end", "0");
    await becomesBusy(other);
    return [first, await replies(other, [["SCRIPT", "KILL"]]), show((await stubborn.read()).value)];
  }, IMPATIENT));

Deno.test("SHUTDOWN NOSAVE ends a server whose script does not", async () => {
  await using toy = await startServer("toy", { args: IMPATIENT });
  await using runner = await toy.connect();
  await using other = await toy.connect();
  await runner.send("EVAL", "redis.call('SET', 'k', 'v') " + FOREVER, "0");
  await becomesBusy(other);
  assertMatch(toy.log, /Slow script detected: still in execution after \d+ milliseconds/);
  assertEquals((await other.call("SHUTDOWN", "NOSAVE")).type, "closed");
  assertEquals((await toy.waitForExit()).code, 0);
});

/** Runs for so many milliseconds. */
const spin = (ms: number) =>
  `local t = redis.call('TIME') repeat local u = redis.call('TIME') ` +
  `until (u[1] - t[1]) * 1000 + (u[2] - t[2]) / 1000 > ${ms} `;

realTest(
  "while a script is busy nobody's wait ends, and what a pause held back waits on",
  () =>
    same(async (server) => {
      await using waiter = await server.connect();
      await using writer = await server.connect();
      await using runner = await server.connect();
      await waiter.send("BLPOP", "q", "0.1");
      await runner.call("CLIENT", "PAUSE", "100", "WRITE");
      await writer.send("SET", "k", "v");
      await new Promise((resolve) => setTimeout(resolve, 20)); // else either may be read first, by both servers
      await runner.send("EVAL", "#!lua flags=no-writes\n" + spin(300) + "return 1", "0");
      const held = [show((await runner.read()).value), show((await writer.read()).value)];
      const missed = show((await waiter.read()).value);
      await waiter.send("BLPOP", "q", "0.1");
      await runner.send("EVAL", spin(300) + "return redis.call('RPUSH', 'q', 'late')", "0");
      return [held, missed, show((await waiter.read()).value), show((await runner.read()).value)];
    }, IMPATIENT),
);

realTest("MONITOR shows a script and then its commands", () =>
  same(async (server) => {
    await using client = await server.connect();
    await using monitor = await server.connect();
    await monitor.call("MONITOR");
    await client.call(
      "EVAL",
      "redis.call('SET', KEYS[1], '1') redis.pcall('NOSUCH') redis.call('SELECT', 2) return 1",
      "1",
      "k",
    );
    await client.call("FUNCTION", "LOAD", LIBRARY);
    await client.call("FCALL", "incr", "1", "k");
    await client.call("EVALSHA", "x", "0");
    await client.call("MULTI");
    await client.call("EVAL_RO", "return redis.call('GET', 'k')", "0");
    await client.call("EXEC");
    await client.call("ECHO", "the end");
    let text = "";
    while (!text.includes("the end")) text += toText((await monitor.read()).raw);
    return text.replace(/\+\d+\.\d{6} /g, "").replace(/127\.0\.0\.1:\d+/g, "peer");
  }));

realTest("the slow log has a script's commands and the script", () =>
  same(async (server) => {
    await using client = await server.connect();
    await client.call("CONFIG", "SET", "slowlog-log-slower-than", "0");
    await client.call("SLOWLOG", "RESET");
    await client.call("EVAL", "redis.call('SET', 'a', 'b') return redis.pcall('LPUSH', 'a', 'x')", "0");
    const log = await client.call("SLOWLOG", "GET", "3");
    if (log.type !== "array") throw new Error(log.type);
    return log.items.map((entry) => entry.type === "array" && entry.items.slice(3, 4).map(show));
  }));

realTest(
  "client-side caching knows what a script has read by the keys it was called with",
  () =>
    same(async (server) => {
      await using reader = await server.connect();
      await using writer = await server.connect();
      await reader.call("HELLO", "3");
      await reader.call("CLIENT", "TRACKING", "ON");
      await reader.call("EVAL", "return redis.call('GET', 'inner')", "1", "outer");
      await reader.call("EVAL_RO", "return redis.call('GET', 'inner2')", "1", "outer2");
      await reader.call("EVAL", "return 1", "1", "unread");
      for (const key of ["inner", "inner2", "unread", "outer", "outer2"]) await writer.call("SET", key, "1");
      return [show((await reader.read()).value), show((await reader.read()).value)];
    }),
);

/** The commands in the append-only file of a server. */
async function appended(server: TestServer): Promise<string> {
  const folder = `${server.dir}/appendonlydir`;
  let text = "";
  for (const { name } of [...Deno.readDirSync(folder)].sort((a, b) => a.name < b.name ? -1 : 1)) {
    if (name.endsWith(".incr.aof")) text += toText(await Deno.readFile(`${folder}/${name}`));
  }
  return text.replace(/[*$]\d+\r\n/g, "").replace(/\r\n/g, " ");
}

realTest(
  "what scripts do goes to the append-only file, together, and comes back from it",
  () =>
    same(async (server) => {
      await using client = await server.connect();
      const eval0 = (script: string) => client.call("EVAL", script, "0");
      await eval0("redis.call('SET', 'a', '1')");
      await eval0("redis.call('SET', 'a', '1') redis.call('INCR', 'a') return redis.call('GET', 'a')");
      await eval0("redis.call('SADD', 's', 'x') return redis.call('SPOP', 's')");
      await eval0("redis.call('SELECT', 3) redis.call('SET', 'three', '3')");
      await eval0(
        "redis.set_repl(redis.REPL_NONE) redis.call('SET', 'none', '1') redis.set_repl(redis.REPL_ALL) redis.call('SET', 'all', '1')",
      );
      await eval0(
        "redis.set_repl(redis.REPL_AOF) redis.call('SET', 'aof', '1') redis.set_repl(redis.REPL_REPLICA) redis.call('SET', 'rep', '1')",
      );
      await eval0("redis.call('SET', 'kept', '1') error('boom')");
      await client.pipeline([
        ["MULTI"],
        ["SET", "m", "1"],
        ["EVAL", "redis.call('INCR', 'm') redis.call('INCR', 'm')", "0"],
        ["INCR", "m"],
        ["EXEC"],
      ]);
      await client.call("FUNCTION", "LOAD", LIBRARY);
      await client.call("FCALL", "incr", "1", "n");
      await client.call("FUNCTION", "LOAD", "REPLACE", LIBRARY);
      await client.call("FUNCTION", "DELETE", "lib");
      await client.call("FUNCTION", "LOAD", LIBRARY);
      const file = await appended(server);
      const after = [["MGET", "a", "none", "all", "aof", "rep", "m", "n"], ["FUNCTION", "STATS"], [
        "FCALL",
        "incr",
        "1",
        "n",
      ]];
      const seen = [];
      for (const reload of [["DEBUG", "LOADAOF"], ["DEBUG", "RELOAD"], ["FLUSHALL"]]) {
        seen.push(await client.call(...reload), ...await replies(client, after));
      }
      return [file, seen];
    }, ["--appendonly", "yes", "--appendfsync", "always"]),
);

for (const [primaryKind, replicaKind] of [["redis", "toy"], ["toy", "redis"]] as const) {
  realTest(`functions and effects of scripts reach a replica: ${primaryKind} to ${replicaKind}`, async () => {
    await using primary = await startServer(primaryKind, { args: ["--repl-diskless-sync-delay", "0"] });
    await using replica = await startServer(replicaKind);
    await using client = await primary.connect();
    await using other = await replica.connect();
    await client.call("FUNCTION", "LOAD", LIBRARY);
    await other.call(
      "FUNCTION",
      "LOAD",
      "#!lua name=old\nredis.register_function('old', function() return 1 end)",
    );
    await other.call("REPLICAOF", "127.0.0.1", `${primary.port}`);
    const run = async (...command: string[]) => show(await client.call(...command));
    while (!(await run("WAIT", "1", "100")).endsWith("1")) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await run("FCALL", "incr", "1", "n");
    await run(
      "EVAL",
      "redis.call('SET', 'a', '1') redis.set_repl(redis.REPL_AOF) redis.call('SET', 'b', '1')",
      "0",
    );
    await run(
      "FUNCTION",
      "LOAD",
      "#!lua name=more\nredis.register_function{function_name='get', callback=function(keys) return redis.call('GET', keys[1]) end, flags={'no-writes'}}",
    );
    assertMatch(await run("WAIT", "1", "5000"), /1$/);
    assertEquals(
      await replies(other, [["GET", "a"], ["GET", "b"], ["FCALL", "get", "1", "n"], [
        "FCALL",
        "incr",
        "1",
        "n",
      ], ["FCALL", "old", "0"]]),
      [
        'GET a: "1"',
        "GET b: $-1",
        'FCALL get 1 n: "1"',
        "FCALL incr 1 n: -READONLY You can't write against a read only replica.",
        "FCALL old 0: -ERR Function not found",
      ],
    );
    assertEquals(
      show(await other.call("EVAL", "return redis.call('SET', 'x', '1')", "0")).replace(/script: .*/, ""),
      "-READONLY You can't write against a read only replica. ",
    );
  });
}

Deno.test("INFO counts scripts, libraries and functions, and what they take", async () => {
  await using toy = await startServer("toy");
  await using client = await toy.connect();
  const info = async () => {
    const reply = await client.call("INFO", "memory");
    if (reply.type !== "bulk") throw new Error(reply.type);
    const { text } = reply;
    const number = (name: string) => Number(new RegExp(`^${name}:(\\d+)`, "m").exec(text)![1]);
    return {
      counts: ["number_of_cached_scripts", "number_of_libraries", "number_of_functions"].map(number),
      bytes: [
        "used_memory_scripts_eval",
        "used_memory_functions",
        "used_memory_vm_eval",
        "used_memory_vm_functions",
      ].map(number),
    };
  };
  assertEquals(await info(), { counts: [0, 0, 0], bytes: [0, 0, 0, 0] });
  await client.call("EVAL", "return 1", "0");
  await client.call("SCRIPT", "LOAD", "return 2");
  await client.call("FUNCTION", "LOAD", LIBRARY);
  const { counts, bytes } = await info();
  assertEquals(counts, [2, 1, 2]);
  for (const number of bytes) assert(number > 100);
  await client.call("SCRIPT", "FLUSH");
  await client.call("FUNCTION", "FLUSH");
  assertEquals(await info(), { counts: [0, 0, 0], bytes: [0, 0, 0, 0] });
});

Deno.test("a signal waits for the script: half of its work is not saved", async () => {
  const dir = await Deno.makeTempDir();
  await using toy = await startServer("toy", { dir, args: [...IMPATIENT, "--save", "3600 1"] });
  await using runner = await toy.connect();
  await using other = await toy.connect();
  await runner.send(
    "EVAL",
    "redis.call('SET', 'first', '1') local now = redis.call('TIME')[1] " +
      "repeat local t = redis.call('TIME')[1] until t - now > 1 return redis.call('SET', 'second', '1')",
    "0",
  );
  await becomesBusy(other);
  toy.kill("SIGTERM");
  assertEquals((await toy.waitForExit()).code, 0);
  assertMatch(toText(await Deno.readFile(`${dir}/dump.rdb`)), /second/);
  await Deno.remove(dir, { recursive: true });
});
