/**
 * Moving keys to another server (MIGRATE).
 *
 * redis-server stands still meanwhile; here the client waits, and with it every command that could change data, so that
 * what is deleted at the end is what was sent. Reading goes on. A key is deleted here only after the other server has
 * said that it has it; where that does not come in time the key may be in both places, as with redis-server.
 */
import { Args } from "../commands/args.ts";
import type { Block } from "../commands/block.ts";
import type { Context } from "../commands/context.ts";
import { type MigrationPlan, MUST_WAIT } from "../commands/migrate.ts";
import { dumpRecord } from "../persistence/dump.ts";
import { type Database, NO_EXPIRY } from "../store.ts";
import { fromLatin1, latin1 } from "../types/bytes.ts";
import { blockWithoutKeys } from "./blocking.ts";
import { Client } from "./client.ts";
import type { RedisServer } from "./server.ts";

/** How much longer than all its steps together a pause may last, milliseconds: its end is never left to the clock. */
const PAUSE_MS = 3_600_000;

/** A transfer that failed, in the words of the reply. */
class TransferError extends Error {}

/** A key on its way. */
interface Parcel {
  readonly key: Uint8Array;
  /** Milliseconds to live, 0 for ever. */
  readonly ttl: number;
  readonly payload: Uint8Array;
}

/** One server's outgoing keys. */
export class Migration {
  readonly #server: RedisServer;
  /** Transfers under way: writes are held back until the last is done. */
  #active = 0;

  constructor(server: RedisServer) {
    this.#server = server;
  }

  /** Begins a transfer; the client sleeps until it is done. */
  begin(ctx: Context, args: Args, plan: MigrationPlan): void | Block {
    const parcels = this.#pack(ctx, args, plan);
    if (parcels.length === 0) return ctx.reply.simple("NOKEY");
    if (!ctx.mayBlock) throw MUST_WAIT;
    const { client, db } = ctx;
    const { pauses, blocking, clock } = this.#server;
    const began = clock.monoMs();
    this.#active++;
    pauses.pause("migration", "write", PAUSE_MS);
    this.#run(db, plan, parcels).then((failure) => {
      if (--this.#active === 0) pauses.unpause("migration");
      const { waiting } = client;
      if (waiting === null) return; // it has gone, or was unblocked
      blocking.unblock(client);
      this.#server.records.waited(client, waiting, clock.monoMs() - began, failure !== null);
      if (failure === null) client.reply.ok();
      else this.#server.replyError(client, failure);
      this.#server.wakeUps.wake(client);
    });
    return blockWithoutKeys({ timeout: 0, expired: () => {}, reason: "wait" });
  }

  #pack(ctx: Context, args: Args, plan: MigrationPlan): Parcel[] {
    const { db } = ctx;
    const parcels: Parcel[] = [];
    for (let i = plan.firstKey; i < plan.firstKey + plan.keyCount; i++) {
      const addr = ctx.read(args, i);
      if (addr === 0) continue;
      const expiry = db.expiryOf(addr);
      const ttl = expiry === NO_EXPIRY ? 0 : Math.max(1, expiry - ctx.store.now());
      parcels.push({
        key: args.bytes(i),
        ttl,
        payload: dumpRecord(db, addr, this.#server.config.rdbcompression),
      });
    }
    return parcels;
  }

  /** Sends everything, and deletes what has arrived. Returns the text of an error reply, null where all went well. */
  async #run(db: Database, plan: MigrationPlan, parcels: readonly Parcel[]): Promise<string | null> {
    const arrived: Uint8Array[] = [];
    let failure: string | null = null;
    try {
      await this.#transfer(plan, parcels, arrived);
    } catch (error) {
      failure = error instanceof TransferError ? error.message : ioError("reading");
    }
    const { dispatcher, scripting } = this.#server;
    while (dispatcher.busy) await scripting.over;
    if (!plan.copy && arrived.length > 0) this.#delete(db, arrived);
    return failure;
  }

  /** Sends everything and collects the keys that arrived. Rejects with TransferError where not all did. */
  async #transfer(plan: MigrationPlan, parcels: readonly Parcel[], arrived: Uint8Array[]): Promise<void> {
    const link = await Link.connect(plan);
    try {
      // Nothing is sent before we are let in, and into the right database.
      const first = [Args.of(["SELECT", String(plan.database)])];
      if (plan.auth.length > 0) first.unshift(Args.of(["AUTH", ...plan.auth]));
      await link.send(first);
      for (let i = 0; i < first.length; i++) refuse(await link.readLine());
      await link.send(parcels.map(({ key, ttl, payload }) => {
        const words = ["RESTORE", key, String(ttl), payload];
        return Args.of(plan.replace ? [...words, "REPLACE"] : words);
      }));
      let refusal: string | null = null;
      for (const { key } of parcels) {
        const line = await link.readLine();
        if (line.startsWith("-")) refusal ??= line;
        else arrived.push(key);
      }
      if (refusal !== null) refuse(refusal);
    } finally {
      link.close();
    }
  }

  /** The keys are elsewhere now: they go from here with all that a DEL brings about. */
  #delete(db: Database, keys: Uint8Array[]): void {
    const server = this.#server;
    const client = new Client(0, null, db, server.acl.superuser, server.clock.wallMs());
    client.loader = true; // not counted as a call of DEL
    server.dispatcher.run(client, server.table.get("DEL")!, Args.of(["DEL", ...keys]));
  }
}

