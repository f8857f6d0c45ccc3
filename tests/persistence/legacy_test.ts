/** Values in the forms of other versions are read as what they are; and what this version cannot hold is refused. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { CommandEncoder } from "../../persistence/aof_commands.ts";
import { finish } from "../../persistence/values/rest.ts";
import { RdbType } from "../../persistence/rdb_format.ts";
import { RdbError, RdbInput } from "../../persistence/rdb_input.ts";
import type { Store } from "../../store.ts";
import { loadValue } from "../../persistence/values.ts";
import { LoadedValue } from "../../persistence/values/value.ts";
import { NO_EXPIRY } from "../../store.ts";
import { fromLatin1, latin1 } from "../../types/bytes.ts";
import { Kind } from "../../types/kind.ts";
import { toBytes } from "../helpers/bytes.ts";
import { LIMITS, LISTS, newStore } from "../helpers/data_set.ts";
import { loadFile } from "../helpers/rdb.ts";
import { legacyValues } from "../helpers/legacy_values.ts";
import { FrameReader } from "../helpers/resp.ts";

/** The arguments after the key of the commands that make a value. */
function elementsOf(body: Uint8Array, type: number, limits = LIMITS): string[] {
  const store = newStore();
  const db = store.databases[0]!;
  const value = new LoadedValue();
  loadValue(RdbInput.ofBytes(body), type, { db, limits, lists: LISTS, deep: true }, value);
  const addr = value.store(db, fromLatin1("k"), 0, 1, NO_EXPIRY);
  const encoder = new CommandEncoder(null, []);
  finish(encoder.record(db, addr));
  return [...new FrameReader().push(encoder.drain())].flatMap(({ value: command }) => {
    assert(command.type === "array");
    const words: string[] = "items" in command
      ? command.items.map((item) => "text" in item ? item.text : "?")
      : [];
    // Scores come first in ZADD, members first in the tests.
    if (words[0] === "ZADD") return words.slice(2).map((_, i, rest) => rest[i ^ 1]!);
    return words[0]!.startsWith("X") && words[0] !== "XADD" ? [] : words.slice(2);
  });
}

for (const { name, type, body, elements } of legacyValues()) {
  Deno.test(`${name} is read`, () => {
    const found = elementsOf(body, type);
    if (name.includes("set as a listpack")) assertEquals(found.sort(), [...elements].sort());
    else assertEquals(found, elements);
  });

  Deno.test(`${name} is read into the large form where the limits ask for it`, () => {
    const none = {
      hashMaxListpackEntries: 0,
      hashMaxListpackValue: 0,
      setMaxIntsetEntries: 0,
      zsetMaxListpackEntries: 0,
      zsetMaxListpackValue: 0,
    };
    const sorted = (list: readonly string[]) => [...list].sort();
    assertEquals(sorted(elementsOf(body, type, none)), sorted(elements));
  });
}

/** Loads a file made of a version and the records behind it, without checksum. */
function load(version: string, records: string): Store {
  return loadFile(toBytes("REDIS" + version + records), { dropExpiredBefore: 1_000_000 });
}

const SET_A = "\x00\x01a\x01b";
const NO_CRC = "\0".repeat(8);

Deno.test("every version from 1 to 12, with its expiries", () => {
  for (let version = 1; version <= 12; version++) {
    const end = version < 5 ? "\xff" : "\xff" + NO_CRC;
    const seconds = "\xfd\xff\xff\xff\x7f"; // 2038
    const store = load(String(version).padStart(4, "0"), `\xfe\x00${seconds}${SET_A}${end}`);
    const db = store.databases[0]!;
    assertEquals(db.expiryOf(db.findRaw(fromLatin1("a"), 0, 1)), 2147483647000);
  }
});

Deno.test("what stands around keys: notes, sizes, slots, modules, functions, access times", () => {
  const module = "\xf7\x81ABCDEFGH\x02\x07\x01\x05\x02\x06\x03ABCD\x04ABCDEFGH\x05\x03xyz\x05\xc0\x07\x00";
  const records =
    `\xfa\x04name\x05value\xfa\x01n\xc0\x40${module}\xfe\x02\xfb\x02\x01\xf4\x01\x02\x03\xf5\x03lua` +
    `\xf8\x05\xf9\x07${SET_A}\xff${NO_CRC}`;
  const store = load("0012", records);
  assertEquals(store.databases[2]!.size, 1);
});

Deno.test("a key that has expired is dropped, one without elements is skipped", () => {
  const past = "\xfc\x01\0\0\0\0\0\0\0" + SET_A;
  const empty = "\x04\x01h\x00";
  const store = load("0010", `\xfe\x00${past}${empty}\x00\x01k\x01v\xff${NO_CRC}`);
  assertEquals(store.size, 1);
});

const REFUSED: [string, string, string][] = [
  ["", "x".repeat(20), "Can't handle RDB format version"],
  ["0013", `\xff${NO_CRC}`, "Can't handle RDB format version 13 (at offset 5)"],
  ["0000", "\xff", "Can't handle RDB format version 0 (at offset 5)"],
  ["0010", "", "unexpected end"],
  ["0010", `\xff${"\x01".repeat(8)}`, "Wrong RDB checksum"],
  ["0010", `\x63\x01a\x01b\xff${NO_CRC}`, "unknown record type 99"],
  ["0010", `\x08\x01a\x01b\xff${NO_CRC}`, "unknown value type 8"],
  ["0010", `\xfe\x10${SET_A}\xff${NO_CRC}`, "more than 16 databases. Exiting (at offset 9)"],
  ["0010", `\xf6\xff${NO_CRC}`, "Pre-release function format not supported"],
  ["0010", `\xfe\x00${SET_A}${SET_A}\xff${NO_CRC}`, "a key twice"],
  ["0010", `\x00\x01a\x80\xff\xff\xff\xff\xff${NO_CRC}`, "impossible string length"],
  ["0010", `\x01\x01a\x81\xff\xff\xff\xff\xff\xff\xff\xff\xff${NO_CRC}`, "impossible length"],
  ["0010", `\x00\x01a\xc3\x04\x80\x7f\xff\xff\xffABCD\xff${NO_CRC}`, "impossible length"],
  ["0010", `\x18\x01h\x01\xff${NO_CRC}`, "fields expire"],
  ["0010", `\x07\x01m\x81\x14\x92\x45\x14\x51\x45\x14\x01\x00\xff${NO_CRC}`, "no matching module type"],
];

Deno.test("what cannot be is refused with what and where", () => {
  for (const [version, records, what] of REFUSED) {
    const error = assertThrows(() => load(version, records), RdbError);
    assert(error.message.includes(what), `${latin1(fromLatin1(records.slice(0, 20)))}: ${error.message}`);
    assert(error.message.includes("offset"));
  }
  assertThrows(() => load("", "").databases, RdbError, "unexpected end");
  assertEquals(RdbType.HASH_METADATA, 24);
});

Deno.test("a zipmap with a long value becomes a table, as in redis-server", () => {
  for (const [length, kind] of [[64, Kind.HASH_PACKED], [65, Kind.HASH]] as const) {
    const map = `\x01\x01f${String.fromCharCode(length)}\x00${"v".repeat(length)}\xff`;
    const header = `\x40${String.fromCharCode(map.length)}`;
    const store = load("0010", `\xfe\x00\x09\x01h${header}${map}\xff${NO_CRC}`);
    const db = store.databases[0]!;
    assertEquals(db.kind(db.findRaw(fromLatin1("h"), 0, 1)), kind);
  }
});
