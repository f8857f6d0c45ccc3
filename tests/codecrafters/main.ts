/**
 * deno task codecrafters [--program PATH] [extension or slug]...
 *
 * Plays the course's stages against your_program.sh (or another program) and prints one line for each; exits 1 when a
 * stage fails. All stages are played, also after a failure.
 */
import { parseArgs } from "@std/cli";
import { runStage } from "./harness.ts";
import { STAGES } from "./stages/index.ts";

const flags = parseArgs(Deno.args, { string: ["program"] });
const wanted: string[] = flags._.map(String);
const unknown = wanted.filter((name) =>
  !STAGES.some((stage) => stage.slug === name || stage.extension === name)
);
if (unknown.length > 0) {
  const extensions = [...new Set(STAGES.map((stage) => stage.extension))];
  console.error(`no stage or extension is named ${unknown.join(", ")}; extensions: ${extensions.join(" ")}`);
  Deno.exit(2);
}
const program = flags.program === undefined ? undefined : await Deno.realPath(flags.program);
let passed = 0, failed = 0;
for (const stage of STAGES) {
  if (wanted.length > 0 && !wanted.includes(stage.slug) && !wanted.includes(stage.extension)) continue;
  try {
    await runStage(stage, program);
    passed++;
    console.log(`ok    ${stage.extension} #${stage.slug} ${stage.name}`);
  } catch (error) {
    failed++;
    console.log(`FAIL  ${stage.extension} ${(error as Error).message}`);
  }
}
console.log(`${passed} stages passed, ${failed} failed`);
Deno.exit(failed > 0 ? 1 : 0);
