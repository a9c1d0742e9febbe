// 64-bit hashing on 32-bit halves: fast on every accept, with no BigInt and no allocation. Knows nothing of nodes or
// clients. The functions are published ones and frozen: docs/hash.md says what hangs on their every bit.

/** A 64-bit word as two signed 32-bit halves: `[high, low]`. */
export type Word64 = Int32Array;

export function word64(): Word64 {
  return new Int32Array(2);
}

const FNV_BASIS_HIGH = 0xcbf29ce4 | 0;
const FNV_BASIS_LOW = 0x84222325 | 0;

/** Sets `out` to the state of FNV-1a before its first byte. Source: RFC 9923 (64 bits). */
export function fnvStart(out: Word64): void {
  out[0] = FNV_BASIS_HIGH;
  out[1] = FNV_BASIS_LOW;
}

/** Takes one byte (0 to 255) into the FNV-1a state: exclusive or, then times the FNV prime 2^40 + 0x1b3. */
export function fnvByte(out: Word64, byte: number): void {
  const high = out[0] ?? 0;
  const low = (out[1] ?? 0) ^ byte;
  // low * 0x1b3 has at most 41 bits: what stands above 32 is the carry. Times 2^40, low only reaches the high half.
  const carry = Math.floor(((low >>> 0) * 0x1b3) / 0x1_0000_0000);
  out[0] = (Math.imul(high, 0x1b3) + (low << 8) + carry) | 0;
  out[1] = Math.imul(low, 0x1b3);
}

/** Takes the UTF-8 bytes of a text into the FNV-1a state. */
export function fnvText(out: Word64, text: string): void {
  for (const byte of new TextEncoder().encode(text)) fnvByte(out, byte);
}

/**
 * Sets `out` to the mixed `high:low`: each bit of the input changes about half of the output, and no two inputs give the
 * same output. Source: the finaliser of SplitMix64 (Steele, Lea, Flood, "Fast splittable pseudorandom number
 * generators", OOPSLA 2014, with the constants of Stafford's variant 13).
 */
export function mix64(high: number, low: number, out: Word64): void {
  let h = high ^ (high >>> 30);
  let l = low ^ ((low >>> 30) | (high << 2));
  // times 0xbf58476d1ce4e5b9
  let m = (highOfProduct(l, 0xe5b9, 0x1ce4) + Math.imul(h, 0x1ce4e5b9) + Math.imul(l, 0xbf58476d)) | 0;
  l = Math.imul(l, 0x1ce4e5b9);
  h = m ^ (m >>> 27);
  l ^= (l >>> 27) | (m << 5);
  // times 0x94d049bb133111eb
  m = (highOfProduct(l, 0x11eb, 0x1331) + Math.imul(h, 0x133111eb) + Math.imul(l, 0x94d049bb)) | 0;
  l = Math.imul(l, 0x133111eb);
  out[0] = m ^ (m >>> 31);
  out[1] = l ^ ((l >>> 31) | (m << 1));
}

/** The high 32 bits of the 64-bit product of two unsigned 32-bit numbers, the second given as its 16-bit halves. */
function highOfProduct(a: number, bLow: number, bHigh: number): number {
  // Source: Warren, "Hacker's Delight", 2nd edition, section 8-2: no partial sum leaves 32 bits.
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const carry = (Math.imul(aLow, bLow) >>> 16) + Math.imul(aHigh, bLow);
  const middle = (carry & 0xffff) + Math.imul(aLow, bHigh);
  return (Math.imul(aHigh, bHigh) + (carry >>> 16) + (middle >>> 16)) | 0;
}
