import { assertEquals } from "@std/assert";
import { Arena } from "../../types/arena.ts";
import { latin1 } from "../../types/bytes.ts";
import { lpValidate } from "../../types/listpack.ts";
import { SortedSet } from "../../types/zset.ts";
import { LexRange, ScoreRange } from "../../types/zset_range.ts";
import { AddFlag, AddResult, SortedSetView } from "../../types/zset_view.ts";
import { type SeededRandom, seededRandom } from "../helpers/seeded.ts";
import { bytesOf, type ModelEntry, randomMember, randomScore, ZsetModel } from "./zset_model.ts";

/** A stored value as the keyspace holds it between two commands: packed bytes, or an object. */
class Holder {
  readonly arena = new Arena();
  readonly view = new SortedSetView();
  packed = new Uint8Array(0);

  constructor(maxEntries: number) {
    this.view.maxEntries = maxEntries;
    this.view.showEmpty(this.arena);
    this.store();
  }

  /** Stores what was changed and shows it again, the packed bytes at an odd place of a larger buffer. */
  store(): void {
    const view = this.view;
    if (view.set !== null) {
      view.showObject(view.set);
      return;
    }
    if (view.changed || this.packed.length === 0) {
      assertEquals(lpValidate(view.packedBuf, view.packedStart, view.packedEnd, true), true);
      this.packed = new Uint8Array(view.packedEnd - view.packedStart + 5);
      this.packed.set(view.packedBuf.subarray(view.packedStart, view.packedEnd), 3);
    }
    view.showPacked(this.packed, 3, this.arena);
  }

  add(member: string, score: number, flags = 0): number {
    return this.view.add(bytesOf(member), 0, member.length, score, flags);
  }
}

function contents(view: SortedSetView): ModelEntry[] {
  const read = () => ({
    member: latin1(view.member.buf, view.member.start, view.member.end),
    score: view.score,
  });
  const all: ModelEntry[] = [];
  const back: ModelEntry[] = [];
  for (let more = view.seek(0); more; more = view.next()) all.push(read());
  for (let more = view.seek(view.length - 1); more; more = view.previous()) back.push(read());
  assertEquals(back.reverse(), all);
  return all;
}

/** What ZADD's documentation says an addition does. */
function modelAdd(model: ZsetModel, member: string, score: number, flags: number): number {
  const current = model.scores.get(member);
  if (current === undefined) {
    if (flags & AddFlag.XX) return AddResult.REFUSED;
    model.set(member, score);
    return AddResult.ADDED;
  }
  if (flags & AddFlag.NX) return AddResult.REFUSED;
  const wanted = flags & AddFlag.INCR ? current + score : score;
  if (Number.isNaN(wanted)) return AddResult.NOT_A_NUMBER;
  if ((flags & AddFlag.GT && !(wanted > current)) || (flags & AddFlag.LT && !(wanted < current))) {
    return AddResult.REFUSED;
  }
  if (wanted === current) return AddResult.SAME;
  model.set(member, wanted);
  return AddResult.UPDATED;
}

const FLAGS = [0, 0, 0, AddFlag.NX, AddFlag.XX, AddFlag.GT, AddFlag.LT, AddFlag.XX | AddFlag.GT];

function step(random: SeededRandom, holder: Holder, model: ZsetModel, pool: number): void {
  const { view } = holder;
  const member = randomMember(random, pool);
  switch (random.below(12)) {
    case 0:
    case 1:
      assertEquals(view.remove(bytesOf(member), 0, member.length), model.remove(member));
      break;
    case 2: {
      if (random.below(10) !== 0) break;
      const from = random.below(model.entries.length + 1);
      const to = Math.min(model.entries.length, from + random.below(9));
      view.removeRange(from, to);
      model.removeRange(from, to);
      break;
    }
    default: {
      const flags = FLAGS[random.below(FLAGS.length)]! | (random.below(3) === 0 ? AddFlag.INCR : 0);
      // A packed set keeps -0 as 0.
      const score = randomScore(random) + 0;
      assertEquals(holder.add(member, score, flags), modelAdd(model, member, score, flags));
    }
  }
  assertEquals(view.length, model.entries.length);
}

