/** The latency monitor with a clock in hand: what is kept, and how it is drawn. */
import { assertEquals } from "@std/assert";
import { ManualClock } from "../../server/clock.ts";
import { LatencyMonitor } from "../../server/latency.ts";
import { startServer } from "../helpers/server.ts";

Deno.test("only what reaches the threshold is kept, once a second, the most of it", () => {
  const clock = new ManualClock(1_700_000_000_000);
  const settings = { latencyMonitorThreshold: 0 };
  const latency = new LatencyMonitor(clock, settings);
  latency.add("command", 1000);
  assertEquals([...latency.events], []);
  settings.latencyMonitorThreshold = 10;
  latency.add("command", 9.99);
  assertEquals([...latency.events], []);
  latency.add("command", 10.5);
  latency.add("command", 30);
  latency.add("command", 20);
  clock.advance(2000);
  latency.add("command", 12);
  latency.add("aof-write", 11);
  assertEquals([...latency.events], [
    {
      name: "command",
      samples: [{ seconds: 1_700_000_000, ms: 30 }, { seconds: 1_700_000_002, ms: 12 }],
      max: 30,
    },
    { name: "aof-write", samples: [{ seconds: 1_700_000_002, ms: 11 }], max: 11 },
  ]);
  assertEquals([latency.forget("nosuch"), latency.forget("aof-write"), latency.forgetAll()], [
    false,
    true,
    1,
  ]);
});

Deno.test("the last 160 samples of an event are kept", () => {
  const clock = new ManualClock();
  const latency = new LatencyMonitor(clock, { latencyMonitorThreshold: 1 });
  for (let i = 1; i <= 200; i++) {
    latency.add("command", i);
    clock.advance(1000);
  }
  const { samples, max } = latency.event("command")!;
  assertEquals([samples.length, samples[0]!.ms, samples.at(-1)!.ms, max], [160, 41, 200, 200]);
});

Deno.test("a graph has a column for each sample, as high as it was slow, with its age below", () => {
  const clock = new ManualClock();
  const latency = new LatencyMonitor(clock, { latencyMonitorThreshold: 1 });
  for (const ms of [10, 40, 70, 130]) {
    latency.add("command", ms);
    clock.advance(30_000);
  }
  assertEquals(
    latency.graph(latency.event("command")!),
    "command - high 130 ms, low 10 ms (all time high 130 ms)\n" + "-".repeat(80) + "\n" +
      "   #\n" +
      "  _|\n" +
      " _||\n" +
      "_|||\n" +
      "    \n" +
      "2113\n" +
      "mmm0\n" +
      "   s\n",
  );
});

Deno.test("events of commands reach LATENCY with their names", async () => {
  await using toy = await startServer("toy");
  await using client = await toy.connect();
  await client.call("CONFIG", "SET", "latency-monitor-threshold", "20");
  await client.call("DEBUG", "SLEEP", "0.03");
  const latest = await client.call("LATENCY", "LATEST");
  if (latest.type !== "array" || latest.items[0]?.type !== "array") throw new Error("no event");
  const [name, , ms, max] = latest.items[0].items;
  assertEquals(name?.type === "bulk" && name.text, "command");
  assertEquals(ms, max);
  const reset = await client.call("LATENCY", "RESET");
  assertEquals(reset.type === "integer" && Number(reset.value), 1);
});
