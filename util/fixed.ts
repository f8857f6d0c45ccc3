/** Numbers with so many decimals, as C prints them. */

/**
 * `value` with `places` decimals (1 to 20). What lies exactly between two of them becomes the one that ends in an even digit, as
 * in C, where toFixed takes the larger: 3.625 is "3.62".
 */
export function fixed(value: number, places: number): string {
  const text = value.toFixed(places);
  // Only multiples of 2^-(places + 1) can lie in the middle: what has more binary places has more decimals, too.
  const halves = value * 2 ** (places + 1);
  const isTie = Number.isInteger(halves) && halves % 2 !== 0;
  const isOdd = (text.charCodeAt(text.length - 1) & 1) !== 0;
  return isTie && isOdd ? value.toFixed(places + 1).slice(0, -1) : text;
}
