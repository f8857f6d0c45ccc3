/** Bit operations against strings of "0" and "1", and integer fields against BigInt arithmetic. */
import { assert, assertEquals } from "@std/assert";
import {
  type BitOperation,
  combineBits,
  type FieldType,
  findBit,
  fitField,
  type Overflow,
  popcount,
  popcountBits,
  readField,
  writeField,
} from "../../types/bitops.ts";
import { seededRandom } from "../helpers/seeded.ts";

const random = seededRandom(42);

/** Random bytes inside a larger buffer, at any alignment; now and then mostly zeros or mostly ones. */
function randomSpan(maximum: number): { buf: Uint8Array; start: number; end: number } {
  const length = random.below(maximum);
  const start = random.below(9);
  const buf = new Uint8Array(start + length + 5).fill(0xa5);
  const style = random.below(3);
  for (let i = start; i < start + length; i++) {
    const byte = random.below(256);
    buf[i] = style === 0
      ? byte
      : style === 1
      ? (random.below(50) ? 0 : byte)
      : (random.below(50) ? 255 : byte);
  }
  return { buf, start, end: start + length };
}

function bitText(span: { buf: Uint8Array; start: number; end: number }): string {
  let text = "";
  for (let i = span.start; i < span.end; i++) text += span.buf[i]!.toString(2).padStart(8, "0");
  return text;
}

Deno.test("popcount, whole and between bits", () => {
  for (let i = 0; i < 2000; i++) {
    const span = randomSpan(i % 10 === 0 ? 400 : 80);
    const text = bitText(span);
    const ones = (bits: string) => bits.replaceAll("0", "").length;
    assertEquals(popcount(span.buf, span.start, span.end), ones(text));
    if (text === "") continue;
    const from = random.below(text.length);
    const to = random.below(text.length);
    assertEquals(
      popcountBits(span.buf, span.start, from, to),
      ones(text.slice(from, Math.max(from, to + 1))),
    );
  }
});

Deno.test("findBit finds the first one or zero", () => {
  for (let i = 0; i < 4000; i++) {
    const span = randomSpan(i % 10 === 0 ? 400 : 40);
    const text = bitText(span);
    if (text === "") continue;
    const from = random.below(text.length);
    const to = random.below(text.length);
    const bit = random.below(2) as 0 | 1;
    const at = text.slice(0, to + 1).indexOf(String(bit), from);
    assertEquals(findBit(span.buf, span.start, from, to, bit), from > to ? -1 : at);
  }
});

Deno.test("combineBits over operands of different lengths and alignments", () => {
  const apply: Record<BitOperation, (a: number, b: number) => number> = {
    and: (a, b) => a & b,
    or: (a, b) => a | b,
    xor: (a, b) => a ^ b,
    not: (a) => ~a & 0xff,
  };
  for (let i = 0; i < 1500; i++) {
    const operation = (["and", "or", "xor", "not"] as const)[i % 4]!;
    const operands = [];
    const count = operation === "not" ? 1 : 1 + random.below(5);
    for (let n = 0; n < count; n++) operands.push(randomSpan(i % 100 === 0 ? 40_000 : 50));
    const length = Math.max(...operands.map((span) => span.end - span.start));
    const out = new Uint8Array(length);
    combineBits(operation, operands, out);
    for (let at = 0; at < length; at++) {
      const values = operands.map((span) => (span.start + at < span.end ? span.buf[span.start + at]! : 0));
      const expected = operation === "not" ? apply.not(values[0]!, 0) : values.reduce(apply[operation]);
      assertEquals(out[at], expected, `${operation} byte ${at}`);
    }
  }
});

Deno.test("fields of every width at every offset keep their neighbours", () => {
  for (let bits = 1; bits <= 64; bits++) {
    for (const signed of bits === 64 ? [true] : [true, false]) {
      for (let offset = 0; offset < 9; offset++) {
        const buf = new Uint8Array(14).fill(random.below(2) * 255);
        const before = bitText({ buf, start: 1, end: 14 });
        const value = BigInt.asUintN(bits, BigInt(random.next()) << 32n | BigInt(random.next()));
        writeField(buf, 1, offset, bits, value);
        const after = bitText({ buf, start: 1, end: 14 });
        const text = value.toString(2).padStart(bits, "0");
        assertEquals(after, before.slice(0, offset) + text + before.slice(offset + bits));
        const expected = signed ? BigInt.asIntN(bits, value) : value;
        assertEquals(readField(buf, 1, 14, offset, { signed, bits }), expected);
      }
    }
  }
});

Deno.test("fields read zeros beyond the end, also far beyond", () => {
  const buf = new Uint8Array([0xff, 0xff]);
  assertEquals(readField(buf, 0, 1, 4, { signed: false, bits: 8 }), 0xf0n);
  assertEquals(readField(buf, 0, 1, 4_294_967_295, { signed: false, bits: 63 }), 0n);
  assertEquals(readField(buf, 0, 1, 0, { signed: true, bits: 8 }), -1n);
});

Deno.test("results that do not fit wrap, saturate or fail", () => {
  const cases: [bigint, FieldType, bigint, bigint][] = [
    [256n, { signed: false, bits: 8 }, 0n, 255n],
    [-1n, { signed: false, bits: 8 }, 255n, 0n],
    [128n, { signed: true, bits: 8 }, -128n, 127n],
    [-129n, { signed: true, bits: 8 }, 127n, -128n],
    [1n, { signed: true, bits: 1 }, -1n, 0n],
    [1n << 63n, { signed: true, bits: 64 }, -(1n << 63n), (1n << 63n) - 1n],
    [1n << 63n, { signed: false, bits: 63 }, 0n, (1n << 63n) - 1n],
    [(1n << 64n) - 1n, { signed: false, bits: 63 }, (1n << 63n) - 1n, (1n << 63n) - 1n],
  ];
  for (const [value, type, wrapped, saturated] of cases) {
    assertEquals(fitField(value, type, "wrap"), wrapped);
    assertEquals(fitField(value, type, "sat"), saturated);
    assertEquals(fitField(value, type, "fail"), null);
  }
  for (const overflow of ["wrap", "sat", "fail"] satisfies Overflow[]) {
    assertEquals(fitField(-5n, { signed: true, bits: 4 }, overflow), -5n);
  }
  const narrow = { signed: true, bits: 28 };
  assertEquals(fitField(-(1n << 63n), narrow, "sat"), -(1n << 27n));
  assertEquals(fitField(-(1n << 63n), narrow, "sat", true), (1n << 27n) - 1n, "as redis-server does");
  assertEquals(fitField(-(1n << 62n), narrow, "sat", true), -(1n << 27n));
  assert(fitField(15n, { signed: false, bits: 4 }, "fail") !== null);
});
