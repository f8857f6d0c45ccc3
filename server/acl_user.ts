/**
 * What one ACL user may do, in the form in which the gate asks.
 *
 * A user has selectors: the first, which plain rules speak of, and any number in parentheses. A command may run if one selector
 * allows the command, all of its keys and all of its channels. Commands are bits by {@link Command.id}, so that the question costs
 * a shift; keys are compared with glob patterns as they lie in the request. Rules as text live in acl_rules.ts.
 */

import type { Args } from "../commands/args.ts";
import { KeyFlag, type KeyList } from "../commands/keys.ts";
import { type Command, Flag } from "../commands/table.ts";
import { fromLatin1 } from "../types/bytes.ts";
import { globMatch } from "../types/glob.ts";
import { cString } from "../types/quoting.ts";

/** What a user may not have. The order is that of importance: of several selectors' refusals the greatest is reported. */
export const Denial = { NONE: 0, COMMAND: 1, KEY: 2, CHANNEL: 3 } as const;

/** What a key pattern allows. */
export const Access = { READ: 1, WRITE: 2, BOTH: 3 } as const;

/** How a command names channels: not at all, one as argument 1, or all arguments; those may be patterns. */
const Channels = { NONE: 0, ONE: 1, ALL: 2, PATTERNS: 3 } as const;

const CHANNEL_COMMANDS: ReadonlyMap<string, number> = new Map([
  ["publish", Channels.ONE],
  ["spublish", Channels.ONE],
  ["subscribe", Channels.ALL],
  ["ssubscribe", Channels.ALL],
  ["psubscribe", Channels.PATTERNS],
]);

/** A key pattern and what it allows ({@link Access}). */
export interface KeyPattern {
  readonly text: string;
  readonly bytes: Uint8Array;
  access: number;
}

/** A channel pattern. */
export interface ChannelPattern {
  readonly text: string;
  readonly bytes: Uint8Array;
}

/** Room for the answer to "what is not allowed", used again for every question. */
export interface Question {
  readonly keys: KeyList;
  /** `keys` is filled. */
  found: boolean;
  /** The argument that was refused last. */
  position: number;
}

/** One set of rules: commands, keys and channels. */
export class Selector {
  /** Bit `id` is set where the command may run. The bit after the last command's is set by +@all only: commands to come. */
  bits: Uint32Array;
  allCommands = false;
  allKeys = false;
  allChannels: boolean;
  /** First arguments that are allowed of a command that is not, by its id. */
  firstArgs = new Map<number, string[]>();
  patterns: KeyPattern[] = [];
  channels: ChannelPattern[] = [];

  /** @param commands number of commands and sub-commands there are */
  constructor(commands: number, allChannels: boolean) {
    this.bits = new Uint32Array((commands >>> 5) + 1);
    this.allChannels = allChannels;
  }

  copy(): Selector {
    const copy = new Selector(0, this.allChannels);
    copy.bits = this.bits.slice();
    copy.allCommands = this.allCommands;
    copy.allKeys = this.allKeys;
    for (const [id, words] of this.firstArgs) copy.firstArgs.set(id, [...words]);
    copy.patterns = this.patterns.map((pattern) => ({ ...pattern }));
    copy.channels = [...this.channels];
    return copy;
  }

  /** Whether the bit of this command (or of what a command to come would have) is set. */
  has(id: number): boolean {
    return (this.bits[id >>> 5]! & (1 << (id & 31))) !== 0;
  }

  /** Sets a command's bit; its sub-commands follow it, and first arguments that were allowed are forgotten. */
  put(command: Command, allow: boolean): void {
    const { id } = command;
    if (allow) this.bits[id >>> 5]! |= 1 << (id & 31);
    else {
      this.bits[id >>> 5]! &= ~(1 << (id & 31));
      this.allCommands = false;
    }
    this.firstArgs.delete(id);
    for (const sub of command.subcommands?.all ?? []) this.put(sub, allow);
  }

  /** +@all and -@all. */
  putAll(allow: boolean): void {
    this.bits.fill(allow ? 0xffffffff : 0);
    this.allCommands = allow;
    this.firstArgs.clear();
  }

  /** Adds a key pattern, or its access to the same pattern. */
  addPattern(text: string, access: number): void {
    const known = this.patterns.find((pattern) => pattern.text === text);
    if (known !== undefined) known.access |= access;
    else this.patterns.push({ text, bytes: fromLatin1(text), access });
  }

  /** Adds a channel pattern. */
  addChannel(text: string): void {
    if (this.channels.some((channel) => channel.text === text)) return;
    this.channels.push({ text, bytes: fromLatin1(text) });
  }

  /** The first of command, keys and channels that is not allowed ({@link Denial}); `question.position` is the argument. */
  refuses(command: Command, args: Args, question: Question): number {
    if (!this.allCommands && (command.flags & Flag.NO_AUTH) === 0 && !this.has(command.id)) {
      if (!this.#allowsFirstArg(command, args)) return Denial.COMMAND;
    }
    if (!this.allKeys && command.keys.hasKeys) {
      const position = this.#refusedKey(command, args, question);
      if (position > 0) {
        question.position = position;
        return Denial.KEY;
      }
    }
    if (!this.allChannels) {
      const position = this.#refusedChannel(command, args);
      if (position > 0) {
        question.position = position;
        return Denial.CHANNEL;
      }
    }
    return Denial.NONE;
  }

  #allowsFirstArg(command: Command, args: Args): boolean {
    const words = this.firstArgs.get(command.id);
    if (words === undefined || args.count < 2) return false;
    const given = args.cText(1).toLowerCase();
    return words.some((word) => word.toLowerCase() === given);
  }

