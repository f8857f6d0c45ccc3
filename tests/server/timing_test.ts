import { assert, assertEquals } from "@std/assert";
import { CommandTable } from "../../commands/table.ts";
import { ManualClock } from "../../server/clock.ts";
import { CommandTimer } from "../../server/timing.ts";
import { RawClient } from "../helpers/client.ts";
import { startServer } from "../helpers/server.ts";

const table = new CommandTable();
const GET = table.byFullName("get")!;
const KEYS = table.byFullName("keys")!;

/** A clock whose readings are counted, a timer on it, and the shares that it hands out. */
function watched() {
  const clock = new ManualClock();
  let looks = 0;
  const wallMs = clock.wallMs.bind(clock);
  clock.wallMs = () => {
    looks++;
    return wallMs();
  };
  const shares: [string, number, number][] = [];
  const timer = new CommandTimer(
    clock,
    (command, took, times) => shares.push([command.fullName, took, times]),
  );
  return { clock, timer, shares, looks: () => looks };
}

/** One command of so many milliseconds: what the timer says of it. */
function run({ clock, timer }: ReturnType<typeof watched>, ms: number, brief: boolean): number {
  const started = timer.start(brief);
  clock.advance(ms);
  const took = timer.stop(started, brief);
  if (took < 0) timer.share(brief ? GET : KEYS);
  return took;
}

Deno.test("the commands of a batch share its time, runs of one command at once", () => {
  const it = watched();
  it.timer.begin();
  for (const brief of [true, true, true, false]) assertEquals(run(it, 0.5, brief), -1);
  it.timer.end();
  assertEquals(it.shares, [["get", 0.5, 3], ["keys", 0.5, 1]]);
});

Deno.test("a command that is not brief and took long has a time of its own", () => {
  const it = watched();
  it.timer.begin();
  assertEquals(run(it, 0, true), -1);
  assertEquals(run(it, 12, false), 12);
  assertEquals(run(it, 0, true), -1);
  it.timer.end();
  assertEquals(it.shares, [["get", 0, 2]]);
});

Deno.test("what passes during brief commands is nobody's own, and they share it", () => {
  const it = watched();
  it.timer.begin();
  for (let i = 0; i < 16; i++) assertEquals(run(it, i === 3 ? 16 : 0, true), -1);
  for (let i = 0; i < 3; i++) assertEquals(run(it, i === 1 ? 24 : 0, true), -1);
  assertEquals(run(it, 0, false), -1, "a pause before this command is not its own");
  it.timer.end();
  assertEquals(it.shares, [["get", 2, 19], ["keys", 2, 1]]);
});

Deno.test("the time of day is at most sixteen brief commands old", () => {
  const it = watched();
  it.timer.begin();
  const before = it.looks();
  const start = it.timer.now();
  for (let i = 0; i < 15; i++) run(it, 1, true);
  assertEquals([it.looks() - before, it.timer.now() - start], [0, 0]);
  run(it, 1, true);
  assertEquals([it.looks() - before, it.timer.now() - start], [1, 16]);
  it.timer.end();
});

Deno.test("where even brief commands are to be seen, each is measured", () => {
  const it = watched();
  it.timer.precise = true;
  it.timer.begin();
  assertEquals(run(it, 0.25, true), 0.25);
  assertEquals(run(it, 0, true), 0);
  it.timer.end();
  assertEquals(it.shares, []);
});

Deno.test("of many batches within one millisecond the first eight are measured", () => {
  const it = watched();
  for (let i = 0; i < 10; i++) {
    it.timer.begin();
    run(it, 0.05, true);
    it.timer.end();
  }
  assertEquals(it.shares.map(([, took]) => Math.round(took * 100)), [...Array(8).fill(5), -100, -100]);
  it.clock.advance(1);
  it.timer.begin();
  run(it, 0.25, true);
  it.timer.end();
  assertEquals(it.shares.at(-1), ["get", 0.25, 1]);
});

Deno.test("calls that came too thick to be measured count with the mean of those that were", async () => {
  await using server = await startServer("toy");
  const clients = await Promise.all(Array.from({ length: 40 }, () => RawClient.connect(server.port)));
  await Promise.all(clients.map(async (client) => {
    for (let i = 0; i < 25; i++) await client.call("DEL", "k");
  }));
  const info = await clients[0]!.call("INFO", "commandstats");
  if (info.type !== "bulk") throw new Error(info.type);
  const [, calls, usec] = /cmdstat_del:calls=(\d+),usec=(-?\d+)/.exec(info.text)!;
  assertEquals(calls, "1000");
  assert(Number(usec) > 0, info.text);
  for (const client of clients) client.close();
});
