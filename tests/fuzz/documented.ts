/**
 * Requests drawn from the server's own documentation (COMMAND DOCS): every command and sub-command with every option that
 * it says to take, in every combination. A new command is fuzzed from the day it is in the table.
 */
import type { RawClient } from "../helpers/client.ts";
import type { Random } from "../helpers/random.ts";
import type { Reply } from "../helpers/resp.ts";

/** An argument as COMMAND DOCS describes it. */
interface Argument {
  name: string;
  type: string;
  token: string;
  flags: readonly string[];
  arguments: readonly Argument[];
}

/** A command or sub-command. */
interface Documented {
  words: readonly string[];
  arguments: readonly Argument[];
  /** The words of its options. */
  options: readonly string[];
}

/** What would end the run, silence the connection or reach for other machines, whatever the arguments. */
const UNSAFE =
  /^(shutdown|debug|replicaof|slaveof|failover|migrate|psync|sync|replconf|monitor|quit|save|bgsave|wait|acl|config|client (kill|pause|reply|unpause|no-evict)|cluster|module|script (debug|kill)|function kill|lolwut|pfselftest|p?subscribe|ssubscribe)\b/;
/** Of the groups above, the sub-commands that are harmless with the arguments drawn here. */
const SAFE =
  /^(acl (cat|dryrun|getuser|list|users|whoami|log|genpass|help|setuser|deluser)|config (get|help)|cluster (info|keyslot|help|myid|nodes|slots|countkeysinslot|getkeysinslot)|module list|client no-evict)$/;

/** Of what is unsafe, what would hurt more than the connection that it comes by. */
const FATAL =
  /^(shutdown|debug|replicaof|slaveof|failover|migrate|module|acl|config|client pause|script debug|bgsave|save)\b/;
/** Settings that any value may be tried for: none locks the next connection out, or takes the disk or the memory. */
const SETTINGS =
  /^(hash|set|zset|list|hll|stream|lfu|slowlog|latency|notify|active-expire|activerehashing|lazyfree|maxmemory-(policy|samples|eviction)|tracking|proc-title|dynamic-hz|acllog|repl-(ping|backlog)|min-replicas-max|lua|busy-reply|cluster-node)/;
const VALUES = [
  "yes",
  "no",
  "1kb",
  "1mb",
  "allkeys-lru",
  "volatile-ttl",
  "noeviction",
  "KEA",
  "50 99",
  "%",
  "{}",
];

const KEYS = ["k1", "k2", "k3", "k4", "k5", "k6", "", "\xff\0"];
const WORDS = [
  "a",
  "b",
  "m1",
  "field",
  "0-1",
  "5-5",
  "$",
  ">",
  "-",
  "+",
  "(1",
  "[a",
  "",
  "x\0y",
  "KM",
  "u8",
  "i64",
  "#2",
  "x".repeat(300),
];
const INTEGERS = [
  "0",
  "1",
  "2",
  "3",
  "10",
  "-1",
  "100",
  "255",
  "-100",
  "65536",
  "9223372036854775807",
  "-9223372036854775808",
  "x",
  "1.5",
];
const DOUBLES = ["0", "1.5", "-2", "13.36", "38.11", "inf", "-inf", "nan", "1e300", "x"];
const PATTERNS = ["*", "k*", "?1", "[a-k]*", "[^k]*", "\\", "*****a", ""];
/** The most values that an argument which may come several times gets. */
const MOST_VALUES = 3;

/** All documented commands of a server. */
export class Documentation {
  readonly commands: readonly Documented[];
  /** Commands after which a connection is of little use: it listens, waits, is silent or gone. */
  readonly last: readonly Documented[];
  readonly #settings: readonly string[];

  private constructor(all: readonly Documented[], settings: readonly string[]) {
    const isSafe = ({ words }: Documented): boolean => {
      const name = words.join(" ");
      return !UNSAFE.test(name) || SAFE.test(name);
    };
    this.commands = all.filter(isSafe);
    this.last = all.filter((each) => !isSafe(each) && !FATAL.test(each.words.join(" ")));
    this.#settings = settings;
  }

  /** Asks the server. The client must speak RESP2, where maps are flat arrays. */
  static async of(client: RawClient): Promise<Documentation> {
    const docs = fields(await client.call("COMMAND", "DOCS"));
    const settings = fields(await client.call("CONFIG", "GET", "*"));
    return new Documentation(
      [...docs].flatMap(([name, about]) => commandsOf([name], about)),
      [...settings.keys()].filter((name) => SETTINGS.test(name)),
    );
  }