function probe(random: SeededRandom, view: SortedSetView, model: ZsetModel): void {
  const member = random.below(2) === 0 ? model.anyMember(random) : randomMember(random, 500);
  const score = model.scores.get(member);
  assertEquals(view.find(bytesOf(member), 0, member.length), score !== undefined);
  if (score !== undefined) assertEquals([view.score, view.rank()], [score, model.rank(member)]);
  const range = new ScoreRange();
  range.set(randomScore(random), score ?? randomScore(random));
  range.minExclusive = random.below(2) === 0;
  range.maxExclusive = random.below(2) === 0;
  const inside = model.entries.filter((entry) =>
    (range.minExclusive ? entry.score > range.min : entry.score >= range.min) &&
    (range.maxExclusive ? entry.score < range.max : entry.score <= range.max)
  );
  assertEquals(view.scoreRange(range), inside.length);
  if (inside.length > 0) {
    assertEquals([view.from, view.to], [
      model.rank(inside[0]!.member),
      model.rank(inside[0]!.member) + inside.length,
    ]);
  }
  const behind = model.entries.filter((entry) => entry.score >= range.min).map((entry) => entry.member);
  const walked: string[] = [];
  for (let more = view.seekScore(range.min); more && walked.length < 20; more = view.next()) {
    walked.push(latin1(view.member.buf, view.member.start, view.member.end));
  }
  assertEquals(walked, behind.slice(0, 20));
}

Deno.test("a view equals the model, packed and past the limits, stored after every few changes", () => {
  for (let seed = 1; seed <= 12; seed++) {
    const random = seededRandom(seed);
    const holder = new Holder([0, 8, 64, 200][seed % 4]!);
    const model = new ZsetModel();
    const pool = [20, 120, 600][seed % 3]!;
    for (let i = 0; i < 9000; i++) {
      step(random, holder, model, pool);
      if (random.below(3) === 0) holder.store();
      if (i % 5 === 0) probe(random, holder.view, model);
      if (i % 1500 === 0) assertEquals(contents(holder.view), model.entries);
    }
    assertEquals(contents(holder.view), model.entries);
    if (holder.view.set !== null) { while (!holder.view.set.release(50)); }
    assertEquals(holder.arena.blockBytes, 0);
  }
});

Deno.test("a large result is packed where the limits allow it, with the same members in the same order", () => {
  for (let seed = 1; seed <= 40; seed++) {
    const random = seededRandom(seed);
    const arena = new Arena();
    const set = new SortedSet(arena);
    const model = new ZsetModel();
    for (let i = random.below(140); i >= 0; i--) {
      const member = randomMember(random, 300), score = randomScore(random);
      if (set.find(bytesOf(member), 0, member.length) === 0) {
        set.collect(bytesOf(member), 0, member.length, score);
        model.set(member, score + 0);
      }
    }
    set.order();
    const view = new SortedSetView().showObject(set);
    const fits = model.entries.length <= 128 && model.entries.every(({ member }) => member.length <= 64);
    view.pack();
    assertEquals([view.set === null, view.changed], [fits, fits]);
    if (fits) {
      assertEquals(arena.blockBytes, 0);
      assertEquals(contents(view), model.entries);
      assertEquals(lpValidate(view.packedBuf, view.packedStart, view.packedEnd, true), true);
    } else assertEquals(contents(view).length, model.entries.length);
  }
});

Deno.test("a member that is too long or one too many makes the value large; it never shrinks back", () => {
  const holder = new Holder(2);
  holder.add("a", 1);
  holder.add("b", 2);
  assertEquals(holder.view.set, null);
  holder.add("b", 3);
  assertEquals(holder.view.set, null, "an update needs no room");
  holder.add("c", 3);
  assertEquals(holder.view.set?.length, 3);
  holder.view.removeRange(0, 2);
  assertEquals([holder.view.set?.length, contents(holder.view)], [1, [{ member: "c", score: 3 }]]);
  const other = new Holder(128);
  other.add("x".repeat(64), 1);
  assertEquals(other.view.set, null);
  other.add("x".repeat(65), 1);
  assertEquals(other.view.set?.length, 2);
});

Deno.test("the packed bytes are those that redis-server 7.0.15 dumps", () => {
  const holder = new Holder(128);
  const scores = [
    0,
    -0,
    127,
    -3.5,
    2 ** 52,
    2 ** 62,
    2 ** 62 + 1024,
    -(2 ** 62),
    1e20,
    0.1,
    Infinity,
    -Infinity,
    1e-5,
  ];
  scores.forEach((score, i) => holder.add(`m${i}`, score));
  holder.add("12", 1.5);
  const hex = Array.from(
    holder.view.packedBuf.subarray(holder.view.packedStart, holder.view.packedEnd),
    (byte) => byte.toString(16).padStart(2, "0"),
  );
  // From DUMP, with rdbcompression no, of: ZADD z 0 m0 -0 m1 127 m2 -3.5 m3 ... 1.5 12
  assertEquals(hex.join(""), DUMPED);
});

