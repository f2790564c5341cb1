import { createRequire } from 'node:module';
import { ed25519 } from '@noble/curves/ed25519.js';
import { Curve, signedKeyPair } from '@whiskeysockets/baileys';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  CurveError,
  generateKeyPair,
  keyPairFromPrivate,
  prefixed,
  raw,
  sharedSecret,
  xeddsaSign,
  xeddsaVerify,
} from './curve.ts';

const message = fc.uint8Array({ maxLength: 200 }).map((data) => Buffer.from(data));
const seed = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((data) => Buffer.from(data));
const few = { numRuns: 25 };

describe('curve', () => {
  test('agreement is the same on both sides, and the same as Baileys computes', () => {
    fc.assert(
      fc.property(seed, seed, (a, b) => {
        const ours = keyPairFromPrivate(a);
        const theirs = keyPairFromPrivate(b);
        const secret = sharedSecret(ours.privateKey, theirs.publicKey);
        expect(sharedSecret(theirs.privateKey, ours.publicKey)).toEqual(secret);
        expect(Curve.sharedKey(ours.privateKey, theirs.publicKey)).toEqual(secret);
      }),
      few,
    );
  });

  test('we verify what Baileys signs', () => {
    fc.assert(
      fc.property(message, (data) => {
        const signer = Curve.generateKeyPair();
        const publicKey = Buffer.from(signer.public);
        const signature = Buffer.from(Curve.sign(signer.private, data));
        expect(xeddsaVerify(publicKey, data, signature)).toBe(true);
        signature[5]! ^= 1;
        expect(xeddsaVerify(publicKey, data, signature)).toBe(false);
      }),
      few,
    );
  });

  test('a signed prekey of Baileys verifies under its identity', () => {
    const identity = Curve.generateKeyPair();
    const { keyPair, signature } = signedKeyPair(identity, 1);
    const claim = prefixed(Buffer.from(keyPair.public));
    expect(xeddsaVerify(Buffer.from(identity.public), claim, Buffer.from(signature))).toBe(true);
  });

  test("libsignal's own check accepts what we sign, and ours refuses any change", () => {
    // A dependency of Baileys, so it is resolved from there.
    const baileys = createRequire(createRequire(import.meta.url).resolve('@whiskeysockets/baileys'));
    const { verifySignature } = baileys('libsignal/src/curve.js') as {
      verifySignature: (...args: Buffer[]) => boolean;
    };
    fc.assert(
      fc.property(seed, message, (privateKey, data) => {
        const signer = keyPairFromPrivate(privateKey);
        const signature = xeddsaSign(signer.privateKey, data);
        expect(verifySignature(prefixed(signer.publicKey), data, signature)).toBe(true);
        expect(xeddsaVerify(signer.publicKey, data, signature)).toBe(true);
        expect(xeddsaVerify(signer.publicKey, Buffer.concat([data, Buffer.from([0])]), signature)).toBe(false);
        expect(xeddsaVerify(generateKeyPair().publicKey, data, signature)).toBe(false);
      }),
      few,
    );
  });

  test('a malleated signature (s + L), a short one and an empty one are refused', () => {
    const signer = generateKeyPair();
    const data = Buffer.from('data');
    const signature = xeddsaSign(signer.privateKey, data);
    const s = BigInt(`0x${Buffer.from(signature.subarray(32)).reverse().toString('hex')}`);
    const bigger = Buffer.from((s + ed25519.Point.Fn.ORDER).toString(16).padStart(64, '0'), 'hex').reverse();
    expect(xeddsaVerify(signer.publicKey, data, Buffer.concat([signature.subarray(0, 32), bigger]))).toBe(false);
    expect(xeddsaVerify(signer.publicKey, data, signature.subarray(1))).toBe(false);
    expect(xeddsaVerify(signer.publicKey, data, Buffer.alloc(64))).toBe(false);
  });

  test('points of small order are neither keys to agree with nor to verify with', () => {
    for (const low of smallOrderKeys()) {
      expect(() => sharedSecret(generateKeyPair().privateKey, low), low.toString('hex')).toThrow(CurveError);
      // R = identity, s = 0 satisfies the equation under such a key whenever the challenge is a multiple of 8.
      const identityPoint = Buffer.concat([Buffer.from([1]), Buffer.alloc(63)]);
      for (let i = 0; i < 16; i++) {
        expect(xeddsaVerify(low, Buffer.from([i]), identityPoint)).toBe(false);
      }
    }
  });

  test('keys come with or without type byte, and nothing else', () => {
    const { publicKey } = generateKeyPair();
    expect(raw(prefixed(publicKey))).toEqual(publicKey);
    expect(raw(publicKey)).toBe(publicKey);
    expect(() => raw(Buffer.alloc(33))).toThrow(CurveError);
    expect(() => prefixed(Buffer.alloc(33))).toThrow(CurveError);
    expect(() => keyPairFromPrivate(Buffer.alloc(31))).toThrow(CurveError);
  });
});

/** The Montgomery u coordinates of all points whose order divides 8. */
function smallOrderKeys(): Buffer[] {
  const field = ed25519.Point.Fp;
  const torsion = ed25519.Point.fromHex('26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05');
  const keys: Buffer[] = [];
  let point = torsion;
  for (let i = 1; i < 8; i++, point = point.add(torsion)) {
    const { y } = point.toAffine();
    if (y === 1n) continue;
    const u = field.mul(field.add(1n, y), field.inv(field.sub(1n, y)));
    keys.push(Buffer.from(u.toString(16).padStart(64, '0'), 'hex').reverse());
  }
  return keys;
}
