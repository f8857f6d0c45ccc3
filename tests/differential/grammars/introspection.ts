/** What the server tells about itself while several clients work: statistics, clients, the slow log, the latency monitor. */
import { cmd, many, maybe, one, oneOf, seq } from "../grammar.ts";
import type { Grammar } from "../grammar.ts";
import {
  anything,
  clientLines,
  counters,
  histograms,
  slowEntries,
  typeOnly,
  unordered,
} from "../../helpers/rules.ts";
import { anyKey, between, int, key, member, numberValue, value } from "../values.ts";

const s = key("string");
const name = one((random) => random.pick(["bob", "eve", "a-b", "", "x y", "\xff", "n\n"]));
const section = oneOf("commandstats", "errorstats", "keyspace", "latencystats", "stats", "clients");

export const introspection: Grammar = {
  name: "introspection",
  clients: 4,
  setup: (client) => client % 2 === 0 ? [["HELLO", "3"]] : [],
  cleanup: [
    ["CLIENT", "SETNAME", "control"],
    ["CONFIG", "SET", "slowlog-log-slower-than", "10000000"],
    ["CONFIG", "RESETSTAT"],
    ["SLOWLOG", "RESET"],
    ["LATENCY", "RESET"],
    ["CONFIG", "SET", "slowlog-max-len", "128", "latency-monitor-threshold", "0", "latency-tracking", "yes"],
  ],
  commands: [
    cmd("SET", s, numberValue).weigh(15),
    cmd("GET", anyKey).weigh(15),
    cmd("MGET", many(1, 3, anyKey)).weigh(6),
    cmd("INCR", anyKey).weigh(8),
    cmd("DEL", anyKey).weigh(6),
    cmd("LPUSH", anyKey, member).weigh(8),
    cmd("HSET", anyKey, member, value).weigh(8),
    cmd("ZADD", key("zset"), one((random) => random.int(1, 9)), member),
    cmd("EXPIRE", anyKey, () => ["100000"]).weigh(4),
    cmd("NOSUCH", member).weigh(4),
    cmd("GET").weigh(3),
    cmd("BLPOP", key("list"), () => ["0"]).blocks().weigh(3),
    cmd("MULTI").weigh(6),
    cmd("EXEC").weigh(14),
    cmd("WATCH", many(1, 2, anyKey)).weigh(4),
    cmd("SUBSCRIBE", member).onItsOwn().weigh(2),
    cmd("PSUBSCRIBE", member).onItsOwn().weigh(2),
    cmd("RESET").onItsOwn().weigh(4),
    cmd("SELECT", () => ["0"]).weigh(2),
    cmd("CLIENT TRACKING", oneOf("ON", "OFF"), maybe(0.2, "BCAST")).onItsOwn().weigh(3),
    cmd("CLIENT SETNAME", name).weigh(6),
    cmd("CLIENT GETNAME").weigh(3),
    cmd("CLIENT NO-EVICT", oneOf("ON", "OFF")).weigh(3),
    cmd("CLIENT INFO").by(clientLines).weigh(20),
    cmd("CLIENT LIST").by(clientLines).onItsOwn().unmutated().weigh(20),
    cmd("CLIENT LIST TYPE", oneOf("normal", "pubsub", "replica", "master")).by(clientLines).onItsOwn()
      .unmutated().weigh(8),
    cmd(
      "CLIENT KILL",
      oneOf(
        seq("ID", () => ["99999999"], "TYPE", "normal"),
        seq("USER", "default", "ADDR", () => ["1.1.1.1:1"]),
        seq("USER", "nosuch"),
        seq("LADDR", () => ["1.1.1.1:1"], "SKIPME", oneOf("yes", "no", "x")),
        seq("TYPE", oneOf("replica", "master", "slave", "bad")),
        seq("ID", oneOf("x", "0", "-1")),
      ),
    ).unmutated().weigh(8),
    cmd("INFO", section).by(counters).outsideMulti().weigh(30),
    cmd("INFO", section, section).by(counters).outsideMulti().weigh(4),
    cmd("CONFIG RESETSTAT").outsideMulti().weigh(2),
    cmd("CONFIG SET", "slowlog-log-slower-than", oneOf("0", "0", "-1", "10000000")).unmutated().outsideMulti()
      .weigh(6),
    cmd("CONFIG SET", "slowlog-max-len", oneOf("128", "3", "0")).unmutated().outsideMulti().weigh(3),
    cmd("SLOWLOG GET", () => ["-1"]).by(slowEntries).unmutated().outsideMulti().weigh(15),
    cmd("SLOWLOG GET", maybe(0.7, between(-2, 12))).by(typeOnly).outsideMulti().weigh(5),
    cmd("SLOWLOG RESET").outsideMulti().weigh(2),
    cmd("SLOWLOG LEN").by(typeOnly).weigh(2),
    cmd("LATENCY", oneOf("LATEST", "DOCTOR", "NOSUCH")).by(typeOnly).weigh(3),
    cmd("LATENCY RESET", many(0, 2, oneOf("command", "nosuch"))).weigh(2),
    cmd("LATENCY HISTOGRAM", many(0, 2, oneOf("get", "SET", "nosuch", "client|id"))).by(histograms)
      .outsideMulti()
      .unmutated().weigh(2),
    cmd("LATENCY HISTORY", oneOf("command", "nosuch")).by(typeOnly).weigh(2),
    cmd("LATENCY GRAPH", "nosuch").weigh(2),
    cmd("MEMORY USAGE", anyKey, maybe(0.3, "SAMPLES", int)).by(typeOnly).weigh(6),
    cmd("MEMORY STATS").by(typeOnly).weigh(2),
    cmd("MEMORY", oneOf("DOCTOR", "PURGE", "MALLOC-STATS", "NOSUCH")).by(typeOnly).weigh(3),
    cmd("OBJECT ENCODING", anyKey).weigh(6),
    cmd("OBJECT REFCOUNT", anyKey).by(anything).weigh(2),
    cmd("OBJECT FREQ", anyKey).by(typeOnly).weigh(3),
    cmd("OBJECT IDLETIME", anyKey).by(typeOnly).weigh(3),
    cmd("DEBUG", oneOf("SLEEP", "JMAP", "NOSUCH"), maybe(0.5, () => ["0"])).weigh(2).unmutated(),
    cmd("DEBUG SET-ACTIVE-EXPIRE", () => ["1"]).weigh(2),
    cmd("DBSIZE").weigh(4),
    cmd("KEYS", "*").by(unordered).weigh(2),
    cmd("FLUSHALL").weigh(1),
  ],
};
