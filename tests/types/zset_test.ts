import { assertEquals } from "@std/assert";
import { Arena } from "../../types/arena.ts";
import { latin1 } from "../../types/bytes.ts";
import { Entry } from "../../types/listpack.ts";
import { TreePosition } from "../../types/score_tree.ts";
import { SortedSet } from "../../types/zset.ts";
import { type SeededRandom, seededRandom } from "../helpers/seeded.ts";
import { bytesOf, randomMember, randomScore, ZsetModel } from "./zset_model.ts";

const entry = new Entry();

function memberOf(set: SortedSet, record: number): string {
  set.readMember(record, entry);
  return latin1(entry.buf, entry.start, entry.end);
}

function find(set: SortedSet, member: string): number {
  return set.find(bytesOf(member), 0, member.length);
}

/** The whole order, forwards and (checked to be the same) backwards. */
function contents(set: SortedSet): { member: string; score: number }[] {
  const all: { member: string; score: number }[] = [];
  const back: { member: string; score: number }[] = [];
  if (set.length === 0) return all;
  const position = new TreePosition();
  const read = (record: number) => ({ member: memberOf(set, record), score: set.score(record) });
  for (let record = set.seek(0, position); record !== 0; record = set.next(position)) all.push(read(record));
  for (let record = set.seek(set.length - 1, position); record !== 0; record = set.previous(position)) {
    back.push(read(record));
  }
  assertEquals(back.reverse(), all);
  return all;
}

/** What {@link SortedSet.feed} hands on. */
function fed(set: SortedSet, from: number, count: number, backward: boolean): string[] {
  const all: string[] = [];
  set.feed(from, count, backward, {
    bulkOfWords(words, first, length) {
      const bytes = new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
      all.push(latin1(bytes, first * 4, first * 4 + length));
    },
  });
  return all;
}

function step(random: SeededRandom, set: SortedSet, model: ZsetModel, pool: number): void {
  const member = randomMember(random, pool);
  const record = find(set, member);
  assertEquals(record === 0 ? undefined : set.score(record), model.scores.get(member));
  const score = random.below(3) === 0 && record !== 0
    ? set.score(record) + random.below(3) - 1
    : randomScore(random);
  if (random.below(8) === 0 && record !== 0) {
    set.remove(record);
    model.remove(member);
  } else if (record === 0) {
    set.add(bytesOf(member), 0, member.length, score);
    model.set(member, score);
  } else {
    set.update(record, score);
    model.set(member, score);
  }
}

function probe(random: SeededRandom, set: SortedSet, model: ZsetModel): void {
  if (model.entries.length === 0) return;
  const rank = random.below(model.entries.length);
  const record = set.seek(rank, new TreePosition());
  const entry = model.entries[rank]!;
  assertEquals([memberOf(set, record), set.score(record)], [entry.member, entry.score]);
  assertEquals(set.rankOf(record), rank);
  const members = model.entries.map((each) => each.member);
  const up = random.below(Math.min(200, members.length - rank) + 1),
    down = random.below(Math.min(200, rank + 1) + 1);
  assertEquals(fed(set, rank, up, false), members.slice(rank, rank + up));
  assertEquals(fed(set, rank, down, true), members.slice(rank + 1 - down, rank + 1).reverse());
  const score = random.below(2) === 0 ? entry.score : randomScore(random);
  let below = rank, upTo = rank;
  while (below > 0 && model.entries[below - 1]!.score >= score) below--;
  while (below < model.entries.length && model.entries[below]!.score < score) below++;
  upTo = below;
  while (upTo < model.entries.length && model.entries[upTo]!.score <= score) upTo++;
  assertEquals([set.countByScore(score, false), set.countByScore(score, true)], [below, upTo]);
}

Deno.test("a sorted set equals the model through random additions, changes and removals", () => {
  for (let seed = 1; seed <= 8; seed++) {
    const random = seededRandom(seed);
    const arena = new Arena();
    const set = new SortedSet(arena);
    const model = new ZsetModel();
    const pool = [30, 300, 3000, 12000][seed % 4]!;
    for (let i = 0; i < 25000; i++) {
      step(random, set, model, pool);
      if (i % 7 === 0) probe(random, set, model);
      if (i % 20000 === 0) assertEquals(contents(set), model.entries);
    }
    assertEquals(contents(set), model.entries);
    while (!set.release(100));
    assertEquals([set.length, arena.blockBytes], [0, 0], "all blocks given back");
  }
});

