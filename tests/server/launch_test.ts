/**
 * The process from outside: exit codes, what goes to which stream, signals, the pid file. The server in it is a stand-in.
 */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { banner } from "../../server/banner.ts";
import { TOY_REDIS_VERSION } from "../../server/version.ts";
import { toText } from "../helpers/bytes.ts";
import { sleep } from "../helpers/client.ts";
import { realTest, ROOT_DIR } from "../helpers/server.ts";

const PROGRAM = ROOT_DIR + "tests/server/fixtures/launched.ts";
const unix = Deno.build.os !== "windows";

interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}

function command(args: readonly string[], env: Record<string, string> = {}): Deno.Command {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", PROGRAM, ...args],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    env: { NO_COLOR: "1", ...env },
  });
}

async function run(...args: string[]): Promise<Ended> {
  const { code, stdout, stderr } = await command(args).output();
  return { code, stdout: toText(stdout), stderr: toText(stderr) };
}

/** Starts the program, waits for a text on standard output, sends signals, and gives what was printed. */
async function signalled(
  args: readonly string[],
  signals: readonly Deno.Signal[],
  env: Record<string, string> = {},
  whileRunning: (pid: number) => void = () => {},
): Promise<Ended & { pid: number }> {
  const child = command(args, env).spawn();
  let stdout = "";
  const reading = (async () => {
    for await (const chunk of child.stdout) stdout += toText(chunk);
  })();
  const stderr = new Response(child.stderr).text();
  const until = async (text: string) => {
    for (let i = 0; !stdout.includes(text); i++) {
      if (i > 2000) throw new Error(`no ${text} in:\n${stdout}`);
      await sleep(10);
    }
  };
  await until("a defect");
  whileRunning(child.pid);
  for (const signal of signals) {
    const before = stdout.length;
    child.kill(signal);
    for (let i = 0; stdout.length === before && i < 2000; i++) await sleep(10);
  }
  const { code } = await child.status;
  await reading;
  return { code, stdout, stderr: await stderr, pid: child.pid };
}

Deno.test("--version and --help", async () => {
  const version = await run("--version", "x");
  assertEquals([version.code, version.stderr], [0, ""]);
  assertMatch(version.stdout, /^Redis server v=7\.0\.15 sha=\S+ malloc=\S+ bits=64 build=\S+\n$/);
  const help = await run("-h");
  assertEquals([help.code, help.stdout], [1, ""]);
  assertStringIncludes(help.stderr, "Usage: ");
});

realTest("a bad directive: the real server's report on standard error, exit code 1", async () => {
  const args = ["--hz", "20", "--bad", "\u00e9 1"];
  const mine = await run(...args);
  const real = await new Deno.Command("redis-server", { args }).output();
  assertEquals([mine.code, mine.stdout, mine.stderr], [real.code, "", toText(real.stderr)]);
});

