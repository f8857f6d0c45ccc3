/** Publish and subscribe: half of the clients speak RESP3, where a subscribed client may go on working. */
import { cmd, many, oneOf } from "../grammar.ts";
import type { Grammar } from "../grammar.ts";
import { anything, unordered, unsubscribeAll } from "../../helpers/rules.ts";
import { glob, key, value } from "../values.ts";

const channel = oneOf(() => ["ch1"], () => ["ch2"], () => ["ch3"], () => ["m\0\xff"], () => [""]);
const pattern = oneOf(() => ["ch*"], () => ["*"], () => ["ch[12]"], () => ["?h1"], glob);
const shard = oneOf(() => ["sh1"], () => ["sh2"], () => ["ch1"]);

export const pubsub: Grammar = {
  name: "pubsub",
  clients: 4,
  setup: (client) => client % 2 === 0 ? [["HELLO", "3"]] : [],
  commands: [
    cmd("SUBSCRIBE", many(1, 3, channel)).onItsOwn().weigh(12),
    cmd("PSUBSCRIBE", many(1, 3, pattern)).onItsOwn().weigh(10),
    cmd("SSUBSCRIBE", many(1, 2, shard)).onItsOwn().weigh(6),
    cmd("UNSUBSCRIBE", many(0, 2, channel)).by(unsubscribeAll).onItsOwn().weigh(10),
    cmd("PUNSUBSCRIBE", many(0, 2, pattern)).by(unsubscribeAll).onItsOwn().weigh(8),
    cmd("SUNSUBSCRIBE", many(0, 2, shard)).by(unsubscribeAll).onItsOwn().weigh(6),
    cmd("PUBLISH", channel, value).weigh(40),
    cmd("SPUBLISH", shard, value).weigh(10),
    cmd("PUBSUB CHANNELS", many(0, 1, pattern)).by(unordered),
    cmd("PUBSUB NUMSUB", many(0, 3, channel)),
    cmd("PUBSUB NUMPAT"),
    cmd("PUBSUB SHARDCHANNELS", many(0, 1, pattern)).by(unordered).weigh(4),
    cmd("PUBSUB SHARDNUMSUB", many(0, 2, shard)).weigh(4),
    cmd("PING", many(0, 1, value)).weigh(6),
    cmd("SET", key("string"), value).weigh(4),
    cmd("GET", key("string")).weigh(4),
    cmd("RESET").onItsOwn().weigh(3),
    cmd("HELLO", oneOf("2", "3")).by(anything).onItsOwn().weigh(3),
    cmd("QUIT").onItsOwn().weigh(1),
  ],
};
