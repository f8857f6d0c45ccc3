/**
 * CONFIG and the start of the whole server, seen through a socket, beside the real server where its bytes are the measure.
 */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { toText } from "../helpers/bytes.ts";
import { freePort, realTest, startServer, withBoth } from "../helpers/server.ts";
import { array, bulk, bulks, error, errorLike, map, mustDo, ok } from "../helpers/transcript.ts";

Deno.test("CONFIG GET, SET and their errors", async () => {
  await using server = await startServer("toy");
  await using c = await server.connect();
  await mustDo(c, "CONFIG", "GET", "maxmemory", bulks("maxmemory", "0"));
  await mustDo(c, "CONFIG", "SET", "maxmemory", "64mb", "hz", 20, ok);
  await mustDo(c, "CONFIG", "GET", "HZ", "maxmemory", bulks("HZ", "20", "maxmemory", "67108864"));
  await mustDo(c, "CONFIG", "GET", "no-such", array());
  await mustDo(
    c,
    "CONFIG",
    "SET",
    "no-such",
    "1",
    errorLike("ERR Unknown option or number of arguments for CONFIG SET"),
  );
  await mustDo(c, "CONFIG", "SET", "hz", error("ERR wrong number of arguments for 'config|set' command"));
  await mustDo(c, "CONFIG", "NOPE", error("ERR unknown subcommand 'NOPE'. Try CONFIG HELP."));
  await mustDo(c, "CONFIG", "REWRITE", error("ERR The server is running without a config file"));
  await c.call("HELLO", 3);
  await mustDo(c, "CONFIG", "GET", "maxmemory-policy", map(bulk("maxmemory-policy"), bulk("noeviction")));
});

realTest("CONFIG through a socket is the real server's, byte for byte", async () => {
  const commands = [
    ["CONFIG"],
    ["CONFIG", "GET"],
    ["CONFIG", "HELP"],
    ["CONFIG", "HELP", "x"],
    ["CONFIG", "RESETSTAT"],
    ["CONFIG", "RESETSTAT", "x"],
    ["CONFIG", "REWRITE"],
    ["CONFIG", "SET", "maxmemory", "1", "hz"],
    ["CONFIG", "SET", "hz", "x"],
    ["CONFIG", "SET", "DAEMONIZE", "yes"],
    ["CONFIG", "SET", "dir", "/"],
    ["CONFIG", "SET", "a\r\nb", "x"],
    ["CONFIG", "SET", "requirepass", ""],
    ["CONFIG", "SET", "masterauth", "\0\xff"],
    ["CONFIG", "GET", "masterauth"],
    ["CONFIG", "GET", "save"],
    ["CONFIG", "GET", "bind"],
    ["CONFIG", "GET", "port*", "nothing-*"],
    ["CONFIG", "SET", "bind", "no-such-host.invalid"],
    ["CONFIG", "GET", "bind"],
    ["CONFIG", "GET", "MAXMEMORY"],
  ];
  await withBoth({}, async (toy, redis) => {
    await using a = await toy.connect();
    await using b = await redis.connect();
    for (const args of commands) {
      const bytes = args.map((arg) => Uint8Array.from(arg, (char) => char.charCodeAt(0)));
      const mine = toText((await a.frame(...bytes)).raw);
      const real = toText((await b.frame(...bytes)).raw);
      assertEquals(mine, real.replaceAll(`${redis.port}`, `${toy.port}`), args.join(" "));
    }
  });
});

Deno.test("protected settings: no, local", async () => {
  await using no = await startServer("toy");
  await using a = await no.connect();
  await mustDo(a, "CONFIG", "SET", "dbfilename", "x", errorLike("ERR CONFIG SET failed"));
  await using local = await startServer("toy", { args: ["--enable-protected-configs", "local"] });
  await using b = await local.connect();
  await mustDo(b, "CONFIG", "SET", "dbfilename", "x", "dir", "/", ok);
  await mustDo(b, "CONFIG", "GET", "dir", bulks("dir", "/"));
});

Deno.test("CONFIG REWRITE keeps a setting over a restart", async () => {
  const dir = await Deno.makeTempDir();
  const port = freePort();
  await Deno.writeTextFile(`${dir}/toy.conf`, `# mine\nport ${port}\nbind 127.0.0.1\nhz 20\n`);
  let password = false;
  for (const hz of ["20", "33"]) {
    await using server = await startServer("toy", { bare: true, port, dir, args: ["toy.conf"] });
    await using c = await server.connect();
    if (password) await mustDo(c, "PING", errorLike("NOAUTH"));
    if (password) await mustDo(c, "AUTH", "secret", ok);
    await mustDo(c, "CONFIG", "GET", "hz", bulks("hz", hz));
    await mustDo(c, "CONFIG", "SET", "hz", 33, ok);
    await mustDo(c, "CONFIG", "REWRITE", ok);
    assertStringIncludes(server.log, "CONFIG REWRITE executed with success.");
    await mustDo(c, "CONFIG", "SET", "requirepass", "secret", ok);
    await mustDo(c, "CONFIG", "REWRITE", ok);
    password = true;
  }
  const text = await Deno.readTextFile(`${dir}/toy.conf`);
  assert(text.startsWith(`# mine\nport ${port}\nbind 127.0.0.1\nhz 33\n`), text);
  await Deno.remove(dir, { recursive: true });
});

