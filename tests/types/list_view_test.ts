import { assertEquals } from "@std/assert";
import { latin1 } from "../../types/bytes.ts";
import { lpValidate } from "../../types/listpack.ts";
import { ListView } from "../../types/list_view.ts";
import type { Quicklist } from "../../types/quicklist.ts";
import type { QuicklistOptions } from "../../types/quicklist_node.ts";
import { type SeededRandom, seededRandom } from "../helpers/seeded.ts";
import { pick, randomElement } from "./naive.ts";

const view = new ListView({ fill: -2, compressDepth: 0, packedThreshold: 1 << 30 });

/** Where an owner would keep the value: a copy in the middle of some chunk, or the object. */
class Owner {
  #chunk = new Uint8Array(0);
  #list: Quicklist | null = null;
  packed = true;

  show(): ListView {
    if (this.#list !== null) return view.showObject(this.#list);
    return this.#chunk.length === 0 ? view.showEmpty() : view.showPacked(this.#chunk, 9);
  }

  store(): void {
    view.repack();
    this.#list = view.list;
    this.packed = view.list === null;
    if (!this.packed) return;
    assertEquals(lpValidate(view.buf, view.start, view.end, true), true);
    this.#chunk = new Uint8Array(view.end - view.start + 20);
    this.#chunk.set(view.buf.subarray(view.start, view.end), 9);
  }
}

function text(): string {
  const { buf, start, end } = view.entry.text();
  return latin1(buf, start, end);
}

function contents(): string[] {
  const forwards: string[] = [], backwards: string[] = [];
  for (let more = view.seek(0); more; more = view.next()) forwards.push(text());
  for (let more = view.seek(view.length - 1); more; more = view.prev()) backwards.unshift(text());
  assertEquals(backwards, forwards);
  return forwards;
}

function change(random: SeededRandom, model: string[]): void {
  const element = randomElement(random, 1500);
  const at = random.below(model.length + 1);
  const atHead = random.below(2) === 0;
  switch (random.below(8)) {
    case 0:
    case 1:
      view.push(atHead, element, 0, element.length);
      if (atHead) model.unshift(latin1(element));
      else model.push(latin1(element));
      return;
    case 2:
      if (model.length === 0) return;
      view.seekEnd(atHead);
      assertEquals(text(), atHead ? model.shift() : model.pop());
      return view.drop(atHead);
    case 3:
      if (!view.seek(at)) return;
      view.insert(!atHead, element, 0, element.length);
      model.splice(at + (atHead ? 0 : 1), 0, latin1(element));
      return;
    case 4:
      if (!view.seek(at)) return;
      view.replace(element, 0, element.length);
      model[at] = latin1(element);
      return;
    case 5:
      if (!view.seek(at)) return;
      assertEquals(view.remove(), at < model.length - 1);
      model.splice(at, 1);
      if (at < model.length) assertEquals(text(), model[at]);
      return;
    case 6:
      if (!view.seek(at)) return;
      assertEquals(view.removeBackwards(), at > 0);
      model.splice(at, 1);
      if (at > 0) assertEquals(text(), model[at - 1]);
      return;
    case 7: {
      const count = random.below(6);
      view.deleteRange(at, count);
      model.splice(at, count);
    }
  }
}

Deno.test("a view of a list equals an array, whichever form the list takes", () => {
  let packed = 0, large = 0;
  for (let seed = 1; seed <= 24; seed++) {
    const random = seededRandom(seed);
    const options: QuicklistOptions = {
      fill: pick(random, -2, -1, 1, 3, 128),
      compressDepth: pick(random, 0, 1),
      packedThreshold: pick(random, 1 << 30, 200),
    };
    view.options = options;
    let owner = new Owner();
    const model: string[] = [];
    for (let i = 0; i < 400; i++) {
      owner.show();
      assertEquals(view.length, model.length);
      for (let k = random.below(6); k >= 0; k--) change(random, model);
      if (random.below(20) === 0) {
        view.deleteRange(2, model.length);
        model.splice(2);
      }
      assertEquals([view.length, contents()], [model.length, model]);
      if (model.length === 0) {
        owner = new Owner();
        continue;
      }
      owner.store();
      if (owner.packed) packed++;
      else large++;
    }
    view.release();
  }
  assertEquals(packed > 200 && large > 200, true, `${packed} packed, ${large} large`);
});
