/** A short share of the random differential runs, with fixed seeds, one test per group of commands. */
import { assertEquals } from "@std/assert";
import { RawClient } from "../helpers/client.ts";
import { show } from "../helpers/resp.ts";
import type { Reply } from "../helpers/resp.ts";
import { deepUnordered } from "../helpers/rules.ts";
import { Duel } from "../helpers/duel.ts";
import { realTest, startServer } from "../helpers/server.ts";
import { GRAMMARS } from "./grammars/index.ts";
import { presentIn, run, showFinding } from "./runner.ts";

/** Commands per group here; `deno task differential --steps 100000` runs as many as one likes. */
const STEPS = 3200;

for (const grammar of GRAMMARS) {
  realTest(`random commands: ${grammar.name}`, async () => {
    await using redis = await startServer("redis");
    await using toy = await startServer("toy");
    const { grammar: present, missing } = await presentIn(toy.port, grammar);
    if (missing.length > 0) throw new Error(`these commands are not there: ${missing.join(", ")}`);
    await using duel = new Duel(toy.port, redis.port);
    const findings = await run(duel, {
      grammar: present,
      seed: 20_240_607,
      steps: STEPS,
      maxDifferences: 3,
      shrinkMs: 5000,
    });
    if (findings.length > 0) throw new Error(findings.map(showFinding).join("\n\n"));
  });
}

realTest("the commands are those of redis-server", async () => {
  await using redis = await startServer("redis");
  await using toy = await startServer("toy");
  const names = async (port: number) => {
    await using client = await RawClient.connect(port);
    const reply = await client.call("COMMAND", "LIST");
    if (reply.type !== "array") throw new Error(`COMMAND LIST: ${show(reply)}`);
    return reply.items.map((item) => item.type === "bulk" ? item.text : show(item));
  };
  const real = await names(redis.port), ours = new Set(await names(toy.port));
  assertEquals(real.filter((name) => !ours.has(name)), [], "missing");
  assertEquals([...ours].filter((name) => !real.includes(name)), [], "not a command of 7.0.15");
});

realTest("COMMAND INFO says of every command what redis-server says", async () => {
  await using redis = await startServer("redis");
  await using toy = await startServer("toy");
  await using ours = await RawClient.connect(toy.port);
  await using real = await RawClient.connect(redis.port);
  const list = await ours.call("COMMAND", "LIST");
  if (list.type !== "array") throw new Error(`COMMAND LIST: ${show(list)}`);
  const different: string[] = [];
  for (const item of list.items) {
    const name = item.type === "bulk" ? item.text : "";
    const [a, b] = await Promise.all([
      ours.call("COMMAND", "INFO", name),
      real.call("COMMAND", "INFO", name),
    ]);
    if (!deepUnordered.same(a, b)) different.push(`${name}:\n  toy:   ${show(a)}\n  redis: ${show(b)}`);
  }
  if (different.length > 0) throw new Error(different.join("\n"));
});

realTest("every command refuses too few and too many arguments as redis-server does", async () => {
  await using redis = await startServer("redis");
  await using toy = await startServer("toy");
  await using ours = await RawClient.connect(toy.port);
  await using real = await RawClient.connect(redis.port);
  const info = await real.call("COMMAND");
  if (info.type !== "array") throw new Error(`COMMAND: ${show(info)}`);
  const different: string[] = [];
  for (const [words, arity] of arities(info)) {
    const least = Math.abs(arity);
    const wrong = [...Array(least).keys()].filter((count) => count >= words.length);
    if (arity > 0) wrong.push(arity + 1, arity + 20);
    for (const count of wrong) {
      const args = [...words, ...Array(count - words.length).fill("x")];
      const [a, b] = await Promise.all([ours.call(...args), real.call(...args)]);
      if (show(a) !== show(b)) different.push(`${args.join(" ")}:\n  toy:   ${show(a)}\n  redis: ${show(b)}`);
    }
  }
  if (different.length > 0) throw new Error(different.join("\n"));
});

/** Every command and subcommand in COMMAND's reply, as words, with its arity. */
function* arities(commands: Reply): Generator<[string[], number]> {
  if (commands.type !== "array") return;
  for (const command of commands.items) {
    if (command.type !== "array") continue;
    const [name, arity] = command.items;
    if (name?.type !== "bulk" || arity?.type !== "integer") continue;
    yield [name.text.split("|"), Number(arity.value)];
    yield* arities(command.items[9]!);
  }
}
