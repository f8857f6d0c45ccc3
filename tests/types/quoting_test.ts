/** The quoting rules of redis.conf, the command line and the AOF manifest. */
import { assertEquals } from "@std/assert";
import { quoted, splitWords } from "../../types/quoting.ts";

Deno.test("quoting takes back every byte, and refuses unbalanced quotes", () => {
  const all = Array.from({ length: 256 }, (_, i) => String.fromCharCode(i)).join("");
  assertEquals(splitWords(`a ${quoted(all)}\t${quoted("")}`), ["a", all, ""]);
  assertEquals(splitWords(`  'it\\'s' "\\x41\\q\\n" b"c" `), ["it's", "Aq\n", "bc"]);
  assertEquals(splitWords("a\0 b"), ["a"]);
  assertEquals(splitWords(""), []);
  for (const bad of ['"', "'", '"a"b', "'a'b", '"a\\"', 'x"', "'\\'"]) {
    assertEquals(splitWords(bad), undefined, bad);
  }
});
