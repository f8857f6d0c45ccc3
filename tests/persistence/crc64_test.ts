import { assert, assertEquals } from "@std/assert";
import { Crc64 } from "../../persistence/crc64.ts";
import { fromLatin1 } from "../../types/bytes.ts";
import { seededRandom } from "../helpers/seeded.ts";

/** The definition, bit by bit. */
function naive(bytes: Uint8Array): bigint {
  let crc = 0n;
  for (const byte of bytes) {
    crc ^= BigInt(byte);
    for (let bit = 0; bit < 8; bit++) crc = crc & 1n ? (crc >> 1n) ^ 0x95ac9329ac4bc9b5n : crc >> 1n;
  }
  return crc;
}

function value(crc: Crc64): bigint {
  const out = new Uint8Array(8);
  crc.writeTo(out, 0);
  return new DataView(out.buffer).getBigUint64(0, true);
}

Deno.test("CRC64 of the check text", () => {
  const crc = new Crc64();
  crc.update(fromLatin1("123456789"), 0, 9);
  assertEquals(value(crc), 0xe9c6d914c4b8d9can);
});

Deno.test("CRC64 equals its definition for every length and split", () => {
  const random = seededRandom(64);
  for (let length = 0; length < 70; length++) {
    const bytes = Uint8Array.from({ length }, () => random.next());
    const crc = new Crc64();
    const split = random.below(length + 1);
    crc.update(bytes, 0, split);
    crc.update(bytes, split, length);
    assertEquals(value(crc), naive(bytes));
    const out = new Uint8Array(8);
    crc.writeTo(out, 0);
    assert(crc.matches(out, 0));
    out[random.below(8)]! ^= 1 << random.below(8);
    assert(!crc.matches(out, 0));
  }
});
