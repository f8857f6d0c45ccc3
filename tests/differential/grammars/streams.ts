/** Streams and consumer groups. IDs are explicit and small; `*` would be the server's clock. */
import { anyOf, cmd, many, maybe, one, oneOf, opt, seq } from "../grammar.ts";
import type { Gen, Grammar } from "../grammar.ts";
import { exact, idleTimes, moments, shape, tolerance } from "../../helpers/rules.ts";
import { between, count, key, member, value } from "../values.ts";

const k = key("stream");
const id = one((random) => {
  if (random.chance(0.8)) return `${random.int(1, 60)}-${random.int(0, 4)}`;
  if (random.chance(0.5)) return random.int(0, 70);
  return random.pick([
    "0-0",
    "0",
    "0-1",
    "18446744073709551615-18446744073709551615",
    "18446744073709551615",
    "abc",
    "1-",
    "-1",
    "1-abc",
    "18446744073709551616-0",
    "5-18446744073709551615",
    "",
    "1-1-1",
  ]);
});
const newId: Gen = (random) => {
  const dice = random.unit();
  if (dice < 0.6) return [`${random.int(1, 90)}-${random.int(0, 4)}`];
  if (dice < 0.9) return [`${random.int(1, 90)}-*`];
  return id(random);
};
// A mutation may put `*` where an ID was.
const ofClock = (args: readonly string[]) => args.includes("*") ? shape : exact;
const scrubClock = (args: readonly string[]) => args.includes("*") ? args.slice(1, 2) : [];
const low = oneOf(id, id, "-", seq(one((random) => "(" + id(random)[0])));
const high = oneOf(id, id, "+", seq(one((random) => "(" + id(random)[0])));
const group = oneOf(() => ["g1"], () => ["g1"], () => ["g2"], () => ["nogroup"]);
const consumer = oneOf(() => ["alice"], () => ["bob"], () => ["carol\0"]);
const trim = seq(
  oneOf(seq("MAXLEN", opt(oneOf("=", "~")), between(0, 40)), seq("MINID", opt(oneOf("=", "~")), id)),
  maybe(0.2, "LIMIT", between(0, 50)),
);
const fields = many(1, 3, member, value);
const idle = oneOf(() => ["0"], () => ["0"], () => ["99999999999"], () => ["-1"], () => ["abc"]);

export const streams: Grammar = {
  name: "streams",
  clients: 3,
  commands: [
    cmd("XADD", k, newId, fields, maybe(0.03, "odd")).by(ofClock).scrub(scrubClock).weigh(40),
    cmd("XADD", k, opt("NOMKSTREAM"), trim, newId, fields).by(ofClock).scrub(scrubClock).weigh(15),
    cmd("XADD", k, "*", fields).by(shape).scrub().weigh(2),
    cmd("XLEN", k),
    cmd("XRANGE", k, low, high, maybe(0.5, "COUNT", count)).weigh(12),
    cmd("XREVRANGE", k, high, low, maybe(0.5, "COUNT", count)),
    cmd("XDEL", k, many(1, 3, id)).weigh(12),
    cmd("XTRIM", k, trim).weigh(5),
    cmd("XSETID", k, id, maybe(0.4, "ENTRIESADDED", between(0, 100), "MAXDELETEDID", id)).weigh(3),
    cmd("XREAD", maybe(0.5, "COUNT", count), "STREAMS", k, oneOf(id, "$")).by(moments),
    cmd("XREAD", maybe(0.5, "COUNT", count), "STREAMS", k, k, id, id).by(moments),
    cmd(
      "XREAD",
      "BLOCK",
      oneOf(() => ["0"], () => ["0"], () => ["-1"], () => ["abc"]),
      "STREAMS",
      k,
      oneOf(id, "$"),
    ).blocks().by(moments)
      .weigh(6),
    cmd(
      "XGROUP CREATE",
      k,
      group,
      oneOf(id, "$", "0"),
      maybe(0.3, "MKSTREAM"),
      maybe(0.2, "ENTRIESREAD", between(-1, 9)),
    )
      .weigh(12),
    cmd("XGROUP SETID", k, group, oneOf(id, "$", "0", "-", "+"), maybe(0.2, "ENTRIESREAD", between(-1, 9)))
      .weigh(4),
    cmd("XGROUP DESTROY", k, group).weigh(2),
    cmd("XGROUP CREATECONSUMER", k, group, consumer).weigh(4),
    cmd("XGROUP DELCONSUMER", k, group, consumer).weigh(3),
    cmd(
      "XREADGROUP",
      "GROUP",
      group,
      consumer,
      maybe(0.6, "COUNT", count),
      maybe(0.2, "NOACK"),
      "STREAMS",
      k,
      oneOf(">", ">", id),
    )
      .by(moments).weigh(25),
    cmd("XREADGROUP", "GROUP", group, consumer, "BLOCK", () => ["0"], "STREAMS", k, () => [">"]).blocks().by(
      moments,
    )
      .weigh(6),
    cmd("XACK", k, group, many(1, 3, id)).weigh(12),
    cmd("XPENDING", k, group),
    cmd("XPENDING", k, group, maybe(0.3, "IDLE", idle), low, high, count, maybe(0.4, consumer)).by(
      tolerance(600_000),
    ),
    cmd(
      "XCLAIM",
      k,
      group,
      consumer,
      idle,
      many(1, 3, id),
      anyOf(seq("IDLE", () => ["0"]), seq("RETRYCOUNT", between(0, 9)), "FORCE", "JUSTID", seq("LASTID", id)),
    ).weigh(12),
    cmd(
      "XAUTOCLAIM",
      k,
      group,
      consumer,
      idle,
      oneOf(id, () => ["0"]),
      maybe(0.5, "COUNT", between(-1, 9)),
      maybe(0.4, "JUSTID"),
    ),
    cmd("XINFO STREAM", k).by(moments),
    cmd("XINFO STREAM", k, "FULL", maybe(0.4, "COUNT", count)).by(moments).weigh(5),
    cmd("XINFO GROUPS", k),
    cmd("XINFO CONSUMERS", k, group).by(idleTimes),
    cmd("DEL", k).weigh(1),
    cmd("SET", k, member).weigh(1),
    cmd("OBJECT ENCODING", k).weigh(2),
  ],
};
