import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { quote, splitArgs, toBytes, toText } from "./bytes.ts";
import { encodeCommand, FrameReader, ProtocolError, show } from "./resp.ts";
import { realTest, startServer } from "./server.ts";
import {
  array,
  bulk,
  bulks,
  error,
  errorLike,
  int,
  mustDo,
  mustGet,
  nil,
  ok,
  push,
  TranscriptError,
} from "./transcript.ts";

Deno.test("binary strings keep all 256 bytes, quoted and back", () => {
  const all = Array.from({ length: 256 }, (_, i) => String.fromCharCode(i)).join("");
  assertEquals(toText(toBytes(all)), all);
  assertEquals(splitArgs(quote(all)), [all]);
  assertEquals(splitArgs(` SET 'a b' "c\\x00\\n" d`), ["SET", "a b", "c\0\n", "d"]);
  assertThrows(() => splitArgs('"open'), SyntaxError);
  assertThrows(() => toBytes("\u0100"), RangeError);
});

Deno.test("frames come out the same however the bytes are cut", () => {
  const stream =
    "+OK\r\n-ERR x\r\n:42\r\n$3\r\na\r\n\r\n$-1\r\n*-1\r\n*2\r\n*0\r\n%1\r\n$1\r\nk\r\n,1.5\r\n_\r\n#t\r\n(123\r\n" +
    "~2\r\n:1\r\n:2\r\n>2\r\n+a\r\n+b\r\n=5\r\ntxt:x\r\n|1\r\n+k\r\n+v\r\n:7\r\n*1\r\n*1\r\n*0\r\n$0\r\n\r\n";
  const whole = new FrameReader().push(toBytes(stream));
  assertEquals(whole.map((frame) => toText(frame.raw)).join(""), stream);
  assertEquals(whole.length, 16);
  assertEquals(whole.map((f) => show(f.value)).slice(5, 7), ["*-1", `[[], map["k", double:"1.5"]]`]);
  for (const size of [1, 2, 3, 7]) {
    const reader = new FrameReader();
    const cut = [];
    for (let i = 0; i < stream.length; i += size) {
      cut.push(...reader.push(toBytes(stream.slice(i, i + size))));
    }
    assertEquals(cut, whole);
  }
  assertThrows(() => new FrameReader().push(toBytes("?\r\n")), ProtocolError);
  assertThrows(() => new FrameReader().push(toBytes("$1\r\nabc")), ProtocolError);
  assertEquals(
    toText(encodeCommand(["GET", new Uint8Array([0, 255])])),
    "*2\r\n$3\r\nGET\r\n$2\r\n\0\xff\r\n",
  );
});

realTest("transcripts against the real server", async () => {
  await using server = await startServer("redis");
  await using c = await server.connect();
  await mustDo(c, "SET", "k", "v\0\xff", ok);
  await mustDo(c, "GET", "k", bulk("v\0\xff"));
  await mustDo(c, "GET", "none", nil);
  await mustDo(c, "INCRBY", "n", 5, int(5));
  await mustDo(c, "MGET", "k", "none", array(bulk("v\0\xff"), nil));
  await mustDo(c, "LPUSH", "k", "x", errorLike("WRONGTYPE "));
  await mustDo(c, "NOSUCH", error("ERR unknown command 'NOSUCH', with args beginning with: "));
  await mustDo(c, "RPUSH", "l", "a", "b", int(2));
  await mustDo(c, "LRANGE", "l", 0, -1, bulks("a", "b"));
  await assertRejects(() => mustDo(c, "GET", "k", bulk("other")), TranscriptError);
  await c.call("HELLO", 3);
  await c.send("SUBSCRIBE", "ch");
  await mustGet(c, push(bulk("subscribe"), bulk("ch"), int(1)));
  await c.expectSilence(5);
  const pid = server.pid;
  await server.stop();
  assertEquals(
    await new Deno.Command("kill", { args: ["-0", `${pid}`], stderr: "null" }).output().then((o) => o.code),
    1,
  );
});

realTest("a server that cannot start says why", async () => {
  await assertRejects(
    () => startServer("redis", { args: ["--no-such-directive", "1"] }),
    Error,
    "FATAL CONFIG FILE ERROR",
  );
});