Deno.test("rename-command gives a command another name, or none", async () => {
  const args = [
    "--rename-command",
    "get",
    "fetch",
    "--rename-command",
    "CONFIG",
    "",
    "--rename-command",
    "set",
    "SET",
  ];
  await using server = await startServer("toy", { args });
  await using c = await server.connect();
  await mustDo(c, "SET", "k", "v", ok);
  await mustDo(c, "Fetch", "k", bulk("v"));
  await mustDo(c, "GET", "k", error("ERR unknown command 'GET', with args beginning with: 'k' "));
  await mustDo(c, "CONFIG", "GET", "*", errorLike("ERR unknown command 'CONFIG'"));
  await mustDo(c, "FETCH", error("ERR wrong number of arguments for 'get' command"));
});

realTest("rename-command refuses like the real server", async () => {
  for (const names of [["no-such", "x"], ["get", "set"], ["get", "x", "--rename-command", "get", "y"]]) {
    const logs: string[] = [];
    for (const kind of ["toy", "redis"] as const) {
      const args = ["--rename-command", ...names];
      await using server = await startServer(kind, { bare: true, port: 1, args, waitReady: false });
      assertEquals((await server.waitForExit()).code, 1);
      logs.push(server.log);
    }
    assertEquals(logs[0], logs[1]);
  }
});

Deno.test("a busy port: one clear line, exit code 1", async () => {
  await using first = await startServer("toy");
  await using second = await startServer("toy", { port: first.port, waitReady: false });
  assertEquals((await second.waitForExit()).code, 1);
  assertStringIncludes(second.log, `# Failed listening on port ${first.port} (TCP), aborting.\n`);
});

realTest("a unix socket or pid file that cannot be had: the real server's lines", async () => {
  for (const kind of ["redis", "toy"] as const) {
    await using server = await startServer(kind, { args: ["--pidfile", "/no/such/dir/pid"] });
    assertEquals((await server.stop("SIGTERM")).code, 0);
    assert(!server.log.includes("PID file"), server.log);
    const args = ["--unixsocket", "/no/such/dir/socket"];
    await using refused = await startServer(kind, { args, waitReady: false });
    assertEquals((await refused.waitForExit()).code, 1);
    assertMatch(refused.log, / # Failed opening Unix socket: bind: No such file or directory\n$/);
  }
});

Deno.test("SIGTERM: exit code 0 and the lines that tools look for", async () => {
  await using server = await startServer("toy");
  assertMatch(server.log, new RegExp(` PID: ${server.pid}\\n[^]*Server initialized`));
  assertStringIncludes(server.log, "* Ready to accept connections\n");
  assertEquals((await server.stop("SIGTERM")).code, 0);
  assertMatch(server.log, /^\d+:signal-handler \(\d+\) Received SIGTERM scheduling shutdown\.\.\.$/m);
  assertStringIncludes(server.log, "# Redis is now ready to exit, bye bye...\n");
});

Deno.test("shutdown-on-sigterm says whether to save", async () => {
  for (const [flags, files] of [["nosave", []], ["save now", ["dump.rdb"]], ["default", []]] as const) {
    const dir = await Deno.makeTempDir();
    await using server = await startServer("toy", { dir });
    await using c = await server.connect();
    await mustDo(c, "SET", "k", "v", ok);
    await mustDo(c, "CONFIG", "SET", "shutdown-on-sigterm", flags, ok);
    assertEquals((await server.stop("SIGTERM")).code, 0);
    assertEquals([...Deno.readDirSync(dir)].map((entry) => entry.name), [...files], flags);
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("a shutdown that cannot save is declined, and the server goes on", async () => {
  const dir = await Deno.makeTempDir();
  await using server = await startServer("toy", { dir });
  await using c = await server.connect();
  await mustDo(c, "SET", "k", "v", ok);
  await mustDo(c, "CONFIG", "SET", "save", "3600 1", ok);
  await Deno.remove(dir, { recursive: true });
  server.kill("SIGTERM");
  await server.waitForLog(/# Errors trying to shut down the server/);
  await mustDo(c, "GET", "k", bulk("v"));
  await mustDo(c, "CONFIG", "SET", "save", "", ok);
  assertEquals((await server.stop("SIGTERM")).code, 0);
});

realTest("requirepass, in a file and by CONFIG SET, like the real server's", async () => {
  const steps: [client: 0 | 1, ...args: string[]][] = [
    [0, "PING"],
    [0, "AUTH", "wrong"],
    [0, "AUTH", "a b\0\xff"],
    [0, "PING"],
    [0, "CONFIG", "GET", "requirepass"],
    [0, "CONFIG", "SET", "requirepass", "other"],
    [0, "PING"],
    [1, "AUTH", "a b\0\xff"],
    [1, "AUTH", "default", "other"],
    [1, "AUTH", "nobody", "other"],
    [1, "PING"],
    [0, "CONFIG", "SET", "requirepass", ""],
    [0, "AUTH", "other"],
    [0, "AUTH", "default", "anything"],
  ];
  const args = ['--requirepass "a b\\x00\\xff"']; // name and value in one word: a line of redis.conf
  await withBoth({ args }, async (toy, redis) => {
    await using a0 = await toy.connect();
    await using a1 = await toy.connect();
    await using b0 = await redis.connect();
    await using b1 = await redis.connect();
    for (const [client, ...words] of steps) {
      const bytes = words.map((word) => Uint8Array.from(word, (char) => char.charCodeAt(0)));
      const mine = toText((await [a0, a1][client]!.frame(...bytes)).raw);
      assertEquals(mine, toText((await [b0, b1][client]!.frame(...bytes)).raw), words.join(" "));
    }
  });
});
