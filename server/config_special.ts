/**
 * The directives whose value has a shape of its own: lists of words, save points, buffer limits, the primary's address. Each
 * is a ValueType like the plain ones, so that the table of directives stays one line for each.
 */
import { fromLatin1 } from "../types/bytes.ts";
import { parseDouble } from "../types/double.ts";
import { ENUMS } from "./config_enums.ts";
import { cString, quoted } from "../types/quoting.ts";
import {
  ConfigError,
  formatMemory,
  LIMIT,
  parseLooseInt,
  parseMemory,
  refuseWord,
  type ValueType,
} from "./config_types.ts";
import type {
  OutputBufferLimit,
  OutputBufferLimits,
  PrimaryAddress,
  SavePoint,
  ShutdownFlags,
} from "./config_values.ts";
import { formatNotifyFlags, parseNotifyFlags } from "./notify_flags.ts";

const MAX_BIND_ADDRESSES = 16;

/** `save <seconds> <changes> ...`; lines of one file add up, "" removes all. */
export const saveType: ValueType<readonly SavePoint[]> = {
  parse(words, context) {
    if (words.length === 1 && words[0] === "") words = [];
    if (words.length % 2 !== 0) throw new ConfigError("Invalid save parameters");
    const points: SavePoint[] = [];
    let exact = true;
    for (let i = 0; i < words.length; i += 2) {
      const seconds = parseLooseInt(cString(words[i]!));
      const changes = parseLooseInt(cString(words[i + 1]!));
      if (seconds === undefined || changes === undefined || seconds < 1n || changes < 0n) {
        throw new ConfigError("Invalid save parameters");
      }
      // Redis keeps the number of changes in 32 bits.
      points.push({ seconds: Number(seconds), changes: Number(BigInt.asIntN(32, changes)) });
      exact &&= Number.isSafeInteger(Number(seconds));
    }
    const keep = context.fromFile && !context.first && points.length > 0;
    if (!exact && !keep) context.showAs(showExact(words));
    return keep ? [...context.current as readonly SavePoint[], ...points] : points;
  },
  format: (points) => points.map((point) => `${point.seconds} ${point.changes}`).join(" "),
  lines(name, points) {
    if (points.length === 0) return [{ text: `${name} ""`, force: true }];
    return points.map((point) => ({ text: `${name} ${point.seconds} ${point.changes}`, force: true }));
  },
};

/** The text of save points with seconds beyond 2^53. */
function showExact(words: readonly string[]): string {
  return words.map((word, i) => {
    const value = parseLooseInt(cString(word))!;
    return i % 2 === 0 ? value : BigInt.asIntN(32, value);
  }).join(" ");
}

const LIMIT_CLASSES: readonly (readonly [field: keyof OutputBufferLimits, shown: string])[] = [
  ["normal", "normal"],
  ["replica", "slave"],
  ["pubsub", "pubsub"],
];

/** `client-output-buffer-limit <class> <hard> <soft> <seconds> ...`; classes that are not named keep their limits. */
export const outputLimitsType: ValueType<OutputBufferLimits> = {
  parse(words, context) {
    if (words.length === 1 && words[0] === "") words = []; // CONFIG SET with an empty text changes nothing
    if (words.length % 4 !== 0) {
      throw new ConfigError("Wrong number of arguments in buffer limit configuration.");
    }
    const limits = { ...context.current as OutputBufferLimits };
    for (let i = 0; i < words.length; i += 4) {
      const name = cString(words[i]!).toLowerCase();
      const row = LIMIT_CLASSES.find(([field, shown]) => name === field || name === shown);
      if (!row) throw new ConfigError("Invalid client class specified in buffer limit configuration.");
      limits[row[0]] = parseLimit(words, i + 1);
    }
    return limits;
  },
  format(limits) {
    return LIMIT_CLASSES.map(([field, shown]) => {
      const { hard, soft, seconds } = limits[field];
      return `${shown} ${bytes(hard)} ${bytes(soft)} ${seconds}`;
    }).join(" ");
  },
  lines(name, limits, initial) {
    return LIMIT_CLASSES.map(([field]) => {
      const now = limits[field], then = initial[field];
      const force = now.hard !== then.hard || now.soft !== then.soft || now.seconds !== then.seconds;
      const text = `${name} ${field} ${formatMemory(bytes(now.hard))} ${
        formatMemory(bytes(now.soft))
      } ${now.seconds}`;
      return { text, force };
    });
  },
};

