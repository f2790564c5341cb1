import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compactJson } from './compact-record.ts';
import { decodeKey } from './key-codec.ts';
import { isSplit, splitRecord } from './split-record.ts';

const key = (bytes = 32) => randomBytes(bytes).toString('base64');
const OWN = key(33);
const REMOTE = key(33);

interface Shape {
  closed?: number;
  sending?: object | null;
  receiving?: object | null;
  used?: unknown;
}

const chain = (counter: number, chainType: number, messageKeys = {}) => ({
  chainKey: { counter, key: key() },
  chainType,
  messageKeys,
});

/** A conversation as libsignal writes it. */
const session = ({ closed = -1, sending = chain(7, 1), receiving = chain(2, 2), used = Date.now() }: Shape = {}) => ({
  registrationId: 12_345,
  currentRatchet: {
    ephemeralKeyPair: { pubKey: OWN, privKey: key() },
    lastRemoteEphemeralKey: REMOTE,
    previousCounter: 3,
    rootKey: key(),
  },
  indexInfo: { baseKey: key(33), baseKeyType: 2, closed, used, created: Date.now(), remoteIdentityKey: key(33) },
  _chains: {
    [key(33)]: chain(4, 2, { 3: key() }),
    ...(sending && { [OWN]: sending }),
    ...(receiving && { [REMOTE]: receiving }),
  },
});
const recordOf = (...sessions: object[]) => ({
  _sessions: Object.fromEntries(sessions.map((one) => [key(33), one])),
  version: 'v1',
});
const stored = ({ changing, lasting }: NonNullable<ReturnType<typeof splitRecord>>) =>
  Buffer.concat([changing, compactJson(lasting)]);

describe('a session record in two parts', () => {
  it('is put together again as it was, whatever its sessions and counters', () => {
    const int32 = fc.integer({ min: -1, max: 0x7f_ff_ff_ff });
    fc.assert(
      fc.property(int32, int32, fc.nat({ max: 3 }), fc.boolean(), (sent, received, closed, answered) => {
        const open = session({ sending: chain(sent, 1), receiving: answered ? chain(received, 2) : null });
        const record = recordOf(...Array.from({ length: closed }, () => session({ closed: 5 })), open);
        const before = JSON.stringify(record);
        const bytes = stored(splitRecord(record)!);
        expect(isSplit(bytes)).toBe(true);
        expect(JSON.stringify(decodeKey('session', bytes))).toBe(before);
        expect(JSON.stringify(record)).toBe(before);
      }),
      { numRuns: 50 },
    );
  });

  it('changes in one part alone when it encrypts or decrypts, and holds no key of these chains in the other', () => {
    const open = session();
    const record = recordOf(session({ closed: 5 }), open);
    const before = splitRecord(record)!;
    const chains = open._chains as Record<string, ReturnType<typeof chain>>;
    for (const name of [OWN, REMOTE]) {
      chains[name]!.chainKey = { counter: chains[name]!.chainKey.counter + 1, key: key() };
      open.indexInfo.used = Date.now() + 1;
      const after = splitRecord(record)!;
      expect(after.lasting).toBe(before.lasting);
      expect(after.changing.equals(before.changing)).toBe(false);
      expect(after.lasting).not.toContain(chains[name]!.chainKey.key);
    }
    open.currentRatchet.rootKey = key();
    expect(splitRecord(record)!.lasting).not.toBe(before.lasting);
  });

  it('keeps a chain that is closed in the part that stays', () => {
    const record = recordOf(session({ receiving: { chainKey: { counter: 4 }, chainType: 2, messageKeys: {} } }));
    expect(decodeKey('session', stored(splitRecord(record)!))).toEqual(record);
  });

  it.each([
    ['no session', recordOf()],
    ['no open session', recordOf(session({ closed: 5 }))],
    ['no chain that encrypts', recordOf(session({ sending: null }))],
    ['a key of another length', recordOf(session({ sending: { chainKey: { counter: 1, key: key(31) } } }))],
    [
      'a key that is not the base64 of its bytes',
      recordOf(session({ sending: { chainKey: { counter: 1, key: `${key()} ` } } })),
    ],
    ['a counter beyond 32 bits', recordOf(session({ sending: chain(2 ** 40, 1) }))],
    ['no time of use', recordOf(session({ used: null }))],
    ['less than libsignal writes', { _sessions: { abc: { indexInfo: { closed: -1 } } }, version: 'v1' }],
    ['nothing', null],
  ])('is not made of a record with %s', (_, record) => {
    expect(splitRecord(record)).toBeUndefined();
  });

  it('that was stored by this version is read by every later one', () => {
    expect(decodeKey('session', Buffer.from(STORED, 'base64'))).toMatchObject({
      _sessions: {
        Base: {
          indexInfo: { closed: -1, used: 17 },
          _chains: { own: { chainKey: { counter: 7, key: Buffer.alloc(32, 1).toString('base64') } } },
        },
      },
    });
  });

  it('that is cut off is refused, not misread', () => {
    const bytes = stored(splitRecord(recordOf(session()))!);
    for (let length = 1; length < bytes.length; length += 1)
      expect(() => decodeKey('session', bytes.subarray(0, length))).toThrow();
  });
});

/** Made once, and never again. */
const STORED =
  'AgMAAAAAABEAAAAHAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEAAAACAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIBQ4sup8TiVGxRZk5ynOWX56FEWwHeeIOEIsHYK8ITfWCnExOFBkTEYCZaFIJ8Q5VYhHqUVLOIi0wA';
