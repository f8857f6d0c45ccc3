/**
 * What the grammars draw from: small pools of keys, members and fields (so that commands meet each other's data) and
 * numbers and strings weighted towards the edges where implementations differ.
 */
import { one } from "./grammar.ts";
import type { Gen } from "./grammar.ts";
import type { Random } from "../helpers/random.ts";

/** Kinds of keys; a command usually meets a key of its own kind and sometimes a wrong one. */
export type KeyKind =
  | "string"
  | "bitmap"
  | "list"
  | "hash"
  | "set"
  | "zset"
  | "stream"
  | "geo"
  | "hll"
  | "lex";

const POOLS: Record<KeyKind, string[]> = {
  string: ["s1", "s2", "s3", "s:long:" + "k".repeat(70)],
  bitmap: ["b1", "b2", "b3"],
  list: ["l1", "l2", "l3"],
  hash: ["h1", "h2", "h\0\xff"],
  set: ["t1", "t2", "t3"],
  zset: ["z1", "z2", "z3"],
  stream: ["x1", "x2"],
  geo: ["g1", "g2"],
  hll: ["p1", "p2", "p3"],
  lex: ["y1", "y2"],
};
/** Kinds met by chance; not "lex", whose scores must stay equal (else ranges by name depend on a skip list's dice). */
const KINDS = (Object.keys(POOLS) as KeyKind[]).filter((kind) => kind !== "lex");
const ODD_KEYS = ["missing", "", "{tag}a", "\x80\r\n"];

/** A key of this kind; one in ten is of another kind, missing or odd. */
export const key = (kind: KeyKind): Gen => (random) => {
  if (random.chance(0.93)) return [random.pick(POOLS[kind])];
  return [random.chance(0.6) ? random.pick(POOLS[random.pick(KINDS)]) : random.pick(ODD_KEYS)];
};

/** A key of this kind and no other: where a wrong one would make a reply random. */
export const ownKey = (kind: KeyKind): Gen => (random) => [random.pick(POOLS[kind])];

/** A key of any kind. */
export const anyKey: Gen = (random) => [
  random.chance(0.9) ? random.pick(POOLS[random.pick(KINDS)]) : random.pick(ODD_KEYS),
];

const MALFORMED = ["", "abc", "1.0", "+1", " 1", "1 ", "0x10", "007", "-0", "1e3", "--1", "\xb9", "12a"];
const EDGES = [
  "2147483647",
  "2147483648",
  "-2147483649",
  "4294967296",
  "9223372036854775807",
  "-9223372036854775808",
];
const BEYOND = ["9223372036854775808", "-9223372036854775809", "18446744073709551616"];

/** Any integer: mostly small, sometimes an edge, sometimes not an integer at all. */
export const int: Gen = one((random) => {
  const dice = random.unit();
  if (dice < 0.72) return random.int(-4, 25);
  if (dice < 0.8) return random.int(-1000, 1000);
  if (dice < 0.9) return random.pick(EDGES);
  return random.pick(dice < 0.94 ? BEYOND : MALFORMED);
});

/** An integer in a range; bad ones are rare, edges beyond the range absent (the reply or the memory would be huge). */
export const between = (low: number, high: number): Gen =>
  one((random) => random.chance(0.97) ? random.int(low, high) : random.pick([...MALFORMED, ...BEYOND]));

/** An index into a list or range. */
export const index: Gen = one((random) => {
  if (random.chance(0.9)) return random.int(-12, 12);
  return random.pick([...EDGES, ...BEYOND, ...MALFORMED]);
});

/** COUNT-like arguments of commands whose reply grows with them. */
export const count: Gen = one((random) =>
  random.chance(0.9) ? random.int(0, 12) : random.pick([-1, ...BEYOND, ...MALFORMED])
);

/** Counts of the *RANDMEMBER family, which may be negative; never so large that the reply would be. */
export const signedCount: Gen = one((random) =>
  random.chance(0.93) ? random.int(-15, 15) : random.pick(["-9223372036854775808", ...BEYOND, ...MALFORMED])
);

const FLOATS = [
  "0",
  "-0",
  "0.0",
  "1.5",
  "-1.5",
  "3.0e3",
  "1e-7",
  "5e-324",
  "1.7976931348623157e308",
  "1e400",
  "inf",
  "-inf",
  "+inf",
  "Infinity",
  "nan",
  "0.1",
  "0.30000000000000004",
  "123456789012345680",
  "1e17",
  "1e21",
  "12345678901234567890",
  "-9007199254740993",
  ".5",
  "5.",
  "0x1p3",
  "1.5 ",
  " 1.5",
  "1,5",
  "",
  "abc",
  "1e",
  "3.141592653589793",
];