/** A limit as an integer; the largest one, 2^64-1, is no JavaScript number. */
function bytes(limit: number): bigint {
  return limit >= 2 ** 64 ? LIMIT.ULONG_MAX : BigInt(limit);
}

function parseLimit(words: readonly string[], at: number): OutputBufferLimit {
  const hard = parseMemory(cString(words[at]!));
  const soft = parseMemory(cString(words[at + 1]!));
  const seconds = parseLooseInt(cString(words[at + 2]!));
  const narrow = seconds === undefined ? -1 : Number(BigInt.asIntN(32, seconds)); // kept in 32 bits
  if (hard === undefined || soft === undefined || narrow < 0) {
    throw new ConfigError("Error in hard, soft or soft_seconds setting in buffer limit configuration.");
  }
  return { hard: Number(hard), soft: Number(soft), seconds: narrow };
}

/** `bind <address> ...`; no address: do not listen on TCP. */
export const bindType: ValueType<readonly string[]> = {
  parse(words) {
    if (words.length > MAX_BIND_ADDRESSES) throw new ConfigError("Too many bind addresses specified.");
    if (words.length === 1 && words[0] === "") return [];
    return words.map(cString);
  },
  format: (addresses) => addresses.join(" "),
  lines(name, addresses, initial) {
    const text = addresses.join(" ");
    if (text === initial.join(" ")) return [];
    return [{ text: `${name} ${text || '""'}`, force: true }];
  },
};

/** `replicaof <host> <port>` or `replicaof no one`. */
export const replicaofType: ValueType<PrimaryAddress | null> = {
  parse(words) {
    if (words.length !== 2) throw new ConfigError("wrong number of arguments");
    const host = cString(words[0]!), port = cString(words[1]!);
    if (host.toLowerCase() === "no" && port.toLowerCase() === "one") return null;
    const number = parseLooseInt(port);
    if (number === undefined || number < 0n || number > 65535n) throw new ConfigError("Invalid master port");
    return { host, port: Number(number) };
  },
  format: (primary) => primary ? `${primary.host} ${primary.port}` : "",
  lines: (name, primary) => primary ? [{ text: `${name} ${primary.host} ${primary.port}`, force: true }] : [],
};

/** `oom-score-adj-values <primary> <replica> <child>`. */
export const oomValuesType: ValueType<readonly number[]> = {
  parse(words) {
    if (words.length !== 3) throw new ConfigError("wrong number of arguments");
    return words.map((word) => {
      const value = parseLooseInt(cString(word));
      if (value === undefined || value < -2000n || value > 2000n) {
        throw new ConfigError("Invalid oom-score-adj-values, elements must be between -2000 and 2000.");
      }
      return Number(value);
    });
  },
  format: (values) => values.join(" "),
};

/** `shutdown-on-sigint` and `shutdown-on-sigterm`: any of the words but save together with nosave. */
export const shutdownType: ValueType<ShutdownFlags> = {
  parse(words) {
    const wanted = words.map((word) => cString(word).toLowerCase());
    const known: readonly string[] = ENUMS.shutdown;
    if (wanted.length === 0 || wanted.some((word) => !known.includes(word))) refuseWord(ENUMS.shutdown);
    if (wanted.includes("save") && wanted.includes("nosave")) {
      throw new ConfigError("shutdown options SAVE and NOSAVE can't be used simultaneously");
    }
    return ENUMS.shutdown.filter((word) => word !== "default" && wanted.includes(word));
  },
  format: (flags) => flags.join(" ") || "default",
};

/** `notify-keyspace-events <letters>`. */
export const notifyType: ValueType<number> = {
  parse([word]) {
    const flags = parseNotifyFlags(cString(word!));
    if (flags === undefined) throw new ConfigError("Invalid event class character. Use 'Ag$lshzxeKEtmdn'.");
    return flags;
  },
  format: formatNotifyFlags,
  write: quoted,
};

