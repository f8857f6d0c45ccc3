/** Bitmaps and bit fields. Offsets stay small: one bit far out would cost both servers 512 MB. */
import { cmd, many, maybe, one, oneOf, opt, seq } from "../grammar.ts";
import type { Gen, Grammar } from "../grammar.ts";
import { between, int, key, value } from "../values.ts";

const k = key("bitmap");
const bit = one((random) => random.chance(0.95) ? random.int(0, 1) : random.pick(["2", "-1", "abc", ""]));
const offset = one((random) =>
  random.chance(0.94)
    ? random.int(0, 700)
    : random.pick(["-1", "4294967296", "9223372036854775807", "abc", "1.5", ""])
);
const width = one((random) => {
  if (random.chance(0.9)) return random.pick(["u", "i"]) + random.int(1, 63);
  return random.pick(["i64", "u64", "u0", "i65", "x8", "u", "8", "U8", "u08", ""]);
});
const position = one((random) => {
  if (random.chance(0.9)) return (random.chance(0.4) ? "#" : "") + random.int(0, 60);
  return random.pick([
    "-1",
    "#-1",
    "#",
    "abc",
    "4294967296",
    "#4294967296",
    "9223372036854775807",
    "#9223372036854775807",
  ]);
});
const amount = oneOf(int, between(-300, 300));
const operation: Gen = oneOf(
  seq("GET", width, position),
  seq("SET", width, position, amount),
  seq("INCRBY", width, position, amount),
  seq("OVERFLOW", oneOf("WRAP", "SAT", "FAIL", "BAD"), "INCRBY", width, position, amount),
);
const bitRange = seq(int, int, maybe(0.5, oneOf("BYTE", "BIT", "BAD")));

export const bitmaps: Grammar = {
  name: "bitmaps",
  commands: [
    cmd("SETBIT", k, offset, bit).weigh(30).unmutated(),
    cmd("GETBIT", k, offset),
    cmd("BITCOUNT", k, opt(bitRange)).weigh(15),
    cmd("BITPOS", k, bit, maybe(0.7, oneOf(int, bitRange))).weigh(15),
    cmd("BITOP", oneOf("AND", "OR", "XOR", "BAD"), k, many(1, 3, k)),
    cmd("BITOP", "NOT", k, many(1, 1, k)),
    cmd("BITFIELD", k, many(1, 4, operation)).weigh(30).unmutated(),
    cmd("BITFIELD", k, oneOf("GET", "SET", "INCRBY", "OVERFLOW"), many(0, 2, width)).weigh(3),
    cmd("BITFIELD_RO", k, many(1, 2, "GET", width, position)),
    cmd("BITFIELD_RO", k, operation).weigh(3),
    cmd("SET", k, value).weigh(5),
    cmd("GET", k),
    cmd("APPEND", k, value).weigh(2),
    cmd("STRLEN", k).weigh(3),
    cmd("DEL", k).weigh(2),
    cmd("OBJECT ENCODING", k).weigh(2),
    cmd("RPUSH", key("list"), "x").weigh(1),
  ],
};
