/** Client-side caching: invalidation messages to RESP3 clients while others write. */
import { anyOf, cmd, many, maybe, oneOf } from "../grammar.ts";
import type { Grammar } from "../grammar.ts";
import { tolerance } from "../../helpers/rules.ts";
import { key, member, numberValue, value } from "../values.ts";

const s = key("string");

export const tracking: Grammar = {
  name: "tracking",
  clients: 3,
  setup: (client) => client === 3 ? [] : [["HELLO", "3"]],
  commands: [
    cmd("CLIENT TRACKING", "ON", anyOf("OPTIN", "OPTOUT", "NOLOOP")).onItsOwn().weigh(6),
    cmd(
      "CLIENT TRACKING",
      "ON",
      "BCAST",
      maybe(0.5, "PREFIX", oneOf("s", "h", "s1", "x")),
      maybe(0.3, "NOLOOP"),
    ).onItsOwn().weigh(3),
    cmd("CLIENT TRACKING", "ON", "REDIRECT", oneOf("<id 1>", "<id 2>", "<id 3>"), maybe(0.3, "BCAST"))
      .onItsOwn()
      .unmutated().weigh(2),
    cmd("SUBSCRIBE", () => ["__redis__:invalidate"]).onItsOwn().weigh(1),
    cmd("CLIENT TRACKING", oneOf("OFF", "OFF", "BAD")).onItsOwn().weigh(4),
    cmd("CLIENT CACHING", oneOf("YES", "NO")).weigh(4),
    // Not in MULTI: what others redirect to a client comes in the middle of EXEC's array, and rules lose their place.
    cmd("CLIENT TRACKINGINFO").by(tolerance(1e6)).outsideMulti().weigh(3),
    cmd("CLIENT GETREDIR").by(tolerance(1e6)).outsideMulti().weigh(1),
    cmd("GET", s).weigh(30),
    cmd("MGET", many(1, 3, s)).weigh(8),
    cmd("HGET", key("hash"), member).weigh(8),
    cmd("SET", s, value).weigh(25),
    cmd("RPUSH", key("list"), member),
    cmd("BLPOP", key("list"), () => ["0"]).blocks().weigh(3),
    cmd("LRANGE", key("list"), () => ["0", "-1"]).weigh(5),
    cmd("COPY", s, s).weigh(3),
    cmd("RESET").onItsOwn().weigh(1),
    cmd("QUIT").onItsOwn().weigh(1),
    cmd("INCR", s),
    cmd("DEL", s).weigh(5),
    cmd("HSET", key("hash"), member, numberValue),
    cmd("RENAME", s, s).weigh(3),
    cmd("EXPIRE", s, () => ["100000"]).weigh(3),
    cmd("FLUSHDB").weigh(1),
    cmd("MULTI").weigh(3),
    cmd("EXEC").weigh(9),
  ],
};