  /** CONFIG SET of one of the settings that do no harm, to anything. */
  drawSetting(random: Random): string[] {
    const value = random.chance(0.5) ? random.pick(INTEGERS) : random.pick([...VALUES, ...WORDS]);
    return ["CONFIG", "SET", random.pick(this.#settings), value];
  }

  /** One of the {@link last} commands. */
  drawLast(random: Random): string[] {
    const { words, arguments: args } = random.pick(this.last);
    return [...words, ...args.flatMap((each) => drawArgument(random, each))];
  }

  /** A request for one of the commands, with some of its options. */
  draw(random: Random): string[] {
    const { words, args } = this.drawParts(random);
    return [...words, ...args];
  }

  /** As {@link draw}: the words of the name, and the arguments. */
  drawParts(random: Random): { words: readonly string[]; args: string[] } {
    const { words, arguments: args } = random.pick(this.commands);
    return { words, args: args.flatMap((each) => drawArgument(random, each)) };
  }
}

/** A flat array of names and values as a map. */
function fields(reply: Reply): Map<string, Reply> {
  const map = new Map<string, Reply>();
  if (reply.type !== "array" && reply.type !== "map") return map;
  for (let i = 0; i + 1 < reply.items.length; i += 2) map.set(textOf(reply.items[i]), reply.items[i + 1]!);
  return map;
}

const textOf = (reply: Reply | undefined): string => reply !== undefined && "text" in reply ? reply.text : "";
const itemsOf = (reply: Reply | undefined): readonly Reply[] =>
  reply !== undefined && "items" in reply ? reply.items : [];

function commandsOf(words: readonly string[], about: Reply): Documented[] {
  const map = fields(about);
  const subcommands = map.get("subcommands");
  if (subcommands === undefined) {
    const args = itemsOf(map.get("arguments")).map(argumentOf);
    return [{ words, arguments: args, options: args.flatMap(tokensOf) }];
  }
  return [...fields(subcommands)].flatMap(([name, more]) =>
    commandsOf([words[0]!, name.split("|")[1]!], more)
  );
}

function tokensOf({ token, arguments: inner }: Argument): string[] {
  return [...token === "" ? [] : [token], ...inner.flatMap(tokensOf)];
}

function argumentOf(reply: Reply): Argument {
  const map = fields(reply);
  return {
    name: textOf(map.get("name")),
    type: textOf(map.get("type")),
    token: textOf(map.get("token")),
    flags: itemsOf(map.get("flags")).map(textOf),
    arguments: itemsOf(map.get("arguments")).map(argumentOf),
  };
}

function drawArgument(random: Random, argument: Argument): string[] {
  const { flags, token, type } = argument;
  if (flags.includes("optional") && random.chance(0.5)) return [];
  if (type === "pure-token") return [token];
  const values = flags.includes("multiple") ? random.int(1, MOST_VALUES) : 1;
  const words: string[] = [];
  for (let i = 0; i < values; i++) {
    if (token !== "" && (i === 0 || flags.includes("multiple_token"))) words.push(token);
    words.push(...drawValue(random, argument));
  }
  return words;
}

function drawValue(random: Random, { type, name, token, arguments: inner }: Argument): string[] {
  switch (type) {
    case "oneof":
      return drawArgument(random, random.pick(inner));
    case "block":
      return inner.flatMap((each) => drawArgument(random, each));
    case "key":
      return [random.pick(KEYS)];
    case "integer":
      if (token === "BLOCK") return ["5"]; // nobody shall wait longer than a moment
      // The number of what follows is nearly always right; otherwise little would follow it.
      if (/^numkeys$|^numfields$/.test(name)) {
        return [random.chance(0.9) ? `${random.int(1, MOST_VALUES)}` : "x"];
      }
      return [random.chance(0.7) ? `${random.int(0, 20)}` : random.pick(INTEGERS)];
    case "double":
      return [
        name === "timeout" ? "0.01" : random.chance(0.7) ? `${random.int(0, 20)}` : random.pick(DOUBLES),
      ];
    case "unix-time":
      return [random.pick(["1", "99999999999", "1700000000000", "-1", "x"])];
    case "pattern":
      return [random.pick(PATTERNS)];
    default:
      return [random.chance(0.3) ? `${random.int(0, 99)}` : random.pick(WORDS)];
  }
}
