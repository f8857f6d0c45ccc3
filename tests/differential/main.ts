/**
 * deno task differential [--group NAME[,NAME...]] [--steps N] [--seed S] [--clients K] [--resp 2|3|mixed]
 *                        [--max N] [--no-shrink]
 *
 * Random commands against toy-redis and the real redis-server; exits 1 when a reply differs.
 */
import { parseArgs } from "@std/cli";
import { Duel } from "../helpers/duel.ts";
import { hasRedis, startServer } from "../helpers/server.ts";
import { GRAMMARS } from "./grammars/index.ts";
import { presentIn, run, showFinding } from "./runner.ts";

const flags = parseArgs(Deno.args, {
  string: ["group", "steps", "seed", "clients", "resp", "max"],
  boolean: ["shrink", "help"],
  negatable: ["shrink"],
  default: { steps: "10000", shrink: true, max: "5" },
});
if (flags.help) {
  console.log("groups: " + GRAMMARS.map((grammar) => grammar.name).join(" "));
  Deno.exit(0);
}
const names: string[] | undefined = flags.group?.split(",");
const unknown = names?.filter((name) => !GRAMMARS.some((grammar) => grammar.name === name)) ?? [];
if (unknown.length > 0) {
  console.error(
    `no group is named ${unknown.join(", ")}; there are: ${GRAMMARS.map((g) => g.name).join(" ")}`,
  );
  Deno.exit(2);
}
if (!hasRedis()) Deno.exit(2);

const seed = flags.seed === undefined ? crypto.getRandomValues(new Uint32Array(1))[0]! : Number(flags.seed);
const resp = flags.resp === "2" ? 2 : flags.resp === "3" ? 3 : "mixed";
let differences = 0;
for (const grammar of GRAMMARS.filter((each) => names?.includes(each.name) ?? true)) {
  // Fresh servers for each group: a crash in one must not hide the others.
  await using redis = await startServer("redis");
  await using toy = await startServer("toy");
  await using duel = new Duel(toy.port, redis.port);
  const started = Date.now();
  const { grammar: present, missing } = await presentIn(toy.port, grammar);
  if (missing.length > 0) console.log(`${grammar.name}: not there yet: ${missing.join(", ")}`);
  const findings = await run(duel, {
    grammar: present,
    seed,
    steps: Number(flags.steps),
    resp,
    clients: flags.clients === undefined ? undefined : Number(flags.clients),
    maxDifferences: Number(flags.max),
    shrinkMs: flags.shrink ? 15_000 : 0,
  });
  differences += findings.length;
  for (const finding of findings) console.log(`\n=== ${grammar.name}: ${showFinding(finding)}`);
  const seconds = ((Date.now() - started) / 1000).toFixed(1);
  console.log(`${grammar.name}: seed ${seed}, ${findings.length} different (${seconds} s)`);
}
Deno.exit(differences > 0 ? 1 : 0);
