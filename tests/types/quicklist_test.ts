import { assertEquals } from "@std/assert";
import { Arena } from "../../types/arena.ts";
import { fromLatin1, latin1 } from "../../types/bytes.ts";
import { Entry, lpValidate } from "../../types/listpack.ts";
import { ListpackBuilder } from "../../types/listpack_builder.ts";
import { Quicklist } from "../../types/quicklist.ts";
import { QuicklistCursor } from "../../types/quicklist_cursor.ts";
import { NODE_OVERHEAD, type QuicklistOptions } from "../../types/quicklist_node.ts";
import { type SeededRandom, seededRandom } from "../helpers/seeded.ts";
import { pick, randomElement } from "./naive.ts";

const GIB = 1 << 30;
const options = (fill: number, compressDepth = 0, packedThreshold = GIB): QuicklistOptions => ({
  fill,
  compressDepth,
  packedThreshold,
});

const cursor = new QuicklistCursor();

function contents(list: Quicklist): string[] {
  const forwards: string[] = [], backwards: string[] = [];
  const text = () => {
    const { buf, start, end } = cursor.entry.text();
    return latin1(buf, start, end);
  };
  for (let more = cursor.seek(list, 0); more; more = cursor.next()) {
    assertEquals(cursor.index, forwards.length);
    forwards.push(text());
  }
  for (let more = cursor.seek(list, list.length - 1); more; more = cursor.prev()) backwards.push(text());
  assertEquals(backwards.reverse(), forwards);
  return forwards;
}

/** Holds a list against the model and checks its books: counts, links, memory, what is compressed. */
function check(list: Quicklist, model: string[]): void {
  assertEquals(contents(list), model);
  assertEquals(list.length, model.length);
  let nodes = 0, blocks = 0, count = 0, bytes = 0;
  for (let node = list.head; node !== null; node = node.next) {
    assertEquals(node.prev === null, node === list.head);
    assertEquals(node.next === null, node === list.tail);
    if (node.next !== null) assertEquals(node.next.prev === node, true);
    if (node.compressed || node.plain) assertEquals(node.compressed || node.count === 1, true);
    else {
      let blocks = 0;
      for (let at = node.start; at < node.end; at = node.blockEnd(at), blocks++) {
        assertEquals(lpValidate(node.buf, at, node.blockEnd(at), true), true);
      }
      assertEquals(blocks, node.blocks);
    }
    assertEquals(node.blocks === 1 || (node !== list.head && node !== list.tail), true, "a bundle is inside");
    assertEquals(node.count > 0, true, "no empty node");
    const fromEnd = Math.min(nodes, list.nodes - 1 - nodes);
    const { compressDepth } = list.options;
    if (node.compressed) assertEquals(compressDepth > 0 && fromEnd >= compressDepth, true);
    nodes++;
    blocks += node.blocks;
    count += node.count;
    bytes += node.buf.length;
  }
  assertEquals([nodes, blocks, count], [list.nodes, list.blocks, list.length]);
  assertEquals(list.memoryBytes() - bytes - nodes * NODE_OVERHEAD < 200, true);
}

