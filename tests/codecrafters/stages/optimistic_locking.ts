/** Optimistic locking: WATCH. */
import { array, bulk, nilArray, ok, queued } from "../../helpers/transcript.ts";
import { errorHas } from "../harness.ts";
import type { Link, Session, Stage } from "../harness.ts";

const extension = "optimistic-locking";
const done = array(ok);

/** Two clients (watcher, modifier) and `count` keys with initial values 1 to 49. */
async function scene(s: Session, count: number) {
  const watcher = await s.connect(), modifier = await s.connect();
  const keys = s.words(count);
  const initial = new Map<string, number>();
  for (const key of keys) {
    const value = s.int(1, 49);
    initial.set(key, value);
    await watcher.must("SET", key, value, ok);
  }
  return { watcher, modifier, keys, initial, fresh: (low: number) => s.int(low, low + 48) };
}

/** MULTI, SET key value, EXEC with this outcome. */
async function attempt(
  c: Link,
  key: string,
  value: number,
  committed: boolean,
  meanwhile?: () => Promise<unknown>,
) {
  await c.must("MULTI", ok);
  await c.must("SET", key, value, queued);
  await meanwhile?.();
  await c.must("EXEC", committed ? done : nilArray);
}

export const optimisticLocking: Stage[] = [
  {
    extension,
    slug: "jb7",
    name: "The WATCH command",
    async run(s) {
      s.start();
      await (await s.connect()).must("WATCH", s.word(), ok);
    },
  },
  {
    extension,
    slug: "jq9",
    name: "WATCH inside transaction",
    async run(s) {
      s.start();
      const c = await s.connect();
      await c.must("MULTI", ok);
      await c.must("WATCH", s.word(), errorHas("ERR ", "watch", "inside multi", "not allowed"));
    },
  },
  {
    extension,
    slug: "mh8",
    name: "Tracking key modifications",
    async run(s) {
      s.start();
      const one = await scene(s, 2);
      const [watched, target] = one.keys as [string, string];
      await one.watcher.must("WATCH", watched, ok);
      await attempt(
        one.watcher,
        target,
        one.fresh(50),
        false,
        () => one.modifier.must("SET", watched, one.fresh(100), ok),
      );
      await one.watcher.must("GET", target, bulk(one.initial.get(target)!));

      const two = await scene(s, 2);
      const [other, free] = two.keys as [string, string];
      const value = two.fresh(50);
      await two.watcher.must("WATCH", other, ok);
      await attempt(two.watcher, free, value, true, () => two.modifier.must("SET", free, two.fresh(100), ok));
      await two.watcher.must("GET", free, bulk(value));
    },
  },
  {
    extension,
    slug: "fp0",
    name: "Watching multiple keys",
    async run(s) {
      s.start();
      const { watcher, modifier, keys, initial, fresh } = await scene(s, 2);
      const changed = s.random.pick(keys), target = s.random.pick(keys), value = fresh(100);
      await watcher.must("WATCH", ...keys, ok);
      await attempt(watcher, target, fresh(50), false, () => modifier.must("SET", changed, value, ok));
      await watcher.must("GET", target, bulk(changed === target ? value : initial.get(target)!));
    },
  },
  {
    extension,
    slug: "uo9",
    name: "Watching missing keys",
    async run(s) {
      s.start();
      const watcher = await s.connect(), modifier = await s.connect();
      const key = s.word(), value = s.int(100, 149);
      await watcher.must("WATCH", key, ok);
      await attempt(watcher, key, s.int(50, 99), false, () => modifier.must("SET", key, value, ok));
      await watcher.must("GET", key, bulk(value));
    },
  },
  {
    extension,
    slug: "bn1",
    name: "The UNWATCH command",
    async run(s) {
      s.start();
      const { watcher, modifier, keys, fresh } = await scene(s, 2);
      const value = fresh(50);
      await watcher.must("WATCH", ...keys, ok);
      await modifier.must("SET", keys[0]!, fresh(100), ok);
      await watcher.must("UNWATCH", ok);
      await attempt(watcher, keys[0]!, value, true);
      await watcher.must("GET", keys[0]!, bulk(value));
    },
  },
  {
    extension,
    slug: "fn4",
    name: "Unwatch on EXEC",
    async run(s) {
      s.start();
      const { watcher, modifier, keys, fresh } = await scene(s, 2);
      const [a, b] = keys as [string, string];
      const value = fresh(50);
      await watcher.must("WATCH", a, b, ok);
      await attempt(watcher, b, fresh(50), false, () => modifier.must("SET", a, fresh(100), ok));
      await attempt(watcher, b, value, true);
      await watcher.must("GET", b, bulk(value));
    },
  },
  {
    extension,
    slug: "hq1",
    name: "Unwatch on DISCARD",
    async run(s) {
      s.start();
      const { watcher, modifier, keys, fresh } = await scene(s, 2);
      const [a, b] = keys as [string, string];
      const value = fresh(50);
      await watcher.must("WATCH", a, b, ok);
      await watcher.must("MULTI", ok);
      await watcher.must("SET", b, fresh(50), queued);
      await modifier.must("SET", a, fresh(100), ok);
      await watcher.must("DISCARD", ok);
      await attempt(watcher, b, value, true);
      await watcher.must("GET", b, bulk(value));
    },
  },
];
