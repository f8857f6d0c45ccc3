/**
 * Every directive against the real server: the same names, the same defaults, and for many good and bad values the same reply to
 * CONFIG SET and the same text from CONFIG GET afterwards.
 */
import { assertEquals } from "@std/assert";
import { Config } from "../../server/config.ts";
import { DIRECTIVE_NAMES } from "../../server/config_directives.ts";
import type { RawClient } from "../helpers/client.ts";
import type { Frame, Reply } from "../helpers/resp.ts";
import { freePort, realTest, startServer } from "../helpers/server.ts";

const LOCAL = { local: true, loading: false };

/** Values that mean something to one kind of directive or another, and many that mean nothing to any. */
const VALUES = [
  "",
  "abc",
  "yes",
  "NO",
  "yes\0x",
  "-1",
  "-101",
  "0",
  "1",
  "7",
  "500",
  "777",
  "70000",
  "99999999999999999999999",
  "18446744073709551615",
  "9223372036854775807",
  "9223372036854775808",
  "-9223372036854775808",
  "4294967295",
  "4294967296",
  "1gb",
  "1G",
  "5Mb",
  "-1mb",
  "10%",
  "101%",
  "%",
  "1.5",
  " 5",
  "5 ",
  "5\0",
  "a b",
  "a/b",
  "a\\b",
  "a\nb",
  "x\xff\x01",
  "x".repeat(300),
  "0x10",
  "+5",
  "05",
  "1_0",
];

/** Values for the directives with a syntax of their own. */
const SPECIAL: Record<string, readonly string[]> = {
  "save": [
    "60 1",
    "60 1 10 2",
    "60",
    "0 1",
    "1 0",
    "1 -1",
    "60 1 ",
    "60  1",
    '""',
    "60 1 60 1",
    "60 2147483648",
    "99999999999999999999 1",
    "60 4294967297",
    "+60 1",
    "060 01",
    "60 1x",
    "",
  ],
  "client-output-buffer-limit": [
    "NORMAL 100mb 50mb 3",
    "slave 1 1 1",
    "replica 2 2 2 pubsub 3 3 3",
    "normal 1 2",
    "foo 1 2 3",
    "master 1 2 3",
    "normal -1 2 3",
    "normal 1 2 -3",
    "normal 1 2 3x",
    "normal 100mb 2gb 3 normal 400mb 5gb 6",
    "normal 1 2 3 foo 1 1 1",
    "normal  1 2 3",
    "normal 1 2 99999999999999999999",
    "slave 1 2 4294967296",
    "normal 99999999999999999999 1 0",
    "normal 1 2 2147483648",
    "slave   ",
  ],
  "oom-score-adj-values": [
    "1 2 3",
    "-2000 0 2000",
    "1 2",
    "1 2 3 4",
    "a b c",
    "0 200 2001",
    "1  2",
    "1 2 ",
    "1 2 3x",
  ],
  "notify-keyspace-events": [
    ..."Ag$lshzxeKEtmdn",
    "AKE",
    "g$lshzxet",
    "g$lshzxetd",
    "g$lshzxetdmn",
    "gKxn",
    "KEmn",
    "AKEmn",
    "KEA$",
    "q",
    "K E",
  ],
  "latency-tracking-info-percentiles": [
    "50 99 100",
    "0 100",
    "100.0 99.99999 1e1",
    "50  1",
    " ",
    "nan",
    "inf",
    "-inf",
    "99.999999999",
    "-0.0",
    "0.1 33.333333333333",
    "1e-7",
    "100.0001",
    "-1e-9",
    '"50"',
    ".5",
    "5.",
    "0x1p3",
    "1e400",
    "0.0078125 0.0234375 0.0390625 99.9921875",
  ],
  "shutdown-on-sigterm": [
    "save",
    "SAVE now",
    "nosave force",
    "save nosave",
    "now now",
    "save  now",
    "default",
    "default save",
    "force now nosave",
    "save x nosave",
  ],
  "proc-title-template": [
    "{x}",
    "{title} {listen-addr} {server-mode} {port} {tls-port} {unixsocket} {config-file}",
    "{",
    "}",
    "{title}",
    "{title",
    "{server-mode}",
    "{config-file}",
    "{unixsocket}",
    "{listen-addr",
    "{{",
    "{{title}",
    "{}",
    "{ title}",
    "{{{title}}",
    " ",
    "\t",
    "a{",
  ],
  "maxmemory": [
    "1k",
    "1kb",
    "1m",
    "1mb",
    "1g",
    "1gb",
    "1b",
    "1tb",
    "1 mb",
    "18014398509481984kb",
    "99999999999gb",
  ],
  "maxmemory-clients": ["5gb", "0%", "5%%", "1%b", "9223372036854775808", "+1%", "-5%", "05%", "5.5%"],
  "loglevel": ["DEBUG", "Notice", "warning", "err"],
  "maxmemory-policy": ["allkeys-lru", "VOLATILE-TTL", "noeviction "],
  "appendfsync": ["always", "EVERYSEC"],
  "oom-score-adj": ["relative", "absolute", "no"],
  "sanitize-dump-payload": ["clients"],
  "repl-diskless-load": ["swapdb", "on-empty-db"],
  "propagation-error-behavior": ["panic", "panic-on-replicas"],
  "cluster-preferred-endpoint-type": ["hostname", "unknown-endpoint"],
  "acl-pubsub-default": ["allchannels"],
  "tls-auth-clients": ["optional"],
  "hz": ["600", "2"],
  "dir": [".", "/", "/no/such", "/etc/passwd", ""],
  "bind": ["1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17"],
};

