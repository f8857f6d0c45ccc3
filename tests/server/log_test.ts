/** The log's format, levels and habits. */
import { assertEquals, assertMatch } from "@std/assert";
import { ManualClock } from "../../server/clock.ts";
import { fileSink, Log } from "../../server/log.ts";
import { toText } from "../helpers/bytes.ts";

function collector(): { log: Log; clock: ManualClock; writes: string[] } {
  const clock = new ManualClock(new Date(2026, 10, 2, 7, 5, 9, 63).getTime());
  const writes: string[] = [];
  const log = new Log(clock, (bytes) => void writes.push(toText(bytes)), 42);
  return { log, clock, writes };
}

Deno.test("a line has pid, role, local time, level and message", async () => {
  const { log, clock, writes } = collector();
  log.notice("hello");
  log.role = "M";
  clock.advance(937);
  log.verbose("not at this level");
  log.setLevel("debug");
  log.debug("d");
  log.verbose("v");
  await Promise.resolve();
  assertEquals(writes, [
    "42:C 02 Nov 2026 07:05:09.063 * hello\n42:M 02 Nov 2026 07:05:10.000 . d\n42:M 02 Nov 2026 07:05:10.000 - v\n",
  ]);
  assertEquals([log.enabled("debug"), log.enabled("warning")], [true, true]);
  log.setLevel("warning");
  assertEquals([log.enabled("notice"), log.enabled("warning")], [false, true]);
});

Deno.test("a warning takes everything before it along at once", () => {
  const { log, writes } = collector();
  log.notice("first");
  assertEquals(writes, []);
  log.warning("last words");
  assertEquals(writes.length, 1);
  assertMatch(writes[0]!, /\* first\n.* # last words\n$/);
  log.flush();
  assertEquals(writes.length, 1);
});

Deno.test("messages are bounded, bytes stay bytes, other text is UTF-8", () => {
  const { log, writes } = collector();
  log.warning("x".repeat(5000));
  assertEquals(writes[0]!.length, "42:C 02 Nov 2026 07:05:09.063 # ".length + 1023 + 1);
  log.warning("\xff\u00e9");
  assertEquals(writes[1]!.slice(-3), "\xff\u00e9\n");
  log.warning("\u20ac");
  assertEquals(writes[2]!.slice(-4), "\xe2\x82\xac\n");
  log.raw("banner\n");
  assertEquals(writes[3], "banner\n");
});

Deno.test("much text does not wait for the end of the turn, and a failing sink is survived", () => {
  const { log, writes } = collector();
  for (let i = 0; i < 100; i++) log.notice("y".repeat(1000));
  assertEquals(writes.length, 1);
  log.setSink(() => {
    throw new Error("disk full");
  });
  log.warning("nobody hears this");
  const heard: string[] = [];
  log.setSink((bytes) => void heard.push(toText(bytes)));
  log.warning("again");
  assertEquals(heard.length, 1);
});

Deno.test("the file is opened anew for each write, so that it can be rotated", async () => {
  const dir = await Deno.makeTempDir();
  const path = `${dir}/toy.log`;
  const { log } = collector();
  log.setSink(fileSink(() => path));
  log.warning("one");
  await Deno.rename(path, path + ".1");
  log.warning("two");
  assertMatch(await Deno.readTextFile(path + ".1"), /# one\n$/);
  assertMatch(await Deno.readTextFile(path), /^42:C .* # two\n$/);
  await Deno.remove(dir, { recursive: true });
});
