import { assertEquals } from "@std/assert";
import { KeyHash } from "../../store/key_hash.ts";
import { fromLatin1 } from "../../types/bytes.ts";
import { hashBytes } from "../../types/hash_function.ts";

Deno.test("a hash is remembered for its place in the request's buffer, and for nothing else", () => {
  const keyHash = new KeyHash();
  const buf = fromLatin1("GET abc def");
  const real = (start: number, end: number): number => hashBytes(buf, start, end);
  keyHash.begin(buf);
  assertEquals(keyHash.of(buf, 4, 7), real(4, 7));
  assertEquals(keyHash.of(buf, 8, 11), real(8, 11));
  assertEquals(keyHash.of(buf, 8, 10), real(8, 10));
  keyHash.beginWith(buf, 4, 7, 12345);
  assertEquals(keyHash.of(buf, 4, 7), 12345, "what was said is believed");
  assertEquals(keyHash.of(buf.slice(), 4, 7), real(4, 7), "another buffer");
  keyHash.end();
  assertEquals(keyHash.of(buf, 4, 7), real(4, 7));
});

Deno.test("a buffer whose bytes have changed is hashed anew for the next request", () => {
  const keyHash = new KeyHash();
  const buf = fromLatin1("abc");
  keyHash.begin(buf);
  keyHash.of(buf, 0, 3);
  buf.set(fromLatin1("xyz"));
  keyHash.begin(buf);
  assertEquals(keyHash.of(buf, 0, 3), hashBytes(fromLatin1("xyz"), 0, 3));
});
