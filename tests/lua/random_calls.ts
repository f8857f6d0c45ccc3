/** Random calls of the libraries' functions: mostly sensible ones, with every kind of mistake mixed in. */
import type { LuaValue } from "../../lua/value.ts";
import type { SeededRandom } from "../helpers/seeded.ts";
import { type Call, callOurs, libraryFunction, tableOf } from "./real_calls.ts";

/** One of the items. */
function pick<T>(random: SeededRandom, items: readonly T[]): T {
  return items[random.below(items.length)]!;
}

function text(random: SeededRandom, alphabet: string, most: number): string {
  let out = "";
  for (let n = random.below(most + 1); n > 0; n--) out += alphabet.charAt(random.below(alphabet.length));
  return out;
}

function bytes(random: SeededRandom, most: number): string {
  let out = "";
  for (let n = random.below(most + 1); n > 0; n--) out += String.fromCharCode(random.below(256));
  return out;
}

const NUMBERS = [
  0,
  -0,
  1,
  -1,
  2,
  0.5,
  1.5,
  2.5,
  -0.5,
  0.1,
  1e15,
  1e14,
  1e16,
  1e100,
  1e-7,
  1e300,
  5e-324,
  1 / 3,
];
const EDGES = [7, 8, 15, 16, 31, 32, 51, 52, 53, 62, 63, 64].flatMap((bits) => [
  2 ** bits,
  2 ** bits - 1,
  2 ** bits + 1,
  -(2 ** bits),
  -(2 ** bits) - 1,
]);

/** A number: small, at an edge of some type, or any double. */
export function number(random: SeededRandom): number {
  switch (random.below(6)) {
    case 0:
      return pick(random, NUMBERS);
    case 1:
      return pick(random, EDGES);
    case 2:
      return pick(random, [Infinity, -Infinity, NaN, 1e21, 123456789012345, 2 ** 63 - 1024]);
    case 3: {
      const view = new DataView(new ArrayBuffer(8));
      view.setUint32(0, random.next());
      view.setUint32(4, random.next());
      const value = view.getFloat64(0);
      return value === value ? value : random.below(1000) / 8;
    }
    case 4:
      return (random.below(20001) - 10000) / pick(random, [1, 2, 4, 8, 10, 64, 1000]);
    default:
      return random.below(300) - 20;
  }
}

/** Any value; tables down to `depth`. */
export function value(random: SeededRandom, depth: number): LuaValue {
  const kind = random.below(depth > 0 ? 12 : 7);
  if (kind < 2) return number(random);
  if (kind < 4) return bytes(random, pick(random, [3, 12, 40]));
  if (kind === 4) return random.below(2) === 0;
  if (kind === 5) return undefined;
  if (kind === 6) return text(random, 'abc/\\"\n\u007f', 6);
  return table(random, depth - 1);
}

function table(random: SeededRandom, depth: number): LuaValue {
  const list: LuaValue[] = [];
  const pairs: [LuaValue, LuaValue][] = [];
  const shape = random.below(4);
  if (shape !== 1) {
    for (let n = random.below(pick(random, [4, 4, 20])); n > 0; n--) list.push(value(random, depth) ?? true);
  }
  if (shape === 1 || shape === 2) {
    for (let n = random.below(pick(random, [2, 5])); n > 0; n--) {
      const key = pick<LuaValue>(random, [
        text(random, "abxyz_", 5),
        "k" + n,
        40 + n,
        n + 0.5,
        -n,
        n % 2 === 0,
      ]);
      pairs.push([key, value(random, depth) ?? false]);
    }
  }
  return tableOf(list, pairs);
}

/** With a small chance something else in place of an argument that is right. */
function perhapsWrong(random: SeededRandom, args: LuaValue[]): LuaValue[] {
  if (random.below(12) > 0) return args;
  if (random.below(3) === 0) return args.slice(0, random.below(args.length + 1));
  const wrong = [...args];
  wrong[random.below(args.length + 1)] = value(random, 1);
  for (let i = 0; i < wrong.length; i++) wrong[i] ??= undefined;
  return wrong;
}