/** A floating point number as text: small, an edge, or malformed. */
export const float: Gen = one((random) => {
  if (random.chance(0.45)) return random.int(-10, 10);
  if (random.chance(0.4)) return (random.unit() * 20 - 10).toPrecision(random.int(1, 17));
  return random.pick(FLOATS);
});

/** A score: like float, with many ties. */
export const score: Gen = one((random) => {
  if (random.chance(0.6)) return random.int(-3, 6);
  if (random.chance(0.6)) return (random.unit() * 8 - 4).toPrecision(random.int(1, 17));
  return random.pick(FLOATS);
});

/** A value of any content and length around the limits of encodings (44/45: embstr, 64/65: listpack). */
export const value: Gen = one((random) => anyValue(random));

function anyValue(random: Random): string {
  const dice = random.unit();
  if (dice < 0.25) return String(random.int(-100, 10100));
  if (dice < 0.5) return random.pick(["a", "b", "c", "hello", "Hello World", "foo bar", "x"]);
  if (dice < 0.6) return random.pick(FLOATS);
  if (dice < 0.66) return random.pick([...EDGES, ...BEYOND, ...MALFORMED]);
  if (dice < 0.7) return "";
  if (dice < 0.82) return random.binary(random.int(1, 20));
  if (dice < 0.96) return random.pick(["v", "w"]).repeat(random.pick([12, 43, 44, 45, 63, 64, 65, 100]));
  return "L".repeat(random.int(200, 3000));
}

/** A value that is usually a number. */
export const numberValue: Gen = (random) => random.chance(0.8) ? int(random) : value(random);

/** A member or field or element: from a small pool, sometimes anything. */
export const member: Gen = one((random) => {
  const dice = random.unit();
  if (dice < 0.55) return "m" + random.int(1, 12);
  if (dice < 0.8) return random.int(-5, 30);
  if (dice < 0.9) return random.pick(["A", "a", "aa", "ab", "b", "B", "\xff", "a\0", "m1 ", "é"]);
  return anyValue(random);
});

/** A glob pattern. */
export const glob: Gen = one((random) =>
  random.pick([
    "*",
    "?",
    "m?",
    "m*",
    "[a-z]1",
    "[^a]*",
    "*1",
    "s*",
    "?1",
    "h*",
    "[",
    "[a",
    "\\*",
    "m\\1",
    "**",
    "*[0-9]",
    "[z-a]1",
    "",
    "l?",
    "[^]1",
    "*a*b*",
    "a[]b",
    "\\",
    "[\\]]",
    "{tag}*",
    "k*k*k",
  ])
);

/** Seconds from now, far enough that nothing expires during a test; or a value that expires at once; or nonsense. */
export const farSeconds: Gen = one((random) => {
  if (random.chance(0.85)) return random.int(100_000, 1_000_000_000);
  return random.pick([
    0,
    -1,
    -1000,
    "9223372036854775807",
    "-9223372036854775808",
    "9223372036854775",
    "abc",
    "",
    "1.5",
  ]);
});

/** The same in milliseconds. */
export const farMillis: Gen = one((random) => {
  if (random.chance(0.85)) return random.int(100_000_000, 1_000_000_000) * 1000 + random.int(0, 999);
  return random.pick([
    0,
    -1,
    -1000,
    "9223372036854775807",
    "-9223372036854775808",
    "9223372036854775",
    "abc",
    "",
    "1.5",
  ]);
});

/** A moment (unix time in seconds) in the far future, or long past. */
export const farTime: Gen = one((random) => {
  if (random.chance(0.85)) return random.int(4_000_000_000, 9_000_000_000);
  return random.pick([
    0,
    1,
    1_000_000,
    -1,
    "9223372036854775807",
    "9223372036854775",
    "-9223372036854775808",
    "abc",
    "",
  ]);
});

/** The same in milliseconds. */
export const farTimeMillis: Gen = one((random) => {
  if (random.chance(0.85)) return random.int(4_000_000_000, 9_000_000_000) * 1000 + random.int(0, 999);
  return random.pick([0, 1, 1_000_000, -1, "9223372036854775807", "-9223372036854775808", "abc", ""]);
});
