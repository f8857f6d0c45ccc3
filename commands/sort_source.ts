/** What SORT sorts: a list, a set or a sorted set, whose elements are copied out. */

import { ByteStrings } from "../types/byte_strings.ts";
import { formatInt, MAX_INT64_DIGITS } from "../types/bytes.ts";
import type { FieldTable } from "../types/field_table.ts";
import { intsetGet, intsetLength } from "../types/intset.ts";
import { Kind } from "../types/kind.ts";
import type { ListView } from "../types/list_view.ts";
import type { SortedSetView } from "../types/zset_view.ts";
import type { Args } from "./args.ts";
import type { Context } from "./context.ts";
import { WRONG_TYPE } from "./errors.ts";
import { listKey } from "./list_access.ts";
import { keepSortedSet, showSortedSet } from "./sorted_set_access.ts";

/** The key that is sorted. Its elements can be copied until the next change of the keyspace. */
export interface SortSource {
  readonly length: number;
  /** Whether the order of the elements means nothing. */
  readonly isSet: boolean;
  /** Copies of the elements from index `first` up to, not including, `end`; from the last one backwards if so wished. */
  copy(first: number, end: number, backwards: boolean): ByteStrings;
}

/** The source in argument 1; one without elements where the key is missing. Throws WRONGTYPE for other types. */
export function openSource(ctx: Context, args: Args): SortSource {
  const addr = ctx.peek(args, 1);
  if (addr === 0) return new SetSource(new ByteStrings());
  const { db } = ctx;
  const kind = db.kind(addr);
  if (kind !== Kind.ZSET && kind !== Kind.ZSET_PACKED) db.touchAccess(addr); // these are looked up for writing
  switch (kind) {
    case Kind.LIST:
    case Kind.LIST_PACKED:
      return new OrderedSource(listKey.show(ctx, addr)!);
    case Kind.SET_INTS:
      return new SetSource(integersOf(db.bytes(addr), db.valueStart(addr)));
    case Kind.SET:
      return new SetSource(membersOf(db.object<FieldTable>(addr)));
    case Kind.ZSET:
    case Kind.ZSET_PACKED:
      return new OrderedSource(unpacked(ctx, args));
    default:
      throw WRONG_TYPE;
  }
}

/** Members of a set, copied already: there is no cheaper way to a part of them. */
class SetSource implements SortSource {
  readonly isSet = true;
  readonly #members: ByteStrings;

  constructor(members: ByteStrings) {
    this.#members = members;
  }

  get length(): number {
    return this.#members.length;
  }

  copy(first: number, end: number): ByteStrings {
    const members = this.#members;
    if (first === 0 && end === members.length) return members;
    const part = new ByteStrings(end - first);
    for (let i = first; i < end; i++) part.add(members.buf, members.start(i), members.end(i));
    return part;
  }
}

function integersOf(buf: Uint8Array, start: number): ByteStrings {
  const length = intsetLength(buf, start);
  const members = new ByteStrings(length);
  const digits = new Uint8Array(MAX_INT64_DIGITS);
  for (let i = 0; i < length; i++) members.add(digits, 0, formatInt(intsetGet(buf, start, i), digits, 0));
  return members;
}

function membersOf(set: FieldTable): ByteStrings {
  const members = new ByteStrings(set.length);
  set.forEach((record) => {
    const start = set.fieldStart(record);
    members.add(set.bytes(record), start, start + set.fieldLength(record));
  });
  return members;
}

/** A list or a sorted set: only the wanted range is walked. */
class OrderedSource implements SortSource {
  readonly isSet = false;
  readonly #view: ListView | SortedSetView;

  constructor(view: ListView | SortedSetView) {
    this.#view = view;
  }

  get length(): number {
    return this.#view.length;
  }

  copy(first: number, end: number, backwards: boolean): ByteStrings {
    const view = this.#view;
    const copies = new ByteStrings(end - first);
    let more = first < end && view.seek(backwards ? view.length - 1 - first : first);
    while (more) {
      const { buf, start, end: stop } = "member" in view ? view.member : view.entry.text();
      copies.add(buf, start, stop);
      if (copies.length === end - first) break;
      if ("member" in view) more = backwards ? view.previous() : view.next();
      else more = backwards ? view.prev() : view.next();
    }
    return copies;
  }
}

/** Redis makes a packed sorted set a large one before it sorts it, and leaves it so: OBJECT ENCODING tells. */
function unpacked(ctx: Context, args: Args): SortedSetView {
  const addr = ctx.db.lookupWrite(args.buf, args.starts[1]!, args.ends[1]!);
  const view = showSortedSet(ctx, addr);
  if (view.set !== null) return view;
  view.unpack();
  keepSortedSet(ctx, args, 1, addr, view);
  return view;
}
