/** Calls at the limits of the libraries: where they run out of stack, nesting, captures, sizes. */
import type { LuaValue } from "../../lua/value.ts";
import { type Call, tableOf } from "./real_calls.ts";

function call(path: string, ...args: LuaValue[]): Call {
  const [library, name] = path.split(".") as [string, string];
  return { library, name, args };
}

/** The same call for each argument. */
function each(path: string, values: readonly LuaValue[]): Call[] {
  return values.map((value) => call(path, value));
}

/** A table within a table, `depth` of them, the inner ones under a key. */
function nested(depth: number, key?: string): LuaValue {
  let value: LuaValue = tableOf([]);
  for (let i = 1; i < depth; i++) value = key === undefined ? tableOf([value]) : tableOf([], [[key, value]]);
  return value;
}

function list(length: number): LuaValue {
  return tableOf(Array.from({ length }, (_, i) => i % 7));
}

const patterns: Call[] = [
  ...[
    "%",
    "[a",
    "[^",
    "[",
    "[]",
    "[^]",
    "[%",
    "[a%",
    "%b",
    "%bx",
    "%f",
    "%fa",
    "(",
    ")",
    "())",
    "(()",
    "%1",
    "(%1)",
  ]
    .flatMap((
      bad,
    ) => [call("string.find", "a", bad), call("string.match", "", bad), call("string.find", "a", "z" + bad)]),
  call("string.find", "x", "()".repeat(32)),
  call("string.find", "x", "()".repeat(33)),
  call("string.match", "x".repeat(40), "(.)".repeat(32)),
  call("string.match", "x".repeat(40), "(.)".repeat(33)),
  call("string.find", "a".repeat(3000), "a?".repeat(3000) + "a".repeat(10)),
  call("string.find", "a".repeat(3000), ".-".repeat(3000) + "b?"),
  call("string.find", "((".repeat(500), "%b()"),
  call("string.find", "(".repeat(500) + ")".repeat(500), "%b()"),
  call("string.gsub", "abc", "", "-"),
  call("string.gsub", "", "", "-"),
  call("string.gsub", "abc", "b*", "-"),
  call("string.gsub", "a b c", "%w", "%0%0"),
  call("string.gsub", "abc", "(b)()", "%2%1"),
  call("string.gsub", "abc", "b", "%"),
  call("string.gsub", "abc", "b", "%%%a"),
  call("string.gsub", "abc", "b", "%2"),
  call("string.gsub", "abc", "(b", "x"),
  call("string.gsub", "abc", "(b", "%1"),
  call("string.gsub", "abc", "^a", "x"),
  call("string.gsub", "aaa", "^a", "x"),
  call("string.gsub", "abc", "z", true),
  call("string.gsub", "abc", "b", tableOf([], [["b", true]])),
  call("string.gsub", "abc", "b", tableOf([], [["b", tableOf([])]])),
  call("string.gsub", "abc", "()", tableOf(["x", 2, false])),
  call("string.gsub", "abc", ".", "x", 2),
  call("string.gsub", "abc", ".", "x", -1),
  call("string.gsub", "a\0b\0", "%z", "0"),
  call("string.find", "a\0b", "a\0b"),
  call("string.find", "a\0b", "a\0%w"),
  call("string.find", "ab", "a\0+"),
  call("string.find", "a.b", ".", 2, true),
  call("string.find", "a.b", ".", 1, 0),
  call("string.find", "abc", "b", -1),
  call("string.find", "abc", "", 10),
  call("string.find", "abc", "", 10, true),
  call("string.find", "a$", "a$\0"),
];

const strings: Call[] = [
  call("string.byte", "x".repeat(8100), 1, 7997),
  call("string.byte", "x".repeat(8100), 1, 7998),
  call("string.byte", "x".repeat(8100), 1, -1),
  call("string.byte", "abc", 0, 2),
  call("string.byte", "abc", -2),
  call("string.byte", "abc", 10),
  call("string.sub", "abc", 2 ** 53, -1),
  call("string.sub", "abc", 1, 1e300),
  call("string.sub", "abc", -Infinity, Infinity),
  call("string.sub", "abc", NaN),
  ...each("string.char", [0, 255, 256, -1, 2 ** 32 + 65, 65.9, "65", NaN]),
  ...each("string.upper", ["abc\xe9\xdf\xff", 12]),
  ...each("string.lower", ["ABC\xc9\xdf\xff", true]),
  call("string.reverse", "ab\0c".repeat(3000)),
  call("string.rep", "ab", 2 ** 31),
  call("string.rep", "", 2 ** 20),
  call("string.dump", 5),
  call("string.len"),
];

