import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeCompact, encodeCompact, isCompact } from './compact-json.ts';

const asJson = (value: unknown) => JSON.parse(JSON.stringify(value));

it('gives back what JSON gives back, whatever the value', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.base64String(),
    fc.uint8Array().map((bytes) => Buffer.from(bytes).toString('base64')),
  );
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { depthSize: 'medium' },
      text,
      fc.double(),
      fc.maxSafeInteger(),
      fc.boolean(),
      fc.constant(null),
      fc.array(tie('value')),
      fc.dictionary(fc.oneof(text, fc.constantFrom('_chains', 'key', 'toString', '__proto__')), tie('value')),
    ),
  }));
  fc.assert(
    fc.property(value, (any) => {
      const bytes = encodeCompact(any);
      expect(isCompact(bytes)).toBe(true);
      expect(decodeCompact(bytes)).toEqual(asJson(any));
    }),
    { numRuns: 2_000 },
  );
});

it('leaves out what is undefined, as JSON does', () => {
  expect(decodeCompact(encodeCompact({ chainKey: { counter: -1, key: undefined }, list: [undefined] }))).toEqual({
    chainKey: { counter: -1 },
    list: [null],
  });
});

it('never looks like JSON, and JSON never looks like it', () => {
  fc.assert(fc.property(fc.jsonValue(), (value) => !isCompact(Buffer.from(JSON.stringify(value)))));
});

const key = (bytes: number) => randomBytes(bytes).toString('base64');

/** A record as libsignal writes it: `sessions` conversations, each with a chain to send and one to receive. */
function sessionRecord(sessions: number) {
  const entry = () => {
    const [baseKey, own, remote] = [key(33), key(33), key(33)];
    return [
      baseKey,
      {
        registrationId: 12_345,
        currentRatchet: {
          ephemeralKeyPair: { pubKey: own, privKey: key(32) },
          lastRemoteEphemeralKey: remote,
          previousCounter: 3,
          rootKey: key(32),
        },
        indexInfo: {
          baseKey,
          baseKeyType: 2,
          closed: -1,
          used: Date.now(),
          created: Date.now(),
          remoteIdentityKey: key(33),
        },
        _chains: {
          [own]: { chainKey: { counter: 7, key: key(32) }, chainType: 1, messageKeys: {} },
          [remote]: { chainKey: { counter: 2, key: key(32) }, chainType: 2, messageKeys: { 1: key(32) } },
        },
      },
    ] as const;
  };
  return { _sessions: Object.fromEntries(Array.from({ length: sessions }, entry)), version: 'v1' };
}

describe('a session record', () => {
  it.each([1, 2, 40])('with %i conversations takes less than 0.45 of its JSON', (sessions) => {
    const record = sessionRecord(sessions);
    const bytes = encodeCompact(record);
    expect(decodeCompact(bytes)).toEqual(record);
    expect(bytes.length / JSON.stringify(record).length).toBeLessThan(0.45);
  });

  it('that is cut off or made by nobody is refused, not misread', () => {
    const bytes = encodeCompact(sessionRecord(1));
    for (let length = 1; length < bytes.length; length += 1)
      expect(() => decodeCompact(bytes.subarray(0, length))).toThrow(RangeError);
    expect(() => decodeCompact(Buffer.of(1, 99))).toThrow('later version');
    expect(() => decodeCompact(Buffer.of(1, 7, 5))).toThrow('refers to nothing');
  });
});
