/** Strings: SET and its family. */
import { anyOf, cmd, many, maybe, oneOf, opt, seq } from "../grammar.ts";
import type { Grammar } from "../grammar.ts";
import {
  anyKey,
  between,
  farMillis,
  farSeconds,
  farTime,
  farTimeMillis,
  float,
  int,
  key,
  numberValue,
  value,
} from "../values.ts";

const k = key("string");
const expiry = oneOf(
  seq("EX", farSeconds),
  seq("PX", farMillis),
  seq("EXAT", farTime),
  seq("PXAT", farTimeMillis),
);

export const strings: Grammar = {
  name: "strings",
  commands: [
    cmd("SET", k, numberValue).weigh(20),
    cmd("SET", k, value, anyOf("NX", "XX", "GET", "KEEPTTL", expiry)).weigh(20),
    cmd("SET", k, value, anyOf(expiry, "GET")).weigh(10),
    cmd("GET", k).weigh(20),
    cmd("GETEX", k, opt(oneOf(expiry, "PERSIST"))),
    cmd("GETDEL", k).weigh(4),
    cmd("GETSET", k, value),
    cmd("SETNX", k, value),
    cmd("SETEX", k, farSeconds, value),
    cmd("PSETEX", k, farMillis, value),
    cmd("APPEND", k, value),
    cmd("STRLEN", k),
    cmd("GETRANGE", k, int, int),
    cmd("SUBSTR", k, int, int).weigh(4),
    cmd("SETRANGE", k, oneOf(between(-2, 300), between(536_870_912, 536_870_930)), oneOf(value, "", "x"))
      .unmutated(),
    cmd("INCR", k),
    cmd("DECR", k),
    cmd("INCRBY", k, int),
    cmd("DECRBY", k, int),
    cmd("INCRBYFLOAT", k, float).weigh(15),
    cmd("MGET", many(1, 5, anyKey)),
    cmd("MSET", many(1, 4, k, value), maybe(0.05, "odd")),
    cmd("MSETNX", many(1, 3, k, value)).weigh(5),
    cmd("LCS", k, k, anyOf("LEN", "IDX", "WITHMATCHLEN", seq("MINMATCHLEN", int))).weigh(6),
    cmd("LCS", k, k, "IDX", anyOf("WITHMATCHLEN", seq("MINMATCHLEN", between(0, 3)))).weigh(4),
    cmd("DEL", k).weigh(3),
    cmd("RPUSH", key("list"), "x").weigh(1),
    cmd("OBJECT ENCODING", k),
  ],
};