const formats: Call[] = [
  ...[
    "%",
    "%y",
    "%\0",
    "%------d",
    "%-----d",
    "%123d",
    "%.123d",
    "%5",
    "%.",
    "%%",
    "%5%",
    "%L",
    "%lld",
    "% %",
    "%p",
    "%F",
    "%a",
  ]
    .map((format) => call("string.format", format, 1)),
  call("string.format", "%d"),
  call("string.format", "%%"),
  ...[undefined, true, tableOf([]), "x", "0x10", " 5 ", "5x", ""].flatMap((value) => [
    call("string.format", "%d", value),
    call("string.format", "%s", value),
    call("string.format", "%q", value),
    call("string.format", "%c", value),
  ]),
  ...[0, 65, 256, 65.9, -1, 2 ** 31, 2 ** 32 + 65, NaN, Infinity].flatMap((value) =>
    ["%c", "%5c", "%-5c|", "%.0c"].map((format) => call("string.format", format, value))
  ),
  call("string.format", "%s|%5s|%.1s", "a\0b", "a\0b", "ab"),
  call("string.format", "%s", "x".repeat(99) + "\0y"),
  call("string.format", "%s", "x".repeat(120) + "\0y"),
  call("string.format", "%50s", "x".repeat(120) + "\0y"),
  call("string.format", "%.110s", "x".repeat(120)),
  call("string.format", "%99.99f", 1.7976931348623157e308),
  call("string.format", "%.99e", 5e-324),
];

const json: Call[] = [
  call("cjson.encode"),
  call("cjson.encode", 1, 2),
  call("cjson.decode"),
  call("cjson.decode", "1", "2"),
  ...[999, 1000, 1001].flatMap((n) => [
    call("cjson.decode", "[".repeat(n) + "]".repeat(n)),
    call("cjson.decode", '{"a":'.repeat(n) + "1" + "}".repeat(n)),
    call("cjson.decode", "[".repeat(n)),
  ]),
  ...[150, 180].map((n) => call("cjson.encode", nested(n))), // a literal may be nested 200 deep
  ...[2, 10, 11, 19, 20, 21, 100].flatMap((n) => [
    call("cjson.encode", tableOf([], [[n, 1]])),
    call("cjson.encode", tableOf([1, 2, 3, 4, 5, 6, 7, 8, 9], [[n, 1]])),
    call("cjson.encode", tableOf([1, undefined, 3, 4, 5, 6, 7, 8, 9, 0], [[n, 1]])),
  ]),
  ...[2 ** 31, 2 ** 31 - 1, 2 ** 53, 0.5, 0, -1, NaN].filter((n) => n === n).map((n) =>
    call("cjson.encode", tableOf([], [[n, 1]]))
  ),
  call("cjson.encode", tableOf([], [[2 ** 31, 1], [3, 1]])),
  call("cjson.encode", tableOf([], [[3, 1], [2 ** 31, 1]])),
  ...[
    "\0",
    "1\0",
    "11\0",
    '"a\0"',
    "[1]\0garbage",
    "",
    " ",
    "nan(",
    "nan(1",
    "nan(1)",
    "infinit",
    "0x",
    "0x.8p1",
    "-",
    "1e",
    "1e+",
    "1.",
    ".",
  ]
    .map((text) => call("cjson.decode", text)),
  call("cjson.decode", '"\\ud800\\udc00\\u00e9\\u20ac\\u0000"'),
  ...["\\ud800", "\\udc00", "\\ud800\\ud800", "\\ud800x", "\\u12", "\\u123g", "\\q", "\\", "\\u"].map((
    text,
  ) => call("cjson.decode", `"${text}"`)),
  call("cjson.encode", String.fromCharCode(...Array.from({ length: 256 }, (_, i) => i))),
];

