/** Lists, with the blocking commands. */
import { anyOf, cmd, counted, many, maybe, one, oneOf, opt, seq } from "../grammar.ts";
import type { Grammar } from "../grammar.ts";
import { count, index, int, key, member, value } from "../values.ts";

const k = key("list");
const side = oneOf("LEFT", "RIGHT", "LEFT", "RIGHT", "BAD");
const forever = one((random) => random.chance(0.95) ? "0" : random.pick(["-1", "abc", "", "1e300", "-0"]));
const element = oneOf(member, member, value);

export const lists: Grammar = {
  name: "lists",
  clients: 3,
  commands: [
    cmd("RPUSH", k, many(1, 6, element)).weigh(25),
    cmd("LPUSH", k, many(1, 6, element)).weigh(25),
    cmd("RPUSHX", k, many(1, 3, element)),
    cmd("LPUSHX", k, many(1, 3, element)),
    cmd("LRANGE", k, index, index).weigh(20),
    cmd("LLEN", k),
    cmd("LINDEX", k, index),
    cmd("LSET", k, index, element),
    cmd("LINSERT", k, oneOf("BEFORE", "AFTER", "BAD"), element, element),
    cmd("LREM", k, int, element),
    cmd("LTRIM", k, index, index).weigh(5),
    cmd("LTRIM", k, () => ["-40"], () => ["-1"]).weigh(3),
    cmd("LPOP", k, opt(count)),
    cmd("RPOP", k, opt(count)),
    cmd("LPOS", k, element, anyOf(seq("RANK", int), seq("COUNT", count), seq("MAXLEN", count))).weigh(15),
    cmd("LMOVE", k, k, side, side),
    cmd("RPOPLPUSH", k, k),
    cmd("LMPOP", counted(many(1, 3, k)), side, opt("COUNT", count)),
    cmd("BLPOP", many(1, 3, k), forever).blocks().weigh(5),
    cmd("BRPOP", many(1, 3, k), forever).blocks().weigh(5),
    cmd("BLMOVE", k, k, side, side, forever).blocks().weigh(5),
    cmd("BRPOPLPUSH", k, k, forever).blocks().weigh(5),
    cmd("BLMPOP", forever, counted(many(1, 3, k)), side, opt("COUNT", count)).blocks().weigh(5),
    cmd("DEL", k).weigh(6),
    cmd("SET", k, value).weigh(2),
    cmd("RENAME", k, k).weigh(3),
    cmd("OBJECT ENCODING", k).weigh(4),
    cmd("SORT", k, maybe(0.5, "ALPHA")).weigh(2),
  ],
};
