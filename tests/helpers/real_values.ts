/**
 * Keys of every type and encoding, as commands for the real redis-server: what persistence must carry both ways.
 */
import type { Arg } from "./resp.ts";
import { seededRandom } from "./seeded.ts";

/** Elements of the large collections: the full size where there is time for it. */
const LARGE = Deno.env.get("CI") === "true" ? 100_000 : 20_000;

/** A named value and the commands that make it; the key is the name. */
export interface RealValue {
  readonly name: string;
  readonly commands: Arg[][];
}

/** Bytes of all 256 values, in no order that compresses. */
function noise(length: number, seed: number): Uint8Array {
  const random = seededRandom(seed);
  return Uint8Array.from({ length }, () => random.next());
}

function numbered(count: number, make: (i: number) => Arg[]): Arg[] {
  return Array.from({ length: count }, (_, i) => make(i)).flat();
}

/** Splits the elements over commands of a bearable length. */
function inParts(head: Arg[], elements: Arg[], step = 1): Arg[][] {
  const commands: Arg[][] = [];
  const size = 5000 * step;
  for (let at = 0; at < elements.length; at += size) {
    commands.push([...head, ...elements.slice(at, at + size)]);
  }
  return commands;
}

function one(name: string, ...rest: Arg[]): RealValue {
  return { name, commands: [[rest[0]!, name, ...rest.slice(1)]] };
}

function many(name: string, command: string, elements: Arg[], step = 1): RealValue {
  return { name, commands: inParts([command, name], elements, step) };
}

const INTEGERS = [
  "0",
  "-1",
  "127",
  "128",
  "-128",
  "-129",
  "32767",
  "32768",
  "-32769",
  "2147483647",
  "2147483648",
];
const LONG_INTEGERS = ["-2147483649", "9007199254740993", "9223372036854775807", "-9223372036854775808"];
const LOOKALIKES = ["", "-0", "007", "1.0", "99999999999999999999", "12345678901", " 1"];

function strings(): RealValue[] {
  const texts = [...INTEGERS, ...LONG_INTEGERS, ...LOOKALIKES];
  return [
    ...texts.map((text, i) => one(`string:${i}`, "SET", text)),
    one("string:noise", "SET", noise(300, 1)),
    one("string:44", "SET", "x".repeat(44)),
    one("string:45", "SET", "abcdefghi".repeat(5)),
    one("string:compressible", "SET", "abc".repeat(50_000)),
    one("string:megabyte", "SET", noise(1_000_000, 2)),
    { name: "string:expiring", commands: [["SET", "string:expiring", "v", "PX", "10000000"]] },
    { name: "string:never", commands: [["SET", "string:never", "v", "PXAT", "9223372036854775000"]] },
    { name: "string:raw", commands: [["SET", "string:raw", "a"], ["APPEND", "string:raw", "b"]] },
  ];
}

function lists(): RealValue[] {
  return [
    many("list:one", "RPUSH", ["a"]),
    many("list:mixed", "RPUSH", [...INTEGERS, ...LONG_INTEGERS, ...LOOKALIKES, noise(64, 3), noise(5000, 4)]),
    many("list:nodes", "RPUSH", numbered(3000, (i) => [`element-${i}`])),
    many("list:large", "RPUSH", numbered(LARGE, (i) => [`${i}`])),
    many("list:giants", "RPUSH", [noise(20_000, 5), "x", noise(9000, 6), "z".repeat(30_000)]),
  ];
}

function sets(): RealValue[] {
  return [
    many("set:int16", "SADD", ["1", "2", "-3"]),
    many("set:int32", "SADD", ["1", "70000", "-3"]),
    many("set:int64", "SADD", ["1", "9223372036854775807", "-9223372036854775808"]),
    many("set:table", "SADD", ["1", "a", noise(40, 7), ""]),
    many("set:manyints", "SADD", numbered(5000, (i) => [`${i * 7919}`])),
    many("set:large", "SADD", numbered(LARGE, (i) => [`member:${i}`])),
  ];
}

function hashes(): RealValue[] {
  return [
    many("hash:packed", "HSET", ["f", "v", "1", "2", "", "", "binary", noise(60, 8)], 2),
    many("hash:table", "HSET", ["f", noise(200, 9), "g", "1"], 2),
    many("hash:large", "HSET", numbered(LARGE / 2, (i) => [`field:${i}`, `${i}`]), 2),
  ];
}

function sortedSets(): RealValue[] {
  const scores = [
    "0",
    "-0",
    "1",
    "-1",
    "1.5",
    "3.0000000000000004",
    "inf",
    "-inf",
    "1e300",
    "4611686018427387904",
  ];
  return [
    many("zset:packed", "ZADD", scores.flatMap((score, i) => [score, `m${i}`]), 2),
    many("zset:ties", "ZADD", ["1", "b", "1", "a", "1", "", "1", noise(20, 10)], 2),
    many("zset:large", "ZADD", numbered(LARGE, (i) => [`${(i * 7919) % 1000 / 8}`, `member:${i}`]), 2),
    many("zset:longmember", "ZADD", ["1", "x".repeat(100), "2", "y"], 2),
  ];
}

function streams(): RealValue[] {
  const add = (key: string, id: string, ...fields: string[]): Arg[] => ["XADD", key, id, ...fields];
  const several = Array.from(
    { length: 500 },
    (_, i) => add("stream:nodes", `${1000 + i}-${i % 3}`, "f", `${i}`, "g", "x"),
  );
  return [
    { name: "stream:one", commands: [add("stream:one", "5-1", "field", "value")] },
    { name: "stream:nodes", commands: several },
    {
      name: "stream:varied",
      commands: [
        add("stream:varied", "1-1", "a", "1"),
        add("stream:varied", "1-2", "a", "1", "b", "2"),
        add("stream:varied", "18446744073709551614-18446744073709551615", "c", ""),
        ["XDEL", "stream:varied", "1-1"],
      ],
    },
    {
      name: "stream:empty",
      commands: [
        add("stream:empty", "7-7", "a", "1"),
        ["XDEL", "stream:empty", "7-7"],
        ["XGROUP", "CREATE", "stream:empty", "g", "0"],
      ],
    },
    {
      name: "stream:groups",
      commands: [
        ...Array.from({ length: 20 }, (_, i) => add("stream:groups", `${i + 1}-0`, "f", `${i}`)),
        ["XGROUP", "CREATE", "stream:groups", "g1", "0"],
        ["XGROUP", "CREATE", "stream:groups", "g2", "$", "ENTRIESREAD", "20"],
        ["XGROUP", "CREATECONSUMER", "stream:groups", "g1", "idle"],
        ["XREADGROUP", "GROUP", "g1", "alice", "COUNT", "7", "STREAMS", "stream:groups", ">"],
        ["XREADGROUP", "GROUP", "g1", "bob", "COUNT", "5", "STREAMS", "stream:groups", ">"],
        ["XACK", "stream:groups", "g1", "3-0", "9-0"],
        ["XCLAIM", "stream:groups", "g1", "bob", "0", "1-0", "2-0"],
        ["XTRIM", "stream:groups", "MAXLEN", "15"],
      ],
    },
  ];
}

/** All of them. */
export function realValues(): RealValue[] {
  return [...strings(), ...lists(), ...sets(), ...hashes(), ...sortedSets(), ...streams()];
}
