/** Turns a grammar and a seed into the steps of one round: which client sends what, in which writes. */
import { Random } from "../helpers/random.ts";
import { anything, exact } from "../helpers/rules.ts";
import type { Command, Step } from "../helpers/duel.ts";
import type { CommandSpec, Grammar } from "./grammar.ts";

/** What a round looks like. */
export interface RoundOptions {
  /** Commands in the round. */
  commands: number;
  /** Number of clients. */
  clients: number;
  /** Protocol of the clients: 2, 3, or mixed (it alternates). */
  resp: 2 | 3 | "mixed";
  /** Number of the round: odd ones run with tiny limits so that every encoding is met and left. */
  round: number;
}

/** Limits so small that a handful of elements changes an encoding. */
const TINY: [string, string][] = [
  ["hash-max-listpack-entries", "5"],
  ["hash-max-listpack-value", "20"],
  ["set-max-intset-entries", "6"],
  ["zset-max-listpack-entries", "5"],
  ["zset-max-listpack-value", "20"],
  ["list-max-listpack-size", "4"],
  ["stream-node-max-entries", "5"],
  ["hll-sparse-max-bytes", "100"],
];

/** The values that redis-server starts with, for everything that a round may have changed. */
export const DEFAULTS: [string, string][] = [
  ["hash-max-listpack-entries", "128"],
  ["hash-max-listpack-value", "64"],
  ["set-max-intset-entries", "512"],
  ["zset-max-listpack-entries", "128"],
  ["zset-max-listpack-value", "64"],
  ["list-max-listpack-size", "-2"],
  ["stream-node-max-entries", "100"],
  ["hll-sparse-max-bytes", "3000"],
  ["notify-keyspace-events", ""],
  ["maxmemory", "0"],
  ["maxmemory-policy", "noeviction"],
  ["timeout", "0"],
  ["save", ""],
  ["slowlog-log-slower-than", "10000"],
  ["maxmemory-samples", "5"],
  ["lazyfree-lazy-user-del", "no"],
];

/** The steps of one round. The same arguments give the same steps. */
export function generateRound(grammar: Grammar, seed: number, options: RoundOptions): Step[] {
  const random = new Random(seed);
  const steps: Step[] = prelude(grammar, options);
  const parked = new Array<number>(options.clients + 1).fill(0);
  const inMulti = new Array<boolean>(options.clients + 1).fill(false);
  for (let sent = 0; sent < options.commands;) {
    const client = chooseClient(random, parked);
    const commands: Command[] = [];
    const length = groupLength(random, options.clients);
    while (commands.length < length) {
      const spec = drawSpec(random, grammar);
      if (spec.notInMulti && inMulti[client]) continue;
      if (spec.alone && commands.length > 0) break;
      const args = spec.draw(random);
      const name = args[0]!.toUpperCase();
      if (name === "MULTI") inMulti[client] = true;
      if (name === "EXEC" || name === "DISCARD" || name === "RESET") inMulti[client] = false;
      commands.push({ args, rule: spec.ruleOf(args) });
      for (const more of spec.followUp?.(args) ?? []) commands.push({ args: more, rule: exact, glued: true });
      if (spec.blocking && !inMulti[client]) parked[client] = random.int(1, 8);
      if (spec.alone || spec.blocking) break;
    }
    sent += commands.length;
    steps.push({ kind: "send", client, commands });
  }
  return steps;
}

function prelude(grammar: Grammar, options: RoundOptions): Step[] {
  const steps: Step[] = [];
  const send = (client: number, commands: string[][]) =>
    steps.push({ kind: "send", client, commands: commands.map((args) => ({ args, rule: anything })) });
  if (options.round % 2 === 1) send(1, TINY.map(([name, value]) => ["CONFIG", "SET", name, value]));
  for (let client = 1; client <= options.clients; client++) {
    const wanted = options.resp === 3 ||
      options.resp === "mixed" && (client + (options.round >> 1)) % 2 === 0;
    if (wanted && !grammar.setup) send(client, [["HELLO", "3"]]);
    // One write per command: SUBSCRIBE and its like must stand alone.
    for (const args of grammar.setup?.(client) ?? []) send(client, [args]);
  }
  return steps;
}

/** A client that is not likely to be blocked; one that is gets its turn (and is unblocked) when all others are too. */
function chooseClient(random: Random, parked: number[]): number {
  const free: number[] = [];
  for (let client = 1; client < parked.length; client++) {
    if (parked[client]! > 0) parked[client]!--;
    else free.push(client);
  }
  return free.length > 0 ? random.pick(free) : random.int(1, parked.length - 1);
}

function groupLength(random: Random, clients: number): number {
  if (random.chance(clients === 1 ? 0.2 : 0.65)) return 1;
  return random.int(2, clients === 1 ? 30 : 12);
}

const totals = new WeakMap<Grammar, number>();

function drawSpec(random: Random, grammar: Grammar): CommandSpec {
  let total = totals.get(grammar);
  if (total === undefined) {
    totals.set(
      grammar,
      total = grammar.commands.reduce((sum, spec) => sum + spec.weight, 0),
    );
  }
  let ticket = random.unit() * total;
  for (const spec of grammar.commands) {
    ticket -= spec.weight;
    if (ticket < 0) return spec;
  }
  return grammar.commands.at(-1)!;
}
