// Bytes that look random and are known beforehand: from one seed always the same, so that whoever receives them can tell
// whether a single one was lost, doubled, or another session's. The key stream of AES in counter mode; hides nothing.

import { createCipheriv, createHash } from 'node:crypto';

const CHUNK = Buffer.alloc(64 * 1024);

/** The first `length` bytes that belong to `seed`, in chunks of at most 64 kB. */
export function* seededBytes(seed: string, length: number): Generator<Buffer> {
  const key = createHash('sha256').update(seed).digest().subarray(0, 16);
  const cipher = createCipheriv('aes-128-ctr', key, Buffer.alloc(16));
  for (let left = length; left > 0; left -= CHUNK.length) {
    yield cipher.update(left < CHUNK.length ? CHUNK.subarray(0, left) : CHUNK);
  }
}
