import { randomBytes } from 'node:crypto';
import { configureSuccessfulPairing, initAuthCreds, type BinaryNode as TheirNode } from '@whiskeysockets/baileys';
import { describe, expect, test } from 'vitest';
import { bytes, child, node } from '../wire/node.ts';
import { AdvError, makeDeviceIdentity, signDeviceIdentity, verifyDeviceSignature } from './adv.ts';
import { generateKeyPair } from './curve.ts';

const phone = generateKeyPair();
const papers = { phoneIdentity: phone, rawId: 12, keyIndex: 3, timestamp: 1_700_000_000 };

/** Has Baileys answer a pair-success, and returns the bytes of its device identity. */
function baileysSigns(content: Buffer, creds: ReturnType<typeof initAuthCreds>): { signed: Buffer; keyIndex?: string } {
  const stanza = node('iq', { id: '1' }, [
    node('pair-success', {}, [
      node('device-identity', {}, content),
      node('device', { jid: '1:3@s.whatsapp.net', lid: '9:3@lid' }),
      node('platform', { name: 'android' }),
    ]),
  ]);
  const { reply } = configureSuccessfulPairing(stanza as TheirNode, creds);
  const identity = child(child(reply as ReturnType<typeof node>, 'pair-device-sign'), 'device-identity');
  return { signed: Buffer.from(bytes(identity)!), keyIndex: identity!.attrs['key-index']! };
}

describe('device papers', () => {
  test.each([false, true])('Baileys accepts ours and we verify its counter-signature (hosted: %s)', (hosted) => {
    const creds = initAuthCreds();
    const companionIdentity = Buffer.from(creds.signedIdentityKey.public);
    const advSecret = Buffer.from(creds.advSecretKey, 'base64');
    const issued = makeDeviceIdentity({ ...papers, companionIdentity, advSecret, hosted });
    const { signed, keyIndex } = baileysSigns(issued.content, creds);
    expect(keyIndex).toBe('3');
    const check = { signed, issued, phoneIdentity: phone.publicKey, companionIdentity };
    const complete = verifyDeviceSignature(check);
    expect(complete.length).toBeGreaterThan(signed.length);

    const stranger = generateKeyPair().publicKey;
    expect(() => verifyDeviceSignature({ ...check, companionIdentity: stranger })).toThrow(AdvError);
    expect(() => verifyDeviceSignature({ ...check, phoneIdentity: stranger })).toThrow(AdvError);
    const changed = Buffer.from(signed);
    changed[changed.length - 1]! ^= 1;
    expect(() => verifyDeviceSignature({ ...check, signed: changed })).toThrow(AdvError);
    const other = makeDeviceIdentity({ ...papers, keyIndex: 4, companionIdentity, advSecret, hosted });
    expect(() => verifyDeviceSignature({ ...check, issued: other })).toThrow('other details');
    expect(() => verifyDeviceSignature({ ...check, signed: Buffer.from([0xff]) })).toThrow(AdvError);
  });

  test('our companion checks the papers and signs them', () => {
    const identity = generateKeyPair();
    const advSecret = randomBytes(32);
    const issued = makeDeviceIdentity({ ...papers, companionIdentity: identity.publicKey, advSecret });
    const answer = signDeviceIdentity({ content: issued.content, advSecret, companionIdentity: identity });
    expect(answer).toMatchObject({ keyIndex: 3, phoneIdentity: phone.publicKey });
    const check = {
      signed: answer.reply,
      issued,
      phoneIdentity: phone.publicKey,
      companionIdentity: identity.publicKey,
    };
    expect(verifyDeviceSignature(check)).toEqual(answer.complete);
    const ask = (advSecretOther: Buffer, companionIdentity = identity) =>
      signDeviceIdentity({ content: issued.content, advSecret: advSecretOther, companionIdentity });
    expect(() => ask(randomBytes(32))).toThrow('another secret');
    expect(() => ask(advSecret, generateKeyPair())).toThrow('account signature');
  });
});
