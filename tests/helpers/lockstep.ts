/**
 * Plays commands of several clients against ONE server in a fixed order, and after each step collects what every
 * client received, pushes and late replies of blocked clients included. Two of these side by side (one per server)
 * are what transcripts and random differential tests compare.
 *
 * The difficulty is to know when a step is over without asking the clock. Behind each step the client sends a marker
 * (PING with a unique text): its reply proves that everything before it has arrived. A client in MULTI would queue the
 * marker, so there a nested MULTI is sent instead, whose error changes nothing. A client that blocks answers its
 * marker only when it is unblocked; a control connection asks CLIENT LIST for the flag `b` to know that it is blocked.
 */
import { RawClient, REPLY_TIMEOUT_MS, sleep, TimeoutError } from "./client.ts";
import { concat, encodeCommand } from "./resp.ts";
import type { Arg, Frame, Reply } from "./resp.ts";
import { toText } from "./bytes.ts";

/** What every client received during a step: by client number (from 1), in order. */
export type Received = Map<number, Frame[]>;

interface Member {
  raw: RawClient;
  id: string;
  /** A marker is on its way; its reply ends the current step of this client. */
  marker: string | undefined;
  /** Replies that precede the marker's. */
  expecting: number;
  inMulti: boolean;
  /** Subscribed or tracking at some time: only such a client can receive something unasked. */
  listening: boolean;
  replyOff: boolean;
}

/** Commands after which the client may be blocked; for others CLIENT LIST is asked only when the reply is late. */
const BLOCKS_OUTSIDE_EXEC =
  /^(BLPOP|BRPOP|BLMOVE|BRPOPLPUSH|BLMPOP|BZPOPMIN|BZPOPMAX|BZMPOP|XREAD|XREADGROUP|WAIT)$/i;
/** A wait this short, in milliseconds, is waited for: it may be over on one server and not yet on the other. */
const SHORT_WAIT_MS = 300;
const LISTENS = /^(S|P)?SUBSCRIBE$/i;
const STARTS_OR_ENDS_MULTI = /^(MULTI|EXEC|DISCARD|RESET|QUIT)$/i;

/** Whether the client may be blocked after this command, and for so long that it is not worth waiting. */
function mayBlockLong(command: readonly Arg[] | undefined): boolean {
  const words = (command ?? []).map(text);
  if (!BLOCKS_OUTSIDE_EXEC.test(words[0] ?? "")) return false;
  const block = words.findIndex((word) => /^BLOCK$/i.test(word));
  const limit = /^X/i.test(words[0]!)
    ? (block < 0 ? 0 : Number(words[block + 1]))
    : Number(/MPOP$/i.test(words[0]!) ? words[1] : words.at(-1)) * (/^WAIT$/i.test(words[0]!) ? 1 : 1000);
  return !(limit > 0 && limit <= SHORT_WAIT_MS);
}

/** Clients of one server, driven in step. Client numbers start at 1; a client connects when it is first used. */
export class Lockstep {
  readonly #target: number;
  readonly #members = new Map<number, Member>();
  #control: RawClient | undefined;
  readonly #login: readonly Arg[][];
  /** Markers sent so far. Each side counts its own, so that one that comes late has the same number on both. */
  #markers = 0;

  /** `login`: commands that every connection sends first (AUTH for a server with a password). */
  constructor(port: number, login: readonly Arg[][] = []) {
    this.#target = port;
    this.#login = login;
  }

  /** The connection used for looking at the server from outside (keyspace comparison, CLIENT LIST). */
  async control(): Promise<RawClient> {
    if (!this.#control || this.#control.ended) {
      await this.#control?.close();
      this.#control = await this.#open();
    }
    return this.#control;
  }

  async #open(): Promise<RawClient> {
    const client = await RawClient.connect(this.#target);
    for (const command of this.#login) await client.call(...command);
    return client;
  }

  async #member(number: number): Promise<Member> {
    const known = this.#members.get(number);
    if (known && !known.raw.ended) return known;
    if (known) await known.raw.close();
    const raw = await this.#open();
    const id = await raw.call("CLIENT", "ID");
    const member: Member = {
      raw,
      id: id.type === "integer" ? String(id.value) : "",
      marker: undefined,
      expecting: 0,
      inMulti: false,
      listening: false,
      replyOff: false,
    };
    this.#members.set(number, member);
    return member;
  }

  /** Whether the client waits in a blocking command (as of the last step). */
  isBlocked(number: number): boolean {
    return this.#members.get(number)?.marker !== undefined;
  }

  /** Connects a client now, so that its place in the order of connections is known. */
  async connect(number: number): Promise<void> {
    await this.#member(number);
  }

  /** The server's id of a client's connection. */
  idOf(number: number): string {
    return this.#members.get(number)?.id ?? "";
  }

