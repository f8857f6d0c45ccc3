/**
 * Starts servers for tests: the real redis-server (the measure) and toy-redis, with the same command line, each in a
 * temporary directory of its own, and makes sure that none outlives the test run.
 *
 * Environment:
 * - TOY_REDIS_BIN: a binary to test in place of `deno run main.ts` (a compiled toy-redis; or redis-server itself, which
 *   is how the harness is tested: real against real must show no difference).
 * - REDIS_SERVER_BIN: the reference, default `redis-server` from PATH.
 * - TOY_REDIS_REQUIRE_REAL=1 or CI=true: a missing redis-server is a failure instead of a (loud) skip.
 */
import { RawClient, sleep, withTimeout } from "./client.ts";
import { toText } from "./bytes.ts";

/** Which server: the one under test or the reference. */
export type Kind = "toy" | "redis";

/** How to start a server. */
export interface ServerOptions {
  /** Arguments after the defaults (`--port --bind --dir --save "" --enable-debug-command yes`); later ones win. */
  args?: readonly string[];
  /** Port to listen on; default: a free one. */
  port?: number;
  /** Working and data directory; default: a temporary one, removed by stop(). */
  dir?: string;
  /** Only `args`, none of the defaults (then give `port` too, so that readiness can be seen). */
  bare?: boolean;
  /** Time until PING must be answered, milliseconds; default 30,000. */
  readyTimeoutMs?: number;
  /** False: do not wait for PING (the test looks at a start that fails). */
  waitReady?: boolean;
  /** The program and its leading arguments, in place of the kind's own. */
  program?: readonly string[];
  /** Text to write to the standard input (for a configuration read from `-`); it is then closed. */
  stdin?: string;
}

const ROOT = new URL("../../", import.meta.url);

/** Path of the repository's root directory. */
export const ROOT_DIR: string = decodeURIComponent(ROOT.pathname).replace(/^\/([A-Za-z]:)/, "$1");

/** Those of the task `start`, so that tests and benchmarks run what users run. */
const V8_FLAGS: string = JSON.parse(Deno.readTextFileSync(ROOT_DIR + "deno.json")).tasks.start
  .split(" ").find((word: string) => word.startsWith("--v8-flags="));

/** The program and its leading arguments that start the server of this kind. */
export function programOf(kind: Kind): string[] {
  if (kind === "redis") return [Deno.env.get("REDIS_SERVER_BIN") ?? "redis-server"];
  const binary = Deno.env.get("TOY_REDIS_BIN");
  if (binary) return [binary];
  return [
    Deno.execPath(),
    "run",
    "-A",
    "--no-check",
    V8_FLAGS,
    ROOT_DIR + "main.ts",
  ];
}

/** A running server. `await using` (or stop()) ends it. */
export class TestServer {
  /** Milliseconds after SIGTERM until SIGKILL. */
  static readonly STOP_GRACE_MS = 10_000;

  readonly kind: Kind;
  readonly port: number;
  readonly dir: string;
  readonly pid: number;
  readonly #child: Deno.ChildProcess;
  readonly #ownsDir: boolean;
  readonly #drained: Promise<unknown>;
  #log = "";
  #status: Deno.CommandStatus | undefined;

  /** @internal use startServer */
  constructor(kind: Kind, child: Deno.ChildProcess, port: number, dir: string, ownsDir: boolean) {
    this.kind = kind;
    this.port = port;
    this.dir = dir;
    this.pid = child.pid;
    this.#child = child;
    this.#ownsDir = ownsDir;
    this.#drained = Promise.all([this.#collect(child.stdout), this.#collect(child.stderr)]);
    child.status.then((status) => this.#status = status);
  }

  /** Everything that the server printed so far (the last 4 MB). */
  get log(): string {
    return this.#log;
  }

  /** The exit status, or undefined while the server runs. */
  get exited(): Deno.CommandStatus | undefined {
    return this.#status;
  }

  async #collect(stream: ReadableStream<Uint8Array>): Promise<void> {
    for await (const chunk of stream) this.#log = (this.#log + toText(chunk)).slice(-4_000_000);
  }

