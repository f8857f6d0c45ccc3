/**
 * The manifest of the append-only file: the small text file that says which parts make it up, in which order.
 *
 *     file appendonly.aof.1.base.rdb seq 1 type b
 *     file appendonly.aof.1.incr.aof seq 1 type i
 *
 * The base holds the data set at the last rewrite, the incremental parts what was written since (two of them while a
 * rewrite runs or after one failed), history parts are replaced and wait for their removal. Whatever the manifest names
 * is the truth: the last incremental part it names is the one that is appended to, whatever its name.
 *
 * Everything here is values; aof.ts does the reading, writing and syncing.
 */
import { quoted, splitWords } from "../types/quoting.ts";

/** Base, incremental, history: the letters of the file. */
export type PartType = "b" | "i" | "h";

/** One file of the append-only file. */
export interface AofPart {
  readonly name: string;
  /** From 1 on; rising among the incremental parts. */
  readonly seq: number;
  readonly type: PartType;
}

/** What a manifest says. Changed by making a new one, so that a failed write leaves the old one in force. */
export interface AofManifest {
  readonly base: AofPart | null;
  readonly incremental: readonly AofPart[];
  readonly history: readonly AofPart[];
  /** The largest numbers given out so far. */
  readonly baseSeq: number;
  readonly incrementalSeq: number;
}

/** Longest line, its newline included. */
const MAX_LINE_BYTES = 1024;

/** A manifest that cannot be; in the words in which Redis refuses to start. */
export class ManifestError extends Error {
  override name = "ManifestError";

  /** @param line 1-based; 0 where the error is about the whole file. */
  constructor(readonly reason: string, readonly line = 0, readonly text = "") {
    super(line === 0 ? reason : `line ${line}: ${reason}: '${text}'`);
  }
}

/** The manifest of an append-only file that has no parts yet. */
export const EMPTY_MANIFEST: AofManifest = {
  base: null,
  incremental: [],
  history: [],
  baseSeq: 0,
  incrementalSeq: 0,
};

/** Name of the manifest file. */
export function manifestName(appendfilename: string): string {
  return `${appendfilename}.manifest`;
}

/** Name under which a new manifest is written before it replaces the old one. */
export function manifestTempName(appendfilename: string): string {
  return `temp-${appendfilename}.manifest`;
}

/** Reads a manifest's text (a character for each byte). Throws {@link ManifestError}. */
export function parseManifest(text: string): AofManifest {
  if (text.length === 0) throw new ManifestError("Found an empty AOF manifest");
  let base: AofPart | null = null;
  const incremental: AofPart[] = [];
  const history: AofPart[] = [];
  let line = 0;
  for (let at = 0; at < text.length;) {
    const end = text.indexOf("\n", at);
    line++;
    // A zero byte ends the line for redis-server, which then misses the newline.
    if (end < 0 || end + 1 - at > MAX_LINE_BYTES || text.slice(at, end).includes("\0")) {
      throw new ManifestError("The AOF manifest file contains too long line");
    }
    const isComment = text[at] === "#";
    const content = text.slice(at, end).trim();
    const refuse = (reason: string) => new ManifestError(reason, line, content);
    at = end + 1;
    if (isComment) continue;
    const part = parsePart(content, refuse);
    if (part.type === "b") {
      if (base !== null) throw refuse("Found duplicate base file information");
      base = part;
    } else if (part.type === "i") {
      if (part.seq <= (incremental.at(-1)?.seq ?? 0)) throw refuse("Found a non-monotonic sequence number");
      incremental.push(part);
    } else history.push(part);
  }
  return {
    base,
    incremental,
    history,
    baseSeq: base?.seq ?? 0,
    incrementalSeq: incremental.at(-1)?.seq ?? 0,
  };
}

function parsePart(content: string, refuse: (reason: string) => ManifestError): AofPart {
  const INVALID = "Invalid AOF manifest file format";
  const words = splitWords(content);
  if (words === undefined || words.length < 6 || words.length % 2 !== 0) throw refuse(INVALID);
  let name = "", seq = 0, type = "";
  for (let i = 0; i < words.length; i += 2) {
    const value = words[i + 1]!;
    switch (words[i]!.toLowerCase()) {
      case "file":
        name = value;
        if (/[/\\]/.test(name)) throw refuse("File can't be a path, just a filename");
        break;
      case "seq":
        seq = Number(/^\s*([+-]?\d{1,15})(?!\d)/.exec(value)?.[1] ?? 0); // as atoll(3): what follows is passed over
        break;
      case "type":
        type = value.slice(0, 1);
    }
  }
  if (name === "" || seq === 0 || type === "") throw refuse(INVALID);
  if (type !== "b" && type !== "i" && type !== "h") throw refuse("Unknown AOF file type");
  return { name, seq, type };
}

/** The text of a manifest. */
export function formatManifest(manifest: AofManifest): string {
  const parts = [...manifest.history, ...manifest.incremental];
  if (manifest.base !== null) parts.unshift(manifest.base);
  return parts.map((part) => {
    const name = /^[!#-&(-[\]-~]+$/.test(part.name) ? part.name : quoted(part.name);
    return `file ${name} seq ${part.seq} type ${part.type}\n`;
  }).join("");
}

/** A manifest with one more incremental part; its name follows from `appendfilename`. */
export function withNextIncremental(manifest: AofManifest, appendfilename: string): AofManifest {
  const seq = manifest.incrementalSeq + 1;
  const part: AofPart = { name: `${appendfilename}.${seq}.incr.aof`, seq, type: "i" };
  return { ...manifest, incremental: [...manifest.incremental, part], incrementalSeq: seq };
}

/**
 * A manifest with a new base that holds everything before the last incremental part: the old base and the other
 * incremental parts become history.
 *
 * @param preamble whether the base is an RDB file (`aof-use-rdb-preamble`) or commands.
 * @param keep how many incremental parts at the end stay.
 */
export function withNextBase(
  manifest: AofManifest,
  appendfilename: string,
  preamble: boolean,
  keep: number,
): AofManifest {
  const seq = manifest.baseSeq + 1;
  const base: AofPart = { name: `${appendfilename}.${seq}.base.${preamble ? "rdb" : "aof"}`, seq, type: "b" };
  const split = manifest.incremental.length - keep;
  const replaced = manifest.incremental.slice(0, split);
  if (manifest.base !== null) replaced.unshift(manifest.base);
  // The latest first, as redis-server lists them.
  const history = replaced.reverse().map((part): AofPart => ({ ...part, type: "h" }));
  return {
    ...manifest,
    base,
    baseSeq: seq,
    incremental: manifest.incremental.slice(split),
    history: [...history, ...manifest.history],
  };
}

/** A manifest whose base is an append-only file of before 7.0, which was a single file. */
export function manifestOfOldFile(name: string): AofManifest {
  return { ...EMPTY_MANIFEST, base: { name, seq: 1, type: "b" }, baseSeq: 1 };
}

/** A manifest without these history parts. */
export function withoutHistory(manifest: AofManifest, gone: readonly AofPart[]): AofManifest {
  const isGone = (part: AofPart) => gone.some(({ name }) => name === part.name);
  return { ...manifest, history: manifest.history.filter((part) => !isGone(part)) };
}

/** The parts that hold the data set, in the order of loading. */
export function partsToLoad(manifest: AofManifest): AofPart[] {
  return manifest.base === null ? [...manifest.incremental] : [manifest.base, ...manifest.incremental];
}
