/**
 * Plays generated rounds against both servers, and when they differ finds a short sequence that still shows it: the
 * result is a transcript that can be pasted into tests/transcripts.
 */
import { Duel, showDifference, showStep } from "../helpers/duel.ts";
import type { Command, Difference, Step } from "../helpers/duel.ts";
import { DEFAULTS, generateRound } from "./generate.ts";
import type { RoundOptions } from "./generate.ts";
import type { Grammar } from "./grammar.ts";
import { RawClient } from "../helpers/client.ts";
import { compareKeyspaces } from "./keyspace.ts";

/** What to run. */
export interface RunOptions {
  grammar: Grammar;
  /** Total number of commands. */
  steps: number;
  seed: number;
  clients?: number | undefined;
  resp?: 2 | 3 | "mixed" | undefined;
  /** Stop after so many differences (each of another command); default 1. */
  maxDifferences?: number | undefined;
  /** Milliseconds to spend on shortening each; 0: do not shorten. Default 15,000. */
  shrinkMs?: number | undefined;
  /** Called after every round. */
  onProgress?: ((commands: number) => void) | undefined;
}

/** A difference with the shortest transcript found for it. */
export interface Finding {
  difference: Difference;
  transcript: string;
  seed: number;
  round: number;
}

/** Commands in one round: short enough to replay many times while shortening. */
const ROUND = 400;
/** Commands between two comparisons of the whole keyspace. */
const CHECKPOINT = 100;

/** The grammar without the commands that this server does not know, and their names. Tests refuse to go on without them. */
export async function presentIn(
  port: number,
  grammar: Grammar,
): Promise<{ grammar: Grammar; missing: string[] }> {
  const missing = new Set<string>();
  for (const name of new Set(grammar.commands.map((spec) => spec.name))) {
    await using client = await RawClient.connect(port);
    const reply = await client.call(...name.split(" "));
    if (reply.type !== "error") continue;
    const unknown = /^ERR unknown command/.test(reply.text) && !MEANT_TO_FAIL.test(name);
    const half = /^ERR unknown subcommand '/.test(reply.text) && !MEANT_TO_FAIL.test(name.split(" ")[1]!);
    if (unknown || half) missing.add(name);
  }
  const commands = grammar.commands.filter((spec) => !missing.has(spec.name));
  return { grammar: { ...grammar, commands }, missing: [...missing] };
}

/** Names that a grammar has in order to see the error. */
const MEANT_TO_FAIL = /^$|^NOSUCH|^NO-TOUCH$|^JMAP$/;

