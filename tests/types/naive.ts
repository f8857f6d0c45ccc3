/** Random values for the tests that hold a structure against a naive model. */
import { fromLatin1 } from "../../types/bytes.ts";
import type { SeededRandom } from "../helpers/seeded.ts";

/** One of the arguments. */
export function pick<T>(random: SeededRandom, ...choices: T[]): T {
  return choices[random.below(choices.length)]!;
}

const BORDERS = [
  "0",
  "1",
  "127",
  "128",
  "-1",
  "4095",
  "4096",
  "-4096",
  "-4097",
  "32767",
  "32768",
  "-32768",
  "-32769",
  "8388607",
  "8388608",
  "-8388608",
  "-8388609",
  "2147483647",
  "2147483648",
  "-2147483648",
  "-2147483649",
  "9007199254740991",
  "9007199254740992",
  "-9007199254740991",
  "-9007199254740992",
  "-9007199254740993",
  "9223372036854775807",
  "-9223372036854775808",
  "999999999999999",
  "1000000000000000",
  "1234567890123456789",
]; // deno-fmt-ignore

const LOOKALIKES = [
  "", "-", "+1", "-0", "00", "007", " 1", "1 ", "1.0", "9223372036854775808", "-9223372036854775809",
  "99999999999999999999", "123456789012345678901", "1e3", "0x10", "--1", "12a",
]; // deno-fmt-ignore

/** A random element: integers at the borders of every encoding, look-alikes, and strings of every length class. */
export function randomElement(random: SeededRandom, longest = 200): Uint8Array {
  switch (random.below(8)) {
    case 0:
      return fromLatin1(pick(random, ...BORDERS));
    case 1:
      return fromLatin1(pick(random, ...LOOKALIKES));
    case 2:
    case 3:
      return fromLatin1(String(random.below(100000) - 50000));
    case 4:
      return fromLatin1(`item${random.below(50)}`);
    default: {
      const bytes = new Uint8Array(random.below(random.below(10) === 0 ? longest : Math.min(longest, 20)));
      for (let i = 0; i < bytes.length; i++) bytes[i] = random.next();
      return bytes;
    }
  }
}

export { BORDERS, LOOKALIKES };
