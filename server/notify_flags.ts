/**
 * The event classes of keyspace notifications: one bit for each letter of `notify-keyspace-events`.
 */

/** Bits of `config.notifyKeyspaceEvents`. */
export const Notify = {
  /** K: publish on __keyspace@db__ channels. */
  KEYSPACE: 1 << 0,
  /** E: publish on __keyevent@db__ channels. */
  KEYEVENT: 1 << 1,
  GENERIC: 1 << 2,
  STRING: 1 << 3,
  LIST: 1 << 4,
  SET: 1 << 5,
  HASH: 1 << 6,
  ZSET: 1 << 7,
  EXPIRED: 1 << 8,
  EVICTED: 1 << 9,
  STREAM: 1 << 10,
  /** m: a read found no key. Not part of A. */
  KEY_MISS: 1 << 11,
  MODULE: 1 << 13,
  /** n: a key came into being. Not part of A. */
  NEW: 1 << 14,
} as const;

/** The classes that the letter A stands for. */
export const NOTIFY_ALL: number = Notify.GENERIC | Notify.STRING | Notify.LIST | Notify.SET | Notify.HASH |
  Notify.ZSET | Notify.EXPIRED | Notify.EVICTED | Notify.STREAM | Notify.MODULE;

/** Letters in the order in which they are shown. */
const LETTERS: readonly (readonly [letter: string, bit: number])[] = [
  ["g", Notify.GENERIC],
  ["$", Notify.STRING],
  ["l", Notify.LIST],
  ["s", Notify.SET],
  ["h", Notify.HASH],
  ["z", Notify.ZSET],
  ["x", Notify.EXPIRED],
  ["e", Notify.EVICTED],
  ["t", Notify.STREAM],
  ["d", Notify.MODULE],
  ["n", Notify.NEW],
  ["K", Notify.KEYSPACE],
  ["E", Notify.KEYEVENT],
  ["m", Notify.KEY_MISS],
];

/** The bits of a text such as "AKE", or undefined when it has a letter that means nothing. */
export function parseNotifyFlags(text: string): number | undefined {
  let flags = 0;
  for (const letter of text) {
    const bit = letter === "A" ? NOTIFY_ALL : LETTERS.find((row) => row[0] === letter)?.[1];
    if (bit === undefined) return undefined;
    flags |= bit;
  }
  return flags;
}

/** The text of the bits as CONFIG GET shows it. Beside A, the letter n is not shown (Redis 7.0 leaves it out). */
export function formatNotifyFlags(flags: number): string {
  const all = (flags & NOTIFY_ALL) === NOTIFY_ALL;
  let text = all ? "A" : "";
  for (const [letter, bit] of LETTERS) {
    if ((flags & bit) === 0 || (all && (bit & (NOTIFY_ALL | Notify.NEW)) !== 0)) continue;
    text += letter;
  }
  return text;
}
