import { assert, assertEquals } from "@std/assert";
import { unpackZiplist, unpackZipmap } from "../../persistence/ziplist.ts";
import { latin1 } from "../../types/bytes.ts";
import { Entry, lpFirst, lpNext, lpValidate } from "../../types/listpack.ts";
import { ListpackBuilder } from "../../types/listpack_builder.ts";
import { toBytes } from "../helpers/bytes.ts";
import { ziplist } from "../helpers/legacy_values.ts";

function entries(pack: ListpackBuilder): string[] {
  const found: string[] = [];
  const entry = new Entry();
  const block = pack.view();
  assert(lpValidate(block, 0, block.length, true));
  for (let p = lpFirst(block, 0); p !== -1; p = lpNext(block, p)) {
    entry.readText(block, p);
    found.push(latin1(entry.buf, entry.start, entry.end));
  }
  return found;
}

const EVERYTHING = ziplist(
  "\x03abc", // a short string
  "\x41\x2c" + "x".repeat(300), // a 14-bit length; the next entry's prefix takes five bytes
  "\x80\x00\x00\x00\x02hi",
  "\xf1", // 0
  "\xfd", // 12
  "\xfe\x80", // -128
  "\xc0\x00\x80", // -32768
  "\xf0\x00\x00\x80", // -8388608
  "\xd0\x00\x00\x00\x80", // -2147483648
  "\xe0\xff\xff\xff\xff\xff\xff\xff\x7f",
);

Deno.test("every entry of a ziplist comes through", () => {
  const pack = new ListpackBuilder();
  assert(unpackZiplist(EVERYTHING, 0, EVERYTHING.length, pack));
  assertEquals(entries(pack), [
    "abc",
    "x".repeat(300),
    "hi",
    "0",
    "12",
    "-128",
    "-32768",
    "-8388608",
    "-2147483648",
    "9223372036854775807",
  ]);
});

Deno.test("an empty ziplist is one, a cut or changed one is refused or still a valid listpack", () => {
  const empty = ziplist();
  const pack = new ListpackBuilder();
  assert(unpackZiplist(empty, 0, empty.length, pack));
  assertEquals(entries(pack), []);
  for (let cut = 0; cut < EVERYTHING.length; cut++) {
    assert(!unpackZiplist(EVERYTHING, 0, cut, new ListpackBuilder()), `cut at ${cut}`);
  }
  for (let at = 0; at < EVERYTHING.length; at++) {
    for (const change of [1, 0x80, 0xff]) {
      const bytes = EVERYTHING.slice();
      bytes[at]! ^= change;
      const out = new ListpackBuilder();
      if (unpackZiplist(bytes, 0, bytes.length, out)) entries(out);
    }
  }
});

Deno.test("zipmaps with unused bytes and long lengths", () => {
  const long = "v".repeat(260);
  const map = toBytes(
    "\x02" + "\x01f\x01\x02vXX" + "\x02fg\xfe\x04\x01\x00\x00\x00" + long + "\xff",
  );
  const pack = new ListpackBuilder();
  assert(unpackZipmap(map, 0, map.length, pack));
  assertEquals(entries(pack), ["f", "v", "fg", long]);
  for (let cut = 0; cut < map.length; cut++) {
    assert(!unpackZipmap(map, 0, cut, new ListpackBuilder()), `cut ${cut}`);
  }
  for (let at = 0; at < map.length; at++) {
    for (const change of [1, 0x80, 0xff]) {
      const bytes = map.slice();
      bytes[at]! ^= change;
      const out = new ListpackBuilder();
      if (unpackZipmap(bytes, 0, bytes.length, out)) entries(out);
    }
  }
});
