/**
 * The text form of the event classes of keyspace notifications: the letters of `notify-keyspace-events`.
 */
import { Notify, NOTIFY_ALL } from "../commands/notify_classes.ts";

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
