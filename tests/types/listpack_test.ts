import { assertEquals } from "@std/assert";
import { equalBytes, fromLatin1, latin1 } from "../../types/bytes.ts";
import {
  Entry,
  LP_EMPTY_BYTES,
  lpBytes,
  lpCount,
  lpEquals,
  lpFind,
  lpFirst,
  lpIsInt,
  lpLast,
  lpNext,
  lpPrev,
  lpSeek,
  lpValidate,
} from "../../types/listpack.ts";
import { ListpackBuilder } from "../../types/listpack_builder.ts";
import { seededRandom } from "../helpers/seeded.ts";
import type { SeededRandom } from "../helpers/seeded.ts";
import { BORDERS, LOOKALIKES, randomElement } from "./naive.ts";

function push(lp: ListpackBuilder, ...texts: string[]): void {
  for (const text of texts) lp.append(fromLatin1(text), 0, text.length);
}

/** All elements as latin1 text, by walking forwards and, checked to be the same, backwards. */
function contents(buf: Uint8Array, start: number): string[] {
  const entry = new Entry();
  const forwards: string[] = [], backwards: string[] = [];
  const read = (p: number) => {
    entry.readText(buf, p);
    return latin1(entry.buf, entry.start, entry.end);
  };
  for (let p = lpFirst(buf, start); p >= 0; p = lpNext(buf, p)) forwards.push(read(p));
  for (let p = lpLast(buf, start); p >= 0; p = lpPrev(buf, start, p)) backwards.unshift(read(p));
  assertEquals(backwards, forwards);
  return forwards;
}

/** Holds a builder against the model: contents, count, validity, and that the frame is kept up to date. */
function check(lp: ListpackBuilder, model: string[]): void {
  assertEquals(contents(lp.buf, lp.start), model);
  assertEquals(lp.count, model.length);
  assertEquals(lpCount(lp.buf, lp.start), model.length);
  assertEquals(lpBytes(lp.buf, lp.start), lp.length);
  assertEquals(lpValidate(lp.buf, lp.start, lp.end, true), true);
}

Deno.test("every encoding gives the bytes that redis-server 7.0.15 dumps", async () => {
  const lp = new ListpackBuilder();
  push(lp, "0", "127", "128", "-1", "-4096", "4095", "4096", "-32768", "8388607", "-8388609", "2147483648");
  push(lp, "9223372036854775807", "-9223372036854775808", "007", "a".repeat(63), "b".repeat(64));
  push(lp, "c".repeat(125), "d".repeat(126), "e".repeat(4095), "f".repeat(4096), "g".repeat(16376));
  push(lp, "h".repeat(16377), "", "-0");
  // The listpack inside the DUMP of a hash of these fields, taken from the real server.
  const sum = new Uint8Array(await crypto.subtle.digest("SHA-256", lp.toBytes().buffer as ArrayBuffer));
  const hex = Array.from(sum, (byte) => byte.toString(16).padStart(2, "0")).join("");
  assertEquals(hex, "bead51d82eee4d4daf83fbd82e31047ec378e2cb577d7e59f58d0af179958607");
  assertEquals(lpValidate(lp.buf, lp.start, lp.end, true), true);
});

Deno.test("integers at every border are stored as such and read back exactly; look-alikes stay strings", () => {
  const lp = new ListpackBuilder();
  push(lp, ...BORDERS, ...LOOKALIKES);
  check(lp, [...BORDERS, ...LOOKALIKES]);
  for (let i = 0; i < lp.count; i++) {
    assertEquals(lpIsInt(lp.buf, lpSeek(lp.buf, lp.start, i)), i < BORDERS.length);
  }
  const entry = new Entry().read(lp.buf, lpSeek(lp.buf, lp.start, BORDERS.indexOf("9223372036854775807")));
  assertEquals([entry.isInt, entry.value], [true, 2n ** 63n - 1n]);
});

Deno.test("a builder equals an array of strings through random changes", () => {
  for (let seed = 1; seed <= 30; seed++) {
    const random = seededRandom(seed);
    const lp = new ListpackBuilder(16 << (seed % 6));
    const model: string[] = [];
    for (let i = 0; i < 600; i++) {
      step(random, lp, model, seed % 10 === 0 ? 20000 : 300);
      if (i % 20 === 0) check(lp, model);
    }
    check(lp, model);
  }
});

function step(random: SeededRandom, lp: ListpackBuilder, model: string[], longest: number): void {
  const element = randomElement(random, longest);
  const text = latin1(element);
  const index = random.below(model.length + 1);
  const p = index < model.length ? lpSeek(lp.buf, lp.start, index) : lp.end - 1;
  const read = (at: number) => {
    assertEquals(lpEquals(lp.buf, at, element, 0, element.length), true);
  };
  switch (random.below(9)) {
    case 0:
      lp.append(element, 0, element.length);
      model.push(text);
      break;
    case 1:
      lp.prepend(element, 0, element.length);
      model.unshift(text);
      break;
    case 2:
    case 3:
      read(lp.insertAt(p, element, 0, element.length));
      model.splice(index, 0, text);
      break;
    case 4:
      if (index === model.length) return;
      read(lp.insertAfter(p, element, 0, element.length));
      model.splice(index + 1, 0, text);
      break;
    case 5:
    case 6:
      if (index === model.length) return;
      read(lp.replace(p, element, 0, element.length));
      model[index] = text;
      break;
    case 7: {
      if (index === model.length) return;
      const next = lp.delete(p, 1 + random.below(2));
      model.splice(index, lpCount(lp.buf, lp.start) === model.length - 1 ? 1 : 2);
      assertEquals(next, index < model.length ? lpSeek(lp.buf, lp.start, index) : -1);
      break;
    }
    case 8: {
      const count = random.below(4);
      const from = random.below(2) === 0 || index === model.length ? index : index - model.length;
      lp.deleteRange(from, count);
      model.splice(index, count);
      break;
    }
  }
}

