/**
 * When are two replies "the same"? Nearly always when their bytes are. The rules here are the exceptions: replies
 * whose order is a hash table's (Redis seeds its hash at every start), replies drawn at random, and times. Each rule
 * gives up as little as possible: an unordered reply must still hold the same items, a random one have the same shape.
 * The rules are proved by playing two real servers against each other: no difference may remain.
 */
import { show } from "./resp.ts";
import type { Frame, Reply } from "./resp.ts";

/** Compares one reply of the server under test (`a`) with the reference's (`b`). */
export interface Rule {
  /** As written after `~` in a transcript. */
  name: string;
  same(a: Reply, b: Reply): boolean;
  /** What of a reply is compared, where that is only a part: for reports. */
  view?(reply: Reply): string;
  /** Compares everything that a step returned, for commands that answer with several frames. */
  sameFrames?(a: readonly Frame[], b: readonly Frame[]): boolean;
}

const equal = (a: Reply, b: Reply) => show(a) === show(b);

/** The same bytes. */
export const exact: Rule = { name: "exact", same: equal };

const itemsOf = (reply: Reply): Reply[] | undefined => "items" in reply ? reply.items : undefined;

function sorted(reply: Reply, chunk: number): string {
  const items = itemsOf(reply);
  if (!items) return show(reply);
  const parts: string[] = [];
  for (let i = 0; i < items.length; i += chunk) parts.push(items.slice(i, i + chunk).map(show).join(" "));
  return reply.type + items.length + "\n" + parts.sort().join("\n");
}

/** The same items in any order. */
export const unordered: Rule = { name: "unordered", same: (a, b) => sorted(a, 1) === sorted(b, 1) };

/** The same pairs (flat array or map) in any order. */
export const pairs: Rule = { name: "pairs", same: (a, b) => sorted(a, 2) === sorted(b, 2) };

/** HSCAN and ZSCAN over everything: the pairs in any order. */
export const scanPairs: Rule = {
  name: "scanpairs",
  same(a, b) {
    if (a.type !== "array" || b.type !== "array" || a.items.length !== 2 || b.items.length !== 2) {
      return show(a) === show(b);
    }
    return show(a.items[0]!) === show(b.items[0]!) && pairs.same(a.items[1]!, b.items[1]!);
  },
};

/** Every item has the same content when its own items are sorted: COMMAND INFO's flags, ACL CAT inside maps... */
export const deepUnordered: Rule = { name: "deep", same: (a, b) => deep(a) === deep(b) };

function deep(reply: Reply): string {
  const items = itemsOf(reply);
  return items ? reply.type + "[" + items.map(deep).sort().join(",") + "]" : show(reply);
}

/** The same types and lengths, whatever the contents: for replies drawn at random. */
export const shape: Rule = { name: "shape", same: (a, b) => outline(a) === outline(b) };

function outline(reply: Reply): string {
  if (reply.type === "error") return "-" + reply.text;
  if (reply.type === "null") return reply.wire;
  const items = itemsOf(reply);
  return items ? `${reply.type}[${items.map(outline).join(",")}]` : reply.type;
}

/** Only the type of the reply; errors by their text. */
export const typeOnly: Rule = {
  name: "type",
  same: (a, b) =>
    a.type === b.type && (a.type !== "error" || equal(a, b)) && (a.type !== "null" || equal(a, b)),
};

/**
 * Integers (also as text or double) may differ by up to `by`, everything else is exact. Numbers below `from` must be
 * equal: -1 and -2 of TTL are answers, not times.
 */
export function tolerance(by: number, from = 0): Rule {
  const near = (a: Reply, b: Reply): boolean => {
    const x = itemsOf(a), y = itemsOf(b);
    if (x && y) return a.type === b.type && x.length === y.length && x.every((item, i) => near(item, y[i]!));
    if (equal(a, b)) return true;
    const m = numeric(a), n = numeric(b);
    if (a.type !== b.type || m === undefined || n === undefined) return false;
    return m >= from && n >= from && Math.abs(m - n) <= by;
  };
  return { name: `tolerance=${by}`, same: near };
}

