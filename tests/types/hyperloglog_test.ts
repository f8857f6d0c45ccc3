/** HyperLogLog values against bytes that redis-server 7.0.15 wrote, and against a plain array of registers. */
import { assert, assertEquals } from "@std/assert";
import {
  addToDense,
  cacheCount,
  cachedCount,
  denseRegister,
  describeSparse,
  estimateCount,
  estimateUnion,
  HLL_DENSE_BYTES,
  HLL_REGISTERS,
  HyperLogLogEditor,
  isDense,
  isHyperLogLog,
  mergeRegisters,
} from "../../types/hyperloglog.ts";
import { murmur, murmur64 } from "../../types/murmur.ts";
import { toBytes } from "../helpers/bytes.ts";
import { seededRandom } from "../helpers/seeded.ts";

const LIMIT = 3000;

function add(editor: HyperLogLogEditor, text: string, limit = LIMIT): -1 | 0 | 1 {
  const element = toBytes(`x${text}y`);
  return editor.add(element, 1, element.length - 1, limit);
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** A sparse value with these opcodes and a stale count. */
function sparse(...opcodes: number[]): Uint8Array {
  const value = new Uint8Array(16 + opcodes.length);
  value.set(toBytes("HYLL\x01"));
  value[15] = 0x80;
  value.set(opcodes, 16);
  return value;
}

Deno.test("the hash is MurmurHash64A, for every length of the tail", () => {
  const m = 0xc6a4a7935bd1e995n;
  const mask = (1n << 64n) - 1n;
  const reference = (data: Uint8Array, seed: bigint): bigint => {
    let h = seed ^ (BigInt(data.length) * m & mask);
    const whole = data.length & ~7;
    const word = (from: number, to: number) => {
      let k = 0n;
      for (let i = to - 1; i >= from; i--) k = k << 8n | BigInt(data[i]!);
      return k;
    };
    for (let at = 0; at < whole; at += 8) {
      let k = word(at, at + 8) * m & mask;
      k = (k ^ k >> 47n) * m & mask;
      h = (h ^ k) * m & mask;
    }
    if (whole < data.length) h = (h ^ word(whole, data.length)) * m & mask;
    h = (h ^ h >> 47n) * m & mask;
    return h ^ h >> 47n;
  };
  const random = seededRandom(1);
  for (let i = 0; i < 2000; i++) {
    const data = Uint8Array.from({ length: random.below(40) }, () => random.below(256));
    murmur64(data, 0, data.length, 0xadc83b19 | 0);
    const hash = BigInt(murmur.hi >>> 0) << 32n | BigInt(murmur.lo >>> 0);
    assertEquals(hash, reference(data, 0xadc83b19n));
  }
});

Deno.test("the same additions give the same bytes as redis-server", () => {
  const editor = new HyperLogLogEditor();
  editor.reset();
  assertEquals(hex(editor.bytes()), "48594c4c0100000000000000000000007fff");
  const elements = ["a", "b", "c", "d", "e", "f", "g", "foo", "bar", "", "12345678", "123456789abcdef"];
  for (const element of elements) assertEquals(add(editor, element), 1);
  for (const element of elements) assertEquals(add(editor, element), 0);
  const value = editor.bytes();
  assertEquals(cachedCount(value, 0), undefined);
  assertEquals(estimateCount(value, 0, value.length), 12);
  cacheCount(value, 0, 12);
  assertEquals(cachedCount(value, 0), 12);
  assertEquals(
    hex(value),
    "48594c4c010000000c00000000000000466d804149884f778445488036904404843880462180423a88485284498c80426d80425a",
  );
  assertEquals(
    describeSparse(value, 0, value.length),
    "Z:1646 v:1,1 Z:330 v:3,1 Z:3960 v:2,1 Z:1353 v:1,1 z:55 v:5,1 Z:1029 v:2,1 z:57 v:1,1 Z:1570 v:1,1 " +
      "Z:571 v:3,1 Z:2131 v:2,1 Z:2445 v:1,1 Z:622 v:1,1 Z:603",
  );
});

/** Raises random registers in the editor and in a plain array, then compares all of them. */
function raiseAndCompare(seed: number, count: number, spread: number, largest: number, limit: number): void {
  const random = seededRandom(seed);
  const editor = new HyperLogLogEditor();
  editor.reset();
  const model = new Uint8Array(HLL_REGISTERS);
  for (let i = 0; i < count; i++) {
    const index = random.below(spread);
    const value = 1 + random.below(largest);
    assertEquals(editor.raise(index, value, limit), value > model[index]! ? 1 : 0);
    model[index] = Math.max(model[index]!, value);
  }
  const registers = new Uint8Array(HLL_REGISTERS);
  const value = editor.bytes();
  assert(mergeRegisters(registers, value, 0, value.length));
  assertEquals(registers, model);
  const count1 = estimateCount(value, 0, value.length);
  assertEquals(count1, estimateUnion(model));
  assert(editor.toDense());
  const dense = editor.bytes();
  assert(isHyperLogLog(dense, 0, dense.length) && isDense(dense, 0));
  assertEquals(dense.length, HLL_DENSE_BYTES);
  assertEquals(estimateCount(dense, 0, dense.length), count1);
  for (let i = 0; i < HLL_REGISTERS; i++) assertEquals(denseRegister(dense, 0, i), model[i]!);
}

Deno.test("registers in both encodings equal a plain array", () => {
  raiseAndCompare(1, 1000, HLL_REGISTERS, 3, 100_000);
  raiseAndCompare(2, 3000, 200, 4, 100_000);
  raiseAndCompare(3, 500, HLL_REGISTERS, 32, LIMIT);
  raiseAndCompare(4, 6000, HLL_REGISTERS, 20, LIMIT);
  raiseAndCompare(5, 6000, HLL_REGISTERS, 51, LIMIT);
  raiseAndCompare(6, 300, HLL_REGISTERS, 32, 18);
});

Deno.test("a sparse value turns dense beyond the limit and for large registers", () => {
  const editor = new HyperLogLogEditor();
  editor.reset();
  assertEquals(editor.raise(7, 32, 21), 1);
  assertEquals(editor.bytes().length, 20);
  assertEquals(editor.raise(9, 1, 21), 1);
  assert(editor.isDense());
  editor.reset();
  assertEquals(editor.raise(7, 33, LIMIT), 1);
  assert(editor.isDense());
  assertEquals(denseRegister(editor.bytes(), 0, 7), 33);
});

Deno.test("dense values are changed in place", () => {
  const editor = new HyperLogLogEditor();
  editor.reset();
  assert(editor.toDense());
  const buf = new Uint8Array(HLL_DENSE_BYTES + 20);
  buf.set(editor.bytes(), 10);
  for (let i = 0; i < 2000; i++) {
    const element = toBytes("element:" + i);
    assertEquals(addToDense(buf, 10, element, 0, element.length) ? 1 : 0, add(editor, "element:" + i));
  }
  editor.invalidateCount();
  buf[10 + 15] = 0x80;
  assertEquals(buf.subarray(10, 10 + HLL_DENSE_BYTES), editor.bytes());
  assert(buf.subarray(10 + HLL_DENSE_BYTES).every((byte) => byte === 0));
});

Deno.test("the estimate stays within three standard errors", () => {
  const editor = new HyperLogLogEditor();
  editor.reset();
  for (let i = 1; i <= 100_000; i++) {
    add(editor, String(i));
    if (i !== 10 && i !== 100 && i !== 1000 && i !== 10_000 && i !== 100_000) continue;
    const value = editor.bytes();
    const error = Math.abs(Number(estimateCount(value, 0, value.length)) - i);
    assert(error <= i * 3 * 1.04 / Math.sqrt(HLL_REGISTERS) + 1, `${i}: off by ${error}`);
  }
});

Deno.test("values that are none are told apart", () => {
  const is = (value: Uint8Array) => isHyperLogLog(value, 0, value.length);
  assert(is(sparse()));
  assert(!is(new Uint8Array(0)));
  assert(!is(sparse().subarray(0, 15)));
  assert(!is(toBytes("HYLX" + "\0".repeat(12300))));
  const wrongSize = new Uint8Array(HLL_DENSE_BYTES - 1);
  wrongSize.set(toBytes("HYLL"));
  assert(!is(wrongSize));
  const unknown = sparse();
  unknown[4] = 2;
  assert(!is(unknown));
});

Deno.test("corrupted sparse values are refused", () => {
  const corrupted = [
    sparse(),
    sparse(0x7f, 0xfe),
    sparse(0x7f, 0xff, 0x80),
    sparse(0x7f, 0xff, 0x00),
    sparse(0x7f, 0xfd, 0x83),
    sparse(0x7f),
  ];
  const registers = new Uint8Array(HLL_REGISTERS);
  const editor = new HyperLogLogEditor();
  for (const value of corrupted) {
    assertEquals(estimateCount(value, 0, value.length), undefined);
    assert(!mergeRegisters(registers, value, 0, value.length));
    editor.load(value, 0, value.length);
    assert(!editor.toDense());
    assertEquals(editor.bytes(), value);
  }
  editor.load(sparse(), 0, 16);
  assertEquals(editor.raise(5, 1, LIMIT), -1);
  // The last opcode is cut off: its second byte reads as zero, as it does behind a C string.
  const cut = sparse(0x7e, 0xff, 63, 63, 63, 62, 0x40);
  assertEquals(estimateCount(cut, 0, cut.length), 0);
});

Deno.test("made-up registers do not overflow the count", () => {
  const full = new Uint8Array(HLL_REGISTERS).fill(51);
  assertEquals(estimateUnion(full), -(2n ** 63n));
  assertEquals(typeof estimateUnion(full.fill(50)), "bigint");
});
