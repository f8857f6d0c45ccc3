/**
 * Two servers in lockstep: the same step on both, then a comparison of what every client received. The rule of a
 * command stays with it until its reply comes, which may be much later (a blocked client) or inside EXEC's array.
 */
import { show } from "./resp.ts";
import type { Frame, Reply } from "./resp.ts";
import { Lockstep } from "./lockstep.ts";
import type { Received } from "./lockstep.ts";
import { exact } from "./rules.ts";
import type { Rule } from "./rules.ts";
import { quoteIfNeeded } from "./bytes.ts";

/** A command with the rule that compares its replies. Arguments are binary strings. */
export interface Command {
  args: string[];
  rule: Rule;
  /** It belongs to the command before it: never sent without that one (a random removal and its clean-up). */
  glued?: boolean;
}

/** One thing that happens: a client sends commands in one write, or something from outside. */
export type Step =
  | { kind: "send"; client: number; commands: Command[] }
  | { kind: "unblock"; client: number; how: "TIMEOUT" | "ERROR" }
  | { kind: "disconnect"; client: number }
  | { kind: "sleep"; ms: number };

/** The first disagreement found. */
export interface Difference {
  client: number;
  command: string;
  toy: string;
  redis: string;
}

interface Waiting {
  command: Command;
}

/** Per client: commands whose replies have not come, and the commands queued in an open transaction. */
class Expectations {
  waiting: Waiting[] = [];
  queued: Rule[] | undefined;
}

/** Plays steps on both servers. Close it when done. */
export class Duel {
  readonly toy: Lockstep;
  readonly redis: Lockstep;
  readonly #clients = new Map<number, Expectations>();

  constructor(toyPort: number, redisPort: number, login: readonly string[][] = []) {
    this.toy = new Lockstep(toyPort, login);
    this.redis = new Lockstep(redisPort, login);
  }

  /** Whether this client is blocked on both servers. */
  isBlocked(client: number): boolean {
    return this.redis.isBlocked(client) && this.toy.isBlocked(client);
  }

  /** Plays one step; returns the first difference, if any. A blocked actor is unblocked on both servers first. */
  async play(step: Step): Promise<Difference | undefined> {
    if (step.kind === "send" && (this.toy.isBlocked(step.client) || this.redis.isBlocked(step.client))) {
      const difference = await this.play({ kind: "unblock", client: step.client, how: "TIMEOUT" });
      if (difference) return difference;
    }
    const failures: string[] = ["", ""];
    const attempt = (side: Lockstep, index: number): Promise<Received> =>
      perform(side, step).catch((error) => {
        failures[index] = String(error);
        return new Map();
      });
    const [toy, redis] = await Promise.all([attempt(this.toy, 0), attempt(this.redis, 1)]);
    if (failures[0] || failures[1]) {
      const command = step.kind === "send" ? step.commands.map(showCommand).join(" | ") : step.kind;
      const client = "client" in step ? step.client : 0;
      return { client, command, toy: failures[0] || "(no trouble)", redis: failures[1] || "(no trouble)" };
    }
    return this.#compare(step, toy, redis);
  }