/** `latency-tracking-info-percentiles <percentile> ...`, shown with up to six decimals. */
export const percentilesType: ValueType<readonly number[]> = {
  parse(words) {
    if (words.length === 1 && words[0] === "") return [];
    return words.map((word) => {
      const bytes = fromLatin1(word);
      const value = parseDouble(bytes, 0, bytes.length);
      if (Number.isNaN(value)) throw new ConfigError("Invalid latency-tracking-info-percentiles parameters");
      if (!(value >= 0 && value <= 100)) {
        throw new ConfigError("latency-tracking-info-percentiles parameters should sit between [0.0,100.0]");
      }
      return value;
    });
  },
  format: (values) => values.map(formatPercentile).join(" "),
  lines(name, values) {
    return [{ text: `${name} ${values.map(formatPercentile).join(" ") || '""'}`, force: true }];
  },
};

/**
 * The text of printf's "%f" without trailing zeros: six decimals at most, "-0" for a negative zero. JavaScript rounds a
 * tie up where C rounds to even; with six decimals only odd multiples of 1/128 are ties.
 */
export function formatPercentile(value: number): string {
  let rounded = value;
  if ((value * 128) % 2 === 1) {
    const lower = (value * 128 * 15625 - 1) / 2; // the tie lies between lower and lower + 1 millionths
    rounded = (lower + lower % 2) / 1e6;
  }
  const text = rounded.toFixed(6).replace(/\.?0+$/, "");
  return Object.is(value, -0) ? `-${text}` : text;
}

/** `dir <path>`: an existing directory, shown absolute and without symbolic links. */
export const dirType: ValueType<string> = {
  parse: ([word], context) => context.changeDirectory(cString(word!)),
  format: (path) => path,
  lines: (name, path) => [{ text: `${name} ${quoted(path)}`, force: true }],
};

/** Throws unless the text is a bare file name. `what` names the directive, `kind` what it must be. */
export function checkBareName(
  what: string,
  kind: "filename" | "dirname",
  mayBeEmpty: boolean,
): (text: string) => void {
  return (text) => {
    if (text === "" && !mayBeEmpty) throw new ConfigError(`${what} can't be empty`);
    if (/[/\\]/.test(text)) throw new ConfigError(`${what} can't be a path, just a ${kind}`);
  };
}

/** Throws unless the text can be a host's name. */
export function checkHostname(text: string): void {
  if (text.length >= 256) throw new ConfigError("Hostnames must be less than 256 characters");
  if (/[^a-zA-Z0-9.-]/.test(text)) {
    throw new ConfigError("Hostnames may only contain alphanumeric characters, hyphens or dots");
  }
}

const TITLE_VARIABLES: readonly string[] = [
  "title",
  "listen-addr",
  "server-mode",
  "port",
  "tls-port",
  "unixsocket",
  "config-file",
];

/**
 * Throws unless the template of the process title has known variables only, each with its closing brace ("{{" is a brace),
 * and says something: blanks, or variables that may be empty, alone are refused.
 */
export function checkTitleTemplate(text: string): void {
  let unknown = false;
  const rest = text.replace(/\{(\{|[^}]*\}?)/g, (_, inner: string) => {
    if (inner === "{") return "{";
    const variable = inner.slice(0, -1);
    if (!inner.endsWith("}") || !TITLE_VARIABLES.includes(variable)) unknown = true;
    return ["title", "server-mode", "unixsocket"].includes(variable) ? "" : "x";
  });
  if (unknown || /^ *$/.test(rest)) {
    throw new ConfigError("template format is invalid or contains unknown variables");
  }
}

/** Defragmentation needs an allocator that tells; there is none here, as with most builds of Redis. */
export function refuseDefrag(): never {
  throw new ConfigError(
    "Active defragmentation cannot be enabled: it requires a Redis server compiled with a modified Jemalloc " +
      "like the one shipped by default with the Redis source distribution",
  );
}
