import { decodeKey, encodeKey } from '@wa-gate/cluster';
import { describe, expect, it } from 'vitest';
import { initAuthCreds, proto } from './baileys.ts';

const roundTrip = (kind: string, value: unknown) => decodeKey(kind, encodeKey(kind, value));

describe('what comes back is what went in', () => {
  it.each<[string, unknown]>([
    ['session', { _sessions: { abc: { registrationId: 7, currentRatchet: { rootKey: 'AAEC' } } }, version: 'v1' }],
    ['lid-mapping', '123456'],
    ['device-list', ['0', '12']],
    ['sender-key-memory', { '1@s.whatsapp.net': true }],
    ['tctoken', { token: Buffer.from([1, 2]), timestamp: '170', senderTimestamp: 5 }],
    [
      'app-state-sync-version',
      { version: 3, hash: Buffer.alloc(128, 7), indexValueMap: { 'a=': { valueMac: Buffer.of(9) } } },
    ],
    ['identity-key', Buffer.alloc(33, 5)],
    ['sender-key', Buffer.from('[{"senderKeyId":1}]')],
    ['pre-key', { public: Buffer.alloc(32, 1), private: Buffer.alloc(32, 2) }],
  ])('%s', (kind, value) => {
    expect(roundTrip(kind, value)).toEqual(value);
  });

  it('creds, with the signed identity as a protobuf message', () => {
    const account = { details: Buffer.of(1), accountSignatureKey: Buffer.of(2), accountSignature: Buffer.of(3) };
    const creds = { ...initAuthCreds(), account: proto.ADVSignedDeviceIdentity.create(account) };
    const read = roundTrip('creds', creds) as typeof creds;
    expect(Buffer.from(read.noiseKey.private)).toEqual(Buffer.from(creds.noiseKey.private));
    expect(read.account).toEqual(account);
    expect(read.nextPreKeyId).toBe(1);
  });

  it('an app state key whose numbers are 64 bits wide', () => {
    const key = proto.Message.AppStateSyncKeyData.fromObject({
      keyData: Buffer.alloc(32, 1),
      timestamp: 1_700_000_000,
    });
    const read = roundTrip('app-state-sync-key', key) as typeof key;
    expect(proto.Message.AppStateSyncKeyData.encode(read).finish()).toEqual(
      proto.Message.AppStateSyncKeyData.encode(key).finish(),
    );
  });
});
