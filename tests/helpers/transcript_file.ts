/**
 * Transcript files (tests/transcripts/*.txt): commands played against both servers, whose replies must be the same
 * bytes. Nothing is expected in the file itself, the real server says what is right. The format:
 *
 *     # a comment
 *     !server --maxmemory 10mb      start a pair of servers of its own with these arguments (first lines only)
 *     SET k "v\x00"                 a command of client 1, in redis-cli's quoting
 *     @2 BLPOP list 0               the same of client 2 (any number; it connects when first named)
 *     @1 SET a 1 ;; GET a           several commands in one write (" ;; " between them)
 *     CLIENT KILL ID "<id 2>"       the id that the server knows client 2 by
 *     ~unordered SMEMBERS s         a rule for the comparison, before the command (helpers/rules.ts)
 *     !sleep 50                     wait, in milliseconds
 *     !unblock 2 TIMEOUT            CLIENT UNBLOCK of a blocked client (or ERROR)
 *     !disconnect 2                 close a client's connection
 */
import { splitArgs } from "./bytes.ts";
import { Duel, showDifference, showStep } from "./duel.ts";
import type { Command, Step } from "./duel.ts";
import { exact, ruleNamed } from "./rules.ts";
import type { Rule } from "./rules.ts";

/** A parsed transcript. */
export interface Transcript {
  /** Arguments for servers of its own; undefined: a shared pair will do. */
  serverArgs: string[] | undefined;
  steps: { step: Step; line: number }[];
}

/** Parses a transcript; throws with the line number on a mistake in it. */
export function parseTranscript(source: string): Transcript {
  const transcript: Transcript = { serverArgs: undefined, steps: [] };
  source.split("\n").forEach((raw, index) => {
    const text = raw.trim();
    if (text === "" || text.startsWith("#")) return;
    try {
      if (text === "!server" || text.startsWith("!server ")) {
        if (transcript.steps.length > 0) throw new Error("!server must come first");
        transcript.serverArgs = [...transcript.serverArgs ?? [], ...splitArgs(text.slice(7))];
      } else {
        transcript.steps.push({ step: parseStep(text), line: index + 1 });
      }
    } catch (error) {
      throw new SyntaxError(`line ${index + 1}: ${(error as Error).message}: ${text}`);
    }
  });
  return transcript;
}

function parseStep(text: string): Step {
  if (text.startsWith("!")) return parseDirective(splitArgs(text.slice(1)));
  const at = /^@(\d+)\s+/.exec(text);
  const client = at ? Number(at[1]) : 1;
  const commands = (at ? text.slice(at[0].length) : text).split(" ;; ").map(parseCommand);
  return { kind: "send", client, commands };
}

function parseDirective([name, first, second]: string[]): Step {
  const number = Number(first);
  if (!Number.isInteger(number)) throw new Error("a number is missing");
  if (name === "sleep") return { kind: "sleep", ms: number };
  if (name === "disconnect") return { kind: "disconnect", client: number };
  if (name === "unblock" && (second === "TIMEOUT" || second === "ERROR")) {
    return { kind: "unblock", client: number, how: second };
  }
  throw new Error("unknown directive");
}

function parseCommand(text: string): Command {
  let rule: Rule = exact;
  const tilde = /^~(\S+)\s+/.exec(text);
  if (tilde) {
    rule = ruleNamed(tilde[1]!);
    text = text.slice(tilde[0].length);
  }
  const args = splitArgs(text);
  if (args.length === 0) throw new Error("an empty command");
  return { args, rule };
}

/** Plays a transcript from empty servers; returns a report of the first difference, or undefined. */
export async function playTranscript(duel: Duel, transcript: Transcript): Promise<string | undefined> {
  await cleanState(duel);
  const played: string[] = [];
  for (const { step, line } of transcript.steps) {
    played.push(`${line}: ${showStep(step)}`);
    const found = await duel.play(step);
    if (found) return `${showDifference(found)}\nafter these lines:\n  ${played.slice(-12).join("\n  ")}`;
  }
  return undefined;
}

/** Fresh connections and empty databases on both servers. */
export async function cleanState(duel: Duel): Promise<void> {
  await duel.reset();
  for (const side of [duel.toy, duel.redis]) {
    const control = await side.control();
    await control.call("FLUSHALL");
  }
}