/** What would make the real server close the connection, or do something whose outcome the machine decides. */
const UNSAFE: Record<string, RegExp> = {
  "port": /^(0|1|7|500|777)$/,
  "tls-port": /^(1|7|500|777)$/,
  "bind": /^(?!1 2)/,
  "maxclients": /^\d{5,}$/,
  "maxmemory-clients": /^(1|7|500|777|05|70000|10%|18446744073709551615|99999999999999999999999|[0-9]?\0?)$/,
  "appendonly": /^yes/,
  "watchdog-period": /^[1-9]/,
  "dbfilename": /\//,
};

function text(frame: Frame): string {
  const reply: Reply = frame.value;
  if (reply.type === "simple" || reply.type === "error" || reply.type === "bulk") return reply.text;
  throw new Error(`unexpected ${reply.type}`);
}

function pair(frame: Frame): string[] {
  if (frame.value.type !== "array") throw new Error(`unexpected ${frame.value.type}`);
  return frame.value.items.map((item) => item.type === "bulk" ? item.text : item.type);
}

/** Sends one value to both and compares reply and resulting setting. */
async function compare(
  config: Config,
  client: RawClient,
  name: string,
  values: readonly string[],
): Promise<void> {
  const usable = values.filter((value) => !UNSAFE[name]?.test(value));
  const bytes = (value: string) => Uint8Array.from(value, (char) => char.charCodeAt(0));
  const frames = await client.pipeline(
    usable.flatMap((value) => [["CONFIG", "SET", name, bytes(value)], ["CONFIG", "GET", name]]),
  );
  for (const [i, value] of usable.entries()) {
    const what = `CONFIG SET ${name} ${JSON.stringify(value)}`;
    assertEquals(config.set([name, value], LOCAL) ?? "OK", text(frames[2 * i]!), what);
    assertEquals(config.get([name]).flat(), pair(frames[2 * i + 1]!), what);
  }
}

realTest("CONFIG GET * has the names and defaults of the real server", async () => {
  const port = freePort();
  await using server = await startServer("redis", { bare: true, port, args: ["--port", `${port}`] });
  await using client = await server.connect();
  const shown = pair(await client.frame("CONFIG", "GET", "*"));
  const expected = new Map<string, string>();
  for (let i = 0; i < shown.length; i += 2) expected.set(shown[i]!, shown[i + 1]!);
  expected.set("port", "6379").set("dir", Deno.cwd());
  const names = [...expected.keys()].sort();
  const mine = new Map(new Config().get(["*"]));
  assertEquals([...mine.keys()].sort(), names);
  for (const name of names) assertEquals([name, mine.get(name)], [name, expected.get(name)]);
  for (const [name, row] of DIRECTIVE_NAMES) {
    if (!row.directive.hidden) continue;
    assertEquals(new Config().get([name]).flat(), pair(await client.frame("CONFIG", "GET", name)));
  }
});

realTest("CONFIG SET answers every value of every directive like the real server", async () => {
  await using server = await startServer("redis", { args: ["--enable-protected-configs", "yes"] });
  await using client = await server.connect();
  const config = new Config();
  config.enableProtectedConfigs = "yes";
  config.dir = pair(await client.frame("CONFIG", "GET", "dir"))[1]!;
  config.save = [];
  config.bind = ["127.0.0.1"];
  config.port = server.port;
  config.enableDebugCommand = "yes";
  for (const name of DIRECTIVE_NAMES.keys()) {
    const before = config.get([name])[0]![1];
    await compare(config, client, name, VALUES);
    if (SPECIAL[name]) await compare(config, client, name, SPECIAL[name]);
    if (!UNSAFE[name]?.test(before)) await compare(config, client, name, [before]);
  }
});

realTest("CONFIG SET with several pairs is refused as a whole, like the real server's", async () => {
  await using server = await startServer("redis", { args: ["--enable-protected-configs", "no"] });
  await using client = await server.connect();
  const config = new Config();
  const cases = [
    ["maxmemory", "1mb", "maxclients", "x"],
    ["maxclients", "x", "maxmemory", "y"],
    ["maxmemory", "1", "MAXMEMORY", "2"],
    ["slave-priority", "3", "replica-priority", "4"],
    ["slave-priority", "3", "Replica-Priority", "x"],
    ["nosuch", "1", "daemonize", "yes"],
    ["daemonize", "yes", "nosuch", "1"],
    ["dir", "/", "maxmemory", "x"],
    ["DBFILENAME", "x"],
    ["no\0such", "x"],
    ["maxmemory", "5mb", "hz", "50", "loglevel", "verbose"],
    ["maxmemory"],
    ["maxmemory", "1", "hz"],
  ];
  for (const args of cases) {
    const reply = text(await client.frame("CONFIG", "SET", ...args));
    if (args.length > 1) assertEquals(config.set(args, LOCAL) ?? "OK", reply, args.join(" "));
    const shown = pair(
      await client.frame("CONFIG", "GET", "maxm*", "replica-p*", "hz", "loglevel", "maxcl*"),
    );
    const mine = config.get(["maxm*", "replica-p*", "hz", "loglevel", "maxcl*"]).flat();
    assertEquals(inPairs(mine), inPairs(shown), args.join(" "));
  }
  for (
    const patterns of [["MAXmemory", "maxmemory"], ["maxmemory", "max*"], ["HZ", "h[z]"], ["nosuch"], [
      "\\hz",
    ], [""]]
  ) {
    const shown = pair(await client.frame("CONFIG", "GET", ...patterns));
    assertEquals(inPairs(config.get(patterns).flat()), inPairs(shown), patterns.join(" "));
  }
});

function inPairs(flat: readonly string[]): string[] {
  const pairs: string[] = [];
  for (let i = 0; i < flat.length; i += 2) pairs.push(`${flat[i]} ${flat[i + 1]}`);
  return pairs.sort();
}