  #compare(step: Step, toy: Received, redis: Received): Difference | undefined {
    if (step.kind === "send") {
      const expected = this.#expectations(step.client);
      for (const command of step.commands) expected.waiting.push({ command });
      const whole = step.commands.length === 1 ? step.commands[0]!.rule : undefined;
      if (whole?.sameFrames) {
        const a = toy.get(step.client) ?? [], b = redis.get(step.client) ?? [];
        toy.delete(step.client);
        redis.delete(step.client);
        expected.waiting = [];
        if (!whole.sameFrames(a, b)) return difference(step.client, showCommand(step.commands[0]!), a, b);
      }
    }
    const numbers = [...new Set([...toy.keys(), ...redis.keys()])].sort((a, b) => a - b);
    for (const number of numbers) {
      const found = this.#compareFrames(number, toy.get(number) ?? [], redis.get(number) ?? []);
      if (found) return found;
    }
    for (const [number, expected] of this.#clients) {
      if (this.toy.isBlocked(number) !== this.redis.isBlocked(number)) {
        const command = expected.waiting[0] ? showCommand(expected.waiting[0].command) : "(nothing)";
        const say = (blocked: boolean) => blocked ? "(blocked)" : "(not blocked)";
        return {
          client: number,
          command,
          toy: say(this.toy.isBlocked(number)),
          redis: say(this.redis.isBlocked(number)),
        };
      }
      if (!this.redis.isBlocked(number)) expected.waiting = [];
    }
    return undefined;
  }

  #compareFrames(number: number, toy: readonly Frame[], redis: readonly Frame[]): Difference | undefined {
    const expected = this.#expectations(number);
    const a = orderPatternMessages(toy), b = orderPatternMessages(redis);
    for (let i = 0; i < Math.max(a.length, b.length); i++) {
      const x = a[i], y = b[i];
      const unasked = (y ?? x)!.value.type === "push";
      if (unasked && x && y && brokenRedirect(x.value) && brokenRedirect(y.value)) continue; // each names its own id
      const command = unasked ? undefined : expected.waiting.shift()?.command;
      const label = command ? showCommand(command) : "(unasked)";
      if (!x || !y) return difference(number, label, a.slice(i), b.slice(i));
      if (!this.#same(expected, command, x.value, y.value)) {
        return difference(number, label, [x], [y], command?.rule.view);
      }
    }
    return undefined;
  }

  /** Applies the command's rule, and keeps the books of a transaction. */
  #same(expected: Expectations, command: Command | undefined, a: Reply, b: Reply): boolean {
    const rule = command?.rule ?? exact;
    const name = command?.args[0]?.toUpperCase() ?? "";
    if (b.type === "simple" && b.text === "QUEUED") {
      expected.queued?.push(rule);
      return exact.same(a, b);
    }
    const rules = expected.queued;
    if (name === "MULTI" && b.type === "simple") expected.queued = [];
    if (["EXEC", "DISCARD", "RESET"].includes(name)) expected.queued = undefined;
    if (name === "EXEC" && b.type === "array" && a.type === "array" && rules) {
      return a.items.length === b.items.length &&
        b.items.every((item, i) => (rules[i] ?? exact).same(a.items[i]!, item));
    }
    return rule.same(a, b);
  }

  #expectations(number: number): Expectations {
    let expected = this.#clients.get(number);
    if (!expected) this.#clients.set(number, expected = new Expectations());
    return expected;
  }

  /** Disconnects all clients on both sides; the next step starts with fresh connections. */
  async reset(): Promise<void> {
    this.#clients.clear();
    await Promise.all([this.toy.disconnectAll(), this.redis.disconnectAll()]);
  }

  /** Ends all connections. */
  async close(): Promise<void> {
    await Promise.all([this.toy.close(), this.redis.close()]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

function brokenRedirect(reply: Reply): boolean {
  return reply.type === "push" && show(reply.items[0]!) === '"tracking-redir-broken"';
}

/**
 * A message that matches several patterns of one client comes once for each, in the order of a hash table: such runs
 * are sorted by pattern. So are the messages that everything is invalid, which several clients may redirect to one: they
 * come in the order of a list of clients that redis-server keeps turning.
 */
function orderPatternMessages(frames: readonly Frame[]): readonly Frame[] {
  if (frames.length < 2) return frames;
  const message = (frame: Frame): string | undefined => {
    const value = frame.value;
    if (value.type === "push" && value.items[1]?.type === "null") return show(value.items[0]!);
    if (value.type !== "array" && value.type !== "push" || value.items.length !== 4) return undefined;
    const [kind, , channel, text] = value.items as [Reply, Reply, Reply, Reply];
    return show(kind) === '"pmessage"' ? show(channel) + show(text) : undefined;
  };
  const out: Frame[] = [];
  for (let i = 0; i < frames.length;) {
    const what = message(frames[i]!);
    let end = i + 1;
    while (what !== undefined && end < frames.length && message(frames[end]!) === what) end++;
    const run = frames.slice(i, end);
    if (run.length > 1) run.sort((x, y) => show(x.value) < show(y.value) ? -1 : 1);
    out.push(...run);
    i = end;
  }
  return out;
}

async function perform(side: Lockstep, step: Step): Promise<Received> {
  switch (step.kind) {
    case "send":
      return await side.step(step.client, step.commands.map((command) => command.args));
    case "unblock":
      return await side.unblock(step.client, step.how);
    case "sleep":
      return await side.pause(step.ms);
    case "disconnect":
      await side.disconnect(step.client);
      return await side.pause(0);
  }
}

function difference(
  client: number,
  command: string,
  toy: readonly Frame[],
  redis: readonly Frame[],
  view: (reply: Reply) => string = show,
): Difference {
  const lines = (frames: readonly Frame[]) =>
    clip(frames.map((frame) => view(frame.value)).join(" ; ") || "(nothing)");
  return { client, command, toy: lines(toy), redis: lines(redis) };
}

function clip(line: string): string {
  return line.length > 3000 ? `${line.slice(0, 3000)}... (${line.length} characters)` : line;
}

/** A command as a transcript writes it. */
export function showCommand(command: Command): string {
  const line = command.args.map(quoteIfNeeded).join(" ");
  return command.rule === exact ? line : `~${command.rule.name} ${line}`;
}

/** A step as lines of a transcript; commands of one write are joined with ` ;; `. */
export function showStep(step: Step): string {
  switch (step.kind) {
    case "send":
      return `@${step.client} ${step.commands.map(showCommand).join(" ;; ")}`;
    case "unblock":
      return `!unblock ${step.client} ${step.how}`;
    case "disconnect":
      return `!disconnect ${step.client}`;
    case "sleep":
      return `!sleep ${step.ms}`;
  }
}

/** A difference as text for people. */
export function showDifference(found: Difference): string {
  return `client ${found.client}: ${found.command}\n  toy:   ${found.toy}\n  redis: ${found.redis}`;
}
