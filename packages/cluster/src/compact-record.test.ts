import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeCompact, encodeCompact, isCompact } from './compact-record.ts';

it('gives back what JSON gives back, and is told from JSON', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const bytes = encodeCompact(value);
      expect([isCompact(bytes), isCompact(Buffer.from(JSON.stringify(value)))]).toEqual([true, false]);
      expect(decodeCompact(bytes)).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
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
  it.each([1, 2, 40])('with %i conversations takes less than half of its JSON', (sessions) => {
    const record = sessionRecord(sessions);
    const bytes = encodeCompact(record);
    expect(decodeCompact(bytes)).toEqual(record);
    expect(bytes.length / JSON.stringify(record).length).toBeLessThan(0.5);
  });

  it('that was stored by this version is read by every later one', () => {
    expect(decodeCompact(Buffer.from(STORED, 'base64'))).toEqual({
      _sessions: {
        BaseKey0: { registrationId: 7, indexInfo: { baseKey: 'BaseKey0', baseKeyType: 1, closed: -1 }, _chains: {} },
      },
      version: 'v1',
    });
  });

  it('that is cut off is refused, not misread', () => {
    const bytes = encodeCompact(sessionRecord(1));
    for (let length = 1; length < bytes.length; length += 1)
      expect(() => decodeCompact(bytes.subarray(0, length))).toThrow();
  });
});

/** Made once, and never again. */
const STORED = 'AUOLLidIABhgizZznCEH14UvBFHCBItLAA==';
