import { assert, assertEquals } from "@std/assert";
import { fromLatin1, latin1 } from "../../types/bytes.ts";
import { IdCursor } from "../../types/id_table.ts";
import { NameList } from "../../types/name_list.ts";
import { type Consumer, ConsumerGroup } from "../../types/stream_groups.ts";
import { StreamId } from "../../types/stream_id.ts";
import { seededRandom } from "../helpers/seeded.ts";

const cursor = new IdCursor();
const inner = new IdCursor();

function consumer(group: ConsumerGroup, name: string): Consumer {
  return group.consumers.find(fromLatin1(name), 0, name.length)!;
}

/** The group's pending entries as "id owner time count". */
function pending(group: ConsumerGroup): string[] {
  const result: string[] = [];
  const id = new StreamId();
  for (let ok = group.pending.seekFirst(cursor); ok; ok = group.pending.next(cursor)) {
    const owner = group.owner(cursor);
    assert(owner.pending.find(cursor.readId(id), inner), "the owner does not know of it");
    const time = group.deliveryTime(cursor);
    result.push(`${id} ${latin1(owner.name)} ${time} ${group.deliveryCount(cursor)}`);
  }
  return result;
}

Deno.test("names are kept in byte order and found by their bytes", () => {
  const list = new NameList<{ name: Uint8Array }>();
  for (const name of ["b", "a", "\xff", "", "ab", "B"]) assert(list.add({ name: fromLatin1(name) }));
  assertEquals(list.add({ name: fromLatin1("ab") }), false);
  const names = () => Array.from({ length: list.size }, (_, i) => latin1(list.at(i).name));
  assertEquals(names(), ["", "B", "a", "ab", "b", "\xff"]);
  assertEquals(list.find(fromLatin1("xabx"), 1, 3), list.at(3));
  assertEquals(list.find(fromLatin1("c"), 0, 1), undefined);
  list.remove(list.at(2));
  assertEquals(names(), ["", "B", "ab", "b", "\xff"]);
});

Deno.test("an entry is pending for one consumer at a time", () => {
  const group = new ConsumerGroup(fromLatin1("g"), { bytes: 0 });
  const alice = group.createConsumer(fromLatin1("alice"), 1)!;
  const bob = group.createConsumer(fromLatin1("bob"), 2)!;
  assertEquals(group.createConsumer(fromLatin1("bob"), 2), undefined);
  const id = StreamId.of(7, 1);
  group.deliver(id, alice, 1700000000123, cursor);
  group.countDelivery(cursor);
  assertEquals(pending(group), ["7-1 alice 1700000000123 2"]);
  group.deliver(id, bob, 1700000000999, cursor);
  assertEquals(pending(group), ["7-1 bob 1700000000999 1"]);
  assertEquals([alice.pending.size, bob.pending.size], [0, 1]);
  assert(group.pending.find(id, cursor));
  group.assign(id, alice, cursor);
  assertEquals(pending(group), ["7-1 alice 1700000000999 1"]);
  assert(group.acknowledge(id, cursor));
  assertEquals(group.acknowledge(id, cursor), false);
  assertEquals([group.pending.size, alice.pending.size], [0, 0]);
});

Deno.test("delivery counts have 64 bits and show as signed ones", () => {
  const group = new ConsumerGroup(fromLatin1("g"), { bytes: 0 });
  const alice = group.createConsumer(fromLatin1("alice"), 1)!;
  group.deliver(StreamId.of(1, 1), alice, 0, cursor);
  for (const count of [4294967295, 9007199254740991, 9223372036854775806n]) {
    group.setDelivery(cursor, 5, count);
    assertEquals(group.deliveryCount(cursor), count);
    group.countDelivery(cursor);
    assertEquals(BigInt(group.deliveryCount(cursor)), BigInt(count) + 1n);
  }
  group.countDelivery(cursor);
  assertEquals(group.deliveryCount(cursor), -9223372036854775808n);
});

Deno.test("groups equal a map of owners through random deliveries, claims and removals", () => {
  for (let seed = 1; seed <= 10; seed++) {
    const random = seededRandom(seed);
    const meter = { bytes: 0 };
    const group = new ConsumerGroup(fromLatin1("g"), meter);
    const model = new Map<number, string>();
    for (let i = 0; i < 3000; i++) {
      const name = `c${random.below(6)}`;
      const seq = random.below(800);
      const id = StreamId.of(1, seq);
      const op = random.below(20);
      if (op < 11) {
        group.createConsumer(fromLatin1(name), i);
        group.deliver(id, consumer(group, name), i, cursor);
        model.set(seq, name);
      } else if (op < 19) {
        assertEquals(group.acknowledge(id, cursor), model.delete(seq));
      } else if (i % 16 === 0 && consumer(group, name)) {
        const mine = [...model].filter((row) => row[1] === name);
        assertEquals(group.deleteConsumer(consumer(group, name)), mine.length);
        for (const row of mine) model.delete(row[0]);
      }
    }
    const expected = [...model].sort((a, b) => a[0] - b[0]).map((row) => `1-${row[0]} ${row[1]}`);
    assertEquals(pending(group).map((row) => row.split(" ").slice(0, 2).join(" ")), expected);
    let sum = 0;
    for (let i = 0; i < group.consumers.size; i++) sum += group.consumers.at(i).pending.size;
    assertEquals(sum, model.size);
    group.clear();
    assertEquals(meter.bytes, 0);
  }
});
