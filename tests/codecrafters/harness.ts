/**
 * Our own judge for CodeCrafters' "Build your own Redis": it starts `your_program.sh` as their tester does and checks
 * what theirs checks, so that a change that would fail there fails here first. The mechanics (waits, the 1 ms look for
 * surplus bytes, where output is no longer read, how the program is ended) follow the public tester.
 */
import { RawClient, sleep, TimeoutError, withTimeout } from "../helpers/client.ts";
import { Random } from "../helpers/random.ts";
import { show } from "../helpers/resp.ts";
import type { Arg, Frame, Reply } from "../helpers/resp.ts";
import { quoteIfNeeded, toText } from "../helpers/bytes.ts";
import { ROOT_DIR } from "../helpers/server.ts";
import { Expected, satisfying } from "../helpers/transcript.ts";

/** One stage: what the course asks, as code. */
export interface Stage {
  extension: string;
  slug: string;
  name: string;
  run(session: Session): Promise<void>;
  /** Milliseconds for the whole stage; default 10,000. */
  limitMs?: number;
}

/** A reply has this long to arrive whole. */
export const REPLY_MS = 2000;
/** Bytes of the program's output that are read; after that the pipe fills up. */
const OUTPUT_LIMIT = 30_000;
const PROGRAM_LIMIT_MS = 10_000;
const MEMORY_LIMIT = 2 * 1024 ** 3;
const WORDS = [
  "apple",
  "orange",
  "banana",
  "pear",
  "grape",
  "pineapple",
  "mango",
  "strawberry",
  "raspberry",
  "blueberry",
];

/** A connection as the tester sees it: a reply within 2 s, then nothing more for 1 ms. */
export class Link {
  readonly #raw: RawClient;
  readonly name: string;

  constructor(raw: RawClient, name: string) {
    this.#raw = raw;
    this.name = name;
  }

  send(...args: Arg[]): Promise<void> {
    return this.#raw.send(...args);
  }

  /** Raw bytes (a fake primary's replies). */
  write(bytes: Uint8Array): Promise<void> {
    return this.#raw.write(bytes);
  }

  /** The next frame, in RESP2. */
  async frame(timeoutMs = REPLY_MS): Promise<Frame> {
    let frame: Frame;
    try {
      frame = await this.#raw.read(timeoutMs);
    } catch (error) {
      if (!(error instanceof TimeoutError)) throw error;
      const partial = quoteIfNeeded(toText(this.#raw.partial));
      throw new Error(`${this.name}: no whole reply within ${timeoutMs} ms (received ${partial})`);
    }
    if (frame.value.type === "closed") throw new Error(`${this.name}: the connection was closed`);
    if (!"+-:$*".includes(String.fromCharCode(frame.raw[0]!))) {
      throw new Error(`${this.name}: not a RESP2 reply: ${show(frame.value)}`);
    }
    return frame;
  }

  /** The RDB file of a full resynchronisation. */
  file(): Promise<Uint8Array> {
    return this.#raw.readFile(REPLY_MS);
  }

  /** Fails if anything arrives within 1 ms. */
  async noMore(): Promise<void> {
    await sleep(1);
    const [extra] = this.#raw.unread;
    if (extra || this.#raw.partial.length > 0) {
      throw new Error(`${this.name}: extra data: ${extra ? show(extra.value) : toText(this.#raw.partial)}`);
    }
  }

  /** Requires the next reply to be as expected, and nothing behind it. */
  async receive(expected: Expected, timeoutMs = REPLY_MS): Promise<Reply> {
    const frame = await this.frame(timeoutMs);
    if (!expected.accepts(frame)) {
      throw new Error(`${this.name}: expected ${expected.description}, got ${show(frame.value)}`);
    }
    await this.noMore();
    return frame.value;
  }

  /** Sends a command and requires its reply. The expectation comes last. */
  async must(...argsAndExpected: [...Arg[], Expected]): Promise<Reply> {
    const args = argsAndExpected.slice(0, -1) as Arg[];
    await this.send(...args);
    try {
      return await this.receive(argsAndExpected.at(-1) as Expected);
    } catch (error) {
      throw new Error(
        `after ${args.map((arg) => quoteIfNeeded(String(arg))).join(" ")}: ${(error as Error).message}`,
      );
    }
  }

  /** Whether a frame waits to be read. */
  get hasReply(): boolean {
    return this.#raw.unread.length > 0;
  }

  close(): Promise<void> {
    return this.#raw.close();
  }
}

/** A running program under judgement. */
class Program {
  readonly #child: Deno.ChildProcess;
  readonly #timers: ReturnType<typeof setInterval>[] = [];
  readonly #readers: Promise<void>[] = [];
  readonly #cancel: (() => void)[] = [];
  output = "";
  status: Deno.CommandStatus | undefined;

  constructor(path: string, args: string[], cwd: string) {
    const env = Object.fromEntries(
      Object.entries(Deno.env.toObject()).filter(([name]) => !name.startsWith("CODECRAFTERS_SECRET")),
    );
    this.#child = new Deno.Command(path, {
      args,
      cwd,
      env,
      clearEnv: true,
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
      detached: true, // a process group of its own, ended as a whole
    }).spawn();
    this.#child.status.then((status) => this.status = status);
    for (const stream of [this.#child.stdout, this.#child.stderr]) this.#readers.push(this.#collect(stream));
    this.#timers.push(setTimeout(() => this.#signal("SIGKILL"), PROGRAM_LIMIT_MS));
    this.#timers.push(setInterval(() => this.#watchMemory(), 100));
  }

  /** Reads up to the limit, then lets the pipe fill up, as the tester does. */
  async #collect(stream: ReadableStream<Uint8Array>): Promise<void> {
    const reader = stream.getReader();
    let total = 0;
    while (total < OUTPUT_LIMIT) {
      const { value, done } = await reader.read();
      if (done) return;
      total += value.length;
      this.output += toText(value);
    }
    this.#cancel.push(() => reader.cancel().catch(() => {}));
  }

  #watchMemory(): void {
    let total = 0;
    const add = (pid: number) => {
      try {
        const status = Deno.readTextFileSync(`/proc/${pid}/status`);
        total += 1024 * Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0);
        for (const child of Deno.readTextFileSync(`/proc/${pid}/task/${pid}/children`).split(" ")) {
          if (child.trim()) add(Number(child));
        }
      } catch {
        // it has ended, or this system has no /proc
      }
    };
    add(this.#child.pid);
    if (total > MEMORY_LIMIT) {
      this.output += "\n[killed: more than 2 GiB resident]\n";
      this.#signal("SIGKILL");
    }
  }

