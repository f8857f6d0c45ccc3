/** Patterns: what redis-server 7.0.15 finds, and that no pattern gets at the JavaScript stack. */
import { assertEquals } from "@std/assert";
import type { LuaError } from "../../lua/error.ts";
import { captureLength, captureStart, matchAt, patternOf, POSITION } from "../../lua/patterns.ts";

/** Start and end of the first match, and its captures; undefined for none. */
function find(subject: string, pattern: string): (number | string)[] | undefined {
  const anchor = pattern.startsWith("^");
  const program = patternOf(pattern, anchor);
  for (let at = 0; at <= subject.length; at++) {
    const end = matchAt(program, subject, at);
    if (end >= 0) {
      const captures = Array.from({ length: program.captures }, (_, i) => {
        const start = captureStart[i]!;
        return captureLength[i] === POSITION ? start : subject.slice(start, start + captureLength[i]!);
      });
      return [at, end, ...captures];
    }
    if (anchor) break;
  }
  return undefined;
}

function failure(subject: string, pattern: string): string {
  let text = "";
  try {
    find(subject, pattern);
  } catch (error) {
    text = (error as LuaError).message;
  }
  return text;
}

Deno.test("repetitions take as much or as little as the rest lets them", () => {
  assertEquals(find("aaab", "a*"), [0, 3]);
  assertEquals(find("aaab", "a-b"), [0, 4]);
  assertEquals(find("aaab", "a+a"), [0, 3]);
  assertEquals(find("aaab", "a?a?b"), [1, 4]);
  assertEquals(find("<<x>>", "<(.-)>"), [0, 4, "<x"]);
  assertEquals(find("key = value", "^(%w+)%s*=%s*(%w+)$"), [0, 11, "key", "value"]);
  assertEquals(find("bbb", "a+"), undefined);
  assertEquals(find("bbb", "a*"), [0, 0]);
});

Deno.test("classes, sets and their complements", () => {
  assertEquals(find("x\0y", "%z"), [1, 2]);
  assertEquals(find("ab12", "%D+"), [0, 2]);
  assertEquals(find("a-b", "[a%-]+"), [0, 2]);
  assertEquals(find("]x", "[]]"), [0, 1]);
  assertEquals(find("]x", "[^]]"), [1, 2]);
  assertEquals(find("a-", "[a-]+"), [0, 2]);
  assertEquals(find("b", "[c-a]"), undefined);
  assertEquals(find("\xe9", "%a"), undefined, "the locale is C");
  assertEquals(find("g", "%g"), [0, 1], "no class in Lua 5.1: the letter itself");
});

Deno.test("captures, positions, repeated captures", () => {
  assertEquals(find("abc", "()b()"), [1, 2, 1, 2]);
  assertEquals(find("abcabc", "(a)(b)c%1%2"), [0, 5, "a", "b"]);
  assertEquals(find('say "hi\' there"', "([\"'])(.-)%1"), [4, 15, '"', "hi' there"]);
  assertEquals(find("aa", "()a%1"), undefined, "a position has no text");
  assertEquals(find("abab", "((a)(b))%1"), [0, 4, "ab", "a", "b"]);
});

Deno.test("balanced pairs and frontiers", () => {
  assertEquals(find("f(a(b)c)d)", "%b()"), [1, 8]);
  assertEquals(find("((", "%b()"), undefined);
  assertEquals(find("THE (quick) fox", "%f[%a]%a+%f[%A]"), [0, 3]);
  assertEquals(find("x", "%f[%z]"), [1, 1], "the end counts as a zero byte");
});

Deno.test("anchors; a zero byte ends a pattern", () => {
  assertEquals(find("ba", "^a"), undefined);
  assertEquals(find("ba", "a$"), [1, 2]);
  assertEquals(find("a$b", "a$b"), [0, 3]);
  assertEquals(find("ab", "a\0+"), [0, 1]);
  assertEquals(find("a", "a$\0b"), [0, 1]);
});

Deno.test("a malformed pattern is an error where a match gets to it, and only there", () => {
  assertEquals(failure("a", "%"), "malformed pattern (ends with '%')");
  assertEquals(failure("a", "[a"), "malformed pattern (missing ']')");
  assertEquals(failure("a", "[a%]"), "malformed pattern (missing ']')");
  assertEquals(failure("a", "%bx"), "unbalanced pattern");
  assertEquals(failure("a", "%fa"), "missing '[' after '%f' in pattern");
  assertEquals(failure("a", ")"), "invalid pattern capture");
  assertEquals(failure("a", "(%1)"), "invalid capture index");
  assertEquals(failure("a", "()".repeat(33)), "too many captures");
  assertEquals(failure("a", "z["), "");
  assertEquals(failure("a", "z["), "", "and so it stays when the program is used again");
  assertEquals(failure("z", "z["), "malformed pattern (missing ']')");
});

Deno.test("no number of choices is too many for the stack", () => {
  const n = 200_000;
  assertEquals(find("a".repeat(n), "a?".repeat(n)), [0, n]);
  assertEquals(find("a".repeat(n), "a-".repeat(n) + "$"), [0, n]);
  assertEquals(find("(".repeat(n) + ")".repeat(n), "^%b()$"), [0, 2 * n]);
});
