/** RDB persistence: reading files that are there at the start. */
import { bulk, bulks, nil, unordered } from "../../helpers/transcript.ts";
import type { Link, Session, Stage } from "../harness.ts";
import { rdbFile } from "../rdb_file.ts";
import type { RdbKey } from "../rdb_file.ts";

const extension = "persistence-rdb";

/** Writes a file with these keys and starts the program with it. */
async function withFile(s: Session, keys: readonly RdbKey[]): Promise<Link> {
  const name = s.word() + ".rdb";
  await Deno.writeFile(`${s.dir}/${name}`, rdbFile(keys));
  s.start("--dir", s.dir, "--dbfilename", name);
  return await s.connect();
}

function someKeys(s: Session, count: number): RdbKey[] {
  const values = s.words(count);
  return s.words(count).map((key, i) => ({ key, value: values[i]! }));
}

export const persistenceRdb: Stage[] = [
  {
    extension,
    slug: "zg5",
    name: "RDB file config",
    async run(s) {
      const name = s.word() + ".rdb";
      s.start("--dir", s.dir, "--dbfilename", name);
      const c = await s.connect();
      await c.must("CONFIG", "GET", "dir", bulks("dir", s.dir));
      // The course text asks for this one too.
      await c.must("CONFIG", "GET", "dbfilename", bulks("dbfilename", name));
    },
  },
  {
    extension,
    slug: "jz6",
    name: "Read a key",
    async run(s) {
      const [only] = someKeys(s, 1) as [RdbKey];
      const c = await withFile(s, [only]);
      await c.must("KEYS", "*", bulks(only.key));
    },
  },
  {
    extension,
    slug: "gc6",
    name: "Read a string value",
    async run(s) {
      const [only] = someKeys(s, 1) as [RdbKey];
      const c = await withFile(s, [only]);
      await c.must("GET", only.key, bulk(only.value));
    },
  },
  {
    extension,
    slug: "jw4",
    name: "Read multiple keys",
    async run(s) {
      const keys = someKeys(s, s.int(3, 5));
      const c = await withFile(s, keys);
      await c.must("KEYS", "*", unordered(...keys.map(({ key }) => key)));
    },
  },
  {
    extension,
    slug: "dq3",
    name: "Read multiple string values",
    async run(s) {
      const keys = someKeys(s, s.int(3, 5));
      const c = await withFile(s, keys);
      for (const { key, value } of keys) await c.must("GET", key, bulk(value));
    },
  },
  {
    extension,
    slug: "sm4",
    name: "Read value with expiry",
    async run(s) {
      const keys = someKeys(s, s.int(3, 5));
      const past = s.int(0, keys.length - 1);
      for (const [i, key] of keys.entries()) key.expiresAt = Date.UTC(i === past ? 2022 : 2032, 0, 1);
      const c = await withFile(s, keys);
      for (const [i, { key, value }] of keys.entries()) {
        await c.must("GET", key, i === past ? nil : bulk(value));
      }
    },
  },
];
