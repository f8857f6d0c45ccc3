import { assert, assertEquals, assertThrows } from "@std/assert";
import { CpuMeter, cpuMicrosOf, scheduledNanosOf } from "../../bench/process.ts";
import { startCommand } from "../../bench/pair.ts";

Deno.test("processor time is found behind a program name with blanks and brackets", () => {
  const stat =
    "4711 (a (strange) name) S 1 4711 4711 0 -1 4194560 900 0 0 0 250 31 0 0 20 0 5 0 1234 1 1 1\n";
  assertEquals(cpuMicrosOf(stat), 2_810_000);
});

Deno.test("the time of a thread is the first number of its statistics", () => {
  assertEquals(scheduledNanosOf("123456789 5000 12\n"), 123_456_789);
});

Deno.test("a process that does not exist has no processor time", () => {
  assertEquals(new CpuMeter(-1).micros(), NaN);
});

Deno.test("work shows in the processor time of its process", { ignore: Deno.build.os !== "linux" }, () => {
  const meter = new CpuMeter(Deno.pid);
  const first = meter.micros();
  // However long it takes on a busy machine; the reading itself is work.
  for (let reads = 0; reads < 100_000 && meter.micros() < first + 20_000; reads++);
  assert(meter.micros() >= first + 20_000);
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
