/** Connection and server commands that leave the server as it is. */
import { anyOf, cmd, many, maybe, one, oneOf, opt, seq } from "../grammar.ts";
import type { Grammar } from "../grammar.ts";
import { anything, deepUnordered, shape, tolerance, typeOnly } from "../../helpers/rules.ts";
import { anyKey, between, glob, int, key, value } from "../values.ts";
import { PENDING } from "../pending.ts";
import { fill } from "./fill.ts";

const word = one((random) => random.pick(["bob", "a b", "", "x\n", "\xff", "name-1", "default"]));
const configName = one((random) =>
  random.pick([
    "maxmemory",
    "hash-max-listpack-entries",
    "hash-max-ziplist-entries",
    "appendonly",
    "save",
    "list-max-*",
    "*max-intset*",
    "nosuch",
    "timeout",
    "client-output-buffer-limit",
    "notify-keyspace-events",
    "lfu-*",
    "maxmemory-policy",
    "appendfsync",
    "databases",
    "zset*",
    "[st]et-*",
    "proto-max-bulk-len",
    "MAXCLIENTS",
    "slowlog-max-len",
    "tcp-keepalive",
  ])
);
const setting = oneOf(
  seq(
    "maxmemory",
    oneOf(() => ["0"], () => ["100mb"], () => ["1gb"], () => ["abc"], () => ["-1"]),
  ),
  seq("maxmemory-policy", oneOf("noeviction", "allkeys-lru", "volatile-ttl", "nosuch")),
  seq("hash-max-listpack-entries", oneOf(() => ["128"], () => ["-1"], () => ["abc"], () => ["512"])),
  seq("notify-keyspace-events", oneOf(() => ["KEA"], () => [""], () => ["Kx$"], () => ["Q"], () => ["gxE"])),
  seq("timeout", oneOf(() => ["0"], () => ["1000000"], () => ["-1"])),
  seq("slowlog-log-slower-than", oneOf(() => ["10000"], () => ["-1"], () => ["abc"])),
  seq("maxmemory-samples", oneOf(() => ["5"], () => ["0"], () => ["abc"])),
  seq("lazyfree-lazy-user-del", oneOf("yes", "no", "maybe")),
  seq(
    "client-output-buffer-limit",
    oneOf(() => ["normal 0 0 0"], () => ["pubsub 32mb 8mb 60"], () => ["bad 1 2 3"], () => ["normal 1"]),
  ),
  seq("databases", () => ["16"]),
  seq("nosuch", () => ["1"]),
  seq("save", oneOf(() => [""], () => ["3600 1"], () => ["3600 1 300 100"], () => ["a b"], () => ["1"])),
);
const commandNames = [
  "get",
  "SET",
  "mset",
  "zadd",
  "xadd",
  "nosuch",
  "config",
  "config|get",
  "CONFIG|SET",
  "sort",
  "blpop",
  "client",
  "object|encoding",
  "migrate",
  "xreadgroup",
  "eval",
  "hello",
  "bitfield",
  "georadius",
  "memory|usage",
  "",
].filter((name) => !PENDING.has(name.split("|")[0]!));
const commandName = one((random) => random.pick(commandNames));
const category = oneOf("read", "write", "@string", "fast", "dangerous", "nosuch", "blocking", "sortedset");

/** All settings at once (a mutation) include the port and the directory, which are each server's own. */
const settings = (args: readonly string[]) => args.includes("*") ? typeOnly : deepUnordered;

