import { randomBytes } from 'node:crypto';
import {
  aesDecryptCTR,
  aesEncryptCTR,
  aesEncryptGCM,
  Curve,
  derivePairingCodeKey,
  hkdf as theirHkdf,
} from '@whiskeysockets/baileys';
import { describe, expect, test } from 'vitest';
import { generateKeyPair } from './curve.ts';
import { finishPrimaryPairing, PairingCodeError, startPrimaryPairing } from './pairing-code.ts';

/** The side of the companion, made of the crypto functions of Baileys. */
async function companion(code: string) {
  const identity = Curve.generateKeyPair();
  const ephemeral = Curve.generateKeyPair();
  const salt = randomBytes(32);
  const iv = randomBytes(16);
  const wrapped = aesEncryptCTR(ephemeral.public, await derivePairingCodeKey(code, salt), iv);
  return {
    hello: Buffer.concat([salt, iv, wrapped]),
    identity: Buffer.from(identity.public),
    finish: async (theirs: Buffer, phoneIdentity: Buffer, named = Buffer.from(identity.public)) => {
      const key = await derivePairingCodeKey(code, theirs.subarray(0, 32));
      const primary = aesDecryptCTR(theirs.subarray(48, 80), key, theirs.subarray(32, 48));
      const shared = Curve.sharedKey(ephemeral.private, primary);
      const random = randomBytes(32);
      const bundleSalt = randomBytes(32);
      const info = 'link_code_pairing_key_bundle_encryption_key';
      const bundleKey = theirHkdf(shared, 32, { salt: bundleSalt, info });
      const bundleIv = randomBytes(12);
      const plain = Buffer.concat([named, phoneIdentity, random]);
      const sealed = aesEncryptGCM(plain, bundleKey, bundleIv, Buffer.alloc(0));
      const agreement = Curve.sharedKey(identity.private, phoneIdentity);
      const advSecret = theirHkdf(Buffer.concat([shared, agreement, random]), 32, { info: 'adv_secret' });
      return { wrappedBundle: Buffer.concat([bundleSalt, bundleIv, sealed]), advSecret: Buffer.from(advSecret) };
    },
  };
}

describe('linking by code', () => {
  test('both sides end up with the same secret', async () => {
    const phoneIdentity = generateKeyPair();
    const their = await companion('ABCD1234');
    const pairing = await startPrimaryPairing('ABCD1234', their.hello);
    const { wrappedBundle, advSecret } = await their.finish(pairing.wrappedEphemeral, phoneIdentity.publicKey);
    const options = { pairing, phoneIdentity, wrappedBundle, companionIdentity: their.identity };
    expect(finishPrimaryPairing(options)).toEqual({ companionIdentity: their.identity, advSecret });
    const stranger = generateKeyPair();
    expect(() => finishPrimaryPairing({ ...options, phoneIdentity: stranger })).toThrow('another phone');
    expect(() => finishPrimaryPairing({ ...options, companionIdentity: stranger.publicKey })).toThrow(
      'another companion',
    );
  });

  test('a wrong code ends in a bundle that does not open', async () => {
    const phoneIdentity = generateKeyPair();
    const their = await companion('ABCD1234');
    const pairing = await startPrimaryPairing('ABCD1235', their.hello);
    const { wrappedBundle } = await their.finish(pairing.wrappedEphemeral, phoneIdentity.publicKey);
    const finish = () =>
      finishPrimaryPairing({ pairing, phoneIdentity, wrappedBundle, companionIdentity: their.identity });
    expect(finish).toThrow(PairingCodeError);
  });

  test('data of the wrong size is refused', async () => {
    await expect(startPrimaryPairing('ABCD1234', randomBytes(48))).rejects.toThrow(PairingCodeError);
    await expect(startPrimaryPairing('ABCD1234', randomBytes(81))).rejects.toThrow(PairingCodeError);
  });
});
