/**
 * Memory, as the operating system sees it: how much a process grows while it is filled. Every figure comes from a server
 * of its own, started for it.
 */
import { RawClient, sleep } from "../../tests/helpers/client.ts";
import { digits, element, fill, stringKeys, variadic } from "../fill.ts";
import type { Settings } from "../measure.ts";
import { KINDS, startOne } from "../pair.ts";
import type { Section, Target } from "../report.ts";
import { figure, median, medianRatio, ratioText } from "../stats.ts";

/** Time for freed memory to go back to the system before memory is read. */
const SETTLE_MS = 2000;

/**
 * Items with which a server is filled and emptied before the first reading, and how often: what a process takes once (its
 * buffers, compiled code, a runtime's heap under load) is not what an element costs. It is in the columns of the whole
 * process. Many small fills take as many commands as the one that is measured, but leave little behind that could be
 * filled again without growing.
 */
const WARM_UP = 50_000, WARM_UP_ROUNDS = 20;

const MB = 1e6;

interface Subject {
  label: string;
  /** Keys or elements by which the growth is divided. */
  elements: number;
  /** DBSIZE at the end, which shows that everything arrived. */
  keys: number;
  target: Target;
  /** The first `elements` or so. */
  commands: (elements: number) => Iterable<readonly string[]>;
}

/** Measures memory. */
export async function memory(settings: Settings): Promise<Section> {
  const rounds = settings.quick ? 1 : settings.rounds;
  const rows: string[][] = [];
  for (const subject of subjects(settings.quick)) {
    const runs: Record<typeof KINDS[number], Usage[]> = { redis: [], toy: [] };
    for (let round = 0; round < rounds; round++) {
      for (const kind of KINDS) runs[kind].push(await usage(kind, subject));
    }
    const each = KINDS.map((kind) => runs[kind].map((run) => run.perElement));
    const whole = KINDS.map((kind) => runs[kind].map((run) => run.whole / MB));
    const ratio = ratioText(medianRatio(each[1]!, each[0]!));
    settings.log(`${subject.label}: ${ratio}`);
    const figures = [...each, ...whole].map((values) => figure(median(values)));
    rows.push([subject.label, ...figures.slice(0, 2), ratio, subject.target, ...figures.slice(2)]);
  }
  const head = ["data", "redis bytes", "toy bytes", "ratio", "target", "redis process MB", "toy process MB"];
  const text =
    `Growth of resident memory by the number of keys or elements, from a server that was filled with ` +
    `${WARM_UP.toLocaleString("en-US")} of them and emptied, ${WARM_UP_ROUNDS} times, to one that is full, ${
      SETTLE_MS / 1000
    } s after each; ` +
    `and what the whole process holds then. Keys of 16 bytes, values of 3; members and list elements of 20 bytes. ` +
    `Rounds: ${rounds}.`;
  return { suite: "memory", text, tables: [{ title: "Memory per element", head, rows }] };
}

function subjects(quick: boolean): Subject[] {
  const million = 1_000_000;
  const collection = { keys: 1, target: "≤ 1" } as const;
  const one = (
    label: string,
    head: string[],
    perCommand: number,
    item: (i: number) => readonly string[],
  ): Subject => {
    return {
      ...collection,
      label,
      elements: million,
      commands: (n) => variadic(head, n, perCommand, item),
    };
  };
  const many = (
    label: string,
    command: string,
    keys: number,
    size: number,
    item: (i: number) => string[],
  ): Subject => {
    const commands = (n: number) => collections(command, n / size, size, item);
    return { ...collection, label, elements: keys * size, keys, commands };
  };
  return [
    ...[million, 5 * million].slice(0, quick ? 1 : 2).map((keys): Subject => ({
      label: `${keys / million}M keys`,
      elements: keys,
      keys,
      target: "≤ 0.65",
      commands: (n) => stringKeys(n, 3),
    })),
    many("30,000 hashes of 100 fields", "HSET", 30_000, 100, (i) => [`field:${i}`, `value:${i}`]),
    many("10,000 sets of 500 integers", "SADD", 10_000, 500, (i) => [`${i * 1000}`]),
    one("set of 1M members", ["SADD", "set"], 100, (i) => [element(i)]),
    one("sorted set of 1M members", ["ZADD", "zset"], 100, (i) => [`${i * 1.5}`, element(i)]),
    one("list of 1M elements", ["RPUSH", "list"], 100, (i) => [element(i)]),
    one(
      "stream of 1M entries of 3 fields",
      ["XADD", "stream", "*"],
      1,
      (i) => ["a", `${i}`, "b", "two", "c", "3"],
    ),
  ];
}

function* collections(
  command: string,
  keys: number,
  size: number,
  item: (i: number) => readonly string[],
): Generator<readonly string[]> {
  for (let key = 0; key < keys; key++) yield* variadic([command, "key:" + digits(key)], size, size, item);
}

/** What a filled server takes, in bytes. */
interface Usage {
  perElement: number;
  whole: number;
}

/** Fills a server of its own. */
async function usage(kind: "redis" | "toy", subject: Subject): Promise<Usage> {
  await using server = await startOne(kind);
  await using client = await RawClient.connect(server.port);
  for (let round = 0; round < WARM_UP_ROUNDS; round++) {
    await fill(server.port, subject.commands(WARM_UP));
    await client.call("FLUSHALL");
  }
  await sleep(SETTLE_MS);
  const before = server.rss() ?? NaN;
  await fill(server.port, subject.commands(subject.elements));
  await sleep(SETTLE_MS);
  const whole = server.rss() ?? NaN;
  if (await client.integer("DBSIZE") !== subject.keys) throw new Error(`${subject.label}: not filled`);
  return { perElement: (whole - before) / subject.elements, whole };
}
