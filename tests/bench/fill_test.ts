import { assertEquals } from "@std/assert";
import { digits, encodeCommand, ReplyCounter, stringKeys, variadic } from "../../bench/fill.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

Deno.test("commands are encoded as arrays of bulk strings", () => {
  assertEquals(encodeCommand(["SET", "k", ""]), "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$0\r\n\r\n");
});

Deno.test("replies are counted wherever the stream is cut", () => {
  const stream = bytes("+OK\r\n:12\r\n$3\r\n-ab\r\n$0\r\n\r\n$1\r\n$\r\n+PONG\r\n");
  for (let cut = 0; cut <= stream.length; cut++) {
    const counter = new ReplyCounter();
    counter.take(stream.subarray(0, cut));
    counter.take(stream.subarray(cut));
    assertEquals([counter.replies, counter.failed], [6, false], `cut at ${cut}`);
  }
});

Deno.test("errors are seen, text that looks like one is not", () => {
  const counter = new ReplyCounter();
  counter.take(bytes("$4\r\n-ERR\r\n"));
  assertEquals(counter.failed, false);
  counter.take(bytes("-ERR no\r\n"));
  assertEquals([counter.replies, counter.failed], [2, true]);
});

Deno.test("items are spread over commands, the last of which may be short", () => {
  assertEquals([...variadic(["HSET", "h"], 5, 2, (i) => [`f${i}`, "v"])], [
    ["HSET", "h", "f0", "v", "f1", "v"],
    ["HSET", "h", "f2", "v", "f3", "v"],
    ["HSET", "h", "f4", "v"],
  ]);
  assertEquals([...variadic(["X"], 0, 2, () => [])], []);
});

Deno.test("keys are those of redis-benchmark, 16 bytes long", () => {
  assertEquals([...stringKeys(2, 3)], [["SET", "key:000000000000", "xxx"], [
    "SET",
    "key:000000000001",
    "xxx",
  ]]);
  assertEquals(digits(123_456), "000000123456");
});