export const connection: Grammar = {
  name: "connection",
  clients: 2,
  databases: [0, 1, 2],
  commands: [
    ...fill(2),
    cmd("PING", many(0, 1, value)),
    cmd("ECHO", value),
    cmd(
      "SELECT",
      one((random) =>
        random.chance(0.8) ? random.int(0, 2) : random.pick(["16", "-1", "abc", "99999999999"])
      ),
    ).outsideMulti(),
    cmd("HELLO", oneOf(() => ["2"], () => ["3"]), maybe(0.3, "SETNAME", word)).by(tolerance(1e6)),
    cmd("HELLO", oneOf(() => ["1"], () => ["4"], () => ["abc"]), maybe(0.3, "BAD")).by(tolerance(1e6)).weigh(
      3,
    ),
    cmd("HELLO", () => ["3"], "AUTH", word, word).by(tolerance(1e6)).weigh(2),
    cmd("AUTH", many(1, 2, word)).weigh(4),
    cmd("RESET").onItsOwn().weigh(3),
    cmd("QUIT").onItsOwn().weigh(1),
    cmd("CLIENT SETNAME", word),
    cmd("CLIENT GETNAME"),
    cmd("CLIENT ID").by(shape),
    cmd("CLIENT INFO").by(typeOnly),
    cmd("CLIENT LIST", opt("TYPE", oneOf("normal", "master", "replica", "pubsub", "bad"))).by(typeOnly),
    cmd("CLIENT LIST", "ID", many(0, 2, int)).by(typeOnly).weigh(3),
    cmd("CLIENT NO-EVICT", oneOf("ON", "OFF", "BAD")).weigh(3),
    cmd("CLIENT NO-TOUCH", oneOf("ON", "OFF")).weigh(1),
    cmd("CLIENT GETREDIR").weigh(3),
    cmd("CLIENT TRACKINGINFO").weigh(3),
    cmd("CLIENT CACHING", oneOf("YES", "NO", "BAD")).weigh(2),
    cmd("CLIENT REPLY", oneOf(() => ["ON"], () => ["BAD"])).weigh(2),
    cmd("CLIENT UNBLOCK", () => ["99999999"], opt(oneOf("TIMEOUT", "ERROR", "BAD"))).weigh(3),
    cmd("CLIENT UNBLOCK", oneOf(() => ["abc"], () => ["-1"])).weigh(1),
    cmd(
      "CLIENT KILL",
      oneOf(
        seq("ID", () => ["99999999"]),
        () => ["1.2.3.4:5"],
        seq("ADDR", () => ["1.2.3.4:5"]),
        seq("TYPE", "bad"),
        seq("USER", "nosuch"),
        seq("SKIPME", "maybe"),
      ),
    ).weigh(4),
    cmd("CLIENT PAUSE", oneOf(() => ["0"], () => ["abc"], () => ["-1"])).weigh(2).unmutated(),
    cmd("CLIENT UNPAUSE").weigh(2),
    cmd("CLIENT NOSUCH").weigh(2),
    cmd("COMMAND INFO", many(1, 3, commandName)).by((args) => args.length > 2 ? deepUnordered : typeOnly),
    cmd("COMMAND DOCS", many(1, 2, commandName)).by(anything).weigh(4),
    cmd(
      "COMMAND LIST",
      maybe(
        0.7,
        "FILTERBY",
        oneOf(seq("ACLCAT", category), seq("PATTERN", glob), seq("MODULE", "nosuch"), "BAD"),
      ),
    ).by(typeOnly),
    cmd(
      "COMMAND GETKEYS",
      oneOf(
        seq("SET", anyKey, value),
        seq("MSET", many(1, 3, anyKey, value)),
        seq("GET"),
        seq("PING"),
        seq("SORT", anyKey, "STORE", anyKey),
        seq("ZUNIONSTORE", anyKey, () => ["2"], anyKey, anyKey),
        seq("NOSUCH", anyKey),
        seq("XREAD", "STREAMS", anyKey, anyKey, () => ["0", "0"]),
        ...(PENDING.has("eval") ? [] : [seq("EVAL", "x", () => ["1"], anyKey)]),
        seq("BITOP", "AND", anyKey, anyKey),
      ),
    ),
    cmd(
      "COMMAND GETKEYSANDFLAGS",
      oneOf(
        seq("SET", anyKey, value),
        seq("LMOVE", anyKey, anyKey, "LEFT", "LEFT"),
        seq("GET"),
        seq("SORT", anyKey, "STORE", anyKey),
        seq("GETEX", anyKey),
        seq("BITFIELD", anyKey, "GET", "u8", () => ["0"]),
      ),
    ),
    cmd("COMMAND NOSUCH").weigh(1),
    cmd("CONFIG GET", many(1, 2, configName)).by(settings).weigh(15),
    cmd("CONFIG SET", setting).weigh(10).outsideMulti(),
    cmd("CONFIG SET", setting, setting).weigh(3).outsideMulti(),
    cmd("CONFIG RESETSTAT").weigh(1),
    cmd("CONFIG NOSUCH").weigh(1),
    cmd("DBSIZE"),
    cmd("TIME").by(shape),
    cmd("LASTSAVE").by(typeOnly).weigh(3),
    cmd("ROLE").weigh(3),
    cmd("INFO", many(0, 2, oneOf("server", "keyspace", "all", "nosuch", "everything"))).by(typeOnly).weigh(4),
    cmd("INFO", "cluster").by(typeOnly).weigh(1),
    cmd("MEMORY USAGE", anyKey).by(typeOnly).weigh(2),
    cmd("MEMORY NOSUCH").weigh(1),
    cmd("LATENCY", oneOf("LATEST", "RESET", "NOSUCH")).weigh(2),
    cmd("LATENCY HISTORY", oneOf("command", "nosuch")).weigh(2),
    cmd("SLOWLOG", oneOf("LEN", "GET", "NOSUCH")).by(typeOnly).weigh(3),
    cmd("SLOWLOG GET", between(-2, 3)).by(typeOnly).weigh(2),
    cmd("SLOWLOG RESET").weigh(1),
    cmd("DEBUG SLEEP", () => ["0"]).weigh(1),
    cmd("DEBUG NOSUCH").weigh(1),
    cmd("DEBUG JMAP").weigh(1),
    cmd("ACL WHOAMI").weigh(3),
    // A category lists commands, and some are not built yet.
    cmd("ACL CAT", many(0, 1, category)).by(PENDING.size > 0 ? typeOnly : deepUnordered).weigh(3),
    cmd("ACL USERS").weigh(2),
    cmd("ACL LIST").weigh(2),
    cmd("ACL GETUSER", oneOf("default", "nosuch")).weigh(3),
    cmd("ACL GENPASS", many(0, 1, int)).by(typeOnly).weigh(2),
    cmd("ACL DRYRUN", oneOf("default", "nosuch"), many(1, 3, commandName)).weigh(2),
    cmd("CLUSTER", oneOf("INFO", "NODES", "SLOTS", "NOSUCH")).weigh(2),
    cmd("READONLY").weigh(1),
    cmd("READWRITE").weigh(1),
    cmd("ASKING").weigh(1),
    cmd("MODULE LIST").weigh(1),
    // Its art is our own, and so is what the words behind it mean.
    cmd("LOLWUT").by(typeOnly).weigh(1).unmutated(),
    cmd("REPLICAOF", "NO", "ONE").weigh(1),
    cmd("SUBSCRIBE", key("string")).onItsOwn().weigh(1),
    cmd("OBJECT", anyOf("HELPS", "ENCODING")).weigh(1),
    cmd("NOSUCH", many(0, 4, value)).weigh(5),
    cmd("", many(0, 2, value)).weigh(1),
  ],
};
