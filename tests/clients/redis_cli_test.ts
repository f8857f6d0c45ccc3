/** redis-cli and redis-benchmark against toy-redis: what people type at a prompt must work as with redis-server. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { toText } from "../helpers/bytes.ts";
import { concat, encodeCommand } from "../helpers/resp.ts";
import { realTest, startServer } from "../helpers/server.ts";
import type { TestServer } from "../helpers/server.ts";

interface Result {
  code: number;
  out: string;
  err: string;
}

/** Runs a tool with an optional standard input, stopped after `limitMs` (for those that never end by themselves). */
async function run(
  program: string,
  args: string[],
  stdin?: string | Uint8Array,
  limitMs?: number,
): Promise<Result> {
  const child = new Deno.Command(program, { args, stdin: "piped", stdout: "piped", stderr: "piped" }).spawn();
  const timer = limitMs === undefined ? undefined : setTimeout(() => child.kill("SIGINT"), limitMs);
  const writer = child.stdin.getWriter();
  if (stdin !== undefined) {
    await writer.write(typeof stdin === "string" ? new TextEncoder().encode(stdin) : stdin).catch(() => {});
  }
  await writer.close().catch(() => {});
  const { code, stdout, stderr } = await child.output();
  clearTimeout(timer);
  return { code, out: toText(stdout), err: toText(stderr) };
}

const cli = (server: TestServer, args: string[], stdin?: string | Uint8Array, limitMs?: number) =>
  run("redis-cli", ["-p", `${server.port}`, ...args], stdin, limitMs);

/** A server with some keys of each size. */
async function filled(): Promise<TestServer> {
  const server = await startServer("toy");
  await using client = await server.connect();
  const commands = Array.from({ length: 500 }, (_, i) => ["SET", `key:${i}`, "v".repeat(i % 50)]);
  commands.push(["SET", "biggest", "x".repeat(5000)]);
  await client.pipeline(commands);
  return server;
}

realTest("redis-cli: commands as arguments and from standard input", async () => {
  await using server = await startServer("toy");
  assertEquals((await cli(server, ["SET", "k", "a b\n"])).out, "OK\n");
  assertEquals((await cli(server, ["--no-raw", "GET", "k"])).out, '"a b\\n"\n');
  assertEquals((await cli(server, ["-3", "--no-raw", "GET", "none"])).out, "(nil)\n");
  assertEquals(
    (await cli(server, ["--no-raw", "NOSUCH"])).out,
    "(error) ERR unknown command 'NOSUCH', with args beginning with: \n",
  );
  const session = await cli(server, [], 'SET a 1\nINCR a\nGET a\nECHO "x\\x41"\n');
  assertEquals(session.out, "OK\n2\n2\nxA\n");
  assertEquals((await cli(server, ["-x", "SET", "stdin"], "from a pipe")).out, "OK\n");
  assertEquals((await cli(server, ["-r", "3", "INCR", "n"])).out, "1\n2\n3\n");
  assertMatch((await cli(server, ["-n", "3", "SET", "other", "db"])).out, /OK/);
  assertEquals((await cli(server, ["DBSIZE"])).out, "4\n");
});

realTest("redis-cli: help that comes from COMMAND DOCS", async () => {
  await using server = await startServer("toy");
  await using reference = await startServer("redis");
  for (const what of ["SET", "GETEX", "@string", "CLIENT KILL"]) {
    const [ours, real] = await Promise.all(
      [server, reference].map((each) => cli(each, [], `help ${what}\n`)),
    );
    assert(ours!.out.length > 20, `help ${what} shows nothing`);
    if (what === "@string") continue; // in the order of the command table, a hash table of theirs
    // The one-line summaries are our own words; names, arguments, version and group are facts.
    const facts = (text: string) => text.replace(/summary:.*/g, "summary");
    assertEquals(facts(ours!.out), facts(real!.out));
  }
});

