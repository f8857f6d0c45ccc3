/** All stages of the course as tests, started through your_program.sh. */
import { assertEquals } from "@std/assert";
import { runStage } from "./harness.ts";
import { STAGES } from "./stages/index.ts";

Deno.test("there are 115 stages with different slugs", () => {
  assertEquals(STAGES.length, 115);
  assertEquals(new Set(STAGES.map((stage) => stage.slug)).size, 115);
});

// Windows has no shell to run your_program.sh with.
const ignore = Deno.build.os === "windows";
for (const stage of STAGES) {
  const name = `codecrafters ${stage.extension} #${stage.slug} ${stage.name}`;
  Deno.test({ name, ignore, fn: () => runStage(stage, Deno.env.get("CODECRAFTERS_PROGRAM")) });
}
