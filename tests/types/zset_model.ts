/** The naive sorted set that the tests hold the real ones against: an array in order and a map. */
import { fromLatin1 } from "../../types/bytes.ts";
import type { SeededRandom as Seeded } from "../helpers/seeded.ts";

/** One member of the model. */
export interface ModelEntry {
  member: string;
  score: number;
}

/** A sorted array of members with the operations of a sorted set, written the plain way. */
export class ZsetModel {
  readonly entries: ModelEntry[] = [];
  readonly scores = new Map<string, number>();

  /** Number of members that sort before (score, member). */
  place(score: number, member: string): number {
    let low = 0, high = this.entries.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const entry = this.entries[middle]!;
      if (entry.score < score || (entry.score === score && entry.member < member)) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  rank(member: string): number {
    return this.place(this.scores.get(member)!, member);
  }

  set(member: string, score: number): void {
    this.remove(member);
    this.entries.splice(this.place(score, member), 0, { member, score });
    this.scores.set(member, score);
  }

  remove(member: string): boolean {
    if (!this.scores.has(member)) return false;
    this.entries.splice(this.rank(member), 1);
    return this.scores.delete(member);
  }

  removeRange(from: number, to: number): void {
    for (const { member } of this.entries.splice(from, Math.max(0, to - from))) this.scores.delete(member);
  }

  anyMember(random: Seeded): string {
    return this.entries.length === 0 ? "none" : this.entries[random.below(this.entries.length)]!.member;
  }
}

const ODD_SCORES = [
  0,
  -0,
  Infinity,
  -Infinity,
  5e-324,
  -5e-324,
  1e-5,
  0.1,
  -0.1,
  2 ** 53,
  2 ** 62,
  -(2 ** 62),
];

/** Scores with many ties, many equal high halves, and the odd corners. */
export function randomScore(random: Seeded): number {
  switch (random.below(6)) {
    case 0:
      return ODD_SCORES[random.below(ODD_SCORES.length)]!;
    case 1:
      return random.below(5);
    case 2:
      return (random.next() - 2 ** 31) * 2 ** (random.below(80) - 40);
    case 3:
      return 1.7e12 + random.below(1000);
    case 4:
      return -1.7e12 - random.below(1000) / 8;
    default:
      return random.below(100000) - 50000;
  }
}

/** Members of several lengths; integers among them, which a packed set stores as such. */
export function randomMember(random: Seeded, pool: number): string {
  const n = random.below(pool);
  return n % 3 === 0 ? String(n - (pool >> 1)) : n % 7 === 0 ? `\xff${"x".repeat(n % 60)}${n}` : `m${n}`;
}

/** The bytes of a member. */
export const bytesOf = fromLatin1;
