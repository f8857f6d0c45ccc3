/**
 * cjson, cmsgpack, struct and bit: what redis-server 7.0.15 answers (recorded), round trips of random tables, damaged
 * input, and input that promises more than it holds.
 */
import { assert, assertEquals } from "@std/assert";
import { LuaTable } from "../../lua/table.ts";
import { LuaFunction, type LuaValue } from "../../lua/value.ts";
import { seededRandom } from "../helpers/seeded.ts";
import { value } from "./random_calls.ts";
import { callOurs, dump, libraryFunction, tableOf } from "./real_calls.ts";

function run(path: string, ...args: LuaValue[]): string {
  const [library, name] = path.split(".") as [string, string];
  return callOurs({ library, name, args });
}

function encode(library: string, name: string, input: LuaValue): string {
  return libraryFunction(library, name).fn(input) as string;
}

Deno.test("cjson.encode writes arrays, objects, escapes and numbers as lua-cjson does", () => {
  const json = (input: LuaValue) => encode("cjson", "encode", input);
  assertEquals(json(tableOf([])), "{}");
  assertEquals(json(tableOf([1, undefined, 3])), "[1,null,3]");
  assertEquals(json(tableOf([], [[1, 1], [3, 3]])), "[1,null,3]");
  assertEquals(json(tableOf([], [["a", true]])), '{"a":true}');
  assertEquals(json(tableOf([], [[1.5, 1]])), '{"1.5":1}');
  assertEquals(
    json('/"\\\b\f\n\r\t\x00\x1f\x7f\xe9'),
    '"\\/\\"\\\\\\b\\f\\n\\r\\t\\u0000\\u001f\\u007f\xe9"',
  );
  assertEquals(json(1e15), "1e+15");
  assertEquals(json(0.1), "0.1");
  assertEquals(run("cjson.encode", NaN), "!Cannot serialise number: must not be NaN or Inf");
  assertEquals(
    run("cjson.encode", tableOf([], [[11, 1]])),
    "!Cannot serialise table: excessively sparse array",
  );
});

Deno.test("a table that holds itself ends at the depth limit", () => {
  const table = new LuaTable();
  table.set(1, table);
  assertEquals(run("cjson.encode", table), "!Cannot serialise, excessive nesting (1001)");
  assertEquals(encode("cmsgpack", "pack", table), "\x91".repeat(16) + "\xc0");
});

Deno.test("cjson.decode says what it expected, what it found and where", () => {
  assertEquals(
    run("cjson.decode", '{"a":[1,-2.5e1,"x\\u00e9\\ud83d\\ude00"],"b":null}'),
    "|{1:a={1=1,2=-25,3=7:x\xc3\xa9\xf0\x9f\x98\x80},1:b=userdata}",
  ); // deno-fmt-ignore
  assertEquals(run("cjson.decode", "[1,]"), "!Expected value but found T_ARR_END at character 4");
  assertEquals(run("cjson.decode", "{1:2}"), "!Expected object key string but found T_NUMBER at character 2");
  assertEquals(run("cjson.decode", "tru"), "!Expected value but found invalid token at character 1");
  assertEquals(run("cjson.decode", '"\\q"'), "!Expected value but found invalid escape code at character 2");
  assertEquals(
    run("cjson.decode", '"\\ud800"'),
    "!Expected value but found invalid unicode escape code at character 2",
  );
  assertEquals(run("cjson.decode", "1 2"), "!Expected the end but found T_NUMBER at character 3");
  assertEquals(run("cjson.decode", "0x1F"), "|31");
  assertEquals(
    run("cjson.decode", "[".repeat(1_000_000)),
    "!Found too many nested data structures (1001) at character 1001",
  );
});

Deno.test("cjson's settings are kept, checked and returned, for each instance", () => {
  const instance = libraryFunction("cjson", "new").fn() as LuaTable;
  const setting = (name: string, ...args: LuaValue[]) => {
    const fn = instance.get(name);
    if (!(fn instanceof LuaFunction)) throw new Error(name);
    return fn.fn(...args) as LuaValue;
  };
  assertEquals(setting("encode_max_depth"), 1000);
  assertEquals(setting("encode_max_depth", 2), 2);
  assertEquals(setting("encode_sparse_array", true, 1, 0), [true, 1, 0] as unknown as LuaValue);
  assertEquals(setting("encode_invalid_numbers", "null"), "null");
  assertEquals(setting("encode_number_precision", 3), 3);
  assertEquals(setting("encode", tableOf([NaN, 1 / 3])), "[null,0.333]");
  assertEquals(setting("encode", tableOf([], [[5, 1]])), '{"5":1}');
  assertEquals(run("cjson.encode", NaN).charAt(0), "!", "the global instance is untouched");
});