const PATTERN_PIECES = [
  "a",
  "b",
  "c",
  ".",
  "%a",
  "%d",
  "%s",
  "%w",
  "%W",
  "%x",
  "%p",
  "%z",
  "%g",
  "%c",
  "%l",
  "%u",
  "%A",
  "%D",
  "[abc]",
  "[^a]",
  "[a-c]",
  "[%a_]",
  "[%d%-]",
  "[]]",
  "[^]]",
  "[a-]",
  "[%]]",
  "[c-a]",
  "(",
  ")",
  "()",
  "(a)",
  "(.-)",
  "(b*)",
  "%1",
  "%2",
  "%b()",
  "%bab",
  "%f[a]",
  "%f[%w]",
  "%f[^%w]",
  "^",
  "$",
  "-",
  "*",
  "+",
  "?",
  "%%",
  "%.",
  "%",
  "[",
  "\0",
  "\xe9",
  "x",
  "(.)",
  "%0",
  "]",
  "%b",
  "%f",
]; // deno-fmt-ignore

function pattern(random: SeededRandom): string {
  let out = random.below(5) === 0 ? "^" : "";
  for (let n = 1 + random.below(6); n > 0; n--) {
    out += pick(random, PATTERN_PIECES);
    if (random.below(3) === 0) out += pick(random, ["*", "+", "-", "?"]);
  }
  return random.below(6) === 0 ? out + "$" : out;
}

function subject(random: SeededRandom): string {
  const alphabet = pick(random, ["ab", "abc", "ab()", "a1 _-.", "aAbB01 \n\0\xe9"]);
  return text(random, alphabet, pick(random, [4, 10, 25]));
}

function position(random: SeededRandom): LuaValue {
  return pick<LuaValue>(random, [undefined, undefined, 1, 2, 5, -1, -3, 0, 100, 1.9, "2", 2 ** 40, Infinity]);
}

function replacement(random: SeededRandom): LuaValue {
  if (random.below(3) === 0) {
    return tableOf([], [["a", "<A>"], ["b", false], ["", 5], ["ab", "x"], [1, "one"]]);
  }
  return random.below(12) === 0 ? 3.5 : text(random, "x%%0123 %", 5);
}

function stringCall(random: SeededRandom): Call {
  const name = pick(random, [
    "find",
    "find",
    "match",
    "match",
    "gsub",
    "gsub",
    "byte",
    "sub",
    "rep",
    "misc",
    "char",
  ]);
  const args = stringArgs(random, name);
  const plain = pick(random, ["lower", "upper", "len", "reverse"]);
  return { library: "string", name: name === "misc" ? plain : name, args: perhapsWrong(random, args) };
}

function stringArgs(random: SeededRandom, name: string): LuaValue[] {
  switch (name) {
    case "find":
      return [subject(random), pattern(random), position(random), ...(random.below(8) === 0 ? [true] : [])];
    case "match":
      return [subject(random), pattern(random), position(random)];
    case "gsub": {
      const limit = random.below(4) === 0 ? [random.below(5) - 1] : [];
      return [subject(random), pattern(random), replacement(random), ...limit];
    }
    case "byte":
      return [bytes(random, 8), position(random), position(random)];
    case "sub":
      return [bytes(random, 8), position(random) ?? 1, position(random)];
    case "rep":
      return [
        bytes(random, 4),
        pick(random, [0, 1, 2, 7, -1, 2.9, "3", 2 ** 31, -(2 ** 31), NaN, 2 ** 32 + 2]),
      ];
    case "char":
      return [0, 0, 0].map(() => random.below(9) === 0 ? number(random) : random.below(256));
    default:
      return [bytes(random, 20)];
  }
}

