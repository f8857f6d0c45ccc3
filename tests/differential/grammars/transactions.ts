/** Transactions: several clients whose MULTI, WATCH and plain commands interleave. */
import { cmd, many, maybe, one, oneOf } from "../grammar.ts";
import type { Grammar } from "../grammar.ts";
import { tolerance } from "../../helpers/rules.ts";
import { anyKey, farSeconds, int, key, member, numberValue } from "../values.ts";

const s = key("string");

export const transactions: Grammar = {
  name: "transactions",
  clients: 3,
  databases: [0, 1],
  commands: [
    cmd("MULTI").weigh(45),
    cmd("EXEC").weigh(45),
    cmd("DISCARD").weigh(6),
    cmd("WATCH", many(1, 3, anyKey)).weigh(25),
    cmd("UNWATCH").weigh(5),
    cmd("SET", s, numberValue).weigh(25),
    cmd("GET", s).weigh(15),
    cmd("INCR", s).weigh(15),
    cmd("INCRBY", s, int),
    cmd("DEL", anyKey).weigh(8),
    cmd("EXPIRE", anyKey, farSeconds),
    cmd("TTL", anyKey).by(tolerance(10)),
    cmd("RPUSH", key("list"), many(1, 3, member)),
    cmd("LPOP", key("list")),
    cmd("BLPOP", key("list"), () => ["0"]).blocks().weigh(3),
    cmd("BLMOVE", key("list"), key("list"), "LEFT", "LEFT", () => ["0"]).blocks().weigh(2),
    cmd("HSET", key("hash"), member, numberValue),
    cmd("HINCRBY", key("hash"), member, int),
    cmd("SADD", key("set"), member),
    cmd("ZADD", key("zset"), one((random) => random.int(1, 9)), member),
    cmd("ZPOPMIN", key("zset")),
    cmd("TYPE", anyKey),
    cmd("RENAME", anyKey, anyKey),
    cmd("COPY", anyKey, anyKey).weigh(4),
    cmd("SELECT", one((random) => random.int(0, 1))).weigh(4),
    cmd("SWAPDB", () => ["0", "1"]).weigh(2),
    cmd("FLUSHDB").weigh(1),
    cmd("FLUSHALL").weigh(1),
    cmd("NOSUCHCOMMAND", maybe(0.5, "arg")).weigh(2),
    cmd("PING", maybe(0.3, member)).weigh(4),
    cmd("ECHO", member).weigh(2),
    cmd("PUBLISH", () => ["ch"], member).weigh(2),
    cmd("RESET").weigh(2).onItsOwn(),
    cmd("CLIENT", oneOf("GETNAME", "SETNAME"), maybe(0.5, () => ["name"])).weigh(2),
  ],
};
