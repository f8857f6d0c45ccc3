/** The kept part of the stream, against a plain array of all bytes. */
import { assert, assertEquals } from "@std/assert";
import { Backlog } from "../../replication/backlog.ts";
import { seededRandom } from "../helpers/seeded.ts";

/** Of a backlog of less than 256 KiB. */
const BLOCK_BYTES = 16 * 1024;

Deno.test("a backlog gives back what was appended, from every offset that it covers", () => {
  const random = seededRandom(7);
  const begin = 1000, capacity = 100_000;
  const backlog = new Backlog(begin, capacity);
  const all: number[] = [];
  let needed = begin;
  for (let round = 0; round < 400; round++) {
    const piece = Uint8Array.from({ length: random.below(3000) }, () => random.below(256));
    backlog.append(piece, 0, piece.length);
    all.push(...piece);
    if (random.below(3) === 0) needed = Math.max(needed, begin + random.below(all.length + 1));
    needed = Math.max(needed, backlog.end - 3 * capacity);
    backlog.trim(needed);
    assertEquals(backlog.end, begin + all.length);
    assert(backlog.length <= Math.max(capacity + BLOCK_BYTES, backlog.end - needed + BLOCK_BYTES));
    assert(backlog.length >= Math.min(capacity, all.length), "what was asked for is kept");
    assert(backlog.first <= Math.max(begin, needed), "what is needed is kept");
    assert(backlog.bytes <= backlog.length + 2 * BLOCK_BYTES);
    assert(
      !backlog.covers(backlog.first - 1) && backlog.covers(backlog.first) && !backlog.covers(backlog.end + 1),
    );
    const from = backlog.first + random.below(backlog.length + 1);
    let at = from;
    while (at < backlog.end) {
      const view = backlog.view(at);
      assert(view.length > 0);
      for (let i = 0; i < view.length; i += 97) assertEquals(view[i], all[at + i - begin]);
      assertEquals(view[view.length - 1], all[at + view.length - 1 - begin]);
      at += view.length;
    }
  }
});

Deno.test("a backlog keeps what some replica was not sent, beyond its size, and for whoever else asks", () => {
  const backlog = new Backlog(0, 16 * 1024);
  const piece = new Uint8Array(1024 * 1024).fill(5);
  backlog.append(piece, 0, piece.length);
  backlog.trim(10);
  assertEquals(backlog.view(10)[0], 5);
  assertEquals(backlog.length, 1024 * 1024);
  assertEquals(backlog.bytesOf(backlog.blocksFrom(10)), 1024 * 1024);
  assertEquals(backlog.blocksFrom(1024 * 1024), 1);
  backlog.trim(Infinity);
  assertEquals(backlog.view(10).length, 0);
  assertEquals(backlog.length, 16 * 1024);
  assertEquals(new Backlog(0, 16 * 1024).bytes, 0);
});
