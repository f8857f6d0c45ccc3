import { assertEquals, assertThrows } from "@std/assert";
import { cpuMicros, cpuMicrosOf } from "../../bench/process.ts";
import { startCommand } from "../../bench/pair.ts";

Deno.test("processor time is found behind a program name with blanks and brackets", () => {
  const stat =
    "4711 (a (strange) name) S 1 4711 4711 0 -1 4194560 900 0 0 0 250 31 0 0 20 0 5 0 1234 1 1 1\n";
  assertEquals(cpuMicrosOf(stat), 2_810_000);
});

Deno.test("a process that does not exist has no processor time", () => {
  assertEquals(cpuMicros(-1), NaN);
});

Deno.test("the task `start` runs from any directory", () => {
  assertEquals(startCommand("deno run -q -P=server --v8-flags=--x main.ts", "/bin/deno", "/repo/"), [
    "/bin/deno",
    "run",
    "--config",
    "/repo/deno.json",
    "-q",
    "-P=server",
    "--v8-flags=--x",
    "/repo/main.ts",
  ]);
  assertThrows(() => startCommand("sh start.sh", "/bin/deno", "/repo/"), Error, "no longer");
});
