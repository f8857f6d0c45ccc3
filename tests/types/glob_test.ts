/** Glob matching: the odd corners as redis-server 7.0.15 answers them, and a naive recursive model. */
import { assert, assertEquals } from "@std/assert";
import { globIsLiteral, globMatch } from "../../types/glob.ts";
import { toBytes } from "../helpers/bytes.ts";
import { seededRandom } from "../helpers/seeded.ts";

function match(pattern: string, subject: string, nocase = false): boolean {
  // The spans sit inside larger buffers whose neighbours must not be looked at.
  const p = toBytes("[*" + pattern + "]*");
  const s = toBytes("x" + subject + "y");
  return globMatch(p, 2, p.length - 2, s, 1, s.length - 1, nocase);
}

Deno.test("literals, stars and question marks", () => {
  assert(match("hello", "hello"));
  assert(!match("hello", "hell"));
  assert(!match("hell", "hello"));
  assert(match("h*o", "hello"));
  assert(match("h**o*", "hello"));
  assert(match("h?llo", "hello"));
  assert(!match("h?llo", "hllo"));
  assert(match("*a*b*c*", "xxaxxbxxcxx"));
  assert(!match("*a*b*c*", "xxaxxcxxbxx"));
});

Deno.test("an empty subject matches only the empty pattern", () => {
  assert(match("", ""));
  assert(!match("*", ""));
  assert(!match("**", ""));
  assert(!match("", "a"));
});

Deno.test("classes: ranges both ways, negation, escapes, no end", () => {
  assert(match("h[ae]llo", "hallo"));
  assert(!match("h[^e]llo", "hello"));
  assert(match("h[b-a]llo", "hallo"));
  assert(match("[]", "a") === false);
  assert(match("[abc", "c"));
  assert(match("[^abc", "d"));
  assert(match("[\\]]", "]"));
  assert(match("[a\\-z]", "-"));
  assert(!match("[a\\-z]", "m"));
  assert(match("[a-", "-"), "a dash at the end stands for itself");
  assert(match("[a-]", "^"), "the bracket is the end of the range");
});

Deno.test("a trailing backslash stands for itself", () => {
  assert(match("a\\", "a\\"));
  assert(match("\\*", "*"));
  assert(!match("\\*", "a"));
});

Deno.test("bytes above 0x7f come before the others in ranges", () => {
  assert(match("[\x80-\x05]", "\xff"));
  assert(!match("[\x05-\x80]", "\x06"));
});

Deno.test("without regard to case", () => {
  assert(match("MAX*[A-Z]", "maxmemory", true));
  assert(!match("MAX*", "maxmemory"));
  assert(!match("[\\A]", "a", true), "an escaped byte in a class keeps its case");
});

Deno.test("a hostile pattern takes no exponential time", () => {
  assert(!match("a*".repeat(40) + "b", "a".repeat(2000)));
});

Deno.test("literal patterns are known", () => {
  const known = (text: string) => globIsLiteral(toBytes(text), 0, text.length);
  assert(known("plain:key-]^"));
  for (const special of ["*", "?", "[", "\\"]) assert(!known("a" + special));
});

Deno.test("equal to a naive recursive model on random patterns", () => {
  const random = seededRandom(11);
  const alphabet = "ab*?*";
  const naive = (p: string, s: string): boolean => {
    if (p === "") return s === "";
    if (p[0] === "*") return naive(p.slice(1), s) || (s !== "" && naive(p, s.slice(1)));
    return s !== "" && (p[0] === "?" || p[0] === s[0]) && naive(p.slice(1), s.slice(1));
  };
  let matches = 0;
  for (let i = 0; i < 20_000; i++) {
    let pattern = "";
    let subject = "a";
    for (let n = random.below(7); n > 0; n--) pattern += alphabet[random.below(5)];
    for (let n = random.below(7); n > 0; n--) subject += alphabet[random.below(2)];
    const expected = naive(pattern, subject);
    if (expected) matches++;
    assertEquals(match(pattern, subject), expected, `${pattern} on ${subject}`);
  }
  assert(matches > 1000);
});
