/** What the reader says of the bytes it has read: replication counts its offsets by it. */
import { assertEquals } from "@std/assert";
import { RequestReader } from "../../resp.ts";

const TEXT = "*2\r\n$3\r\nGET\r\n$1\r\na\r\n\n*1\r\n$4\r\nPING\r\n*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$2\r\nvv\r\n";

Deno.test("only whole requests count as parsed, wherever reads end", async () => {
  const bytes = new TextEncoder().encode(TEXT);
  const requestEnds = [20, 35, bytes.length];
  for (let step = 1; step <= bytes.length; step++) {
    let sent = 0;
    const reader = new RequestReader({ maxBulk: 100, maxQueryBuffer: 1000 });
    const source = {
      read(into: Uint8Array): Promise<number | null> {
        if (sent === bytes.length) return Promise.resolve(null);
        const piece = bytes.subarray(sent, sent + step);
        into.set(piece);
        sent += piece.length;
        return Promise.resolve(piece.length);
      },
    };
    const frame = {
      buf: new Uint8Array(0),
      starts: new Int32Array(4),
      ends: new Int32Array(4),
      count: 0,
      frameStart: 0,
      frameEnd: 0,
    };
    let passed = "";
    const pass = () => {
      passed += new TextDecoder().decode(reader.recent(reader.parsedBytes - passed.length));
    };
    let requests = 0;
    for await (const _ of reader.batches(source)) {
      while (reader.parse(frame)) {
        pass();
        assertEquals(reader.parsedBytes, requestEnds[requests++]);
      }
      pass();
      assertEquals(passed, TEXT.slice(0, passed.length));
    }
    assertEquals([requests, passed], [3, TEXT]);
  }
});
