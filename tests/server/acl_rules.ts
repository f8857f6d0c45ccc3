/** Random ACL rules, good and bad, for tests that apply the same ones to two servers. */
import type { SeededRandom } from "../helpers/seeded.ts";

const USER_WORDS = [
  "on",
  "off",
  "nopass",
  "resetpass",
  "reset",
  "clearselectors",
  "sanitize-payload",
  "SKIP-sanitize-payload",
  ">one",
  ">two",
  "<one",
  "<two",
  "#" + "0a".repeat(32),
  "!" + "0a".repeat(32),
  "#" + "0A".repeat(32),
  "#abc",
  "on\0off",
  ">one\0",
  "",
  "(",
  ")",
  "()",
  "zzz",
];

const SELECTOR_WORDS = [
  "allkeys",
  "resetkeys",
  "~*",
  "allchannels",
  "resetchannels",
  "&*",
  "+@all",
  "-@ALL",
  "nocommands",
  "allcommands",
  "~k1",
  "~k2*",
  "%R~k1",
  "%W~k1",
  "%rw~k2*",
  "%WR~k3",
  "%R~*",
  "%R",
  "%RR~k1",
  "%X~k1",
  "%Q",
  "~a b",
  "&c1",
  "&c*",
  "&a b",
  "+nosuch",
  "-get|x",
  "+get|",
  "+",
  "-",
  "+@",
  "-@nosuch",
  "+config|",
  "+config|nosuch",
  "+config|set|x",
  "+|x",
  "on",
  "",
];

function pick<T>(random: SeededRandom, items: readonly T[]): T {
  return items[random.below(items.length)]!;
}

/** Makes random rules out of these commands (full names) and categories. */
export class RuleMaker {
  readonly #random: SeededRandom;
  readonly #commands: readonly string[];
  readonly #categories: readonly string[];

  constructor(random: SeededRandom, commands: readonly string[], categories: readonly string[]) {
    this.#random = random;
    this.#commands = commands;
    this.#categories = categories;
  }

  /** The words of one ACL SETUSER. */
  words(): string[] {
    const words: string[] = [];
    for (let i = this.#random.below(4); i >= 0; i--) {
      const kind = this.#random.below(10);
      if (kind === 0) words.push(pick(this.#random, USER_WORDS));
      else if (kind === 1) words.push(...this.#selector());
      else words.push(this.#selectorWord());
    }
    return words;
  }

  /** A selector in parentheses, in one word or several. */
  #selector(): string[] {
    const words: string[] = [];
    for (let i = this.#random.below(4); i > 0; i--) words.push(this.#selectorWord());
    if (this.#random.below(2) === 0) return [`(${words.join(" ")})`];
    return ["(" + (words[0] ?? ""), ...words.slice(1), this.#random.below(9) === 0 ? "x" : " )"];
  }

  #selectorWord(): string {
    const sign = this.#random.below(2) === 0 ? "+" : "-";
    const command = pick(this.#random, this.#commands);
    switch (this.#random.below(8)) {
      case 0:
        return pick(this.#random, SELECTOR_WORDS);
      case 1:
      case 2:
        return `${sign}${command}`;
      case 3:
        return `${sign}${command.toUpperCase()}`;
      case 4:
        return `+${command}|${pick(this.#random, ["one", "TWO", "two"])}`;
      default:
        return `${sign}@${pick(this.#random, this.#categories)}`;
    }
  }
}
