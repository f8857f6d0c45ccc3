import { assert, assertEquals } from "@std/assert";
import { coverage, implementedNames, markdown } from "../../scripts/coverage.ts";

Deno.test("coverage counts by group and names what is missing", () => {
  const groups = coverage(new Set(["multi", "exec", "discard", "watch", "config", "config|get"]));
  assertEquals(groups.get("transactions"), {
    present: ["discard", "exec", "multi", "watch"],
    missing: ["unwatch"],
  });
  const table = markdown(groups);
  assert(table.includes("| transactions | 4/5 | `DISCARD` `EXEC` `MULTI` `WATCH` | `UNWATCH` |"), table);
  assert(table.includes("`CONFIG` (`GET`)"), table);
  assert(/\| \*\*all\*\* \| 6\/366 \|/.test(table), table);
});

Deno.test("the command table has no command that 7.0.15 does not document", () => {
  const known = [...coverage(new Set()).values()].flatMap((group) => group.missing);
  assertEquals([...implementedNames()].filter((name) => !known.includes(name)), []);
});
