import { assertEquals } from "@std/assert";
import { Reply } from "../../resp.ts";
import { fromLatin1, latin1 } from "../../types/bytes.ts";
import { Entry } from "../../types/listpack.ts";

/** What is written in RESP2 and in RESP3. */
function both(write: (reply: Reply) => void): [string, string] {
  const written = [2, 3].map((protocol) => {
    const reply = new Reply(16);
    reply.protocol = protocol;
    write(reply);
    return latin1(reply.buf, 0, reply.pos);
  });
  return written as [string, string];
}

Deno.test("reply: one call, the right bytes in both protocols", () => {
  const cases: [(reply: Reply) => void, string, string][] = [
    [(r) => r.ok(), "+OK\r\n", "+OK\r\n"],
    [(r) => r.simple("PONG"), "+PONG\r\n", "+PONG\r\n"],
    [(r) => r.error("ERR a\r\nb"), "-ERR a  b\r\n", "-ERR a  b\r\n"],
    [(r) => r.integer(-12), ":-12\r\n", ":-12\r\n"],
    [(r) => r.integer(9223372036854775807n), ":9223372036854775807\r\n", ":9223372036854775807\r\n"],
    [(r) => r.boolean(true), ":1\r\n", "#t\r\n"],
    [(r) => r.boolean(false), ":0\r\n", "#f\r\n"],
    [(r) => r.double(1.5), "$3\r\n1.5\r\n", ",1.5\r\n"],
    [(r) => r.double(-Infinity), "$4\r\n-inf\r\n", ",-inf\r\n"],
    [(r) => r.bigNumber("123"), "$3\r\n123\r\n", "(123\r\n"],
    [(r) => r.null(), "$-1\r\n", "_\r\n"],
    [(r) => r.nullArray(), "*-1\r\n", "_\r\n"],
    [(r) => r.bulk(fromLatin1("a\0\xff")), "$3\r\na\0\xff\r\n", "$3\r\na\0\xff\r\n"],
    [(r) => r.bulkText(""), "$0\r\n\r\n", "$0\r\n\r\n"],
    [(r) => r.bulkUtf8("é"), "$2\r\n\xc3\xa9\r\n", "$2\r\n\xc3\xa9\r\n"],
    [(r) => r.bulkInteger(-1000), "$5\r\n-1000\r\n", "$5\r\n-1000\r\n"],
    [(r) => r.verbatim("hi"), "$2\r\nhi\r\n", "=6\r\ntxt:hi\r\n"],
    [(r) => r.array(12), "*12\r\n", "*12\r\n"],
    [(r) => r.map(2), "*4\r\n", "%2\r\n"],
    [(r) => r.set(2), "*2\r\n", "~2\r\n"],
    [(r) => r.push(3), "*3\r\n", ">3\r\n"],
  ];
  for (const [write, resp2, resp3] of cases) assertEquals(both(write), [resp2, resp3]);
});

Deno.test("reply: elements of collections, wherever they stand, of every length around the borders", () => {
  const bytes = new Uint8Array(512).map((_, i) => i * 7);
  const words = new Uint32Array(bytes.buffer);
  const entry = new Entry();
  for (let length = 0; length < 300; length++) {
    const text = latin1(bytes, 8, 8 + length);
    // The buffer begins small, so each length makes it grow somewhere else.
    for (
      const write of [
        () => entry.set(bytes, 8, 8 + length),
        () => entry.set(bytes, 8, 8 + length, words),
      ]
    ) {
      write();
      const expected = `*3\r\n$${length}\r\n${text}\r\n`.repeat(2);
      assertEquals(both((r) => [0, 1].forEach(() => (r.array(3), r.entry(entry)))), [expected, expected]);
    }
  }
  entry.set(bytes, 0, 4, words);
  for (const value of [0, -5, 12345678901n]) {
    const text = `$${value.toString().length}\r\n${value}\r\n`;
    assertEquals(both((r) => r.entry(entry.setInt(value))), [text, text]);
  }
});

Deno.test("reply: headers that come after their elements, nested and past every growth of the buffer", () => {
  const [resp2, resp3] = both((reply) => {
    const outer = reply.defer();
    for (let i = 0; i < 3; i++) {
      const inner = reply.defer();
      for (let j = 0; j < 11; j++) reply.bulkText("x".repeat(j));
      reply.endSet(inner, 11);
    }
    reply.endMap(outer, 100);
  });
  const items = Array.from({ length: 11 }, (_, j) => `$${j}\r\n${"x".repeat(j)}\r\n`).join("");
  assertEquals(resp2, "*200\r\n" + ("*11\r\n" + items).repeat(3));
  assertEquals(resp3, "%100\r\n" + ("~11\r\n" + items).repeat(3));
});

Deno.test("reply: rewinding takes back what was written, and errors are counted", () => {
  const reply = new Reply();
  reply.simple("kept");
  const mark = reply.pos;
  reply.array(5);
  reply.rewind(mark);
  reply.error("WRONGTYPE no");
  assertEquals(latin1(reply.buf, 0, reply.pos), "+kept\r\n-WRONGTYPE no\r\n");
  assertEquals([reply.errors, reply.lastError], [1, "WRONGTYPE no"]);
});
