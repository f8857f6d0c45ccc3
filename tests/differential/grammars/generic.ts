/** Generic: commands on keys of any type. */
import { anyOf, cmd, many, maybe, one, oneOf, opt, seq } from "../grammar.ts";
import type { Grammar } from "../grammar.ts";
import { wholeKeyspace } from "../scan_rules.ts";
import { shape, tolerance, typeOnly, unordered } from "../../helpers/rules.ts";
import { anyKey, between, farMillis, farSeconds, farTime, farTimeMillis, glob, int } from "../values.ts";
import { fill } from "./fill.ts";

const database = one((random) =>
  random.chance(0.9) ? random.int(0, 2) : random.pick(["-1", "16", "abc", "", "2147483648"])
);
const condition = maybe(
  0.5,
  oneOf("NX", "XX", "GT", "LT", seq("XX", "GT"), seq("NX", "GT"), seq("GT", "LT"), "BAD"),
);
const type = oneOf("string", "list", "hash", "set", "zset", "stream", "LIST", "nosuch");

export const generic: Grammar = {
  name: "generic",
  databases: [0, 1, 2],
  commands: [
    ...fill(),
    cmd("DEL", many(1, 3, anyKey)).weigh(4),
    cmd("UNLINK", many(1, 3, anyKey)).weigh(4),
    cmd("EXISTS", many(1, 4, anyKey)),
    cmd("TOUCH", many(1, 4, anyKey)).weigh(4),
    cmd("TYPE", anyKey),
    cmd("KEYS", glob).by(unordered),
    cmd("RANDOMKEY").by(typeOnly).weigh(3),
    cmd("RENAME", anyKey, anyKey).weigh(6),
    cmd("RENAMENX", anyKey, anyKey),
    cmd("COPY", anyKey, anyKey, anyOf("REPLACE", seq("DB", database))).weigh(15),
    cmd("MOVE", anyKey, database),
    cmd("SELECT", database).outsideMulti(),
    cmd("EXPIRE", anyKey, farSeconds, condition),
    cmd("PEXPIRE", anyKey, farMillis, condition),
    cmd("EXPIREAT", anyKey, farTime, condition),
    cmd("PEXPIREAT", anyKey, farTimeMillis, condition),
    cmd("TTL", anyKey).by(tolerance(10)),
    cmd("PTTL", anyKey).by(tolerance(10_000)),
    cmd("EXPIRETIME", anyKey).by(tolerance(10)),
    cmd("PEXPIRETIME", anyKey).by(tolerance(10_000)),
    cmd("PERSIST", anyKey),
    cmd("OBJECT ENCODING", anyKey),
    // COPY makes an unshared number of a shared one there; here a small number is a small number.
    cmd("OBJECT REFCOUNT", anyKey).by(typeOnly).weigh(4),
    // A small number is one object for the whole server there, as old as the server is.
    cmd("OBJECT IDLETIME", anyKey).by(tolerance(1e6)).weigh(4),
    cmd("OBJECT FREQ", anyKey).weigh(2),
    cmd("OBJECT NOSUCH", anyKey).weigh(1),
    cmd("MEMORY USAGE", anyKey, opt("SAMPLES", between(0, 5))).by(typeOnly).weigh(3),
    cmd("SCAN", () => ["0", "COUNT", "1000"], anyOf(seq("MATCH", glob), seq("TYPE", type))).by(wholeKeyspace),
    cmd("SCAN", int, anyOf(seq("MATCH", glob), seq("TYPE", type), seq("COUNT", int))).by(typeOnly).weigh(4),
    cmd("DBSIZE").weigh(4),
    cmd("SWAPDB", database, database).weigh(2),
    cmd("FLUSHDB", opt(oneOf("ASYNC", "SYNC", "BAD"))).weigh(1),
    cmd("WAIT", () => ["0", "0"]).weigh(1).unmutated(),
    cmd("DUMP", anyKey).by(typeOnly).weigh(3),
    cmd("RESTORE", anyKey, () => ["0"], oneOf("garbage", "")).weigh(2),
    cmd("DEBUG OBJECT", anyKey).by(shape).weigh(1),
  ],
};
