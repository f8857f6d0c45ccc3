import { assertEquals } from "@std/assert";
import { createHash } from "node:crypto";
import { sha1, SHA1_BYTES } from "../../types/sha1.ts";
import { seededRandom } from "../helpers/seeded.ts";

Deno.test("SHA-1 equals the runtime's for every length around a block", () => {
  const random = seededRandom(1);
  for (let length = 0; length < 300; length++) {
    const bytes = Uint8Array.from({ length: length + 3 }, () => random.next());
    const out = new Uint8Array(SHA1_BYTES + 2);
    sha1(bytes, 2, 2 + length, out, 1);
    const want = createHash("sha1").update(bytes.subarray(2, 2 + length)).digest("hex");
    assertEquals(
      Array.from(out.subarray(1, 21), (byte) => byte.toString(16).padStart(2, "0")).join(""),
      want,
    );
  }
});
