/** The little arithmetic of the benchmark: what is read off several noisy rounds, and how figures are written. */

/** The middle value (the mean of the two in the middle of an even number); throws for none. */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError("no values");
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
}

/**
 * The median of the quotients `over[i] / under[i]`. Values of one index were measured next to each other, so what slowed
 * the machine down for a while slowed both: the quotients are steadier than the quotient of two medians.
 */
export function medianRatio(over: readonly number[], under: readonly number[]): number {
  return median(over.map((value, i) => value / under[i]!));
}

/** Three digits that matter: 0.00123, 0.123, 1.23, 12.3, 123, 1,230. Infinity and NaN (nothing to compare): "-". */
export function figure(value: number): string {
  if (!Number.isFinite(value)) return "-";
  if (value === 0) return "0";
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  if (digits > 0) return value.toFixed(Math.min(digits, 5));
  const scale = 10 ** Math.max(0, Math.floor(Math.log10(Math.abs(value))) - 2);
  return (Math.round(value / scale) * scale).toLocaleString("en-US");
}

/** A ratio with two decimals. */
export function ratioText(value: number): string {
  return Number.isFinite(value) ? value.toFixed(2) : "-";
}

/** A power of ten as people write it: 1000 -> "10^3"; other numbers as they are. */
export function sizeText(size: number): string {
  const exponent = Math.round(Math.log10(size));
  return 10 ** exponent === size ? `10^${exponent}` : size.toLocaleString("en-US");
}