/** Runs a grammar; returns what differed (empty: nothing). */
export async function run(duel: Duel, options: RunOptions): Promise<Finding[]> {
  const findings: Finding[] = [];
  const seen = new Set<string>();
  let played = 0;
  for (let round = 0; played < options.steps; round++) {
    const steps = generateRound(
      options.grammar,
      options.seed * 1_000_003 + round,
      roundOptions(options, round, played),
    );
    let outcome: Outcome | undefined;
    const done: Step[] = [];
    try {
      outcome = await play(duel, steps, options.grammar, false, done);
    } catch (error) {
      // A server that hangs or has ended: nothing can be shortened, and nothing after this would mean anything.
      const difference = {
        client: 0,
        command: "(a server no longer answers)",
        toy: String(error),
        redis: "",
      };
      findings.push({ difference, transcript: transcriptOf(done.slice(-40)), seed: options.seed, round });
      break;
    }
    played += ROUND;
    options.onProgress?.(Math.min(played, options.steps));
    if (!outcome) continue;
    const what = outcome.difference.command.split(" ").slice(0, 3).join(" ").toUpperCase();
    const name = /^\(|^~/.test(what) ? what : what.split(" ")[0]!;
    if (seen.has(name)) continue;
    seen.add(name);
    findings.push(await explain(duel, steps.slice(0, outcome.at + 1), outcome, options, round));
    if (findings.length >= (options.maxDifferences ?? 1)) break;
  }
  return findings;
}

function roundOptions(options: RunOptions, round: number, played: number): RoundOptions {
  return {
    commands: Math.min(ROUND, options.steps - played),
    clients: options.clients ?? options.grammar.clients ?? 1,
    resp: options.resp ?? "mixed",
    round,
  };
}

interface Outcome {
  difference: Difference;
  /** Index of the step after which it was seen. */
  at: number;
}

/** Plays steps from a clean state, comparing the keyspaces at times and at the end. */
async function play(
  duel: Duel,
  steps: readonly Step[],
  grammar: Grammar,
  onlyAtEnd = false,
  done: Step[] = [],
): Promise<Outcome | undefined> {
  await clean(duel, grammar);
  let sinceCheck = 0;
  for (let at = 0; at < steps.length; at++) {
    const step = steps[at]!;
    done.push(step);
    const difference = await duel.play(step);
    if (difference) return { difference, at };
    if (step.kind === "send") sinceCheck += step.commands.length;
    if (at === steps.length - 1 || !onlyAtEnd && sinceCheck >= CHECKPOINT) {
      sinceCheck = 0;
      const [toy, redis] = await Promise.all([duel.toy.control(), duel.redis.control()]);
      const found = await compareKeyspaces(toy, redis, grammar.databases);
      if (found) return { difference: found, at };
    }
  }
  return undefined;
}

async function clean(duel: Duel, grammar: Grammar): Promise<void> {
  await duel.reset();
  await Promise.all([duel.toy, duel.redis].map(async (side) => {
    const control = await side.control();
    await control.pipeline([
      ["FLUSHALL"],
      ["SELECT", "0"],
      ...DEFAULTS.map(([name, value]) => ["CONFIG", "SET", name, value]),
      ...grammar.cleanup ?? [],
    ]);
  }));
}

async function explain(
  duel: Duel,
  steps: Step[],
  outcome: Outcome,
  options: RunOptions,
  round: number,
): Promise<Finding> {
  const finding = { difference: outcome.difference, seed: options.seed, round };
  const limit = options.shrinkMs ?? 15_000;
  if (limit === 0) return { ...finding, transcript: transcriptOf(steps.slice(-25)) };
  const short = await shrink(duel, steps, options.grammar, Date.now() + limit);
  if (!short) {
    const note = "# not seen again when replayed (a race, or time plays a part); the last steps were:\n";
    return { ...finding, transcript: note + transcriptOf(steps.slice(-25)) };
  }
  return { difference: short.difference, seed: options.seed, round, transcript: transcriptOf(short.steps) };
}

const transcriptOf = (steps: readonly Step[]) => steps.map(showStep).join("\n") + "\n";

/** Removes whatever is not needed for a difference to show; undefined when the whole sequence does not show it again. */
async function shrink(
  duel: Duel,
  original: Step[],
  grammar: Grammar,
  deadline: number,
): Promise<{ steps: Step[]; difference: Difference } | undefined> {
  const shows = async (steps: Step[]) => await play(duel, steps, grammar, true);
  let steps = flatten(original);
  let outcome = await shows(steps);
  if (!outcome) outcome = await shows(steps = original);
  if (!outcome) return undefined;
  steps = steps.slice(0, outcome.at + 1);
  for (let size = Math.ceil(steps.length / 2); size >= 1;) {
    let removed = false;
    for (let from = steps.length - size; from > -size && Date.now() < deadline; from -= size) {
      const start = Math.max(0, from);
      const candidate = [...steps.slice(0, start), ...steps.slice(from + size)];
      if (candidate.length === 0) continue;
      const still = await shows(candidate);
      if (!still) continue;
      outcome = still;
      steps = candidate.slice(0, still.at + 1);
      from = Math.min(from, steps.length);
      removed = true;
    }
    if (Date.now() >= deadline) break;
    if (size === 1 && !removed) break;
    size = size === 1 ? 1 : Math.ceil(size / 2);
    if (size > steps.length) size = steps.length;
  }
  return { steps, difference: outcome.difference };
}

/** One command per write, except those that belong together. */
function flatten(steps: readonly Step[]): Step[] {
  const out: Step[] = [];
  for (const step of steps) {
    if (step.kind !== "send") {
      out.push(step);
      continue;
    }
    let commands: Command[] = [];
    for (const command of step.commands) {
      if (!command.glued && commands.length > 0) {
        out.push({ kind: "send", client: step.client, commands });
        commands = [];
      }
      commands.push(command);
    }
    out.push({ kind: "send", client: step.client, commands });
  }
  return out;
}

/** A finding as text for people. */
export function showFinding(finding: Finding): string {
  return `${
    showDifference(finding.difference)
  }\n--- transcript (seed ${finding.seed}, round ${finding.round}):\n${finding.transcript}---`;
}