function step(random: SeededRandom, list: Quicklist, model: string[], longest: number): void {
  const element = randomElement(random, longest);
  const text = latin1(element);
  const at = random.below(model.length + 1);
  const entry = new Entry();
  const found = () => latin1(entry.copy());
  switch (random.below(14)) {
    case 0:
    case 1:
    case 2:
      list.pushHead(element, 0, element.length);
      model.unshift(text);
      break;
    case 3:
    case 4:
    case 5:
      list.pushTail(element, 0, element.length);
      model.push(text);
      break;
    case 6:
      assertEquals(list.first(entry), model.length > 0);
      if (model.length === 0) return;
      assertEquals(found(), model.shift());
      list.dropHead();
      break;
    case 7:
      assertEquals(list.last(entry), model.length > 0);
      if (model.length === 0) return;
      assertEquals(found(), model.pop());
      list.dropTail();
      break;
    case 8:
    case 9:
    case 10:
      assertEquals(cursor.seek(list, at), at < model.length);
      if (at === model.length) return;
      if (random.below(2) === 0) {
        list.insert(cursor, true, element, 0, element.length);
        model.splice(at + 1, 0, text);
      } else {
        list.insert(cursor, false, element, 0, element.length);
        model.splice(at, 0, text);
      }
      break;
    case 11:
      if (!cursor.seek(list, at)) return;
      list.replace(cursor, element, 0, element.length);
      model[at] = text;
      break;
    case 12: {
      const count = random.below(random.below(10) === 0 ? 40 : 3);
      if (at === model.length) return;
      list.deleteRange(at, count);
      model.splice(at, count);
      break;
    }
    case 13:
      removeSome(random, list, model, at);
  }
}

/** Removes every other element from `at` on, forwards or backwards, as LREM does. */
function removeSome(random: SeededRandom, list: Quicklist, model: string[], at: number): void {
  let left = random.below(4);
  let more = cursor.seek(list, at);
  if (random.below(2) === 0) {
    for (let index = at; more && left > 0; left--, index++) {
      more = list.removeAt(cursor);
      model.splice(index, 1);
      assertEquals(more, index < model.length);
      if (more) more = cursor.next();
    }
  } else {
    for (let index = at; more && left > 0; left--, index--) {
      more = list.removeAt(cursor) ? cursor.prev() : cursor.seek(list, list.length - 1);
      model.splice(index, 1);
      assertEquals(more, index > 0);
    }
  }
}

function replay(seed: number, opts: QuicklistOptions, steps: number, longest: number): void {
  const random = seededRandom(seed);
  const list = new Quicklist(opts);
  const model: string[] = [];
  for (let i = 0; i < steps; i++) {
    step(random, list, model, longest);
    if (i % 50 === 0) check(list, model);
  }
  check(list, model);
  const copy = list.cloneInto(new Arena());
  check(copy, model);
  assertEquals(copy.blocks, list.blocks);
  while (!list.release(3)) assertEquals(list.head === null, false);
  check(copy, model);
}

Deno.test("a quicklist equals an array through random changes, for every fill", () => {
  for (const fill of [-1, -2, -5, 1, 2, 3, 10, 128]) replay(fill + 100, options(fill), 1500, 2000);
});

Deno.test("the same with compressed inner nodes", () => {
  for (const depth of [1, 2, 5]) {
    for (const fill of [-1, 2, 7]) replay(depth * 100 + fill, options(fill, depth), 1200, 1500);
  }
});

Deno.test("the same with giant elements in nodes of their own", () => {
  for (const depth of [0, 1]) {
    for (const fill of [-1, 3]) replay(900 + depth + fill, options(fill, depth, 60), 1200, 300);
  }
});

Deno.test("nodes are cut where redis-server 7.0.15 cuts them", () => {
  const sizes = (list: Quicklist) => {
    const out = [];
    for (let node = list.head; node !== null; node = node.next) out.push([node.count, node.rawBytes]);
    return out;
  };
  const filled = (fill: number, count: number, element: Uint8Array) => {
    const list = new Quicklist(options(fill));
    for (let i = 0; i < count; i++) list.pushTail(element, 0, element.length);
    return list;
  };
  // DEBUG OBJECT and DUMP of the same lists made with RPUSH on the real server.
  assertEquals(sizes(filled(-2, 1000, fromLatin1("x".repeat(16)))), CUTS.size16);
  assertEquals(sizes(filled(-1, 100, fromLatin1("x".repeat(100)))), CUTS.size100);
  assertEquals(sizes(filled(3, 7, fromLatin1("12345"))), CUTS.fill3);
  assertEquals(sizes(filled(1000, 20, fromLatin1("x".repeat(900)))), CUTS.safety);
  assertEquals(sizes(filled(-2, 3, fromLatin1("x".repeat(9000)))), CUTS.large);
});