  /** Opens a connection. */
  connect(): Promise<RawClient> {
    return RawClient.connect(this.port);
  }

  /** Resident memory in bytes (Linux: /proc; elsewhere undefined). */
  rss(): number | undefined {
    try {
      const match = /VmRSS:\s+(\d+) kB/.exec(Deno.readTextFileSync(`/proc/${this.pid}/status`));
      return match ? Number(match[1]) * 1024 : undefined;
    } catch {
      return undefined;
    }
  }

  /** Waits until the log matches; throws with the log when it does not in time or the server exits first. */
  async waitForLog(pattern: RegExp, timeoutMs = 20_000): Promise<RegExpExecArray> {
    const deadline = Date.now() + timeoutMs;
    while (true) {
      const match = pattern.exec(this.#log);
      if (match) return match;
      if (this.#status || Date.now() > deadline) throw new Error(`no ${pattern} in the log:\n${this.#log}`);
      await sleep(10);
    }
  }

  /** Waits for the process to end by itself. */
  async waitForExit(timeoutMs = 20_000): Promise<Deno.CommandStatus> {
    const status = await withTimeout(this.#child.status, timeoutMs, `exit of ${this.kind} (pid ${this.pid})`);
    await this.#drained;
    running.delete(this);
    return status;
  }

  /** Sends a signal; false when the process is gone. */
  kill(signal: Deno.Signal): boolean {
    try {
      this.#child.kill(signal);
      return true;
    } catch {
      return false; // it has ended
    }
  }

  /** Ends the process: SIGTERM, then SIGKILL. Returns when it is gone, and removes its temporary directory. */
  async stop(signal: Deno.Signal = "SIGTERM"): Promise<Deno.CommandStatus> {
    this.kill(signal);
    const killer = setTimeout(() => this.kill("SIGKILL"), TestServer.STOP_GRACE_MS);
    const status = await this.#child.status;
    clearTimeout(killer);
    await this.#drained;
    running.delete(this);
    if (this.#ownsDir) await Deno.remove(this.dir, { recursive: true }).catch(() => {});
    return status;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

/** Servers to kill should the test process end without having stopped them (a failed test, Ctrl-C). */
const running = new Set<TestServer>();

function killAll(): void {
  for (const server of running) server.kill("SIGKILL");
}
globalThis.addEventListener("unload", killAll);

/** A TCP port nobody listens on, outside the usual range of ephemeral ports (so no outgoing connection takes it). */
export function freePort(): number {
  for (let tries = 0; tries < 200; tries++) {
    const port = 20_000 + crypto.getRandomValues(new Uint32Array(1))[0]! % 12_000;
    try {
      Deno.listen({ port, hostname: "127.0.0.1" }).close();
      return port;
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    }
  }
  throw new Error("no free port found");
}

/** Starts a server and waits until it answers PING. A port that somebody took meanwhile is retried with another. */
export async function startServer(kind: Kind, options: ServerOptions = {}): Promise<TestServer> {
  for (let attempt = 1;; attempt++) {
    const server = await spawn(kind, options);
    if (options.waitReady === false) return server;
    const failure = await waitReady(server, options.readyTimeoutMs ?? 30_000);
    if (failure === undefined) return server;
    await server.stop("SIGKILL");
    const taken = /Address already in use|AddrInUse/i.test(server.log);
    if (!taken || options.port !== undefined || attempt >= 5) {
      throw new Error(`${kind} server did not start (${failure}); its log:\n${server.log}`);
    }
  }
}

async function spawn(kind: Kind, options: ServerOptions): Promise<TestServer> {
  const port = options.port ?? freePort();
  const dir = options.dir ?? await Deno.makeTempDir({ prefix: `toy-redis-test-${kind}-` });
  const [program, ...leading] = (options.program ?? programOf(kind)) as [string, ...string[]];
  const defaults = options.bare ? [] : [
    "--port",
    `${port}`,
    "--bind",
    "127.0.0.1",
    "--dir",
    dir,
    "--save",
    "",
    "--enable-debug-command",
    "yes",
  ];
  const child = new Deno.Command(program, {
    args: [...leading, ...defaults, ...(options.args ?? [])],
    cwd: dir,
    stdin: options.stdin === undefined ? "null" : "piped",
    stdout: "piped",
    stderr: "piped",
    env: { NO_COLOR: "1" },
  }).spawn();
  const server = new TestServer(kind, child, port, dir, options.dir === undefined);
  running.add(server);
  if (options.stdin !== undefined) {
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(options.stdin));
    await writer.close();
  }
  return server;
}

/** Undefined when the server answers, else what went wrong. */
async function waitReady(server: TestServer, timeoutMs: number): Promise<string | undefined> {
  const deadline = Date.now() + timeoutMs;
  while (Date.now() < deadline) {
    if (server.exited) return `exit code ${server.exited.code}`;
    try {
      await using client = await server.connect();
      const reply = await client.call("PING");
      const loading = reply.type === "error" && /^(LOADING|BUSY|MASTERDOWN)/.test(reply.text);
      if (!loading && reply.type !== "closed") return undefined; // NOAUTH and DENIED also mean: it is up
    } catch (error) {
      if (!(error instanceof Deno.errors.ConnectionRefused)) return String(error);
    }
    await sleep(15);
  }
  return `no answer to PING within ${timeoutMs} ms`;
}

let realVersion: string | null | undefined;

/** The version of the real redis-server here, or null where there is none. */
export function redisVersion(): string | null {
  if (realVersion !== undefined) return realVersion;
  try {
    const output = new Deno.Command(programOf("redis")[0]!, { args: ["--version"] }).outputSync();
    realVersion = /v=(\S+)/.exec(toText(output.stdout))?.[1] ?? null;
  } catch {
    realVersion = null;
  }
  return realVersion;
}

/** The version that toy-redis follows; another one as reference would show differences that are none. */
export const REFERENCE_VERSION = "7.0.15";

/**
 * Whether tests against the real redis-server can run. Where it is missing (or of another version) it says so once on
 * standard error, and throws if CI=true or TOY_REDIS_REQUIRE_REAL=1: a skip nobody reads must not look like success.
 */
export function hasRedis(): boolean {
  const version = redisVersion();
  if (version === REFERENCE_VERSION) return true;
  const what = version === null
    ? "redis-server was not found"
    : `redis-server is ${version}, not ${REFERENCE_VERSION}`;
  if (Deno.env.get("CI") === "true" || Deno.env.get("TOY_REDIS_REQUIRE_REAL") === "1") {
    throw new Error(`${what}, and this run requires it (CI or TOY_REDIS_REQUIRE_REAL is set)`);
  }
  if (Deno.env.get("TOY_REDIS_SAID_SKIPPED") !== "1") {
    Deno.env.set("TOY_REDIS_SAID_SKIPPED", "1"); // the environment is shared by all test files of one run
    console.error(
      `\n!!! ${what}: every test that compares with the real server is SKIPPED.\n` +
        `!!! Install it (Debian: apt-get install redis-server) to run them; TOY_REDIS_REQUIRE_REAL=1 makes this fail.\n`,
    );
  }
  return false;
}

/**
 * Registers a test that needs the real redis-server; the policy of hasRedis() decides where it is missing.
 * `shared`: the test uses servers that outlive it (stop them in Deno.test.afterAll), so leaks are not looked for.
 */
export function realTest(
  name: string,
  fn: (t: Deno.TestContext) => Promise<void> | void,
  options: { shared?: boolean } = {},
): void {
  let ignore: boolean;
  try {
    ignore = !hasRedis();
  } catch (error) {
    Deno.test(name, () => {
      throw error;
    });
    return;
  }
  const sanitize = options.shared ? { sanitizeOps: false, sanitizeResources: false } : {};
  Deno.test({ name, ignore, fn, ...sanitize });
}

/** Starts both servers with the same options, runs `fn`, and stops them whatever happens. */
export async function withBoth(
  options: ServerOptions,
  fn: (toy: TestServer, redis: TestServer) => Promise<void>,
): Promise<void> {
  await using redis = await startServer("redis", options);
  await using toy = await startServer("toy", options);
  await fn(toy, redis);
}