function numeric(reply: Reply): number | undefined {
  if (reply.type === "integer") return Number(reply.value);
  if (reply.type === "bulk" && /^-?\d{1,16}$/.test(reply.text)) return Number(reply.text);
  return undefined;
}

/**
 * Fractions of 16 and 17 digits may differ in the last two: GEOSEARCHSTORE STOREDIST stores what sin, cos and asin gave,
 * and the last bit of these depends on the C library and the processor of the reference.
 */
export const lastDigits: Rule = {
  name: "digits",
  same: (a, b) => {
    const x = itemsOf(a), y = itemsOf(b);
    if (x && y) return x.length === y.length && x.every((item, i) => lastDigits.same(item, y[i]!));
    return equal(a, b) || (a.type === b.type && nearFraction(textOf(a), textOf(b)));
  },
};

const textOf = (reply: Reply): string => "text" in reply ? reply.text : "";

function nearFraction(a: string, b: string): boolean {
  if (!/^\d+\.\d+$/.test(a) || !/^\d+\.\d+$/.test(b) || Math.max(a.length, b.length) < 17) return false;
  return Math.abs(Number(a) - Number(b)) <= Number(a) * 1e-15;
}

/** Numbers that look like a moment of this decade (milliseconds, also inside stream IDs) are replaced. */
export const moments: Rule = { name: "moments", same: (a, b) => masked(a) === masked(b) };

function masked(reply: Reply): string {
  return show(reply).replace(/\b1[789]\d{11}\b/g, "<moment>");
}

/** As `moments`, and small integers after an "idle"/"inactive"-like name may differ (XINFO CONSUMERS). */
export const idleTimes: Rule = {
  name: "idle",
  same: (a, b) => maskIdle(a) === maskIdle(b),
};

function maskIdle(reply: Reply): string {
  return masked(reply).replace(/("(?:idle|inactive)"), :-?\d+/g, "$1, <ms>");
}

/** Lines of text in any order, of which some are dropped and parts are masked. */
function lines(name: string, mask: (line: string) => string | undefined): Rule {
  const view = (reply: Reply): string => {
    if (reply.type !== "bulk" && reply.type !== "verbatim") return show(reply);
    return reply.text.replace(/^txt:/, "").split(/\r?\n/).map(mask).filter((line) => line !== undefined)
      .sort().join("\n");
  };
  return {
    name,
    same: (a, b) => a.type === b.type && view(a) === view(b),
    view,
  };
}

/** CLIENT LIST and INFO: addresses, ages and sizes of buffers are each server's own; the harness's connection is left out. */
export const clientLines: Rule = lines(
  "clients",
  (line) =>
    line.includes(" name=control ") ? undefined : line.replace(
      /\b(id|addr|laddr|fd|age|idle|qbuf|qbuf-free|multi-mem|rbs|rbp|obl|oll|omem|tot-mem)=\S*/g,
      "$1=?",
    ).replace(/argv-mem=\d+(.* cmd=exec )/, "argv-mem=?$1"), // what redis-server counts while it swaps arguments
);

/** Statistics that what was sent decides; the harness's own questions about clients, and times, are left out. */
export const counters: Rule = lines("stats", (line) => {
  if (/^cmdstat_(ping|client\|list|info|role)|^latency_percentiles_usec_(ping|client\|list)/.test(line)) {
    return undefined;
  }
  if (/^latency_percentiles/.test(line)) return line.replace(/=[\d.]+/g, "=?");
  if (/^(cmdstat_|errorstat_|db\d|#)/.test(line)) {
    return line.replace(/(usec|usec_per_call|avg_ttl)=[\d.]+/g, "$1=?");
  }
  return STATISTICS.test(line) ? line : undefined;
});

const STATISTICS =
  /^(expired_keys|evicted_|keyspace_|pubsub|tracking_|total_error_replies|unexpected_|acl_|rejected_|blocked_clients|clients_in|maxclients|migrate|dump_)/;

/** LATENCY HISTOGRAM: which commands, and their calls; durations are not to be foreseen. */
export const histograms: Rule = {
  name: "histograms",
  same: (a, b) => histogramView(a) === histogramView(b),
  view: histogramView,
};

function histogramView(reply: Reply): string {
  const text = show(reply).replace(/("histogram_usec"), \[[^\]]*\]/g, "$1");
  const calls = text.match(/"[^"]*", \[?\{?"calls"[^"]*/g) ?? [];
  return reply.type === "error"
    ? text
    : calls.filter((each) => !/^"(ping|client\|(list|id))"/.test(each)).sort().join("\n");
}