  #refusedKey(command: Command, args: Args, question: Question): number {
    const { keys } = question;
    if (!question.found) {
      command.keys.find(args, keys);
      question.found = true;
    }
    for (let i = 0; i < keys.count; i++) {
      const position = keys.positions[i]!;
      if (!this.#allowsKey(args, position, keys.flags[i]!)) return position;
    }
    return 0;
  }

  #allowsKey(args: Args, position: number, flags: number): boolean {
    const needed = ((flags & KeyFlag.ACCESS) !== 0 ? Access.READ : 0) |
      ((flags & CHANGES) !== 0 ? Access.WRITE : 0);
    const start = args.starts[position]!;
    const end = args.ends[position]!;
    for (let i = 0; i < this.patterns.length; i++) {
      const { bytes, access } = this.patterns[i]!;
      if ((access & needed) === needed && globMatch(bytes, 0, bytes.length, args.buf, start, end)) {
        return true;
      }
    }
    return false;
  }

  #refusedChannel(command: Command, args: Args): number {
    const kind = channelsOf(command);
    if (kind === Channels.NONE) return 0;
    const last = kind === Channels.ONE ? 1 : args.count - 1;
    for (let i = 1; i <= last; i++) {
      const allowed = kind === Channels.PATTERNS
        ? allowsPattern(this.channels, args.text(i))
        : allowsChannel(this.channels, args.buf, args.starts[i]!, args.ends[i]!);
      if (!allowed) return i;
    }
    return 0;
  }

  /** Whether every key there is may be read, as patterns of SORT's BY and GET ask for. */
  get readsAllKeys(): boolean {
    return this.allKeys ||
      this.patterns.some(({ text, access }) => (access & Access.READ) !== 0 && cString(text) === "*");
  }
}

/** Flags of a key whose value is changed. */
const CHANGES = KeyFlag.INSERT | KeyFlag.DELETE | KeyFlag.UPDATE;

/** How this command names channels; the answer is found once for each command. */
function channelsOf(command: Command): number {
  return (command.flags & Flag.PUBSUB) === 0
    ? Channels.NONE
    : CHANNEL_COMMANDS.get(command.fullName) ?? Channels.NONE;
}

/** Whether a channel matches one of the patterns. */
export function allowsChannel(
  channels: readonly ChannelPattern[],
  buf: Uint8Array,
  start: number,
  end: number,
): boolean {
  for (let i = 0; i < channels.length; i++) {
    const { bytes } = channels[i]!;
    if (globMatch(bytes, 0, bytes.length, buf, start, end)) return true;
  }
  return false;
}

/** Whether a pattern to subscribe to is itself among the patterns: what it would match is not asked. */
export function allowsPattern(channels: readonly ChannelPattern[], pattern: string): boolean {
  const text = cString(pattern);
  return channels.some((channel) => cString(channel.text) === text);
}

/** One user. The object stays the same while its rules change, for the clients that are logged in as it. */
export class User {
  readonly name: string;
  enabled = false;
  /** Any password opens it. */
  nopass = false;
  /** Whether payloads of RESTORE are checked deeply: where neither was said, neither is shown. */
  sanitize: "" | "sanitize-payload" | "skip-sanitize-payload" = "";
  /** SHA-256 digests of the passwords that open this user, in lower-case hexadecimal digits. */
  passwords: string[] = [];
  /** The root selector, then those in parentheses. Never empty. */
  selectors: Selector[];
  /** May run every command on every key and channel: the usual case, checked without a call. */
  unrestricted = false;

  constructor(name: string, root: Selector) {
    this.name = name;
    this.selectors = [root];
  }

  get root(): Selector {
    return this.selectors[0]!;
  }

  /** New connections are logged in as this user (if it is the default one) without a password. */
  get passwordless(): boolean {
    return this.nopass && this.enabled;
  }

  /** A user of the same rules that nobody knows, to try changes on. */
  copy(): User {
    const copy = new User(this.name, this.root);
    copy.become(this);
    return copy;
  }

  /** Takes over another user's rules. */
  become(other: User): void {
    this.enabled = other.enabled;
    this.nopass = other.nopass;
    this.sanitize = other.sanitize;
    this.passwords = [...other.passwords];
    this.selectors = other.selectors.map((selector) => selector.copy());
    this.unrestricted = this.selectors.some((one) => one.allCommands && one.allKeys && one.allChannels);
  }

  /** Whether one of the passwords has this digest. Takes as long whichever it is, and wherever they differ. */
  opensWith(digest: string): boolean {
    let matches = 0;
    for (const password of this.passwords) {
      let difference = password.length ^ digest.length;
      for (let i = 0; i < digest.length; i++) difference |= password.charCodeAt(i) ^ digest.charCodeAt(i);
      matches |= Number(difference === 0);
    }
    return matches !== 0;
  }

  /**
   * The first thing in this request that the user may not do, or NONE. Where all selectors refuse, what the most permissive of
   * them refused; `question.position` is its argument.
   */
  refuses(command: Command, args: Args, question: Question): number {
    question.found = false;
    let denial: number = Denial.COMMAND;
    let position = 0;
    for (let i = 0; i < this.selectors.length; i++) {
      const one = this.selectors[i]!.refuses(command, args, question);
      if (one === Denial.NONE) return one;
      if (one > denial || (one === denial && question.position > position)) {
        denial = one;
        position = question.position;
      }
    }
    question.position = position;
    return denial;
  }

  /** Whether a selector allows this request and lets every key be read. */
  mayReadAllKeys(command: Command, args: Args, question: Question): boolean {
    question.found = false;
    return this.selectors.some((one) =>
      one.readsAllKeys && one.refuses(command, args, question) === Denial.NONE
    );
  }
}
