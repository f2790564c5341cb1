import { randomBytes } from 'node:crypto';
import { createRequire } from 'node:module';
import { expect, it } from 'vitest';
import { Curve, generateSignalPubKey } from './baileys.ts';
import { calculateAgreement, stockCurve, verifySignature } from './libsignal-curve.ts';

const library = createRequire(createRequire(import.meta.url).resolve('@whiskeysockets/baileys'));
const { calculateSignature } = library('libsignal/src/curve.js') as {
  calculateSignature: (privateKey: Buffer, message: Buffer) => Buffer;
};

const signers = Array.from({ length: 8 }, () => {
  const pair = Curve.generateKeyPair();
  return { publicKey: generateSignalPubKey(pair.public) as Buffer, privateKey: pair.private as Buffer };
});

it('libsignal has the replaced functions, and so has Baileys, which was loaded after it', () => {
  expect(library('libsignal/src/curve.js')).toMatchObject({ verifySignature, calculateAgreement });
  const [{ publicKey, privateKey }] = signers as [(typeof signers)[number]];
  const message = randomBytes(100);
  const signature = calculateSignature(privateKey, message);
  const before = performance.now();
  for (let n = 0; n < 20; n += 1) expect(Curve.verify(publicKey, message, signature)).toBe(true);
  const ms = (performance.now() - before) / 20;
  const begun = performance.now();
  for (let n = 0; n < 5; n += 1) stockCurve.verifySignature(publicKey, message, signature);
  expect(ms).toBeLessThan((performance.now() - begun) / 5 / 4);
});

it('a signature is good exactly where libsignal says so, for points of either sign', () => {
  const signs = new Set<number>();
  for (const { publicKey, privateKey } of signers) {
    const message = randomBytes(1 + publicKey[1]!);
    const signature = calculateSignature(privateKey, message);
    signs.add(signature[63]! & 0x80);
    const cases: [Buffer, Buffer, Buffer][] = [[publicKey, message, signature]];
    for (const place of [0, 20, 31, 32, 50, 63]) {
      const other = Buffer.from(signature);
      other[place]! ^= place === 63 ? 0x80 : 1;
      cases.push([publicKey, message, other]);
    }
    const otherMessage = Buffer.from(message);
    otherMessage[0]! ^= 1;
    cases.push([publicKey, otherMessage, signature], [signers[0]!.publicKey, message, signature]);
    for (const [key, text, signed] of cases)
      expect(verifySignature(key, text, signed)).toBe(stockCurve.verifySignature(key, text, signed));
    expect(verifySignature(publicKey, message, signature)).toBe(true);
    expect(verifySignature(publicKey, otherMessage, signature)).toBe(false);
  }
  expect(signs.size).toBe(2);
});

it('keys that are no points of the curve verify nothing', () => {
  const message = randomBytes(10);
  const signature = calculateSignature(signers[0]!.privateKey, message);
  const odd = [Buffer.alloc(32), Buffer.alloc(32, 0xff), Buffer.from(`ec${'ff'.repeat(30)}7f`, 'hex')];
  for (const key of [...odd, ...Array.from({ length: 10 }, () => randomBytes(32))]) {
    const named = Buffer.concat([Buffer.from([5]), key]);
    expect(verifySignature(named, message, signature)).toBe(false);
    expect(stockCurve.verifySignature(named, message, signature)).toBe(false);
  }
});

it('what is malformed is refused with the words of libsignal', () => {
  const [{ publicKey, privateKey }] = signers as [(typeof signers)[number]];
  const message = Buffer.from('x');
  expect(() => verifySignature(publicKey, message, Buffer.alloc(63))).toThrow('Invalid signature');
  expect(() => verifySignature(publicKey.subarray(0, 10), message, Buffer.alloc(64))).toThrow('Invalid public key');
  expect(() => verifySignature(new Uint8Array(33) as Buffer, message, Buffer.alloc(64))).toThrow('public key type');
  expect(() => calculateAgreement(publicKey, Buffer.alloc(31))).toThrow('Incorrect private key length');
  expect(() => calculateAgreement(publicKey.subarray(0, 31), privateKey)).toThrow('Invalid public key');
});

it('two sides agree, as with libsignal, also about keys with the highest bit set', () => {
  for (const [index, { publicKey, privateKey }] of signers.entries()) {
    const other = signers[(index + 1) % signers.length]!;
    const shared = calculateAgreement(other.publicKey, privateKey);
    expect(shared).toEqual(stockCurve.calculateAgreement(other.publicKey, privateKey));
    expect(shared).toEqual(calculateAgreement(publicKey, other.privateKey));
    const high = Buffer.from(publicKey);
    high[32]! |= 0x80;
    expect(calculateAgreement(high, privateKey)).toEqual(stockCurve.calculateAgreement(high, privateKey));
  }
});

it('no agreement with a point of small order, which would be the same for everybody', () => {
  const nothing = Buffer.concat([Buffer.from([5]), Buffer.alloc(32)]);
  expect(() => calculateAgreement(nothing, signers[0]!.privateKey)).toThrow();
  expect(() => stockCurve.calculateAgreement(nothing, signers[0]!.privateKey)).toThrow();
});
