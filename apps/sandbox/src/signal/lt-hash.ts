import { hkdf } from './kdf.ts';

/**
 * A hash over a set to which elements can be added and from which they can be removed: 64 sums of 16 bits (little
 * endian), each element expanded to that size. The order of elements does not matter.
 */
const SIZE = 128;
const INFO = 'WhatsApp Patch Integrity';

export function addToHash(hash: Buffer, element: Buffer): Buffer {
  return combine(hash, element, 1);
}

export function subtractFromHash(hash: Buffer, element: Buffer): Buffer {
  return combine(hash, element, -1);
}

function combine(hash: Buffer, element: Buffer, sign: 1 | -1): Buffer {
  const expanded = hkdf(element, SIZE, INFO);
  const out = Buffer.alloc(SIZE);
  for (let at = 0; at < SIZE; at += 2) {
    out.writeUInt16LE((hash.readUInt16LE(at) + sign * expanded.readUInt16LE(at)) & 0xffff, at);
  }
  return out;
}
