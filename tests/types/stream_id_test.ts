import { assert, assertEquals } from "@std/assert";
import { fromLatin1 } from "../../types/bytes.ts";
import { IdForm, idFromText, parseId, StreamId } from "../../types/stream_id.ts";

function parse(text: string, maxSequence = false): string {
  const bytes = fromLatin1(text);
  const id = new StreamId();
  const form = parseId(bytes, 0, bytes.length, id, maxSequence);
  return form === IdForm.Invalid ? "invalid" : `${IdForm[form]} ${id}`;
}

Deno.test("an ID has milliseconds and an optional sequence", () => {
  assertEquals(parse("1526919030474-55"), "Complete 1526919030474-55");
  assertEquals(parse("7"), "NoSequence 7-0");
  assertEquals(parse("7", true), "NoSequence 7-18446744073709551615");
  assertEquals(parse("7-*"), "AutoSequence 7-0");
  for (const text of ["", "-", "+", "*", "1-", "-1", "a", "1-a", "1-2-3", "1-**", "1.5", "1-2 "]) {
    assertEquals(parse(text), "invalid", text);
  }
});

Deno.test("both numbers use all 64 bits", () => {
  const max = "18446744073709551615";
  assertEquals(parse(`${max}-${max}`), `Complete ${max}-${max}`);
  assertEquals(parse("18446744073709551616-0"), "invalid");
  assertEquals(parse("9007199254740993-9007199254740995"), "Complete 9007199254740993-9007199254740995");
  assertEquals(parse("999999999999999-1000000000000000"), "Complete 999999999999999-1000000000000000");
  for (let bit = 0n; bit < 64n; bit++) {
    for (const step of [-1n, 0n, 1n]) {
      const value = ((1n << bit) + step).toString();
      assertEquals(parse(`${value}-${value}`), `Complete ${value}-${value}`);
    }
  }
});

Deno.test("numbers are read as strtoull reads them", () => {
  assertEquals(parse("007- 5"), "Complete 7-5");
  assertEquals(parse("\t+7-\n+5"), "Complete 7-5");
  assertEquals(parse("1--5"), "invalid");
  assertEquals(parse("1--0"), "Complete 1-0");
  assertEquals(parse("1--05"), "Complete 1-18446744073709551611");
  assertEquals(parse("1- -5"), "Complete 1-18446744073709551611");
  assertEquals(parse("1--9223372036854775808"), "invalid");
  assertEquals(parse("1--9223372036854775809"), "Complete 1-9223372036854775807");
  assertEquals(parse("000000000000000000000000000000000000007"), "NoSequence 7-0");
  assertEquals(parse("5\0abc"), "NoSequence 5-0");
  assertEquals(parse("0".repeat(127)), "NoSequence 0-0");
  assertEquals(parse("0".repeat(128)), "invalid");
});

Deno.test("increment and decrement carry through both numbers", () => {
  const id = idFromText("1-18446744073709551615");
  assert(id.increment());
  assertEquals(id.toString(), "2-0");
  assert(id.decrement());
  assertEquals(id.toString(), "1-18446744073709551615");
  id.setMax();
  assertEquals(id.increment(), false);
  assertEquals(id.toString(), "0-0");
  assertEquals(id.decrement(), false);
  assert(id.isMax());
  assertEquals(idFromText("4294967295-4294967295").increment(), true);
  const carried = idFromText("4294967295-18446744073709551615");
  carried.increment();
  assertEquals(carried.toString(), "4294967296-0");
});

Deno.test("IDs are ordered by milliseconds, then sequence, and keep that order as 16 bytes", () => {
  const texts = [
    "0-0",
    "0-1",
    "0-4294967296",
    "1-0",
    "4294967295-9",
    "4294967296-0",
    "18446744073709551615-0",
  ];
  const ids = texts.map(idFromText);
  const bytes = new Uint8Array(16);
  for (let i = 0; i < ids.length; i++) {
    for (let j = 0; j < ids.length; j++) {
      assertEquals(Math.sign(ids[i]!.compare(ids[j]!)), Math.sign(i - j));
    }
    ids[i]!.writeBytes(bytes, 0);
    assertEquals(new StreamId().readBytes(bytes, 0).toString(), texts[i]);
  }
});
