import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createSecretBox, MasterKeyError, parseMasterKeys, UnsealError } from './secret-box.ts';

const key = () => randomBytes(32);

describe('a sealed value (MR-152)', () => {
  it('opens again under the same key and context, whatever the bytes', () => {
    const box = createSecretBox([key()], 'test');
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2_000 }), fc.string(), (plain, context) => {
        expect(box.open(box.seal(plain, context), context).equals(Buffer.from(plain))).toBe(true);
      }),
      { numRuns: 50 },
    );
  });

  it('is different each time it is sealed', () => {
    const box = createSecretBox([key()], 'test');
    expect(box.seal(Buffer.from('x'), 'c').equals(box.seal(Buffer.from('x'), 'c'))).toBe(false);
  });

  it('does not open in another context, for another purpose, or after any changed byte', () => {
    const master = key();
    const box = createSecretBox([master], 'test');
    const sealed = box.seal(Buffer.from('plain'), 'session-1/creds');
    expect(() => box.open(sealed, 'session-2/creds')).toThrow(UnsealError);
    expect(() => createSecretBox([master], 'other').open(sealed, 'session-1/creds')).toThrow(UnsealError);
    for (let index = 0; index < sealed.length; index += 1) {
      const changed = Buffer.from(sealed);
      changed[index]! ^= 1;
      expect(() => box.open(changed, 'session-1/creds')).toThrow(UnsealError);
    }
  });

  it('survives rotation: the new first key seals, the old one still opens', () => {
    const old = key();
    const next = key();
    const sealedBefore = createSecretBox([old], 'test').seal(Buffer.from('plain'), 'c');
    const rotated = createSecretBox([next, old], 'test');
    expect(rotated.open(sealedBefore, 'c').toString()).toBe('plain');
    expect(() => createSecretBox([old], 'test').open(rotated.seal(Buffer.from('plain'), 'c'), 'c')).toThrow(
      UnsealError,
    );
  });
});

describe('the master key', () => {
  it('is 32 bytes of base64, several separated by commas', () => {
    const keys = [key(), key()];
    expect(parseMasterKeys(keys.map((each) => each.toString('base64')).join(', '))).toEqual(keys);
  });

  it.each(['', 'short', randomBytes(31).toString('base64')])(
    'refuses %j with a sentence that says how to make one',
    (value) => {
      expect(() => parseMasterKeys(value)).toThrow(MasterKeyError);
      expect(() => parseMasterKeys(value)).toThrow('openssl rand -base64 32');
    },
  );
});
