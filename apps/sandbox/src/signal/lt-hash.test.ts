import { LT_HASH_ANTI_TAMPERING } from '@whiskeysockets/baileys';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { addToHash, subtractFromHash } from './lt-hash.ts';

const element = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((data) => Buffer.from(data));

test('the hash of a set does not depend on order, forgets what is taken out, and is the one Baileys computes', () => {
  fc.assert(
    fc.property(fc.array(element, { minLength: 1, maxLength: 8 }), (elements) => {
      const empty = Buffer.alloc(128);
      const all = elements.reduce(addToHash, empty);
      expect([...elements].reverse().reduce(addToHash, empty)).toEqual(all);
      expect(Buffer.from(LT_HASH_ANTI_TAMPERING.subtractThenAdd(empty, [], elements))).toEqual(all);
      expect(elements.reduce(subtractFromHash, all)).toEqual(empty);
    }),
  );
});
