/** SHA-256 beside the platform's own. */
import { assertEquals } from "@std/assert";
import { sha256Hex } from "../../types/sha256.ts";
import { seededRandom } from "../helpers/seeded.ts";

Deno.test("digests are the platform's, around every block boundary", async () => {
  const random = seededRandom(256);
  for (const length of [0, 1, 3, 54, 55, 56, 57, 63, 64, 65, 119, 120, 128, 1000, 100_000]) {
    const bytes = Uint8Array.from({ length }, () => random.below(256));
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
    const expected = Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
    assertEquals(sha256Hex(bytes), expected, `${length}`);
  }
});
