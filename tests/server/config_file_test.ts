/**
 * redis.conf and the command line: what is accepted, what comes out, and the exact reports of what is not, also beside the real
 * server, which gets the same files and arguments.
 */
import { assert, assertEquals } from "@std/assert";
import { Config } from "../../server/config.ts";
import { parseCommandLine, specialAction } from "../../server/config_cli.ts";
import { FatalConfigError, loadConfig, MissingConfigError } from "../../server/config_file.ts";
import { SystemHost, toBinary } from "../../server/config_host.ts";
import { toBytes } from "../helpers/bytes.ts";
import { freePort, realTest, startServer } from "../helpers/server.ts";
import { bulks, mustDo } from "../helpers/transcript.ts";

/** A start: arguments, and the content of t.conf in the start directory. */
interface Start {
  readonly args?: readonly string[];
  readonly conf?: string;
  readonly stdin?: string;
  /** Settings to compare after a start that succeeds. */
  readonly show?: readonly string[];
}

class Host extends SystemHost {
  constructor(directory: string, readonly stdin: string) {
    super(directory);
  }

  override readStdin(): string {
    return toBinary(this.stdin);
  }
}

/** Loads in this process. Returns the report of a failure, or the settings asked for. */
function load(dir: string, start: Start): string | string[] {
  const config = new Config(new Host(dir, start.stdin ?? ""));
  const notes: string[] = [];
  try {
    loadConfig(config, parseCommandLine((start.args ?? []).map(toBinary)), {
      note: (message) => notes.push(message),
      renameCommand: (name) => name === "nosuch" ? "No such command in rename-command" : undefined,
      user: ([, rule]) => rule === "zzz" ? { word: "user", reason: "Syntax error" } : undefined,
    });
  } catch (error) {
    if (error instanceof FatalConfigError) return error.report;
    if (error instanceof MissingConfigError) return error.message + "\n";
    throw error;
  }
  assertEquals(notes, start.stdin === undefined ? [] : ["Reading config from stdin"]);
  return (start.show ?? []).map((name) => config.text(name));
}

