/** The self test passes on working code. */
import { assertEquals } from "@std/assert";
import { selfTest } from "../../types/hyperloglog_selftest.ts";
import { seededRandom } from "../helpers/seeded.ts";

Deno.test("the self test passes for several seeds", () => {
  for (let seed = 1; seed <= 3; seed++) assertEquals(selfTest(seededRandom(seed).next), null);
});