/** Throws where the other server's reply is an error. */
function refuse(line: string): void {
  if (line.startsWith("-")) {
    throw new TransferError(`ERR Target instance replied with error: ${line.slice(1)}`);
  }
}

function ioError(what: "reading" | "writing"): string {
  return `IOERR error or timeout ${what} to target instance`;
}

/** The connection to the other server. */
class Link {
  readonly #conn: Deno.Conn;
  readonly #timeoutMs: number;
  readonly #chunk = new Uint8Array(4096);
  #text = "";

  private constructor(conn: Deno.Conn, timeoutMs: number) {
    this.#conn = conn;
    this.#timeoutMs = timeoutMs;
  }

  static async connect({ host, port, timeoutMs }: MigrationPlan): Promise<Link> {
    const connecting = Deno.connect({ hostname: host, port: (parseInt(port) || 0) & 0xffff });
    try {
      return new Link(await inTime(connecting, timeoutMs), timeoutMs);
    } catch (error) {
      connecting.then((conn) => conn.close(), () => {});
      // A refusal is found by redis-server when it first writes; port 0 is one that the runtime refuses itself.
      const isRefused = error instanceof Deno.errors.ConnectionRefused ||
        error instanceof RangeError;
      throw new TransferError(
        isRefused ? ioError("writing") : "IOERR error or timeout connecting to the client",
      );
    }
  }

  async send(requests: readonly Args[]): Promise<void> {
    try {
      for (const { buf, count, starts, ends } of requests) {
        let text = `*${count}\r\n`;
        for (let i = 0; i < count; i++) {
          text += `$${ends[i]! - starts[i]!}\r\n${latin1(buf, starts[i]!, ends[i]!)}\r\n`;
        }
        const bytes = fromLatin1(text);
        for (let at = 0; at < bytes.length;) {
          at += await inTime(this.#conn.write(bytes.subarray(at)), this.#timeoutMs);
        }
      }
    } catch {
      throw new TransferError(ioError("writing"));
    }
  }

  /** A reply of one line, without its end. */
  async readLine(): Promise<string> {
    for (;;) {
      const end = this.#text.indexOf("\r\n");
      if (end >= 0) {
        const line = this.#text.slice(0, end);
        this.#text = this.#text.slice(end + 2);
        return line;
      }
      let count: number | null;
      try {
        count = await inTime(this.#conn.read(this.#chunk), this.#timeoutMs);
      } catch {
        count = null;
      }
      if (count === null) throw new TransferError(ioError("reading"));
      this.#text += latin1(this.#chunk, 0, count);
    }
  }

  close(): void {
    this.#conn.close();
  }
}

/** The promise's value, or a rejection after so many milliseconds. */
function inTime<T>(promise: Promise<T>, ms: number): Promise<T> {
  let timer: ReturnType<typeof setTimeout>;
  const limit = new Promise<never>((_, reject) => timer = setTimeout(() => reject(new Error("timeout")), ms));
  return Promise.race([promise, limit]).finally(() => clearTimeout(timer));
}