function formatCall(random: SeededRandom): Call {
  const args: LuaValue[] = [];
  let format = text(random, "ab%%", 2).replaceAll("%", "%%");
  for (let n = 1 + random.below(3); n > 0; n--) {
    const letter = pick(random, [
      ..."cdiouxXeEfgGqsdfgxs",
      ...(random.below(8) === 0 ? [..."yFan%\0pL5"] : []),
    ]);
    let flags = text(random, "-+ #0", 3);
    if (letter === "g" || letter === "G") flags = flags.replaceAll("#", ""); // a defect of the C library's shows
    if (random.below(40) === 0) flags += "------";
    const width = random.below(3) === 0 ? String(random.below(random.below(9) === 0 ? 200 : 25)) : "";
    const precision = random.below(3) === 0
      ? "." + text(random, "0123456789", random.below(9) === 0 ? 3 : 2)
      : "";
    format += "%" + flags + width + precision + letter;
    args.push(
      "qs".includes(letter)
        ? (random.below(2) ? bytes(random, 6) : text(random, '"\\\n\r\0 x', 130))
        : number(random),
    );
  }
  return { library: "string", name: "format", args: perhapsWrong(random, [format, ...args]) };
}

function bitCall(random: SeededRandom): Call {
  const names = [
    "tobit",
    "bnot",
    "bswap",
    "band",
    "bor",
    "bxor",
    "lshift",
    "rshift",
    "arshift",
    "rol",
    "ror",
    "tohex",
  ];
  const name = pick(random, names);
  // From 2^51 on the library reads the noise of a sum; from 2^63 on that of its own rounding.
  const count = "b".includes(name.charAt(0)) ? 1 + random.below(3) : name === "tobit" ? 1 : 2;
  const args = Array.from({ length: count }, () => number(random));
  return { library: "bit", name, args: perhapsWrong(random, args) };
}

function structFormat(random: SeededRandom): string {
  let out = "";
  const many = random.below(4) === 0 ? 12 : 5;
  for (let n = random.below(many); n > 0; n--) {
    out += pick(random, [..."bBhHlLTiIfdsxsc <>!", "i", "I", "c", "!", "c0", "bc0"]);
    if (/[iIc!]$/.test(out) && random.below(2) === 0) {
      out += pick(random, ["0", "1", "2", "3", "4", "5", "8", "9", "16", "17", "32", "33", "4294967297"]);
    }
    if (random.below(60) === 0) out += pick(random, ["y", "=", "%", "\0", "X", "\n", "5"]);
  }
  return out;
}

function structCall(random: SeededRandom): Call {
  const name = pick(random, ["pack", "pack", "unpack", "unpack", "size"]);
  const format = structFormat(random);
  if (name === "size") return { library: "struct", name, args: perhapsWrong(random, [format]) };
  if (name === "unpack") {
    const data = random.below(3) === 0 ? bytes(random, 60) : text(random, "\0\x01\x02\x03ab\xff\x80", 60);
    const offset = random.below(4) === 0 ? [pick(random, [1, 2, 3, 7, 0, -1, -2, -7, 2 ** 40, 100])] : [];
    return { library: "struct", name, args: perhapsWrong(random, [format, data, ...offset]) };
  }
  const values: LuaValue[] = [];
  for (const option of format) {
    if ("bBhHlLTiIfd".includes(option)) values.push(number(random));
    else if ("sc".includes(option)) values.push(bytes(random, random.below(3) === 0 ? 40 : 6));
  }
  return { library: "struct", name, args: perhapsWrong(random, [format, ...values]) };
}

/** Changes a text a little: bytes replaced, taken out, put in, the end cut off. */
function mutate(random: SeededRandom, input: string, alphabet?: string): string {
  let out = input;
  for (let n = random.below(3); n >= 0; n--) {
    const at = random.below(out.length + 1);
    const byte = alphabet
      ? alphabet.charAt(random.below(alphabet.length))
      : String.fromCharCode(random.below(256));
    const kind = random.below(4);
    if (kind === 0) out = out.slice(0, at) + byte + out.slice(at + 1);
    else if (kind === 1) out = out.slice(0, at) + byte + out.slice(at);
    else if (kind === 2) out = out.slice(0, at) + out.slice(at + 1);
    else out = out.slice(0, at);
  }
  return out;
}

