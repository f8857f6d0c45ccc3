/** Users whose rights change while they work: rules of every kind, logins, refusals, the log. */
import { cmd, many, maybe, one, oneOf, seq } from "../grammar.ts";
import type { Gen, Grammar } from "../grammar.ts";
import { deepUnordered, refusals, tolerance, typeOnly, wordsInAnyOrder } from "../../helpers/rules.ts";
import { anyKey, glob, key, member, value } from "../values.ts";

const USERS = ["u1", "u2", "u3"];
const user = one((random) => random.pick(USERS));
const anybody = one((random) => random.pick([...USERS, "u1", "u2", "default", "nosuch", "", "u\xff"]));
const password = one((random) => random.pick(["p1", "p2", "p3"]));
const HASHES = [
  "148de9c5a7a44d19e56cd9ae1a554bf67847afb0c58f6e12fa29ac7ddfca9940", // of "p"
  "1111111111111111111111111111111111111111111111111111111111111111",
  "111111111111111111111111111111111111111111111111111111111111111G",
  "11",
];

/** One rule about keys and channels. */
const PATTERNS = ["s*", "h*", "t?", "l[12]", "*", "s1", "", "\xff*", "z*"];
/** Commands, also with a sub-command or as a category. */
const COMMANDS = [
  ..."get set del hset hgetall lpush sadd sort copy rename publish subscribe config object xadd zadd mset"
    .split(" "),
  ..."config|get config|set object|encoding client|id acl|whoami acl|list select|0 get|x debug|sleep".split(
    " ",
  ),
  ..."@read @write @string @hash @keyspace @dangerous @admin @fast @slow @pubsub @connection @all".split(" "),
  ..."@scripting @transaction @blocking @sortedset nosuch @nosuch config|nosuch".split(" "),
];
const commandRule = one((random) => random.pick(["+", "-"]) + random.pick(COMMANDS));
const patternRule = one((random) =>
  random.pick(["~", "~", "%R~", "%W~", "%RW~", "%r~", "&", "&", "%X~", "%R"]) + random.pick(PATTERNS)
);
const passwordRule = one((random) => random.pick([">", ">", "<"]) + random.pick(["p1", "p2", "p3"]));
const hashRule = one((random) => random.pick(["#", "!"]) + random.pick(HASHES));
const word = one((random) =>
  random.pick([
    ..."on off nopass resetpass allkeys resetkeys allchannels resetchannels allcommands nocommands".split(
      " ",
    ),
    ..."reset clearselectors sanitize-payload skip-sanitize-payload bad ON NoPass".split(" "),
  ])
);
const selector = one((random) =>
  `(${many(0, 3, oneOf(commandRule, patternRule))(random).join(" ")}${random.chance(0.05) ? "" : ")"}`
);
const rule: Gen = (random) => {
  const ticket = random.unit();
  if (ticket < 0.35) return commandRule(random);
  if (ticket < 0.6) return patternRule(random);
  if (ticket < 0.75) return word(random);
  if (ticket < 0.85) return passwordRule(random);
  return ticket < 0.95 ? selector(random) : hashRule(random);
};

/** What the harness itself must be allowed to do with every connection, whatever was drawn. */
const KEPT = ["+ping", "+multi", "+exec", "+discard", "+client", "+auth", "+hello", "+reset"];
const kept: Gen = () => KEPT;

/** A command to be judged: its rights depend on keys, flags of keys, channels and sub-commands. */
const judged: Gen = oneOf(
  seq("GET", anyKey),
  seq("SET", anyKey, value),
  seq("SET", anyKey, value, "GET"),
  seq("MSET", many(1, 3, anyKey, value)),
  seq("COPY", anyKey, anyKey),
  seq("SORT", anyKey, "BY", "x*", "GET", "x*"),
  seq("SORT", anyKey, "STORE", anyKey),
  seq("SUBSCRIBE", glob),
  seq("PSUBSCRIBE", glob),
  seq("PUBLISH", glob, value),
  seq("SPUBLISH", glob, value),
  seq("CONFIG", oneOf("GET", "SET", "nosuch"), "maxmemory"),
  seq("OBJECT", oneOf("ENCODING", "FREQ"), anyKey),
  seq("XREAD", "STREAMS", anyKey, anyKey, "0", "0"),
  seq("ZUNIONSTORE", anyKey, () => ["2"], anyKey, anyKey),
  seq("GEORADIUS", anyKey, () => ["1", "1", "1", "m"], maybe(0.5, "STORE", anyKey)),
  seq("MIGRATE", () => ["h", "1"], anyKey, () => ["0", "1"]),
  seq("EVAL", "x", () => ["1"], anyKey),
  seq("BITFIELD", anyKey, maybe(0.5, "SET"), "GET", () => ["u8", "0"]),
  seq("GETEX", anyKey),
  seq("LMOVE", anyKey, anyKey, "LEFT", "LEFT"),
  seq("SELECT", () => ["0"]),
  "PING",
  "NOSUCH",
  "GET",
);

