/**
 * Programs of tests/lua/programs/, one for each part of the language, against what PUC's Lua 5.1 prints for them. The
 * results are recorded next to them (`.out`); where lua5.1 is installed the records are checked too.
 */

import { assertEquals } from "@std/assert";
import { latin1 } from "../../types/bytes.ts";
import { hasReal, runOurs, runReal } from "./lua51.ts";

const DIRECTORY = decodeURIComponent(new URL("./programs/", import.meta.url).pathname);
const real = hasReal();

for (const { name } of [...Deno.readDirSync(DIRECTORY)].sort((a, b) => a.name < b.name ? -1 : 1)) {
  if (!name.endsWith(".lua")) continue;
  Deno.test(`${name} prints what it prints in PUC's Lua`, () => {
    const source = latin1(Deno.readFileSync(DIRECTORY + name));
    const recorded = latin1(Deno.readFileSync(DIRECTORY + name.replace(/lua$/, "out"))).trimEnd();
    if (real) assertEquals(runReal(DIRECTORY, name), recorded, "the record is wrong");
    assertEquals(runOurs(source, "@" + name), recorded);
  });
}