const DUMPED =
  "c60000001c00836d313104842d696e6605826d3703f400000000000000c009826d3303842d332e3505826d30030001826d31030001836d31320496312e30303030303030303030303030303031652d303517826d390393302e3130303030303030303030303030303031140c0183312e3504826d32037f01826d3403f4000000000000100009826d3503f4000000000000004009826d360396342e36313136383630313834323733383839652b313817826d38038531652b323006836d31300483696e6604ff";

Deno.test("lexicographic ranges equal a filter over the model, packed and large", () => {
  for (let seed = 1; seed <= 6; seed++) {
    const random = seededRandom(seed);
    const holder = new Holder(seed % 2 === 0 ? 1000 : 10);
    const model = new ZsetModel();
    for (let i = 0; i < 150; i++) {
      const member = randomMember(random, 400);
      holder.add(member, 0);
      model.set(member, 0);
    }
    const range = new LexRange();
    for (let i = 0; i < 1500; i++) {
      const bound = () => {
        const kind = random.below(6);
        if (kind < 2) return "-+"[kind]!;
        return "[("[kind & 1]! +
          (random.below(2) === 0 ? model.anyMember(random) : randomMember(random, 400));
      };
      const min = bound(), max = bound();
      assertEquals(range.min.parse(bytesOf(min), 0, min.length), true);
      assertEquals(range.max.parse(bytesOf(max), 0, max.length), true);
      const inside = model.entries.filter(({ member }) => isInside(member, min, max));
      for (const backward of [false, true]) {
        assertEquals(holder.view.lexRange(range, backward), inside.length, `${min} ${max}`);
        if (inside.length > 0) assertEquals(holder.view.from, model.rank(inside[0]!.member));
      }
    }
  }
});

function isInside(member: string, min: string, max: string): boolean {
  const above = min === "-" ||
    (min !== "+" && (min[0] === "(" ? member > min.slice(1) : member >= min.slice(1)));
  return above &&
    (max === "+" || (max !== "-" && (max[0] === "(" ? member < max.slice(1) : member <= max.slice(1))));
}

Deno.test("bounds are read as the server reads them", () => {
  const range = new ScoreRange();
  const score = (text: string) =>
    range.parseMin(bytesOf(text), 0, text.length) ? [range.min, range.minExclusive] : null;
  assertEquals(["1.5", "(1.5", "-inf", "(+inf", " 3", "", "(", "1e400"].map(score), [
    [1.5, false],
    [1.5, true],
    [-Infinity, false],
    [Infinity, true],
    [3, false],
    [0, false],
    [0, true],
    [Infinity, false],
  ]);
  assertEquals(["nan", "((1", "1x", "x", "1 ", "(nan"].map(score), [null, null, null, null, null, null]);
  const { min } = new LexRange();
  const lex = (text: string) => min.parse(bytesOf(text), 0, text.length);
  assertEquals(["-", "+", "[", "(", "[a", "(a", "+\0x"].map(lex), Array(7).fill(true));
  assertEquals(["", "a", "+x", "-inf", "]a", "\0"].map(lex), Array(6).fill(false));
});

Deno.test("scanning shows every member once, packed or large", () => {
  for (const maxEntries of [128, 4]) {
    const holder = new Holder(maxEntries);
    for (let i = 0; i < 100; i++) holder.add(`m${i}`, i);
    holder.store();
    const seen = new Map<string, number>();
    let cursor = 0;
    do {
      cursor = holder.view.scan(cursor, () => {
        const { buf, start, end } = holder.view.member;
        seen.set(latin1(buf, start, end), holder.view.score);
      });
    } while (cursor !== 0);
    assertEquals(seen.size, 100);
    assertEquals(seen.get("m42"), 42);
  }
});

Deno.test("a closed view holds nothing of what it showed", () => {
  for (const maxEntries of [128, 4]) {
    const holder = new Holder(maxEntries);
    for (let i = 0; i < 100; i++) holder.add(`m${i}`, i);
    holder.view.seek(50);
    holder.view.close();
    assertEquals([holder.view.length, holder.view.set, holder.view.changed], [0, null, false]);
    assertEquals([holder.view.packedBuf.length, holder.view.member.buf.length], [0, 0]);
    assertEquals(holder.view.seek(0), false);
  }
});
