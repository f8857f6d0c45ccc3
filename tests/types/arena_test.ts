import { assert, assertEquals } from "@std/assert";
import { Arena, LARGEST_CLASS } from "../../types/arena.ts";
import { seededRandom } from "../helpers/seeded.ts";

interface Block {
  addr: number;
  size: number;
  mark: number;
}

function fill(arena: Arena, { addr, size, mark }: Block): void {
  const at = arena.offsetOf(addr);
  arena.bytesOf(addr).fill(mark, at, at + size);
}

function isIntact(arena: Arena, { addr, size, mark }: Block): boolean {
  const at = arena.offsetOf(addr);
  return arena.bytesOf(addr).subarray(at, at + size).every((byte) => byte === mark);
}

Deno.test("arena: no block overlaps another, whatever is allocated and freed", () => {
  const random = seededRandom(11);
  const arena = new Arena();
  const blocks: Block[] = [];
  for (let i = 0; i < 200_000; i++) {
    if (blocks.length > 3000 || (blocks.length > 0 && random.below(5) < 2)) {
      const at = random.below(blocks.length);
      const block = blocks[at]!;
      assert(isIntact(arena, block), `block of ${block.size} bytes was overwritten`);
      arena.free(block.addr);
      blocks[at] = blocks[blocks.length - 1]!;
      blocks.pop();
    } else {
      const size = random.below(1000) === 0 ? random.below(200_000) : 1 + random.below(300);
      const block = { addr: arena.alloc(size), size, mark: random.below(256) };
      assert(block.addr > 0);
      assert(arena.capacityOf(block.addr) >= size);
      assertEquals(arena.capacityOf(block.addr), Arena.sizeFor(size));
      fill(arena, block);
      blocks.push(block);
    }
  }
  for (const block of blocks) assert(isIntact(arena, block));
});

Deno.test("arena: freeing everything gives the memory back", () => {
  const arena = new Arena();
  const addrs: number[] = [];
  for (let i = 0; i < 100_000; i++) addrs.push(arena.alloc(8 + i % 500));
  assert(arena.chunkBytes > 20_000_000);
  for (const addr of addrs) arena.free(addr);
  assertEquals(arena.blockBytes, 0);
  // One chunk for each size class may stay, for the next block of its class.
  assert(arena.chunkBytes <= 40 * 256 * 1024, `${arena.chunkBytes} bytes are held`);
});

Deno.test("arena: a large block has a chunk of its own, and an empty one costs no more than it must", () => {
  const arena = new Arena();
  const large = arena.alloc(LARGEST_CLASS + 1);
  assertEquals(arena.offsetOf(large), 0);
  assertEquals(arena.capacityOf(large), 20_480);
  assertEquals(arena.chunkBytes, 20_480);
  arena.free(large);
  assertEquals(arena.chunkBytes, 0);
  assertEquals(Arena.sizeFor(0), 8);
  assertEquals(Arena.sizeFor(129), 144);
});

Deno.test("arena: a sparse chunk is recognised, the one that is being filled is not", () => {
  const arena = new Arena();
  const addrs = Array.from({ length: 20_000 }, () => arena.alloc(64));
  const kept = addrs.filter((_, i) => i % 10 === 0);
  addrs.forEach((addr, i) => i % 10 !== 0 && arena.free(addr));
  assert(kept.some((addr) => arena.isSparse(addr)));
  const fresh = new Arena();
  assert(!fresh.isSparse(fresh.alloc(64)));
});
