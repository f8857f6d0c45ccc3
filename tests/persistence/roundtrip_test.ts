/** Values of every type and encoding go from the real redis-server to us and back without a difference. */
import { assert, assertEquals } from "@std/assert";
import { dumpRecord, isPayload, readPayload } from "../../persistence/dump.ts";
import { digestOfStore, digestOfValue } from "../../persistence/digest.ts";
import { encodeAll, RdbEncoder } from "../../persistence/rdb_save.ts";
import { LoadedValue } from "../../persistence/values/value.ts";
import { NO_EXPIRY } from "../../store.ts";
import { fromLatin1 } from "../../types/bytes.ts";
import { encodingName } from "../../types/kind.ts";
import type { RawClient } from "../helpers/client.ts";
import { LIMITS, LISTS, newStore } from "../helpers/data_set.ts";
import { loadFile } from "../helpers/rdb.ts";
import { realValues } from "../helpers/real_values.ts";
import { concat, show } from "../helpers/resp.ts";
import { realTest, startServer } from "../helpers/server.ts";

async function text(client: RawClient, ...args: (string | Uint8Array)[]): Promise<string> {
  const reply = await client.call(...args);
  if (reply.type !== "bulk" && reply.type !== "simple") throw new Error(show(reply));
  return reply.text;
}

async function fill(client: RawClient): Promise<string[]> {
  const names: string[] = [];
  for (const { name, commands } of realValues()) {
    for (const frame of await client.pipeline(commands)) {
      assert(frame.value.type !== "error", `${name}: ${show(frame.value)}`);
    }
    names.push(name);
  }
  return names;
}

async function valueDigest(client: RawClient, name: string): Promise<string> {
  const reply = await client.call("DEBUG", "DIGEST-VALUE", name);
  return show(reply);
}

/** An expiry is part of the digest, and not of a payload. */
function expires(name: string): boolean {
  return /expiring|never/.test(name);
}

realTest("DUMP, RESTORE and DUMP again: payloads of the real server", async () => {
  await using redis = await startServer("redis", {});
  await using client = await redis.connect();
  const store = newStore();
  const db = store.databases[0]!;
  const value = new LoadedValue();
  for (const name of await fill(client)) {
    const payload = fromLatin1(await text(client, "DUMP", name));
    const key = fromLatin1(name);
    assert(isPayload(payload, 0, payload.length), name);
    assert(
      readPayload(payload, 0, payload.length, { db, limits: LIMITS, lists: LISTS, deep: true }, value),
      name,
    );
    const addr = value.store(db, key, 0, key.length, NO_EXPIRY);
    // What the real server makes of its own payload: a short string that was appended to is no longer "raw".
    await client.call("RESTORE", "own", "0", payload, "REPLACE");
    assertEquals(encodingName(db.kind(addr)), await text(client, "OBJECT", "ENCODING", "own"), name);
    const digest = await valueDigest(client, name);
    if (!expires(name)) assert(digest.includes(digestOfValue(db, addr)), name);
    for (const compress of [true, false]) {
      const again = dumpRecord(db, addr, compress);
      assertEquals(await text(client, "RESTORE", "copy", "0", again, "REPLACE"), "OK", name);
      if (!expires(name)) assertEquals(await valueDigest(client, "copy"), digest, name);
      assertEquals(await text(client, "OBJECT", "ENCODING", "copy"), encodingName(db.kind(addr)), name);
    }
    if (name.startsWith("stream")) await sameStream(client, name);
  }
});

/** What the digest of a stream leaves out: its counters, groups, consumers and pending entries. */
async function sameStream(client: RawClient, name: string): Promise<void> {
  const info = async (key: string) => {
    const shown = show(await client.call("XINFO", "STREAM", key, "FULL", "COUNT", "0"));
    return shown.replace(/radix-tree-nodes\W+\d+/, "");
  };
  assertEquals(await info("copy"), await info(name));
}

realTest(
  "RDB files: one of the real server is read, ours is read by the real server and by redis-check-rdb",
  async () => {
    const dir = await Deno.makeTempDir({ prefix: "toy-redis-rdb-" });
    try {
      let digest: string;
      {
        await using redis = await startServer("redis", { dir });
        await using client = await redis.connect();
        await fill(client);
        await client.pipeline([["SELECT", "3"], ["SET", "other", "database"], ["SELECT", "0"]]);
        digest = await text(client, "DEBUG", "DIGEST");
        assertEquals(await text(client, "SAVE"), "OK");
      }
      const store = loadFile(await Deno.readFile(`${dir}/dump.rdb`));
      assertEquals(digestOfStore(store), digest);
      for (const access of ["none", "idle", "frequency"] as const) {
        const pieces: Uint8Array[] = [];
        const encoder = new RdbEncoder({
          compress: access !== "idle",
          checksum: access !== "frequency",
          createdSeconds: 1,
          usedMemory: 2,
          aofBase: false,
          replication: { db: 0, id: "0123456789012345678901234567890123456789", offset: 77 },
          access,
          functions: [],
        });
        encodeAll(store, encoder, (piece) => pieces.push(piece));
        const file = concat(pieces);
        await Deno.writeFile(`${dir}/dump.rdb`, file);
        assertEquals(digestOfStore(loadFile(file)), digest);
        const check = await new Deno.Command("redis-check-rdb", { args: [`${dir}/dump.rdb`] }).output();
        assert(check.success, new TextDecoder().decode(check.stdout));
        await using redis = await startServer("redis", { dir });
        await using client = await redis.connect();
        assertEquals(await text(client, "DEBUG", "DIGEST"), digest, access);
      }
    } finally {
      await Deno.remove(dir, { recursive: true });
    }
  },
);