const msgpack: Call[] = [
  call("cmsgpack.pack"),
  ...[14, 15, 16, 17, 18].flatMap((
    n,
  ) => [call("cmsgpack.pack", nested(n)), call("cmsgpack.pack", nested(n, "a"))]),
  ...[15, 16, 255, 256, 65535, 65536].flatMap((
    n,
  ) => [call("cmsgpack.pack", list(n)), call("cmsgpack.pack", "x".repeat(n))]),
  ...[31, 32].map((n) => call("cmsgpack.pack", "x".repeat(n))),
  ...[7999, 8000].map((n) => call("cmsgpack.unpack", "\x01".repeat(n))),
  ...[7995, 7996, 7997, 7998, 7999, 8000].map((n) => call("cmsgpack.unpack_limit", "\x01".repeat(9000), n)),
  ...[3998, 3999, 4000].flatMap((n) => [
    call("cmsgpack.unpack", "\x91".repeat(n) + "\x01"),
    call("cmsgpack.unpack", "\x91".repeat(n)),
    call("cmsgpack.unpack", "\x91".repeat(n) + "\x90"),
    call("cmsgpack.unpack", "\x91".repeat(n) + "\x80"),
    call("cmsgpack.unpack", "\x81\x01".repeat(n) + "\x01"),
    call("cmsgpack.unpack", "\x81\x01".repeat(n)),
    call("cmsgpack.unpack", "\x81".repeat(n)),
    call("cmsgpack.unpack", "\x81\x91".repeat(n)),
  ]),
  ...[
    "\xdd\xff\xff\xff\xff",
    "\xdf\xff\xff\xff\xff",
    "\xdb\xff\xff\xff\xff",
    "\xdc\xff\xff\x01",
    "\x81\xc0\x01",
    "\x81\xcb\x7f\xf8\0\0\0\0\0\0\x01",
  ]
    .map((text) => call("cmsgpack.unpack", text)),
  ...Array.from(
    { length: 128 },
    (_, i) => call("cmsgpack.unpack", String.fromCharCode(128 + i) + "\x81\x82\x83\x84\x85\x86\x87\x88"),
  ),
];

const structs: Call[] = [
  ...[7995, 7996, 7997, 7998, 7999].map((n) => call("struct.unpack", "b".repeat(n), "a".repeat(n))),
  ...[
    "c2147483647",
    "c2147483648",
    "i2147483648",
    "!2147483648",
    "!1073741824i",
    "c2147483647c2147483647",
    "i32",
    "i33",
    "i0",
    "s",
    "c0",
    "y",
    "=",
    "\n",
  ]
    .flatMap((format) => [
      call("struct.size", format),
      call("struct.pack", format, "abc", "abc"),
      call("struct.unpack", format, "abcdefgh\0"),
    ]),
  ...Array.from({ length: 33 }, (_, n) => n).flatMap((n) =>
    ["<i", ">i", "<I", ">I"].flatMap((format) => [
      call("struct.pack", format + n, -(2 ** 40) - 12345),
      call("struct.unpack", format + n, "\x81\xff\x80\x7f\x01\xfe\x90\xa0".repeat(4)),
      call("struct.unpack", format + n, "\x01\xff\x80\x7f\x81\xfe\x90\xff".repeat(4)),
    ])
  ),
  ...[-1, -2, -3, -8, 0, 5, 6, 2 ** 31, 2 ** 32, 2 ** 63, -(2 ** 63), 1.9].flatMap((offset) =>
    ["", "b", "!4i", " "].map((format) => call("struct.unpack", format, "abcdefgh", offset))
  ),
  ...[1.5, -0.5, -1, 2 ** 63, 2 ** 64, NaN, Infinity].map((count) =>
    call("struct.unpack", "dc0", doubleBytes(count) + "abc")
  ),
];

function doubleBytes(value: number): string {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value, true);
  return String.fromCharCode(...new Uint8Array(view.buffer));
}

const bits: Call[] = [
  ...[
    2 ** 51,
    2 ** 52 + 1,
    2 ** 53 + 2,
    1e300,
    Infinity,
    NaN,
    0.5,
    1.5,
    -0.5,
    2 ** 31,
    -(2 ** 33) - 5,
    2 ** 60 + 2 ** 20,
  ]
    .flatMap((value) => ["tobit", "bnot", "bswap", "tohex"].map((name) => call("bit." + name, value))),
  ...[0, 1, 4, 8, 9, 100, -1, -4, -8, -100, -(2 ** 31), undefined, "a"].map((digits) =>
    call("bit.tohex", -559038737, digits)
  ),
  ...[0, 1, 31, 32, 33, -1, -32, 2 ** 32].flatMap((count) =>
    ["lshift", "rshift", "arshift", "rol", "ror"].map((name) => call("bit." + name, -2023406815, count))
  ),
];

/** All of them. */
export const EDGE_CALLS: readonly Call[] = [
  ...patterns,
  ...strings,
  ...formats,
  ...json,
  ...msgpack,
  ...structs,
  ...bits,
];