/** SLOWLOG GET without ids, times and addresses, and without the harness's own commands. */
export const slowEntries: Rule = {
  name: "slow",
  same: (a, b) => slowView(a) === slowView(b),
  view: slowView,
};

function slowView(reply: Reply): string {
  if (reply.type !== "array") return show(reply);
  const words = reply.items.map((entry) => entry.type === "array" ? show(entry.items[3]!) : show(entry));
  return words.filter((each) => !/^\["(PING|CLIENT", "(LIST|ID|UNBLOCK))"/.test(each)).slice(0, 10).join(
    "\n",
  );
}

/** Lists inside of which the words of each text may come in any order: the single commands of an ACL user. */
export const wordsInAnyOrder: Rule = { name: "words", same: (a, b) => sortWords(a) === sortWords(b) };

function sortWords(reply: Reply): string {
  const items = itemsOf(reply);
  if (items) return `${reply.type}[${items.map(sortWords).join(", ")}]`;
  return reply.type === "bulk" ? JSON.stringify(reply.text.split(/[ ()]+/).sort()) : show(reply);
}

/** ACL LOG: ages differ, and of the clients only who they are, in which state and by which command counts. */
export const refusals: Rule = { name: "refusals", same: (a, b) => maskRefusals(a) === maskRefusals(b) };

function maskRefusals(reply: Reply): string {
  return show(reply).replace(/("age-seconds", )[^ \]]+/g, "$1<seconds>,")
    .replace(/"id=\d+ [^"]*( flags=\S+ db=\d+) [^"]*( cmd=\S+ user=\S+) [^"]*"/g, "<client$1$2>");
}

/** Nothing is compared but that there is a reply. */
export const anything: Rule = { name: "any", same: () => true };

/**
 * UNSUBSCRIBE without channels: one frame per channel in hash order, while the counts go down one by one. The kind
 * and count of each frame must agree, and the channels as a set.
 */
export const unsubscribeAll: Rule = {
  name: "unsubscribed",
  same: equal,
  sameFrames(a, b) {
    const split = (frames: readonly Frame[]) => {
      const channels: string[] = [], rest: string[] = [];
      for (const { value } of frames) {
        const items = itemsOf(value);
        if (items?.length === 3) {
          channels.push(show(items[1]!));
          rest.push(value.type + show(items[0]!) + show(items[2]!));
        } else rest.push(show(value));
      }
      return rest.join("\n") + "\n" + channels.sort().join("\n");
    };
    return split(a) === split(b);
  },
};

const NAMED: Rule[] = [
  exact,
  scanPairs,
  unordered,
  pairs,
  deepUnordered,
  shape,
  typeOnly,
  lastDigits,
  moments,
  idleTimes,
  refusals,
  wordsInAnyOrder,
  clientLines,
  counters,
  slowEntries,
  histograms,
  anything,
  unsubscribeAll,
];

/** The rule of a name as a transcript writes it (`~unordered`, `~tolerance=5`). Throws on an unknown one. */
export function ruleNamed(name: string): Rule {
  const known = NAMED.find((rule) => rule.name === name);
  if (known) return known;
  const near = /^tolerance=(\d+)$/.exec(name);
  if (near) return tolerance(Number(near[1]));
  throw new Error(`no comparison rule is named ~${name}`);
}
