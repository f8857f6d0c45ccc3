/** All stages of the course as tests, started through your_program.sh. */
import { assertEquals } from "@std/assert";
import { runStage } from "./harness.ts";
import { PENDING } from "./pending.ts";
import { STAGES } from "./stages/index.ts";

Deno.test("there are 115 stages with different slugs", () => {
  assertEquals(STAGES.length, 115);
  const slugs = new Set(STAGES.map((stage) => stage.slug));
  assertEquals(slugs.size, 115);
  assertEquals(
    [...PENDING].filter((slug) => !slugs.has(slug)),
    [],
    "pending.ts names stages that do not exist",
  );
});

// Windows has no shell to run your_program.sh with.
const windows = Deno.build.os === "windows";
for (const stage of STAGES) {
  const name = `codecrafters ${stage.extension} #${stage.slug} ${stage.name}`;
  const ignore = windows || PENDING.has(stage.slug);
  Deno.test({ name, ignore, fn: () => runStage(stage, Deno.env.get("CODECRAFTERS_PROGRAM")) });
}
