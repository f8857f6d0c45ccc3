/** Requests for fuzzing and splitting, drawn from the grammars of the differential tests. */
import { GRAMMARS } from "../differential/grammars/index.ts";
import type { CommandSpec } from "../differential/grammar.ts";
import { encodeCommand } from "../helpers/resp.ts";
import { toBytes } from "../helpers/bytes.ts";
import { exact } from "../helpers/rules.ts";
import type { Random } from "../helpers/random.ts";

/** Commands that a mutated argument would turn against the run itself: pauses, sleeps, other servers, settings. */
const UNSAFE = /^(DEBUG|REPLICAOF|CONFIG SET|CLIENT PAUSE|CLIENT REPLY|WAIT|ACL|MEMORY|FAILOVER|LOLWUT)\b/;
/** Replies that change from one moment or connection to the next. */
const UNSTEADY =
  /^(CLIENT|HELLO|INFO|TIME|OBJECT IDLETIME|SUBSCRIBE|PSUBSCRIBE|SSUBSCRIBE|QUIT|RESET|SLOWLOG|LATENCY|XREAD)/;

const safe: CommandSpec[] = GRAMMARS.flatMap((grammar) => grammar.commands).filter((spec) =>
  !UNSAFE.test(spec.name)
);
const steady = safe.filter((spec) =>
  !spec.blocking && !spec.alone && !spec.followUp && !UNSTEADY.test(spec.name)
);

/** A request of any kind, as an array of bulk strings or, now and then, inline. */
export function anyRequest(random: Random): Uint8Array {
  const args = random.pick(safe).draw(random);
  return random.chance(0.1)
    ? toBytes(args.join(" ") + (random.chance(0.7) ? "\r\n" : "\n"))
    : encodeCommand(args);
}

/** `count` commands whose replies are the same whenever they are sent in this order to an empty server. */
export function steadySequence(random: Random, count: number): string[][] {
  const commands: string[][] = [];
  while (commands.length < count) {
    const spec = random.pick(steady);
    const args = spec.draw(random);
    if (spec.ruleOf(args) === exact) commands.push(args);
  }
  return commands;
}