/** What our own encoder makes of a value; other calls than this compare that with the real one's. */
function encoded(library: string, name: string, input: LuaValue): string {
  const out = callOurs({ library, name, args: [input] });
  return out.startsWith("|") ? libraryFunction(library, name).fn(input) as string : '[1,{"a":null}]';
}

function jsonCall(random: SeededRandom): Call {
  if (random.below(3) === 0) {
    return { library: "cjson", name: "encode", args: perhapsWrong(random, [value(random, 4)]) };
  }
  const pieces = [
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    '"a"',
    '"',
    "\\u00e9",
    "1",
    "-1.5e3",
    "0x1F",
    "nan",
    "inf",
    "true",
    "false",
    "null",
    " ",
    "\n",
    "tru",
    "\\ud83d\\ude00",
    "\\",
    "1e5",
    ".5",
    "5.",
    "-",
    "+1",
    "01",
    "\0",
    '"k":',
    '"\\n\\/"',
    "1e999",
  ]; // deno-fmt-ignore
  let input = encoded("cjson", "encode", value(random, 3));
  const kind = random.below(4);
  if (kind === 0) input = mutate(random, input, '{}[]:,"\\u09a-+.eEnx \0');
  else if (kind === 1) input = mutate(random, input);
  else if (kind === 2) input = Array.from({ length: random.below(8) }, () => pick(random, pieces)).join("");
  return { library: "cjson", name: "decode", args: perhapsWrong(random, [input]) };
}

function msgpackCall(random: SeededRandom): Call {
  const library = "cmsgpack";
  if (random.below(3) === 0) {
    const args = Array.from({ length: 1 + random.below(2) }, () => value(random, 4));
    return { library, name: "pack", args: perhapsWrong(random, args) };
  }
  let input = "";
  for (let n = random.below(3); n >= 0; n--) input += encoded(library, "pack", value(random, 3));
  const kind = random.below(4);
  if (kind === 0) input = mutate(random, input);
  else if (kind === 1) {
    input = mutate(
      random,
      input,
      "\x80\x81\x90\x91\xa1\xc0\xc1\xca\xcb\xcc\xd9\xda\xdb\xdc\xdd\xde\xdf\xe0\x00",
    );
  } else if (kind === 2) input = bytes(random, 30);
  const name = pick(random, ["unpack", "unpack", "unpack_one", "unpack_limit"]);
  const offset = pick<LuaValue>(random, [undefined, 0, 1, 2, 5, -1, 2 ** 31, 2 ** 32, 40]);
  const args = name === "unpack"
    ? [input]
    : name === "unpack_one"
    ? [input, offset]
    : [input, random.below(4), offset];
  return { library, name, args: perhapsWrong(random, args) };
}

/** Maps of any keys, so that the order in which `pairs` walks tables of every size is compared. */
function layoutCall(random: SeededRandom): Call {
  const keys = new Set<LuaValue>();
  for (let n = random.below(pick(random, [5, 15, 40])); n > 0; n--) {
    const key = pick<LuaValue>(random, [
      random.below(20) + 1,
      random.below(1000) - 500,
      number(random),
      n % 2 === 0,
      "key" + random.below(1000),
      "long".repeat(random.below(20)) + random.below(1000),
    ]);
    if (key === key && !Object.is(key, -0)) keys.add(key);
  }
  const pairs = [...keys].map((key) =>
    encoded("cmsgpack", "pack", key) + (random.below(9) === 0 ? "\xc0" : "\x01")
  );
  const head = "\xde\x00" + String.fromCharCode(keys.size);
  return { library: "cmsgpack", name: "unpack", args: [head + pairs.join("")] };
}

/** The kinds of calls. */
export const KINDS: Readonly<Record<string, (random: SeededRandom) => Call>> = {
  string: stringCall,
  format: formatCall,
  bit: bitCall,
  struct: structCall,
  cjson: jsonCall,
  cmsgpack: msgpackCall,
  layout: layoutCall,
};