  /** Sends commands of one client in one write and returns what all clients received. */
  async step(number: number, given: readonly (readonly Arg[])[]): Promise<Received> {
    const member = await this.#member(number);
    const commands = await Promise.all(given.map((command) => this.#withIds(command)));
    if (member.marker !== undefined) throw new Error(`client ${number} is blocked: unblock it first`);
    const received: Received = new Map();
    const names = commands.map((command) => text(command[0] ?? ""));
    const skip = replyMode(commands.at(-1)) === "SKIP";
    for (const name of names) if (LISTENS.test(name)) member.listening = true;
    if (names.some((name) => /^(CLIENT|HELLO|AUTH)$/i.test(name))) member.listening = true;
    if (member.replyOff || skip || commands.some((command) => replyMode(command) === "OFF")) {
      await this.#silent(member, number, commands, skip, received);
    } else if (member.inMulti || names.some((name) => STARTS_OR_ENDS_MULTI.test(name))) {
      await this.#counted(member, number, commands, names, received);
    } else {
      await this.#marked(member, number, commands, received);
    }
    await this.#others(number, received);
    return received;
  }

  /** A command with `<id 2>` replaced by this server's id of client 2. */
  async #withIds(command: readonly Arg[]): Promise<readonly Arg[]> {
    const named = (arg: Arg) => typeof arg === "string" ? /^<id (\d+)>$/.exec(arg)?.[1] : undefined;
    if (!command.some(named)) return command;
    const out: Arg[] = [];
    for (const arg of command) {
      const number = named(arg);
      out.push(number === undefined ? arg : (await this.#member(Number(number))).id);
    }
    return out;
  }

  /** The usual step: commands and marker in one write. */
  async #marked(member: Member, number: number, commands: readonly (readonly Arg[])[], received: Received) {
    this.#arm(member, commands.length);
    await member.raw.write(concat([...commands, this.#markerCommand(member)].map(encodeCommand)));
    await this.#await(member, number, received, mayBlockLong(commands.at(-1)));
  }

  /** Steps around MULTI: one reply per command is certain, and only the replies tell which marker is right. */
  async #counted(
    member: Member,
    number: number,
    commands: readonly (readonly Arg[])[],
    names: readonly string[],
    received: Received,
  ) {
    await member.raw.write(concat(commands.map(encodeCommand)));
    // A blocking command at the end is waited for like in any other step, unless it turns out to be only queued.
    const mayBlock = mayBlockLong(commands.at(-1));
    const certain = commands.length - (mayBlock ? 1 : 0);
    for (let i = 0; i < certain;) {
      const frame = await read(member.raw, names[i]!);
      put(received, number, frame);
      if (frame.value.type === "closed") return;
      if (frame.value.type !== "push") followMulti(member, names[i++]!, frame.value);
    }
    this.#arm(member, commands.length - certain);
    await member.raw.write(encodeCommand(this.#markerCommand(member)));
    await this.#await(member, number, received, mayBlock && !member.inMulti);
  }

  /** CLIENT REPLY OFF and SKIP: nothing comes back, so another connection's replies tell that time has passed. */
  async #silent(
    member: Member,
    number: number,
    commands: readonly (readonly Arg[])[],
    skip: boolean,
    received: Received,
  ) {
    await member.raw.write(concat(commands.map(encodeCommand)));
    if (replyMode(commands.at(-1)) === "ON") {
      put(received, number, await read(member.raw, "CLIENT REPLY ON"));
      member.replyOff = false;
    } else if (!skip) {
      member.replyOff = true;
    }
    const control = await this.control();
    for (let i = 0; i < 2; i++) await control.call("PING");
  }

  #arm(member: Member, expecting: number): void {
    member.marker = `~barrier ${++this.#markers}~`;
    member.expecting = expecting;
  }

  #markerCommand(member: Member): Arg[] {
    return member.inMulti ? ["MULTI"] : ["PING", member.marker!];
  }

  /** Reads until the marker's reply or the end of the connection; gives up (leaves the marker) when blocked. */
  async #await(member: Member, number: number, received: Received, mayBlock: boolean): Promise<void> {
    let patience = mayBlock ? 0 : 400;
    const deadline = Date.now() + REPLY_TIMEOUT_MS;
    while (member.marker !== undefined) {
      let frame: Frame;
      try {
        frame = await member.raw.read(patience === 0 ? 2 : patience);
      } catch (error) {
        if (!(error instanceof TimeoutError)) throw error;
        // All but the blocking command must have been answered: their replies may still be on their way to us.
        if (member.expecting <= 1 && await this.#saysBlocked(member)) return;
        if (Date.now() > deadline) {
          throw new TimeoutError(`client ${number}: no reply within ${REPLY_TIMEOUT_MS} ms`);
        }
        patience = Math.min(patience + 5, 400);
        continue;
      }
      this.#take(member, number, frame, received);
    }
  }

  /** Files one frame: the marker's reply ends the step. */
  #take(member: Member, number: number, frame: Frame, received: Received): void {
    const value = frame.value;
    if (value.type === "closed") {
      member.marker = undefined;
      put(received, number, frame);
    } else if (isMarker(value, member.marker!)) {
      member.marker = undefined;
    } else if (member.expecting <= 0 && value.type === "error") {
      // NOAUTH, NOPERM, "MULTI calls can not be nested"...: the marker was refused, and that is an answer as well.
      member.marker = undefined;
    } else {
      if (value.type !== "push") member.expecting--;
      put(received, number, frame);
    }
  }

  async #saysBlocked(member: Member): Promise<boolean> {
    const control = await this.control();
    const reply = await control.call("CLIENT", "LIST", "ID", member.id);
    const list = reply.type === "bulk" || reply.type === "verbatim" ? reply.text : "";
    const flags = / flags=(\S+)/.exec(list)?.[1] ?? "";
    // Looked at first, asked second: a reply that came meanwhile is read by the caller's next turn.
    return flags.includes("b") && member.raw.unread.length === 0;
  }

  /** After a step: what the other clients got. */
  async #others(actor: number, received: Received): Promise<void> {
    for (const [number, member] of this.#members) {
      if (number === actor || member.raw.ended && member.raw.unread.length === 0) continue;
      if (member.marker !== undefined) {
        if (!await this.#saysBlocked(member)) await this.#await(member, number, received, true);
      } else if (member.listening && !member.replyOff) {
        this.#arm(member, 0);
        await member.raw.write(encodeCommand(this.#markerCommand(member)));
        await this.#await(member, number, received, false);
      }
    }
  }

  /** Makes a blocked client come back with CLIENT UNBLOCK, and returns what all clients received. */
  async unblock(number: number, how: "TIMEOUT" | "ERROR"): Promise<Received> {
    const received: Received = new Map();
    const member = this.#members.get(number);
    if (!member || member.marker === undefined) return received;
    await (await this.control()).call("CLIENT", "UNBLOCK", member.id, how);
    await this.#await(member, number, received, true);
    await this.#others(number, received);
    return received;
  }

  /** Waits, then collects what came. */
  async pause(ms: number): Promise<Received> {
    await sleep(ms);
    const received: Received = new Map();
    await this.#others(0, received);
    return received;
  }

  /** Closes one client's connection (it connects anew when used again). */
  async disconnect(number: number): Promise<void> {
    const member = this.#members.get(number);
    if (!member) return;
    this.#members.delete(number);
    await member.raw.close();
    // The server must have noticed before the next step: its CLIENT LIST no longer names the connection.
    const control = await this.control();
    for (let i = 0; i < 500; i++) {
      const reply = await control.call("CLIENT", "LIST", "ID", member.id);
      if (reply.type !== "bulk" && reply.type !== "verbatim" || !reply.text.includes(`id=${member.id} `)) {
        return;
      }
      await sleep(2);
    }
  }

  /** Closes all clients' connections and waits until the server has noticed. */
  async disconnectAll(): Promise<void> {
    for (const number of [...this.#members.keys()]) await this.disconnect(number);
  }

  /** Ends everything. */
  async close(): Promise<void> {
    for (const member of this.#members.values()) await member.raw.close();
    this.#members.clear();
    await this.#control?.close();
    this.#control = undefined;
  }
}

async function read(raw: RawClient, what: string): Promise<Frame> {
  try {
    return await raw.read();
  } catch (error) {
    if (error instanceof TimeoutError) throw new TimeoutError(`${what}: ${error.message}`);
    throw error;
  }
}

function put(received: Received, number: number, frame: Frame): void {
  const list = received.get(number);
  if (list) list.push(frame);
  else received.set(number, [frame]);
}

function text(arg: Arg): string {
  return arg instanceof Uint8Array ? toText(arg) : String(arg);
}

/** Keeps the books of an open transaction by what the server answered. */
function followMulti(member: Member, name: string, reply: Reply): void {
  const failed = reply.type === "error";
  const wrongArity = failed && /wrong number of arg/.test(reply.text);
  if (/^MULTI$/i.test(name) && !failed) member.inMulti = true;
  // EXEC with bad arguments aborts the transaction; the others leave it as it was.
  if (/^EXEC$/i.test(name) || /^(DISCARD|RESET)$/i.test(name) && !wrongArity) member.inMulti = false;
}

/** OFF, ON or SKIP of CLIENT REPLY; undefined for other commands. */
function replyMode(command: readonly Arg[] | undefined): string | undefined {
  if (command?.length !== 3 || !/^CLIENT$/i.test(text(command[0]!)) || !/^REPLY$/i.test(text(command[1]!))) {
    return undefined;
  }
  const mode = text(command[2]!).toUpperCase();
  return ["OFF", "ON", "SKIP"].includes(mode) ? mode : undefined;
}

function isMarker(value: Reply, marker: string): boolean {
  if (value.type === "bulk") return value.text === marker;
  if (value.type !== "array" && value.type !== "push") return false;
  const last = value.items[1];
  return value.items.length === 2 && last?.type === "bulk" && last.text === marker;
}
