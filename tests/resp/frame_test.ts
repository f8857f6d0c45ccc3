import { assertEquals } from "@std/assert";
import { Args } from "../../commands/args.ts";
import { isPlain } from "../../resp.ts";
import { fromLatin1 } from "../../types/bytes.ts";

/** A frame as a parser would hand it over: these arguments, found in this text. */
function frame(text: string, ...args: string[]): Args {
  const found = new Args();
  found.buf = fromLatin1(`junk${text}more`);
  found.frameStart = 4;
  found.frameEnd = 4 + text.length;
  let at = 4;
  for (const arg of args) {
    at = text.indexOf(`\r\n${arg}\r\n`, at - 4) + 6;
    found.starts[found.count] = at;
    found.ends[found.count++] = at += arg.length;
  }
  return found;
}

Deno.test("a frame is plain where its lengths are written as everybody writes them", () => {
  const long = "x".repeat(1000);
  assertEquals(isPlain(frame("*2\r\n$3\r\nGET\r\n$1\r\na\r\n", "GET", "a")), true);
  assertEquals(isPlain(frame(`*2\r\n$3\r\nGET\r\n$1000\r\n${long}\r\n`, "GET", long)), true);
  assertEquals(isPlain(frame("*02\r\n$3\r\nGET\r\n$1\r\na\r\n", "GET", "a")), false);
  assertEquals(isPlain(frame("*2\r\n$+3\r\nGET\r\n$1\r\na\r\n", "GET", "a")), false);
  assertEquals(isPlain(frame("*2\r\n$3\r\nGET\r\n$01\r\na\r\n", "GET", "a")), false);
});

Deno.test("arguments without a frame are not plain; a copy of a plain frame is", () => {
  assertEquals(isPlain(Args.of(["GET", "a"])), false);
  assertEquals(isPlain(frame("*2\r\n$3\r\nGET\r\n$1\r\na\r\n", "GET", "a").copy()), true);
});