  #signal(signal: "SIGTERM" | "SIGKILL"): void {
    for (const pid of [this.#child.pid, -this.#child.pid]) {
      try {
        Deno.kill(pid, signal);
      } catch {
        // it has ended
      }
    }
  }

  /** SIGTERM, up to 2 s, SIGKILL. Returns whether SIGTERM was enough. */
  async stop(): Promise<boolean> {
    this.#signal("SIGTERM");
    let inTime = true;
    await withTimeout(this.#child.status, 2000, "exit").catch(() => inTime = false);
    this.#signal("SIGKILL");
    await this.#child.status;
    for (const timer of this.#timers) clearInterval(timer);
    for (const cancel of this.#cancel) cancel();
    await this.#child.stdin.close().catch(() => {});
    await Promise.all(this.#readers);
    return inTime;
  }
}

/** What a stage works with: the program, connections, random words. Everything is ended by `end()`. */
export class Session {
  readonly random: Random;
  /** A directory of its own; also the working directory of the program. */
  readonly dir: string;
  readonly #path: string;
  readonly #offset: number;
  readonly #links: Link[] = [];
  readonly #listeners: Deno.Listener[] = [];
  #program: Program | undefined;
  #output = "";

  private constructor(path: string, offset: number, dir: string, seed: number) {
    this.#path = path;
    this.#offset = offset;
    this.dir = dir;
    this.random = new Random(seed);
  }

  /** A session for one stage. `path`: the program (default: your_program.sh of this repository). */
  static async begin(path: string | undefined): Promise<Session> {
    const dir = await Deno.realPath(await Deno.makeTempDir({ prefix: "codecrafters-" }));
    const given = Deno.env.get("CODECRAFTERS_RANDOM_SEED");
    const seed = given === undefined ? crypto.getRandomValues(new Uint32Array(1))[0]! : Number(given);
    return new Session(path ?? ROOT_DIR + "your_program.sh", portOffset(), dir, seed);
  }

  /** What the program printed. */
  get output(): string {
    return this.#output + (this.#program?.output ?? "");
  }

  /** The port that stands for the course's (6379...): that one, or one further up when those are taken here. */
  port(nominal = 6379): number {
    return nominal + this.#offset;
  }

  /** Starts the program; without `--port` among the arguments it must listen on its default port. */
  start(...args: string[]): void {
    if (this.#offset !== 0 && !args.includes("--port")) args = [...args, "--port", `${this.port()}`];
    this.#program = new Program(this.#path, args, this.dir);
  }

  /** Ends the program; says whether it went within 2 s of SIGTERM. */
  async stop(): Promise<boolean> {
    const program = this.#program;
    this.#program = undefined;
    if (!program) return true;
    const inTime = await program.stop();
    this.#output += program.output;
    return inTime;
  }

  /** Connects to the program, trying for about 5 s (`tries` times, `everyMs` apart). */
  async connect(nominal = 6379, tries = 52, everyMs = 100): Promise<Link> {
    for (let attempt = 1;; attempt++) {
      try {
        const raw = await RawClient.connect(this.port(nominal), "localhost");
        const link = new Link(raw, `client ${this.#links.length + 1}`);
        this.#links.push(link);
        return link;
      } catch (error) {
        const status = this.#program?.status;
        if (status) throw new Error(`the program has ended (exit code ${status.code})`);
        if (attempt >= tries) throw new Error(`cannot connect to port ${this.port(nominal)}: ${error}`);
      }
      await sleep(everyMs);
    }
  }

  /** Listens as a primary on the nominal port 6379. */
  listen(): Deno.TcpListener {
    const listener = Deno.listen({ port: this.port(), hostname: "0.0.0.0" });
    this.#listeners.push(listener);
    return listener;
  }

  /** Accepts the program's connection to our primary. */
  async accept(listener: Deno.TcpListener): Promise<Link> {
    const conn = await withTimeout(listener.accept(), 5000, "the replica's connection");
    const link = new Link(RawClient.over(conn), "replica");
    this.#links.push(link);
    return link;
  }

  word(): string {
    return this.random.pick(WORDS);
  }

  /** `count` different words. */
  words(count: number): string[] {
    return this.random.shuffle(WORDS).slice(0, count);
  }

  int(low: number, high: number): number {
    return this.random.int(low, high);
  }

  /** Ends program, connections and listeners, and removes the directory. */
  async end(): Promise<void> {
    for (const link of this.#links) await link.close();
    await this.stop();
    for (const listener of this.#listeners) listener.close();
    await Deno.remove(this.dir, { recursive: true }).catch(() => {});
  }
}

let knownOffset: number | undefined;

/** 0 when the course's ports (6379 to 6389) are free, else a shift to ports that are. */
function portOffset(): number {
  if (knownOffset !== undefined && portsFree(knownOffset)) return knownOffset;
  for (let offset = 0; offset < 20_000; offset += 97) {
    if (portsFree(offset)) return knownOffset = offset;
  }
  throw new Error("no free range of ports found");
}

function portsFree(offset: number): boolean {
  for (let port = 6379; port <= 6389; port++) {
    try {
      Deno.listen({ port: port + offset, hostname: "127.0.0.1" }).close();
    } catch {
      return false;
    }
  }
  return true;
}

/** Runs one stage; throws with the program's output when it fails. */
export async function runStage(stage: Stage, program?: string): Promise<void> {
  const session = await Session.begin(program);
  const limit = stage.limitMs ?? 10_000;
  try {
    await withTimeout(stage.run(session), limit, `stage ${stage.slug}`);
  } catch (error) {
    const output = session.output.trim().split("\n").slice(-30).join("\n  ");
    throw new Error(
      `#${stage.slug} ${stage.name}: ${(error as Error).message}\n  the program printed:\n  ${output}`,
    );
  } finally {
    await session.end();
  }
}

/** An error that starts with `prefix` (case counts) and holds every one of `parts` (case does not). */
export function errorHas(prefix: string, ...parts: string[]): Expected {
  return satisfying(
    (reply) =>
      reply.type === "error" && reply.text.startsWith(prefix) &&
      parts.every((part) => reply.text.toLowerCase().includes(part.toLowerCase())),
    `error ${prefix}... with ${parts.join(", ")}`,
  );
}

/** A bulk string for which `test` holds. */
export function bulkWhere(test: (text: string) => boolean, description: string): Expected {
  return satisfying((reply) => reply.type === "bulk" && test(reply.text), description);
}

/** Waits until `look` no longer throws, up to `ms`. */
export async function eventually(look: () => Promise<void>, ms = 2000): Promise<void> {
  const deadline = Date.now() + ms;
  while (true) {
    try {
      return await look();
    } catch (error) {
      if (Date.now() > deadline) throw error;
    }
    await sleep(20);
  }
}