Deno.test("ranges of every size are removed, down to nothing and back up", () => {
  for (let seed = 20; seed < 28; seed++) {
    const random = seededRandom(seed);
    const arena = new Arena();
    const set = new SortedSet(arena);
    const model = new ZsetModel();
    for (let round = 0; round < 40; round++) {
      const wanted = random.below(3000);
      for (let i = 0; i < wanted; i++) step(random, set, model, 4000);
      for (let cuts = 0; cuts < 6; cuts++) {
        const from = random.below(model.entries.length + 1);
        const most = random.below(4) === 0 ? model.entries.length : random.below(200);
        const to = Math.min(model.entries.length, from + most);
        set.removeRange(from, to);
        model.removeRange(from, to);
        assertEquals(set.length, model.entries.length);
        probe(random, set, model);
      }
      if (round % 8 === 0) {
        set.removeRange(0, set.length);
        model.removeRange(0, model.entries.length);
        assertEquals(arena.blockBytes, 0);
      }
      assertEquals(contents(set), model.entries);
    }
  }
});

Deno.test("members arriving in order, either way, fill the leaves; a thinned set gives its nodes back", () => {
  for (const direction of [1, -1]) {
    const set = new SortedSet(new Arena());
    const empty = set.memoryBytes();
    const count = 50000;
    for (let i = 0; i < count; i++) {
      const member = bytesOf(`member:${String(i).padStart(9, "0")}`);
      set.add(member, 0, member.length, i * direction);
    }
    // 32 bytes of record, 8 of a full leaf, 10 to 20 of the index.
    const each = (set.memoryBytes() - empty) / count;
    assertEquals(each > 50 && each < 62, true, `${each} bytes a member`);
    for (let i = 0; i < count; i++) {
      if (i % 50 !== 0) set.remove(find(set, `member:${String(i).padStart(9, "0")}`));
    }
    assertEquals(contents(set).length, count / 50);
    assertEquals(set.memoryBytes() - empty < count / 50 * 160, true, `${set.memoryBytes()} bytes are left`);
  }
});

Deno.test("bounds between members of one score", () => {
  const random = seededRandom(3);
  const set = new SortedSet(new Arena());
  const model = new ZsetModel();
  for (let i = 0; i < 5000; i++) {
    const member = randomMember(random, 9000);
    if (find(set, member) === 0) set.add(bytesOf(member), 0, member.length, 7);
    model.set(member, 7);
  }
  for (let i = 0; i < 20000; i++) {
    const bound = random.below(2) === 0 ? model.anyMember(random) : randomMember(random, 9000);
    const below = model.place(7, bound);
    const upTo = below + (model.scores.has(bound) ? 1 : 0);
    assertEquals(set.countByMember(bytesOf(bound), 0, bound.length, false), below);
    assertEquals(set.countByMember(bytesOf(bound), 0, bound.length, true), upTo);
  }
});

Deno.test("negative zero sorts as zero and is kept", () => {
  const set = new SortedSet(new Arena());
  for (const [member, score] of [["b", 0], ["a", -0], ["c", -0]] as const) {
    set.add(bytesOf(member), 0, 1, score);
  }
  assertEquals(contents(set).map(({ member }) => member), ["a", "b", "c"]);
  assertEquals([Object.is(set.score(find(set, "a")), -0), Object.is(set.score(find(set, "b")), -0)], [
    true,
    false,
  ]);
});

Deno.test("a copy in another arena is equal and independent", () => {
  const random = seededRandom(9);
  const set = new SortedSet(new Arena());
  const model = new ZsetModel();
  for (let i = 0; i < 3000; i++) step(random, set, model, 2000);
  const arena = new Arena();
  const copy = set.cloneInto(arena);
  assertEquals(contents(copy), model.entries);
  while (!set.release(7));
  assertEquals(contents(copy), model.entries);
  assertEquals(new SortedSet(arena).cloneInto(new Arena()).length, 0);
});

Deno.test("scan visits every member that stays, while the set grows and shrinks", () => {
  const set = new SortedSet(new Arena());
  for (let i = 0; i < 2000; i++) set.add(bytesOf(`stay${i}`), 0, `stay${i}`.length, i);
  const seen = new Set<string>();
  let cursor = 0;
  let extra = 0;
  do {
    cursor = set.scan(cursor, (record) => seen.add(memberOf(set, record)));
    for (let i = 0; i < 5; i++) {
      const name = `extra${extra++ % 4000}`;
      const record = find(set, name);
      if (record === 0) set.add(bytesOf(name), 0, name.length, 1);
      else set.remove(record);
    }
  } while (cursor !== 0);
  let missing = 0;
  for (let i = 0; i < 2000; i++) if (!seen.has(`stay${i}`)) missing++;
  assertEquals(missing, 0);
});
