import { assertEquals } from "@std/assert";
import { CommandEncoder } from "../../persistence/aof_commands.ts";
import { finish } from "../../persistence/values/rest.ts";
import { RdbType } from "../../persistence/rdb_format.ts";
import { RdbInput } from "../../persistence/rdb_input.ts";
import { RdbWriter } from "../../persistence/rdb_writer.ts";
import { loadList, saveList } from "../../persistence/values/lists.ts";
import { LoadedValue } from "../../persistence/values/value.ts";
import { NO_EXPIRY, Store } from "../../store.ts";
import { fromLatin1, latin1 } from "../../types/bytes.ts";
import { Kind } from "../../types/kind.ts";
import { Quicklist } from "../../types/quicklist.ts";
import { QuicklistCursor } from "../../types/quicklist_cursor.ts";
import type { QuicklistOptions } from "../../types/quicklist_node.ts";
import { seededRandom } from "../helpers/seeded.ts";
import { randomElement } from "../types/naive.ts";

const limits = {
  hashMaxListpackEntries: 128,
  hashMaxListpackValue: 64,
  setMaxIntsetEntries: 512,
  zsetMaxListpackEntries: 128,
  zsetMaxListpackValue: 64,
};

function contents(list: Quicklist): string[] {
  const out: string[] = [];
  const cursor = new QuicklistCursor();
  for (let more = cursor.seek(list, 0); more; more = cursor.next()) {
    const { buf, start, end } = cursor.entry.text();
    out.push(latin1(buf, start, end));
  }
  return out;
}

/** A long list with bundles, or compressed or plain nodes, and the elements it should have. */
function build(lists: QuicklistOptions, count: number): { list: Quicklist; model: string[] } {
  const random = seededRandom(count);
  const list = new Quicklist(lists);
  const model: string[] = [];
  for (let i = 0; i < count; i++) {
    const element = randomElement(random, 300);
    list.pushTail(element, 0, element.length);
    model.push(latin1(element));
  }
  return { list, model };
}

const SHAPES: [name: string, QuicklistOptions, count: number][] = [
  ["bundled", { fill: 4, compressDepth: 0, packedThreshold: 1 << 30 }, 3000],
  ["compressed", { fill: -1, compressDepth: 1, packedThreshold: 1 << 30 }, 2000],
  ["plain", { fill: 3, compressDepth: 0, packedThreshold: 30 }, 500],
];

for (const [name, lists, count] of SHAPES) {
  const { list, model } = build(lists, count);
  const db = new Store(1, () => 0, () => 0).databases[0]!;
  const key = fromLatin1("key");
  const addr = db.setObject(key, 0, 3, Kind.LIST, list);

  Deno.test(`a ${name} list comes back from RDB with all its nodes`, () => {
    const writer = new RdbWriter({ compress: true, checksum: false });
    finish(saveList(writer, db, addr));
    const out = new LoadedValue();
    loadList(
      RdbInput.ofBytes(writer.drain()),
      RdbType.LIST_QUICKLIST_2,
      { db, limits, lists, deep: true },
      out,
    );
    const loaded = out.object as Quicklist;
    assertEquals(contents(loaded), model);
    assertEquals(loaded.blocks, list.blocks);
    if (name === "bundled") assertEquals(loaded.nodes < loaded.blocks / 4, true);
  });

  Deno.test(`a ${name} list is rewritten as commands with all its elements`, () => {
    const encoder = new CommandEncoder(null, []);
    finish(encoder.record(db, addr));
    const text = latin1(encoder.drain());
    const items: string[] = [];
    let at = 0;
    const line = () => {
      const end = text.indexOf("\r\n", at);
      const found = text.slice(at, end);
      at = end + 2;
      return found;
    };
    while (at < text.length) {
      const args: string[] = [];
      for (let left = Number(line().slice(1)); left > 0; left--) {
        const length = Number(line().slice(1));
        args.push(text.slice(at, at + length));
        at += length + 2;
      }
      assertEquals(args.slice(0, 2), ["RPUSH", "key"]);
      assertEquals(args.length <= 66, true);
      items.push(...args.slice(2));
    }
    assertEquals(items, model);
    assertEquals(db.expiryOf(addr), NO_EXPIRY);
  });
}
