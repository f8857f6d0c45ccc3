/** A short share of the random differential runs, with fixed seeds, one test per group of commands. */
import { Duel } from "../helpers/duel.ts";
import { realTest, startServer } from "../helpers/server.ts";
import { GRAMMARS } from "./grammars/index.ts";
import { run, showFinding } from "./runner.ts";

/** Commands per group here; `deno task differential --steps 100000` runs as many as one likes. */
const STEPS = 3200;

for (const grammar of GRAMMARS) {
  realTest(`random commands: ${grammar.name}`, async () => {
    await using redis = await startServer("redis");
    await using toy = await startServer("toy");
    await using duel = new Duel(toy.port, redis.port);
    const findings = await run(duel, {
      grammar,
      seed: 20_240_607,
      steps: STEPS,
      maxDifferences: 3,
      shrinkMs: 5000,
    });
    if (findings.length > 0) throw new Error(findings.map(showFinding).join("\n\n"));
  });
}
