/** Damages requests the way broken clients, broken networks and attackers do. */
import { toBytes } from "../helpers/bytes.ts";
import { concat } from "../helpers/resp.ts";
import type { Random } from "../helpers/random.ts";

/** Pieces that mean something to a parser: inserted anywhere. */
const TOKENS = [
  "\r\n",
  "\n",
  "\r",
  "\0",
  "*",
  "$",
  "*0\r\n",
  "*-1\r\n",
  "*1\r\n",
  "*2147483647\r\n",
  "*1048577\r\n",
  "*-2147483648\r\n",
  "$-1\r\n",
  "$0\r\n\r\n",
  "$536870912\r\n",
  "$536870913\r\n",
  "$99999999999999999999\r\n",
  "$4\r\nPING\r\n",
  "PING\r\n",
  '"',
  "'",
  '"\\x',
  "\\",
  " ",
  "+OK\r\n",
  ":1\r\n",
  "*1\r\n$4\r\nPING\r\n",
  "%1\r\n",
  "~0\r\n",
  ">1\r\n",
  "*3\r\n$3\r\nSET\r\n",
  "$abc\r\n",
  "*abc\r\n",
  "$1 \r\n",
  "*01\r\n",
  "$+1\r\n",
  "* 1\r\n",
].map(toBytes);

/** One damaged copy of `request`; `other` is material to splice in. */
export function mutate(random: Random, request: Uint8Array, other: Uint8Array): Uint8Array {
  let bytes = request;
  for (let times = random.pick([1, 1, 1, 2, 3]); times > 0; times--) bytes = damage(random, bytes, other);
  return bytes;
}

function damage(random: Random, bytes: Uint8Array, other: Uint8Array): Uint8Array {
  const at = random.int(0, bytes.length);
  const end = Math.min(bytes.length, at + random.int(0, 12));
  switch (random.int(0, 9)) {
    case 0: // a bit flips
      return bytes.map((byte, i) => i === at ? byte ^ (1 << random.int(0, 7)) : byte);
    case 1: // a byte changes
      return bytes.map((byte, i) => i === at ? random.int(0, 255) : byte);
    case 2: // bytes are lost
      return concat([bytes.subarray(0, at), bytes.subarray(end)]);
    case 3: // bytes come twice
      return concat([bytes.subarray(0, end), bytes.subarray(at)]);
    case 4: // the rest never comes
      return bytes.slice(0, at);
    case 5: // something meaningful in the wrong place
      return concat([bytes.subarray(0, at), random.pick(TOKENS), bytes.subarray(at)]);
    case 6: // a part of another request
      return concat([bytes.subarray(0, at), other.subarray(random.int(0, other.length))]);
    case 7: // a number in a header is another one
      return changeNumber(random, bytes);
    case 8: { // noise
      const noise = Uint8Array.from({ length: random.int(1, 64) }, () => random.int(0, 255));
      return concat([bytes.subarray(0, at), noise, bytes.subarray(at)]);
    }
    default: // unharmed
      return bytes;
  }
}

function changeNumber(random: Random, bytes: Uint8Array): Uint8Array {
  const heads: number[] = [];
  for (let i = 0; i < bytes.length; i++) if (bytes[i] === 0x24 || bytes[i] === 0x2a) heads.push(i);
  if (heads.length === 0) return bytes;
  const head = random.pick(heads) + 1;
  let end = head;
  while (end < bytes.length && bytes[end]! >= 0x30 && bytes[end]! <= 0x39) end++;
  const number = random.pick([
    "0",
    "1",
    "2",
    "3",
    "-1",
    "9",
    "1000",
    "99999",
    "4294967296",
    "9223372036854775808",
    "",
    "1e3",
  ]);
  return concat([bytes.subarray(0, head), toBytes(number), bytes.subarray(end)]);
}