/** The same by the real server. */
async function loadReal(dir: string, start: Start, fails: boolean): Promise<string | string[]> {
  const args = [...start.args ?? []];
  const options = {
    bare: !start.args || fails,
    args,
    dir,
    ...(start.stdin !== undefined && { stdin: start.stdin }),
  };
  if (fails) {
    await using server = await startServer("redis", { ...options, waitReady: false });
    assertEquals((await server.waitForExit()).code, 1, JSON.stringify(start));
    // Standard output and standard error come in no particular order: only the latter's report is compared.
    return server.log.replace(/^\d+:C .* # Reading config from stdin\n/m, "").replace(/^\d+:C .* # /, "");
  }
  // The defaults of startServer come first on the command line, so a file would not be the first word: it is included.
  const file = args[0] && !args[0].startsWith("-") ? args.shift() : undefined;
  if (file !== undefined) args.unshift("--include", file);
  await using server = await startServer("redis", { ...options, bare: false, args });
  await using client = await server.connect();
  const shown: string[] = [];
  for (const name of start.show ?? []) {
    const reply = await client.call("CONFIG", "GET", name);
    assert(reply.type === "array");
    const value = reply.type === "array" ? reply.items[1]! : reply;
    shown.push(value.type === "bulk" ? value.text : value.type);
  }
  return shown;
}

/** Lines of a file, alone: each either fails or shows settings. */
const LINES: readonly (readonly [conf: string, ...show: string[]])[] = [
  ['bind "127.0.0.1 -::1"', "bind"],
  ["bind \"'127.0.0.1' -::1\"", "bind"],
  ["bind 127.0.0.1 -::1", "bind"],
  ['client-output-buffer-limit "normal 1 2" 3'],
  ['client-output-buffer-limit "normal 1 2 3"', "client-output-buffer-limit"],
  ["client-output-buffer-limit normal 1 2 3 slave 1 2 3", "client-output-buffer-limit"],
  [
    "client-output-buffer-limit normal 1 2 3\nclient-output-buffer-limit replica 1 2 3",
    "client-output-buffer-limit",
  ],
  ["client-output-buffer-limit normal"],
  ["client-output-buffer-limit", "client-output-buffer-limit"],
  ["oom-score-adj-values 1 2"],
  ['oom-score-adj-values "1 2 3"', "oom-score-adj-values"],
  ["oom-score-adj-values"],
  ["shutdown-on-sigterm save now", "shutdown-on-sigterm"],
  ['shutdown-on-sigterm "save now"', "shutdown-on-sigterm"],
  ["shutdown-on-sigterm"],
  ['shutdown-on-sigterm ""'],
  [
    "latency-tracking-info-percentiles 50 60\nlatency-tracking-info-percentiles 70",
    "latency-tracking-info-percentiles",
  ],
  ['latency-tracking-info-percentiles ""', "latency-tracking-info-percentiles"],
  ["latency-tracking-info-percentiles 50 x"],
  ["notify-keyspace-events K E"],
  ["notify-keyspace-events K\nnotify-keyspace-events E", "notify-keyspace-events"],
  ["replicaof NO ONE", "replicaof", "slaveof"],
  ["replicaof localhost x"],
  ["replicaof localhost 65536"],
  ["replicaof localhost 6399x"],
  ["replicaof localhost 6399 1"],
  ["replicaof localhost"],
  ['replicaof ""'],
  ["slaveof 127.0.0.1 1\nreplicaof no one", "replicaof"],
  ["replicaof a 1\ncluster-enabled yes"],
  ["hz 1000", "hz"],
  ["hz 0", "hz"],
  ["hz -1"],
  ["repl-backlog-size 1", "repl-backlog-size"],
  ["watchdog-period 3", "watchdog-period"],
  ["maxmemory 1 2"],
  ["maxmemory"],
  ["MaxMemory 1GB", "maxmemory"],
  ["foo"],
  ["foo 1"],
  ["Foo \"a b\" 'c' # x"],
  ["maxmemory 1gb # comment"],
  ["  \t# hi\n\r\n   maxmemory 5   \r\n", "maxmemory"],
  ['maxmemory "5'],
  ['maxmemory "5"x'],
  ['"maxmemory" "\\x35\\n"'],
  ['"max\\x6demory" "\\x35"', "maxmemory"],
  ["masterauth 'a\\'b\\n'", "masterauth"],
  ['masterauth "\\n\\r\\t\\b\\a\\q\\"\\\\\\x00\\xff\\xZZ"', "masterauth"],
  ['masterauth a"b"', "masterauth"],
  ["masterauth a\vb\tc"],
  ["masterauth ''", "masterauth"],
  ['masteruser "a\\x00b"', "masteruser"],
  ["dir /no/such"],
  ['dir ""'],
  ["dir t.conf"],
  ["dir /etc/passwd"],
  ["dbfilename a/b"],
  ["appenddirname a/b"],
  ['appendfilename ""'],
  ["unixsocketperm 778"],
  ["unixsocketperm 1000"],
  ["unixsocketperm 0700", "unixsocketperm"],
  ["databases 0"],
  ["databases 70000", "databases"],
  ["activedefrag yes"],
  ["supervised maybe"],
  ["syslog-facility local9"],
  ["daemonize maybe"],
  ["io-threads 129"],
  ["list-max-ziplist-entries 5"],
  ["list-max-ziplist-entries 5 6"],
  ["list-max-ziplist-value x"],
  ["lua-replicate-commands no"],
  ["logfile /no/such/file"],
  ["include"],
  ["include a b"],
  ["include /no/such.conf"],
  ["include *.none", "maxmemory"],
  ["include inc/*.conf", "maxmemory", "hz", "save"],
  ["include inc/[ab].conf\nmaxmemory 9", "maxmemory", "hz"],
  ["include inc/b?conf", "maxmemory", "hz"],
  ["include bad.conf"],
  ["rename-command nosuch x"],
  ["rename-command get"],
  ["user"],
  ["user bob zzz"],
  ["loadmodule"],
  ["a.b"],
  ["sentinel monitor a 127.0.0.1 1 1"],
  ["sentinel"],
];

/** Save points: the real server is told `--save ""` by the test harness, which must not be in the way. */
const SAVES = [
  "",
  "save 60 1\nsave 10 2",
  'save "60 1" "10 2"',
  'save "60 1 10 2"',
  "save 60 1 10 2",
  "save",
  "save 60",
  'save 60 1\nsave ""\nsave 5 5',
  'save ""',
  'save "" ""',
  "save '60 \"1\"'",
  "save '60 \"1'",
  'save "60  1"',
  "save 60 1\ninclude inc/a.conf\nsave 10 2\nsave 7 8",
  "save 60 1\ninclude inc/b.conf\nsave 10 2\ninclude inc/a.conf",
];

/** Command lines. */
const COMMANDS: readonly Start[] = [
  { args: ["--port"] },
  { args: ["--bad", "1"] },
  { args: ["/no/such.conf"] },
  { args: ["no-such.conf"] },
  { args: ["../no-such.conf"] },
  { args: ["--port", "x"] },
  { args: ["-x"] },
  { args: ["--hz", "10", "-x"] },
  { args: ["--maxmemory 5mb", "--replicaof", "localhost 6399"], show: ["maxmemory", "replicaof"] },
  { args: ["--save", "60", "1"], show: ["save"] },
  { args: ["--save", "60", "1", "--save", "10", "2"], show: ["save"] },
  { args: ["--save", "60", "1", "--save", "7 8"], show: ["save"] },
  { args: ["--save", "60 1", "--save", ""], show: ["save"] },
  { args: ["--hz", "20", "--save"], show: ["save", "hz"] },
  { args: ["--save", "--hz", "20"], show: ["save", "hz"] },
  { args: ["--save 60 1", "--hz", "20"], show: ["save", "hz"] },
  { args: ["--save 60"] },
  { args: ["--save "], show: ["save"] },
  { args: ["--masterauth", "--foo", "--masteruser", "--bar"], show: ["masterauth", "masteruser"] },
  { args: ["--masterauth"] },
  { args: ["--masterauth", "--hz", "10"] },
  { args: ["--masterauth", 'a b"c\n\x01\u00e9'], show: ["masterauth"] },
  { args: ["--maxmemory", "1gb", "--maxclients", "5", "6"] },
  { args: ["--bind", "127.0.0.1", "-::1"], show: ["bind"] },
  { args: ["--maxmemory=5"] },
  { args: ["--include", "/nosuch"] },
  { args: ["--user", "bob", "zzz"] },
  { args: ["--user"] },
  { args: ["--a.b"] },
  { args: ['--"port', "7114"] },
  { args: ['--port"', "7114"] },
  { args: ['--port "7114', "1"] },
  { args: ["--hz '30'"], show: ["hz"] },
  { args: ["--", "7114"] },
  { args: ["--hz", "10", "--", "--maxclients", "10"] },
  { args: ["--logfile", "/nosuch/x", "--maxmemory", "x"] },
  { args: ["-"], stdin: "maxmemory 6", show: ["maxmemory"] },
  { args: ["-"], stdin: "maxmemory six" },
  { args: ["--hz", "20", "-"], stdin: "maxmemory 6\nhz 50\n", show: ["maxmemory", "hz"] },
  { args: ["t.conf", "-", "--maxmemory", "7"], conf: "maxmemory 5\n", stdin: "maxmemory 6\n" },
  { args: ["-", "-", "--hz", "10"], stdin: "maxmemory 6\n" },
  { args: ["t.conf", "foo"], conf: "hz 20\n" },
  { args: ["t.conf", "maxclients 10"], conf: "hz 20\n" },
];

/** A start directory with files to include. */
async function startDirectory(): Promise<string> {
  const dir = await Deno.makeTempDir({ prefix: "toy-redis-test-config-" });
  await Deno.mkdir(dir + "/inc");
  await Deno.writeTextFile(dir + "/inc/a.conf", "maxmemory 11\nhz 11\n");
  await Deno.writeTextFile(dir + "/inc/b.conf", "maxmemory 22\nsave 5 6\n");
  await Deno.writeTextFile(dir + "/inc/.hidden.conf", "maxmemory 33\n");
  await Deno.writeTextFile(dir + "/bad.conf", "# fine\n\nmaxmemory x\n");
  return dir;
}

/** Compares all starts, a few at a time: most of it is waiting for servers to come up. Each runner has its own directory. */
async function compareAll(starts: readonly Start[]): Promise<void> {
  let next = 0;
  const runner = async () => {
    const dir = await startDirectory();
    while (next < starts.length) await compare(dir, starts[next++]!);
    await Deno.remove(dir, { recursive: true });
  };
  await Promise.all([runner(), runner(), runner(), runner()]);
}

async function compare(dir: string, start: Start): Promise<void> {
  if (start.conf !== undefined) await Deno.writeFile(dir + "/t.conf", toBytes(start.conf));
  const mine = load(dir, start);
  const real = await loadReal(dir, start, typeof mine === "string");
  assertEquals(mine, real, JSON.stringify(start));
}

realTest("lines of redis.conf are taken and refused like the real server does it", async () => {
  await compareAll(LINES.map(([conf, ...show]) => ({ args: ["t.conf"], conf: `hz 10\n${conf}\n`, show })));
});

realTest("save lines add up like the real server's", async () => {
  const dir = await startDirectory();
  for (const lines of SAVES) {
    const port = freePort();
    const conf = `port ${port}\nbind 127.0.0.1\n${lines}\n`;
    await Deno.writeTextFile(dir + "/t.conf", conf);
    const mine = load(dir, { args: ["t.conf"], show: ["save"] });
    const fails = typeof mine === "string";
    await using server = await startServer("redis", {
      bare: true,
      port,
      args: ["t.conf"],
      dir,
      waitReady: !fails,
    });
    if (fails) {
      await server.waitForExit();
      assertEquals(mine, server.log, lines);
    } else {
      await using client = await server.connect();
      await mustDo(client, "CONFIG", "GET", "save", bulks("save", mine[0]!));
    }
  }
  await Deno.remove(dir, { recursive: true });
});

Deno.test("special actions are the first word only", () => {
  assertEquals(
    ["-v", "--version", "-h", "--help", "--test-memory", "x"].map((word) => specialAction([word])),
    [
      "version",
      "version",
      "help",
      "help",
      "test-memory",
      undefined,
    ],
  );
  assertEquals(specialAction(["--port", "--version"]), undefined);
  assertEquals(specialAction([]), undefined);
});

Deno.test("a file that includes itself ends with an error", async () => {
  const dir = await Deno.makeTempDir();
  await Deno.writeTextFile(dir + "/t.conf", "include t.conf\n");
  assertEquals(
    load(dir, { args: ["t.conf"] }),
    "\n*** FATAL CONFIG FILE ERROR (Redis 7.0.15) ***\nReading the configuration file, at line 1\n" +
      ">>> 'include t.conf'\nToo many levels of include\n",
  );
  await Deno.remove(dir, { recursive: true });
});

realTest("command lines are taken and refused like the real server does it", () => compareAll(COMMANDS));
