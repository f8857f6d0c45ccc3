import { assertEquals, assertThrows } from "@std/assert";
import {
  EMPTY_MANIFEST,
  formatManifest,
  ManifestError,
  parseManifest,
  partsToLoad,
  withNextBase,
  withNextIncremental,
  withoutHistory,
} from "../../persistence/aof_manifest.ts";

Deno.test("a manifest goes through a rewrite", () => {
  const first = withNextIncremental(withNextBase(EMPTY_MANIFEST, "a.aof", true, 0), "a.aof");
  assertEquals(
    formatManifest(first),
    "file a.aof.1.base.rdb seq 1 type b\nfile a.aof.1.incr.aof seq 1 type i\n",
  );
  const rewriting = withNextIncremental(first, "a.aof");
  const done = withNextBase(rewriting, "a.aof", false, 1);
  assertEquals(
    formatManifest(done),
    "file a.aof.2.base.aof seq 2 type b\nfile a.aof.1.incr.aof seq 1 type h\nfile a.aof.1.base.rdb seq 1 type h\n" +
      "file a.aof.2.incr.aof seq 2 type i\n",
  );
  assertEquals(parseManifest(formatManifest(done)), done);
  assertEquals(partsToLoad(withoutHistory(done, done.history)).map((part) => part.name), [
    "a.aof.2.base.aof",
    "a.aof.2.incr.aof",
  ]);
});

Deno.test("names that need quotes survive", () => {
  for (const name of ["a b.aof", 'q"uote', "back\\slash".replace("\\", "'"), "\x01\xff"]) {
    const manifest = withNextIncremental(EMPTY_MANIFEST, name);
    assertEquals(parseManifest(formatManifest(manifest)), manifest);
  }
});

Deno.test("keys in any order and case, comments, unknown keys", () => {
  const manifest = parseManifest("# note\nSEQ 3 type i FILE x startoffset 5\nfile y seq 7 type history\n");
  assertEquals(manifest.incremental, [{ name: "x", seq: 3, type: "i" }]);
  assertEquals(manifest.history, [{ name: "y", seq: 7, type: "h" }]);
  assertEquals(manifest.incrementalSeq, 3);
});

Deno.test("numbers, comments and long lines are read as redis-server's C functions do", () => {
  assertEquals(parseManifest("file x seq +3x type b\n").baseSeq, 3);
  assertEquals(parseManifest("file x seq -1 type b\n").baseSeq, -1);
  assertEquals(parseManifest(`#${"x".repeat(1022)}\nfile x seq 1 type b\n`).baseSeq, 1);
});

const REFUSED: [string, string, number][] = [
  ["", "Found an empty AOF manifest", 0],
  ["file a\n", "Invalid AOF manifest file format", 1],
  ["file a seq 1 type i\n\n", "Invalid AOF manifest file format", 2],
  ["file a seq 0 type i\n", "Invalid AOF manifest file format", 1],
  ["file a seq x type i\n", "Invalid AOF manifest file format", 1],
  ["file a seq 1 type\n", "Invalid AOF manifest file format", 1],
  ['file "a seq 1 type i\n', "Invalid AOF manifest file format", 1],
  ["file a seq 1 type b", "The AOF manifest file contains too long line", 0],
  [" # x\nfile a seq 1 type b\n", "Invalid AOF manifest file format", 1],
  ["file\0 a seq 1 type b\n", "The AOF manifest file contains too long line", 0],
  [`#${"x".repeat(1023)}\nfile x seq 1 type b\n`, "The AOF manifest file contains too long line", 0],
  ["a".repeat(1030) + "\n", "The AOF manifest file contains too long line", 0],
  ["file a seq 1 type b\nfile b seq 1 type b\n", "Found duplicate base file information", 2],
  ["file a seq 2 type i\nfile b seq 1 type i\n", "Found a non-monotonic sequence number", 2],
  ["file a/b seq 1 type i\n", "File can't be a path, just a filename", 1],
  ["file a seq 1 type x\n", "Unknown AOF file type", 1],
];

Deno.test("what cannot be is refused in Redis's words", () => {
  for (const [text, reason, line] of REFUSED) {
    const error = assertThrows(() => parseManifest(text), ManifestError);
    assertEquals([error.reason, error.line], [reason, line], text);
  }
});