Deno.test("cmsgpack.pack chooses the shortest form", () => {
  const pack = (input: LuaValue) => encode("cmsgpack", "pack", input);
  assertEquals([127, 128, 256, 65536, 2 ** 32].map(pack).map((text) => text.length), [1, 2, 3, 5, 9]);
  assertEquals([-32, -33, -129, -32769, -(2 ** 31) - 1].map(pack).map((text) => text.length), [
    1,
    2,
    3,
    5,
    9,
  ]);
  assertEquals(pack(1.5), "\xca\x3f\xc0\x00\x00");
  assertEquals(pack(0.1), "\xcb\x3f\xb9\x99\x99\x99\x99\x99\x9a");
  assertEquals(pack(-0), "\x00");
  assertEquals(pack(2 ** 63), "\xca\x5f\x00\x00\x00");
  assertEquals(pack(tableOf([])), "\x90");
  assertEquals(pack(tableOf([1, 2])), "\x92\x01\x02");
  assertEquals(pack(tableOf([1, undefined, 3])), "\x82\x01\x01\x03\x03");
  assertEquals(pack(undefined), "\xc0");
  assertEquals(run("cmsgpack.pack"), "!bad argument #0 to '?' (MessagePack pack needs input.)");
});

Deno.test("cmsgpack.unpack believes no count that the bytes do not bear out", () => {
  for (
    const head of ["\xdd\xff\xff\xff\xff", "\xdf\xff\xff\xff\xff", "\xdb\xff\xff\xff\xff", "\xdc\xff\xff\x01"]
  ) {
    assertEquals(run("cmsgpack.unpack", head), "!Missing bytes in input.");
  }
  assertEquals(run("cmsgpack.unpack", "\xc1"), "!Bad data format in input.");
  assertEquals(run("cmsgpack.unpack", "\x81\xc0\x01"), "!table index is nil");
  assertEquals(
    run("cmsgpack.unpack", "\x91".repeat(1_000_000)),
    "!stack overflow (in function mp_decode_to_lua_array)",
  );
  assertEquals(run("cmsgpack.unpack_one", "\x01\x02\x03", 1), "|2|2");
  assertEquals(run("cmsgpack.unpack_limit", "\x01\x02\x03", 2), "|2|1|2");
  assertEquals(run("cmsgpack.unpack_limit", "\x01", 5), "|-1|1");
  assertEquals(run("cmsgpack.unpack_one", "\x01", 2), "!Start offset 2 greater than input length 1.");
});

Deno.test("random tables survive cjson and cmsgpack", () => {
  const random = seededRandom(4);
  let compared = 0;
  for (let i = 0; i < 400; i++) {
    const input = tableOf([value(random, 3) ?? 0]);
    const packed = encode("cmsgpack", "pack", input);
    const unpacked = libraryFunction("cmsgpack", "unpack").fn(packed) as readonly LuaValue[];
    assertEquals(encode("cmsgpack", "pack", unpacked[0]).length, packed.length);
    if (!run("cjson.encode", input).startsWith("|")) continue; // a key that is a boolean, a number that is none
    const text = encode("cjson", "encode", input);
    const again = libraryFunction("cjson", "decode").fn(text) as LuaValue;
    if (dump(again).includes("userdata")) continue; // nil became null
    assertEquals(encode("cjson", "encode", again).length, text.length);
    compared++;
  }
  assert(compared > 100);
});

Deno.test("struct packs and unpacks with order, sizes and alignment", () => {
  assertEquals(run("struct.pack", ">hI3", -2, 1), "|5:\xff\xfe\0\0\x01");
  assertEquals(run("struct.pack", "!4bi", 1, 2), "|8:\x01\0\0\0\x02\0\0\0");
  assertEquals(run("struct.pack", "sc2c0", "a", "bcd", "ef"), "|6:a\0bcef");
  assertEquals(run("struct.unpack", ">hb", "\xff\xfe\x05"), "|-2|5|4");
  assertEquals(run("struct.unpack", "bc0s", "\x02abcd\0"), "|2:ab|2:cd|7");
  assertEquals(run("struct.unpack", "d", "\0\0\0\0\0\0\xf8\x3f"), "|1.5|9");
  assertEquals(run("struct.size", "!8bd"), "|16");
  assertEquals(run("struct.unpack", "c2147483647", "abc"), "!bad argument #2 to '?' (data string too short)");
  assertEquals(run("struct.pack", "i33", 1), "!integral size 33 is larger than limit of 32");
  assertEquals(run("struct.pack", "!3b", 1), "!alignment 3 is not a power of 2");
  assertEquals(run("struct.pack", "i2147483648", 1), "!integral size overflow");
});

Deno.test("bit operations have 32 bits and a sign", () => {
  assertEquals(run("bit.tobit", 2 ** 31), "|-2147483648");
  assertEquals(run("bit.tobit", 2.5), "|2");
  assertEquals(run("bit.tobit", 3.5), "|4");
  assertEquals(run("bit.band", 0xff, 0x0f, 0x3c), "|12");
  assertEquals(run("bit.bswap", 0x12345678), "|2018915346");
  assertEquals(run("bit.rol", 0x12345678, 36), "|591751041");
  assertEquals(run("bit.tohex", -1, -4), "|4:FFFF");
  assertEquals(run("bit.arshift", -256, 8), "|-1");
  assertEquals(run("bit.lshift"), "!bad argument #1 to '?' (number expected, got no value)");
});