export const acl: Grammar = {
  name: "acl",
  clients: 4,
  setup: (client) =>
    client === 1
      ? USERS.map((name) => ["ACL", "SETUSER", name, "on", ">p1", "~*", "&*", "+@all"])
      : client === 2
      ? [["AUTH", "u1", "p1"]]
      : client === 3
      ? [["HELLO", "3", "AUTH", "u2", "p1"]]
      : [],
  cleanup: [["ACL", "DELUSER", ...USERS, "u\xff", "", "nosuch"], ["ACL", "LOG", "RESET"]],
  commands: [
    cmd("ACL SETUSER", user, many(0, 5, rule), kept).unmutated().weigh(60),
    cmd("ACL SETUSER", user, () => ["on", "nopass", "allkeys", "allchannels", "+@all"]).unmutated().weigh(8),
    cmd("ACL GETUSER", anybody).by(wordsInAnyOrder).weigh(20),
    cmd("ACL LIST").by(wordsInAnyOrder).weigh(15),
    cmd("ACL USERS").weigh(5),
    cmd("ACL WHOAMI").weigh(15),
    cmd("ACL CAT", maybe(0.7, oneOf("read", "write", "string", "dangerous", "nosuch"))).by(deepUnordered)
      .weigh(4),
    cmd("ACL DRYRUN", anybody, judged).weigh(60),
    cmd("ACL LOG", maybe(0.3, oneOf(() => ["1"], () => ["5"], "RESET", () => ["-1"]))).by(refusals).weigh(15),
    cmd("ACL GENPASS", maybe(0.5, oneOf(() => ["5"], () => ["256"], () => ["0"]))).by(typeOnly).weigh(2),
    cmd("ACL DELUSER", oneOf("nosuch", "default")).weigh(2),
    cmd("ACL", oneOf("SAVE", "LOAD", "HELP", "NOSUCH")).weigh(2),
    cmd("AUTH", anybody, password).outsideMulti().weigh(15),
    cmd("AUTH", password).outsideMulti().weigh(4),
    cmd("HELLO", oneOf(() => ["2"], () => ["3"]), "AUTH", user, password).by(tolerance(1e6)).outsideMulti()
      .weigh(6),
    cmd("RESET").onItsOwn().weigh(3),
    cmd("GET", key("string")).weigh(25),
    cmd("SET", key("string"), value).weigh(20),
    cmd("DEL", anyKey),
    cmd("MSET", many(1, 3, anyKey, value)),
    cmd("HSET", key("hash"), member, value),
    cmd("HGETALL", key("hash")).by(deepUnordered),
    cmd("LPUSH", key("list"), member),
    cmd("SORT", key("list"), "ALPHA", maybe(0.5, "STORE", anyKey)),
    cmd("COPY", anyKey, anyKey),
    cmd("RENAME", anyKey, anyKey),
    cmd("OBJECT ENCODING", anyKey).weigh(4),
    cmd("CONFIG GET", "maxmemory").unmutated().weigh(4),
    cmd("PUBLISH", glob, value).weigh(6),
    cmd("KEYS", "*").by(deepUnordered).weigh(3),
    cmd("FLUSHDB").weigh(1),
    cmd("MULTI").weigh(8),
    cmd("EXEC").weigh(20),
    cmd("DISCARD").weigh(2),
    cmd("WATCH", anyKey).weigh(4),
  ],
};
