/** Sorted sets. */
import { array, bulks, int, nil } from "../../helpers/transcript.ts";
import { bulkWhere } from "../harness.ts";
import type { Link, Session, Stage } from "../harness.ts";

const extension = "sorted-sets";

/** A random score in [1, 100) in shortest decimal form. */
const score = (s: Session) => 1 + s.random.unit() * 99;

/** A sorted set of some members, two of which share a score; the members come back in order. */
async function filled(
  s: Session,
  low: number,
  high: number,
): Promise<{ c: Link; key: string; members: string[] }> {
  s.start();
  const c = await s.connect();
  const key = "zset_key_" + s.int(1, 100);
  const names = s.words(s.int(low, high));
  const scores = new Map(names.map((name) => [name, score(s)]));
  scores.set(names[1]!, scores.get(names[0]!)!);
  for (const name of names) await c.must("ZADD", key, scores.get(name)!, name, int(1));
  const members = [...names].sort((a, b) => scores.get(a)! - scores.get(b)! || (a < b ? -1 : 1));
  return { c, key, members };
}

export const sortedSets: Stage[] = [
  {
    extension,
    slug: "ct1",
    name: "Create a sorted set",
    async run(s) {
      s.start();
      await (await s.connect()).must("ZADD", s.word(), score(s), s.word(), int(1));
    },
  },
  {
    extension,
    slug: "hf1",
    name: "Add members",
    async run(s) {
      s.start();
      const c = await s.connect();
      const key = s.word();
      const members = s.words(s.int(2, 3));
      for (const member of members) await c.must("ZADD", key, score(s), member, int(1));
      await c.must("ZADD", key, score(s), members[0]!, int(0));
    },
  },
  {
    extension,
    slug: "lg6",
    name: "Retrieve member rank",
    async run(s) {
      const { c, key, members } = await filled(s, 3, 4);
      for (const [rank, member] of members.entries()) await c.must("ZRANK", key, member, int(rank));
      await c.must("ZRANK", key, "missing_member", nil);
      await c.must("ZRANK", "missing_key", members[0]!, nil);
    },
  },
  {
    extension,
    slug: "ic1",
    name: "List members",
    async run(s) {
      const { c, key, members } = await filled(s, 4, 7);
      const n = members.length, m = s.int(1, n - 2);
      await c.must("ZRANGE", key, 0, m, bulks(...members.slice(0, m + 1)));
      await c.must("ZRANGE", key, m, n - 1, bulks(...members.slice(m)));
      await c.must("ZRANGE", key, 0, n - 1, bulks(...members));
      await c.must("ZRANGE", key, 1, 0, array());
      await c.must("ZRANGE", key, 0, 2 * n, bulks(...members));
      await c.must("ZRANGE", "missing_key", 0, 1, array());
    },
  },
  {
    extension,
    slug: "bj4",
    name: "ZRANGE with negative indexes",
    async run(s) {
      const { c, key, members } = await filled(s, 4, 7);
      const n = members.length, m = s.int(2, n - 1);
      await c.must("ZRANGE", key, 0, -m, bulks(...members.slice(0, n - m + 1)));
      await c.must("ZRANGE", key, -m, -1, bulks(...members.slice(-m)));
      await c.must("ZRANGE", key, 0, -1, bulks(...members));
      await c.must("ZRANGE", key, -1, -2, array());
      await c.must("ZRANGE", key, -(n + 1), -1, bulks(...members));
    },
  },
  {
    extension,
    slug: "kn4",
    name: "Count sorted set members",
    async run(s) {
      s.start();
      const c = await s.connect();
      const key = s.word();
      const members = s.words(s.int(3, 4));
      for (const [i, member] of members.entries()) {
        await c.must("ZADD", key, score(s), member, int(1));
        await c.must("ZCARD", key, int(i + 1));
      }
      await c.must("ZADD", key, score(s), members[0]!, int(0));
      await c.must("ZCARD", key, int(members.length));
      await c.must("ZCARD", "missing_key", int(0));
    },
  },
  {
    extension,
    slug: "gd7",
    name: "Retrieve member score",
    async run(s) {
      s.start();
      const c = await s.connect();
      const [key, member] = s.words(2) as [string, string];
      for (const added of [1, 0]) {
        const value = score(s);
        await c.must("ZADD", key, value, member, int(added));
        await c.must(
          "ZSCORE",
          key,
          member,
          bulkWhere((text) => Math.abs(Number(text) - value) <= 1e-10, `about ${value}`),
        );
      }
      // Course text: a missing member or key gives null.
      await c.must("ZSCORE", key, "missing_member", nil);
      await c.must("ZSCORE", "missing_key", member, nil);
    },
  },
  {
    extension,
    slug: "sq7",
    name: "Remove a member",
    async run(s) {
      const { c, key, members } = await filled(s, 3, 5);
      const gone = s.random.pick(members);
      const rest = members.filter((member) => member !== gone);
      await c.must("ZREM", key, gone, int(1));
      await c.must("ZRANGE", key, 0, -1, bulks(...rest));
      await c.must("ZREM", key, "missing_member", int(0));
      await c.must("ZRANGE", key, 0, -1, bulks(...rest));
    },
  },
];
