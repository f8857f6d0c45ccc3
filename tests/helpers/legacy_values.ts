/**
 * Values in the forms that older (and newer) servers write: built here byte by byte, since no server at hand does.
 * Each comes with the digest-equal value in commands that the tests know to be right.
 */
import { RdbType } from "../../persistence/rdb_format.ts";
import { RdbWriter } from "../../persistence/rdb_writer.ts";
import { fromLatin1 } from "../../types/bytes.ts";
import { ListpackBuilder } from "../../types/listpack_builder.ts";
import { toBytes } from "./bytes.ts";

/** A ziplist from its entries' encodings and data. */
export function ziplist(...parts: string[]): Uint8Array {
  let body = "", previous = 0, tail = 10;
  for (const part of parts) {
    const prefix = previous < 254
      ? String.fromCharCode(previous)
      : "\xfe" + String.fromCharCode(previous & 255, (previous >> 8) & 255, previous >> 16, 0);
    tail = 10 + body.length;
    body += prefix + part;
    previous = prefix.length + part.length;
  }
  const u32 = (n: number) => String.fromCharCode(n & 255, (n >> 8) & 255, (n >> 16) & 255, 0);
  const count = String.fromCharCode(parts.length & 255, parts.length >> 8);
  return toBytes(u32(10 + body.length + 1) + u32(tail) + count + body + "\xff");
}

/** A ziplist of short strings and integers from 0 to 12. */
export function ziplistOf(...elements: string[]): Uint8Array {
  return ziplist(...elements.map((element) => {
    const small = /^(\d|1[0-2])$/.test(element) ? Number(element) : -1;
    return small >= 0 ? String.fromCharCode(0xf1 + small) : String.fromCharCode(element.length) + element;
  }));
}

function listpack(...elements: string[]): Uint8Array {
  const pack = new ListpackBuilder();
  for (const element of elements) pack.append(fromLatin1(element), 0, element.length);
  return pack.toBytes();
}

/** What a value must be once it is read: its type and elements in the order of its type. */
export interface LegacyValue {
  readonly name: string;
  readonly type: number;
  readonly body: Uint8Array;
  readonly elements: readonly string[];
}

function value(
  name: string,
  type: number,
  elements: string[],
  write: (writer: RdbWriter) => void,
): LegacyValue {
  const writer = new RdbWriter({ compress: true, checksum: false });
  write(writer);
  return { name, type, body: writer.drain(), elements };
}

function packed(name: string, type: number, elements: string[], pack: Uint8Array): LegacyValue {
  return value(name, type, elements, (writer) => writer.string(pack, 0, pack.length));
}

/** The text form of a score: its length in one byte, then digits; 254 and 255 are the infinities. */
function textScore(writer: RdbWriter, score: string): void {
  if (score === "inf") writer.byte(254);
  else if (score === "-inf") writer.byte(255);
  else {
    writer.byte(score.length);
    writer.bytes(fromLatin1(score), 0, score.length);
  }
}

const LIST = ["a", "5", "hello world", "12", ""];
const PAIRS = ["f", "v", "1", "2", "name", "value"];
const RANKED = ["one", "1", "two", "2.5", "ten", "10"];

/** Every old and new form of the collections. */
export function legacyValues(): LegacyValue[] {
  return [
    value("list of strings", RdbType.LIST, LIST, (writer) => {
      writer.lengthOf(LIST.length);
      for (const element of LIST) writer.text(element);
    }),
    packed("list as one ziplist", RdbType.LIST_ZIPLIST, LIST, ziplistOf(...LIST)),
    value("list of ziplists", RdbType.LIST_QUICKLIST, LIST, (writer) => {
      writer.lengthOf(2);
      for (const part of [LIST.slice(0, 2), LIST.slice(2)]) {
        const bytes = ziplistOf(...part);
        writer.string(bytes, 0, bytes.length);
      }
    }),
    value("list with a plain node", RdbType.LIST_QUICKLIST_2, ["a", "plain", "b"], (writer) => {
      writer.lengthOf(3);
      const first = listpack("a"), last = listpack("b");
      writer.lengthOf(2);
      writer.string(first, 0, first.length);
      writer.lengthOf(1);
      writer.text("plain");
      writer.lengthOf(2);
      writer.string(last, 0, last.length);
    }),
    packed("set as a listpack (7.2)", RdbType.SET_LISTPACK, ["a", "7", "c"], listpack("a", "7", "c")),
    value(
      "sorted set with scores as text",
      RdbType.ZSET,
      ["low", "-inf", ...RANKED, "high", "inf"],
      (writer) => {
        writer.lengthOf(5);
        for (
          const [member, score] of [["two", "2.5"], ["high", "inf"], ["low", "-inf"], ["ten", "10"], [
            "one",
            "1",
          ]]
        ) {
          writer.text(member!);
          textScore(writer, score!);
        }
      },
    ),
    packed("sorted set as a ziplist", RdbType.ZSET_ZIPLIST, RANKED, ziplistOf(...RANKED)),
    packed("hash as a ziplist", RdbType.HASH_ZIPLIST, PAIRS, ziplistOf(...PAIRS)),
    packed(
      "hash as a zipmap",
      RdbType.HASH_ZIPMAP,
      PAIRS,
      toBytes("\x03\x01f\x01\x00v\x011\x01\x022XX\x04name\x05\x00value\xff"),
    ),
    stream("stream of 5.0", RdbType.STREAM_LISTPACKS),
    stream("stream of 7.2", RdbType.STREAM_LISTPACKS_3),
  ];
}

/** A stream of two entries and a group with one consumer and one pending entry. */
function stream(name: string, type: number): LegacyValue {
  return value(name, type, ["1-1", "f", "x", "1-2", "f", "y"], (writer) => {
    const id = fromLatin1("\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0\x01");
    const entries = ["2", "0", "1", "f", "0", "2", "0", "0", "x", "4", "2", "0", "1", "y", "4"];
    const node = listpack(...entries);
    writer.lengthOf(1);
    writer.plainString(id, 0, id.length);
    writer.string(node, 0, node.length);
    const ids = type === RdbType.STREAM_LISTPACKS ? [2, 1, 2] : [2, 1, 2, 1, 1, 0, 0, 2];
    for (const number of ids) writer.lengthOf(number);
    writer.lengthOf(1);
    writer.text("group");
    writer.lengthOf(1);
    writer.lengthOf(1);
    if (type !== RdbType.STREAM_LISTPACKS) writer.lengthOf(1);
    writer.lengthOf(1); // pending
    writer.bytes(id, 0, id.length);
    writer.millis(1_600_000_000_000);
    writer.lengthOf(3);
    writer.lengthOf(1); // consumers
    writer.text("alice");
    writer.millis(1_600_000_000_001);
    if (type === RdbType.STREAM_LISTPACKS_3) writer.millis(1_600_000_000_002);
    writer.lengthOf(1);
    writer.bytes(id, 0, id.length);
  });
}