const CUTS = {
  size16: [[454, 8179], [454, 8179], [92, 1663]],
  size100: [[39, 4024], [39, 4024], [22, 2273]],
  fill3: [[3, 19], [3, 19], [1, 11]],
  safety: [[9, 8143], [9, 8143], [2, 1815]],
  large: [[1, 9014], [1, 9014], [1, 9014]],
};

Deno.test("long lists of bundled blocks equal an array through random changes", () => {
  let bundles = 0;
  for (let seed = 1; seed <= 6; seed++) {
    const random = seededRandom(seed);
    const list = new Quicklist(options(seed % 2 === 0 ? 4 : -1));
    const model: string[] = [];
    for (let round = 0; round < 12; round++) {
      const atHead = random.below(2) === 0;
      for (let i = random.below(1500); i > 0; i--) {
        const element = randomElement(random, 300);
        if (atHead) list.pushHead(element, 0, element.length);
        else list.pushTail(element, 0, element.length);
        if (atHead) model.unshift(latin1(element));
        else model.push(latin1(element));
      }
      check(list, model);
      for (let node = list.head; node !== null; node = node.next) bundles += node.blocks > 1 ? 1 : 0;
      for (let i = random.below(30); i > 0; i--) step(random, list, model, 100);
      const entry = new Entry();
      for (let i = random.below(1000); i > 0 && model.length > 0; i--) {
        if (round % 2 === 0) list.dropHead();
        else list.dropTail();
        if (round % 2 === 0) model.shift();
        else model.pop();
        if (i % 100 === 0 && list.first(entry)) assertEquals(latin1(entry.copy()), model[0]);
      }
      check(list, model);
    }
  }
  assertEquals(bundles > 100, true);
});

Deno.test("a list made from a listpack keeps it as its only node", () => {
  const pack = new ListpackBuilder();
  for (let i = 0; i < 300; i++) {
    const text = fromLatin1(`element ${i}`);
    pack.append(text, 0, text.length);
  }
  const list = Quicklist.ofPack(pack.buf, pack.start, options(-2));
  assertEquals([list.length, list.nodes], [300, 1]);
  list.pushHead(fromLatin1("first"), 0, 5);
  assertEquals(contents(list), ["first", ...Array.from({ length: 300 }, (_, i) => `element ${i}`)]);
});

Deno.test("thinning out a long list gives memory back", () => {
  const random = seededRandom(4);
  const list = new Quicklist(options(-2));
  const model: string[] = [];
  for (let i = 0; i < 20000; i++) {
    const text = `element:${i}`;
    list.pushTail(fromLatin1(text), 0, text.length);
    model.push(text);
  }
  const before = list.memoryBytes();
  const kept: string[] = [];
  let more = cursor.seek(list, 0);
  for (const text of model) {
    if (random.below(50) === 0) {
      kept.push(text);
      more = cursor.next();
    } else more = list.removeAt(cursor);
  }
  assertEquals(more, false);
  check(list, kept);
  assertEquals(list.memoryBytes() < before / 8, true, `${list.memoryBytes()} of ${before}`);
});

Deno.test("compression saves room and reading leaves it so", () => {
  const plain = new Quicklist(options(-2)), packed = new Quicklist(options(-2, 1));
  for (let i = 0; i < 5000; i++) {
    const text = fromLatin1(`{"id":${i},"name":"somebody","role":"reader"}`);
    plain.pushHead(text, 0, text.length);
    packed.pushHead(text, 0, text.length);
  }
  assertEquals(packed.memoryBytes() < plain.memoryBytes() / 2, true);
  const before = packed.memoryBytes();
  assertEquals(contents(packed), contents(plain));
  assertEquals(packed.memoryBytes(), before);
  cursor.release();
  assertEquals(pick(seededRandom(1), cursor.node), null);
});
