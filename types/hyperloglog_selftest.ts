/**
 * What PFSELFTEST runs: the register arithmetic against a plain array, and the estimates against known counts.
 *
 * It is no stand-in for the test suite; it tells the owner of a machine whether the code works there. A tenth of a
 * second is what a server may stand still for, which decides the number of rounds.
 */
import { denseRegister, estimateCount, HLL_REGISTERS, HyperLogLogEditor } from "./hyperloglog.ts";

const REGISTER_ROUNDS = 10;
const LARGEST_COUNT = 100_000;
/** Size limit of the sparse value: the default of hll-sparse-max-bytes. */
const SPARSE_LIMIT = 3000;
/** The standard error of 16384 registers. */
const STANDARD_ERROR = 1.04 / Math.sqrt(HLL_REGISTERS);
/** Counts may be off by this many standard errors. */
const TOLERANCE = 6;

/**
 * Runs the test.
 * @param random unsigned 32-bit random numbers
 * @returns what went wrong, or null
 */
export function selfTest(random: () => number): string | null {
  for (let round = 0; round < REGISTER_ROUNDS; round++) {
    const fault = testRegisters(random);
    if (fault !== null) return fault;
  }
  return testEstimates(random);
}

function testRegisters(random: () => number): string | null {
  const editor = new HyperLogLogEditor();
  editor.reset();
  editor.toDense();
  const model = new Uint8Array(HLL_REGISTERS);
  for (let i = 0; i < HLL_REGISTERS; i++) {
    model[i] = random() & 63;
    if (model[i]! > 0) editor.raise(i, model[i]!, SPARSE_LIMIT);
  }
  const value = editor.bytes();
  for (let i = 0; i < HLL_REGISTERS; i++) {
    const found = denseRegister(value, 0, i);
    if (found !== model[i]!) return `TESTFAILED Register ${i} should be ${model[i]} but is ${found}`;
  }
  return null;
}

function testEstimates(random: () => number): string | null {
  const dense = new HyperLogLogEditor();
  dense.reset();
  dense.toDense();
  const sparse = new HyperLogLogEditor();
  sparse.reset();
  const element = new Uint8Array(8);
  const numbers = new Uint32Array(element.buffer);
  const seed = random();
  numbers[1] = random();
  let checkpoint = 1;
  for (let count = 1; count <= LARGEST_COUNT; count++) {
    numbers[0] = count ^ seed;
    dense.add(element, 0, 8, SPARSE_LIMIT);
    sparse.add(element, 0, 8, SPARSE_LIMIT);
    if (count !== checkpoint) continue;
    const fault = checkEstimates(dense, sparse, count);
    if (fault !== null) return fault;
    checkpoint *= 10;
  }
  return null;
}

function checkEstimates(dense: HyperLogLogEditor, sparse: HyperLogLogEditor, count: number): string | null {
  // Each element takes three bytes at most, so that up to 999 always stay below the limit.
  if (count < SPARSE_LIMIT / 3 && sparse.isDense()) return "TESTFAILED sparse encoding not used";
  const value = dense.bytes();
  const estimate = Number(estimateCount(value, 0, value.length));
  const other = sparse.bytes();
  if (Number(estimateCount(other, 0, other.length)) !== estimate) return "TESTFAILED dense/sparse disagree";
  const error = Math.abs(count - estimate);
  // Two of ten elements may share a register.
  const allowed = count === 10 ? 1 : Math.ceil(TOLERANCE * STANDARD_ERROR * count);
  return error > allowed ? `TESTFAILED Too big error. card:${count} abserr:${error}` : null;
}
