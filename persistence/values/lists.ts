/** Lists in RDB: one by one (until 2.6), one ziplist, a chain of ziplists (3.2), a chain of listpacks (7.0). */
import type { Database } from "../../store.ts";
import { Kind } from "../../types/kind.ts";
import { Entry, LP_END, LP_HEADER, lpCount, lpSkip, lpValidate } from "../../types/listpack.ts";
import { ListpackBuilder } from "../../types/listpack_builder.ts";
import { LIST_PACKED_BYTES } from "../../types/list_view.ts";
import { Quicklist } from "../../types/quicklist.ts";
import { packWithinLimit } from "../../types/quicklist_node.ts";
import { QuicklistWalk } from "../../types/quicklist_walk.ts";
import { Container, RdbType } from "../rdb_format.ts";
import type { RdbInput } from "../rdb_input.ts";
import type { RdbWriter } from "../rdb_writer.ts";
import { unpackZiplist } from "../ziplist.ts";
import { LONG_STRING_BYTES, longString, type Rest, STEP_BYTES } from "./rest.ts";
import { saveString } from "./strings.ts";
import { EmptyValue, type LoadedValue, type LoadTarget, packedString } from "./value.ts";

/** Least bytes of a node in the file: a container and an empty string, or a string of an empty ziplist. */
const LEAST_NODE_BYTES = 2;

/** Begins to write the list of a record, as the nodes that it is made of; what is left of it, or null. */
export function saveList(writer: RdbWriter, db: Database, addr: number): Rest | null {
  if (db.kind(addr) !== Kind.LIST_PACKED) return listRest(writer, db.object<Quicklist>(addr));
  writer.lengthOf(1);
  writer.lengthOf(Container.PACKED);
  return saveString(writer, db, addr);
}

/** The nodes of a list: those of now, also where they change in between. */
function* listRest(writer: RdbWriter, list: Quicklist): Rest {
  const walk = new QuicklistWalk(list);
  try {
    writer.lengthOf(walk.blocks);
    let stop = writer.written + STEP_BYTES;
    while (walk.next()) {
      // A node is one block, or a bundle of several.
      let at = walk.node.start;
      do {
        const { node } = walk;
        const end = node.blockEnd(at);
        writer.lengthOf(node.plain ? Container.PLAIN : Container.PACKED);
        if (node.compressed) writer.compressedString(node.buf, at, end, node.rawBytes);
        else if (end - at > LONG_STRING_BYTES) yield* longString(writer, node.buf, at, end);
        else writer.string(node.buf, at, end);
        at = end;
        if (writer.written < stop) continue;
        yield;
        stop = writer.written + STEP_BYTES;
      } while (at < walk.node.end);
    }
  } finally {
    walk.close();
  }
}

/** Reads a list of any type. Throws {@link EmptyValue} where it has no elements. */
export function loadList(input: RdbInput, type: number, target: LoadTarget, out: LoadedValue): void {
  const list = new Quicklist(target.lists);
  switch (type) {
    case RdbType.LIST:
      for (let left = input.count(1); left > 0; left--) {
        const { buf, start, end } = input.string();
        list.pushTail(buf, start, end);
      }
      break;
    case RdbType.LIST_ZIPLIST:
      pushAll(list, ziplistOf(input));
      break;
    case RdbType.LIST_QUICKLIST:
      for (let left = input.count(1); left > 0; left--) {
        const pack = ziplistOf(input);
        if (pack.count > 0) list.appendPack(pack.buf, pack.start);
      }
      break;
    default:
      for (let left = input.count(LEAST_NODE_BYTES); left > 0; left--) appendNode(input, list);
  }
  if (list.length === 0) throw new EmptyValue();
  storeSmallest(list, out);
}

function appendNode(input: RdbInput, list: Quicklist): void {
  const container = input.length();
  if (container === Container.PLAIN) {
    const { buf, start, end } = input.string();
    list.appendPlain(buf, start, end);
  } else if (container === Container.PACKED) {
    const { buf, start } = packedString(input, "listpack of a list", lpValidate);
    if (lpCount(buf, start) > 0) list.appendPack(buf, start);
  } else input.fail(`unknown list container ${container}`);
}

function ziplistOf(input: RdbInput): ListpackBuilder {
  const { buf, start, end } = input.string();
  const pack = new ListpackBuilder(end - start);
  if (!unpackZiplist(buf, start, end, pack)) input.fail("damaged ziplist of a list");
  return pack;
}

function pushAll(list: Quicklist, pack: ListpackBuilder): void {
  const entry = new Entry();
  for (let p = pack.start + LP_HEADER; pack.buf[p] !== LP_END; p = lpSkip(pack.buf, p)) {
    entry.readText(pack.buf, p);
    list.pushTail(entry.buf, entry.start, entry.end);
  }
}

/** A list that fits into a record becomes a packed one, as it would be if it had been pushed. */
function storeSmallest(list: Quicklist, out: LoadedValue): void {
  const node = list.head!;
  const fits = list.blocks === 1 && !node.plain && node.rawBytes <= LIST_PACKED_BYTES &&
    packWithinLimit(node.rawBytes, node.count, list.options);
  if (!fits) return out.held(Kind.LIST, list);
  node.decompress();
  out.inline(Kind.LIST_PACKED, node.buf, node.start, node.end);
}