realTest("redis-cli --scan", async () => {
  await using server = await filled();
  const all = (await cli(server, ["--scan"])).out.trim().split("\n");
  assertEquals(new Set(all).size, 501);
  const some = (await cli(server, ["--scan", "--pattern", "key:1?"])).out.trim().split("\n");
  assertEquals(some.sort(), Array.from({ length: 10 }, (_, i) => `key:1${i}`));
});

realTest("redis-cli --bigkeys and --memkeys", async () => {
  await using server = await filled();
  const big = await cli(server, ["--bigkeys", "-i", "0"]);
  assertEquals(big.code, 0, big.out + big.err);
  assertMatch(big.out, /Biggest string found '?"biggest"'? has 5000 bytes/);
  const memory = await cli(server, ["--memkeys", "-i", "0"]);
  assertEquals(memory.code, 0, memory.out + memory.err);
  assertMatch(memory.out, /Biggest string found '?"biggest"'? has \d{4,} bytes/);
});

realTest("redis-cli --stat and --latency", async () => {
  await using server = await filled();
  // It never ends by itself, and what it holds in its buffer when it is ended is lost: hence stdbuf.
  const args = ["-oL", "redis-cli", "-p", `${server.port}`, "--stat", "-i", "0.05"];
  const stat = await run("stdbuf", args, undefined, 800);
  assertMatch(stat.out, /keys\s+mem\s+clients/);
  assertMatch(stat.out, /^501\s/m);
  // Without a terminal it measures for one interval and prints one line: min max avg samples.
  const latency = await cli(server, ["--latency", "-i", "1"], undefined, 5000);
  assertMatch(latency.out, /\d+ \d+ \d+\.\d+ \d+|min: \d+, max: \d+/);
});

realTest("redis-cli --pipe", async () => {
  await using server = await startServer("toy");
  const mass = concat(Array.from({ length: 20_000 }, (_, i) => encodeCommand(["SET", `k${i}`, `v${i}`])));
  const result = await cli(server, ["--pipe"], mass);
  assertMatch(result.out, /errors: 0, replies: 20000/);
  assertEquals((await cli(server, ["DBSIZE"])).out, "20000\n");
});

realTest("redis-benchmark", async () => {
  await using server = await startServer("toy");
  const tests = "ping_inline,ping_mbulk,set,get,incr,mset";
  for (const more of [["-P", "1"], ["-P", "16"]]) {
    const result = await run("redis-benchmark", [
      "-p",
      `${server.port}`,
      "-n",
      "2000",
      "-c",
      "20",
      "-q",
      "-t",
      tests,
      ...more,
    ]);
    assertEquals(result.code, 0, result.err);
    assertEquals([...result.out.matchAll(/requests per second/g)].length, 6, result.out);
  }
});

realTest("redis-cli: --eval, --functions-rdb, and a debugger that is not there", async () => {
  await using server = await startServer("toy");
  const dir = await Deno.makeTempDir();
  const script = `${dir}/script.lua`;
  await Deno.writeTextFile(script, "return {KEYS[1], ARGV[1], redis.call('SET', KEYS[1], ARGV[1])}\n");
  assertEquals((await cli(server, ["--eval", script, "k", ",", "v"])).out, "k\nv\nOK\n");
  await Deno.writeTextFile(script, "return redis.call('NOSUCH')\n");
  assertMatch(
    (await cli(server, ["--eval", script])).out,
    /Unknown Redis command called from script script: [0-9a-f]{40}, on @user_script:1\./,
  );
  const ldb = await cli(server, ["--ldb", "--eval", script], "quit\n", 2000);
  assertMatch(ldb.out + ldb.err, /toy-redis has no Lua debugger/);
  await cli(server, [
    "FUNCTION",
    "LOAD",
    "#!lua name=lib\nredis.register_function('f', function() return 1 end)",
  ]);
  const file = `${dir}/functions.rdb`;
  assertEquals((await cli(server, ["--functions-rdb", file])).code, 0);
  assertMatch(toText(await Deno.readFile(file)), /name=lib/);
  await Deno.remove(dir, { recursive: true });
});