Deno.test("what cannot be done is refused in the log", async () => {
  const cases: [string[], RegExp][] = [
    [
      ["/no/such.conf"],
      /^\d+:C .* # Fatal error, can't open config file '\/no\/such\.conf': No such file or directory\n$/,
    ],
    [["--sentinel"], /# Sentinel mode is not supported/],
    [["--loadmodule", "/x.so"], /# Can't load module from \/x\.so: server aborting\n$/],
    [["--mod.x", "1"], /# Module Configuration detected without loadmodule/],
    [["--tls-port", "7000"], /# Failed to configure TLS/],
    [["--cluster-enabled", "yes"], /# cluster-enabled is not supported/],
    [["--port", "1"], /# Failed listening on port 1 \(TCP\), aborting\.\n$/],
  ];
  for (const [args, expected] of cases) {
    const { code, stdout, stderr } = await run(...args);
    assertEquals([code, stderr], [1, ""], args.join(" "));
    assertMatch(stdout, expected);
  }
});

Deno.test({
  name: "SIGTERM ends in order; defects are logged; the log and pid file are where they should be",
  ignore: !unix,
  async fn() {
    const dir = await Deno.realPath(await Deno.makeTempDir());
    let pidfile = "";
    const args = ["--dir", dir, "--pidfile", "toy.pid", "--daemonize", "yes", "--hz", "33"];
    const ended = await signalled(args, ["SIGTERM"], {}, (pid) => {
      Deno.kill(pid, "SIGHUP"); // no reason to end
      pidfile = Deno.readTextFileSync(dir + "/toy.pid");
    });
    assertEquals([ended.code, ended.stderr, pidfile], [0, "", `${ended.pid}\n`]);
    const messages = ended.stdout.split("\n").map((line) =>
      line.replace(/^\d+:([CM]) \d\d \w{3} \d{4} [\d:.]{12} /, "$1 ")
    );
    assertEquals(
      messages.filter((line) => /^[CM] /.test(line)).map((line) =>
        line.replace(/id=.*|pid=\d+|PID: \d+/, "")
      ),
      [
        "C # oO0OoO0OoO0Oo Redis is starting oO0OoO0OoO0Oo",
        "C # Redis version=7.0.15, bits=64, commit=00000000, modified=0, , just started",
        "C # Configuration loaded",
        "C # daemonize is ignored: this runtime cannot fork, the server stays in the foreground",
        "M * monotonic clock: POSIX clock_gettime",
        "M * Running mode=standalone, port=6379.",
        `M * toy-redis ${TOY_REDIS_VERSION}, `,
        "M * hz=33 ",
        "M * Ready to accept connections",
        "M # Unexpected error: Error: a defect",
        "M * asked to stop by SIGTERM",
        "M * Removing the pid file.",
        "M # Redis is now ready to exit, bye bye...",
      ],
    );
    assertMatch(
      ended.stdout,
      new RegExp(
        `^${ended.pid}:signal-handler \\(\\d{10,}\\) Received SIGTERM scheduling shutdown\\.\\.\\.$`,
        "m",
      ),
    );
    assertEquals([...Deno.readDirSync(dir)], []);
    await Deno.remove(dir);
  },
});

Deno.test({
  name: "a second SIGINT does not wait",
  ignore: !unix,
  async fn() {
    const ended = await signalled([], ["SIGINT", "SIGTERM", "SIGINT"], { TOY_REDIS_STUBBORN: "1" });
    assertEquals(ended.code, 1);
    assertMatch(ended.stdout, /:signal-handler \(\d+\) You insist\.\.\. exiting now\.\n$/);
  },
});

Deno.test({
  name: "SIGABRT is a crash with a report",
  ignore: !unix,
  async fn() {
    const ended = await signalled([], ["SIGABRT"]);
    assertEquals(ended.code, 134);
    assertStringIncludes(ended.stdout, "crashed by SIGABRT");
  },
});

Deno.test("the log goes to logfile, relative to dir, at the level asked for", async () => {
  const dir = await Deno.makeTempDir();
  const { code, stdout } = await run(
    "--dir",
    dir,
    "--logfile",
    "toy.log",
    "--loglevel",
    "warning",
    "--port",
    "1",
  );
  assertEquals([code, stdout], [1, ""]);
  const lines = (await Deno.readTextFile(dir + "/toy.log")).trimEnd().split("\n");
  assertEquals(lines.length, 4);
  assert(lines.every((line) => line.includes(" # ")));
  await Deno.remove(dir, { recursive: true });
});

Deno.test("the banner shows version, port and pid", () => {
  const plain = banner({ port: 7, pid: 4242 }, false);
  assertStringIncludes(plain, " Port: 7\n");
  assertStringIncludes(plain, " PID: 4242\n");
  assert(plain.split("\n").every((line) => line.length <= 60));
  // deno-lint-ignore no-control-regex
  assertEquals(banner({ port: 7, pid: 4242 }, true).replace(/\x1b\[\d+m/g, ""), plain);
});
