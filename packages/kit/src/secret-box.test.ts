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

describe('a value with a lasting part (MR-152)', () => {
  const master = key();
  const box = createSecretBox([master], 'test');
  const lasting = box.sealLasting(Buffer.from(' and what stays'), 'c');
  const sealed = box.sealBefore(Buffer.from('what changes'), lasting, 'c');

  it('opens as both, one after the other, whatever the bytes', () => {
    expect(box.open(sealed, 'c').toString()).toBe('what changes and what stays');
    const bytes = () => fc.uint8Array({ maxLength: 2_000 });
    fc.assert(
      fc.property(bytes(), bytes(), fc.string(), (first, second, context) => {
        const parts = box.sealBefore(first, box.sealLasting(second, context), context);
        expect(box.open(parts, context).equals(Buffer.concat([first, second]))).toBe(true);
      }),
      { numRuns: 50 },
    );
  });

  it('has the bytes of its lasting part at the end, each time', () => {
    const again = box.sealBefore(Buffer.from('what changes'), lasting, 'c');
    expect(again.equals(sealed)).toBe(false);
    for (const value of [sealed, again]) expect(value.subarray(-lasting.length).equals(lasting)).toBe(true);
  });

  it('does not open in another context, with another lasting part, or after any changed byte', () => {
    expect(() => box.open(sealed, 'd')).toThrow(UnsealError);
    const other = box.sealLasting(Buffer.from(' and what stays'), 'c');
    const mixed = Buffer.concat([sealed.subarray(0, -lasting.length), other]);
    expect(() => box.open(mixed, 'c')).toThrow(UnsealError);
    for (let index = 0; index < sealed.length; index += 1) {
      const changed = Buffer.from(sealed);
      changed[index]! ^= 1;
      expect(() => box.open(changed, 'c')).toThrow(UnsealError);
      expect(() => box.open(sealed.subarray(0, index), 'c')).toThrow(UnsealError);
    }
  });

  it('survives rotation', () => {
    const rotated = createSecretBox([key(), master], 'test');
    expect(rotated.open(sealed, 'c').toString()).toBe('what changes and what stays');
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