Deno.test("find compares text, whatever the encoding, and can pass over values", () => {
  const random = seededRandom(77);
  for (let round = 0; round < 200; round++) {
    const lp = new ListpackBuilder();
    const model: string[] = [];
    for (let i = random.below(30); i > 0; i--) {
      const element = randomElement(random);
      lp.append(element, 0, element.length);
      model.push(latin1(element));
    }
    const moved = new Uint8Array(lp.length + 20);
    moved.set(lp.view(), 7);
    for (let i = 0; i < 20; i++) {
      const needle = randomElement(random);
      const text = latin1(needle);
      const skip = random.below(3);
      const wanted = model.findIndex((item, at) => at % (skip + 1) === 0 && item === text);
      const found = lpFind(moved, 7, needle, 0, needle.length, skip);
      assertEquals(found, wanted < 0 ? -1 : lpSeek(moved, 7, wanted));
    }
  }
});

Deno.test("seek refuses indexes out of range and counts negative ones from the end", () => {
  const lp = new ListpackBuilder();
  assertEquals([lpSeek(lp.buf, lp.start, 0), lpSeek(lp.buf, lp.start, -1)], [-1, -1]);
  assertEquals([lpFirst(lp.buf, lp.start), lpLast(lp.buf, lp.start)], [-1, -1]);
  push(lp, "a", "b", "c");
  const at = (index: number) => {
    const p = lpSeek(lp.buf, lp.start, index);
    return p < 0 ? null : latin1(new Entry().read(lp.buf, p).copy());
  };
  assertEquals([-4, -3, -2, -1, 0, 1, 2, 3].map(at), [null, "a", "b", "c", "a", "b", "c", null]);
});

Deno.test("more entries than the header can count", () => {
  const lp = new ListpackBuilder();
  const one = fromLatin1("1");
  for (let i = 0; i < 65536; i++) lp.append(one, 0, 1);
  assertEquals([lp.count, lpCount(lp.buf, lp.start)], [65536, 65536]);
  assertEquals([lp.buf[lp.start + 4], lp.buf[lp.start + 5]], [255, 255]);
  assertEquals(lpValidate(lp.buf, lp.start, lp.end, true), true);
  const copy = new ListpackBuilder();
  copy.load(lp.buf, lp.start);
  copy.deleteRange(0, 2);
  assertEquals([copy.count, lpCount(copy.buf, copy.start)], [65534, 65534]);
});

Deno.test("appendAll joins two packs; reserve, fit and release keep the contents' promise", () => {
  const a = new ListpackBuilder(), b = new ListpackBuilder();
  push(a, "1", "two");
  push(b, "3", "", "five".repeat(100));
  a.appendAll(b.buf, b.start);
  check(a, ["1", "two", "3", "", "five".repeat(100)]);
  a.fit();
  assertEquals([a.start, a.end, a.buf.length], [0, a.length, a.length]);
  a.reserve(100, 50);
  const buf = a.buf;
  for (let i = 0; i < 30; i++) a.prepend(fromLatin1("x"), 0, 1);
  assertEquals(a.buf === buf, true, "reserved room was there");
  assertEquals(a.count, 35);
  a.release(64);
  assertEquals([a.count, a.length, a.buf.length], [0, LP_EMPTY_BYTES, 64]);
  check(a, []);
});

Deno.test("validation refuses damaged packs and never reads outside of them", () => {
  const random = seededRandom(5);
  const lp = new ListpackBuilder();
  for (let i = 0; i < 40; i++) {
    const element = randomElement(random, 300);
    lp.append(element, 0, element.length);
  }
  const good = lp.toBytes();
  let refused = 0;
  for (let i = 0; i < 20000; i++) {
    const bytes = good.slice(0, random.below(8) === 0 ? random.below(good.length) : good.length);
    for (let flips = random.below(3); flips >= 0; flips--) bytes[random.below(bytes.length)] = random.next();
    if (!lpValidate(bytes, 0, bytes.length, true)) {
      refused++;
      continue;
    }
    // What passes must be walkable in both directions to the same elements.
    contents(bytes, 0);
  }
  assertEquals(refused > 1000 && refused < 19000, true, `${refused} refused`);
  for (
    const bad of [[], [7, 0, 0, 0, 0, 0], [7, 0, 0, 0, 0, 0, 0], [8, 0, 0, 0, 0, 0, 255], [
      7,
      0,
      0,
      0,
      1,
      0,
      255,
    ]]
  ) {
    assertEquals(lpValidate(new Uint8Array(bad), 0, bad.length, true), false);
  }
  const empty = new Uint8Array([7, 0, 0, 0, 0, 0, 255]);
  assertEquals(lpValidate(empty, 0, 7, true), true);
  assertEquals(lpValidate(empty, 0, 8, true), false);
  assertEquals(equalBytes(empty, 0, 7, new ListpackBuilder().toBytes(), 0, 7), true);
});
