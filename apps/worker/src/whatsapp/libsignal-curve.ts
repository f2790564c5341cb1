import { createPrivateKey, createPublicKey, diffieHellman, type KeyObject, verify } from 'node:crypto';
import { createRequire } from 'node:module';
import { BoundedCache } from './bounded-cache.ts';

/**
 * libsignal checks signatures in JavaScript, 6 ms each: two of them in each login (the certificates of WhatsApp's
 * server), one for each received message of a group. For an agreement it gives OpenSSL its keys as DER, whose import
 * takes longer than the agreement. Here OpenSSL does the first, and gets the keys of both as JSON Web Keys. Import this
 * before Baileys.
 */
interface Curve {
  /** `publicKey`: 33 bytes, with Signal's type before it. @throws {Error} when a part has another length */
  verifySignature: (publicKey: Buffer, message: Uint8Array, signature: Uint8Array, isInit?: boolean) => boolean;
  /** @throws {Error} when a key has another length, or the result would be the same for everybody */
  calculateAgreement: (publicKey: Buffer, privateKey: Buffer) => Buffer;
}

const library = createRequire(import.meta.url);
const curve = library('libsignal/src/curve.js') as Curve;

/** The functions of libsignal, unpatched. */
export const stockCurve: Curve = {
  verifySignature: curve.verifySignature,
  calculateAgreement: curve.calculateAgreement,
};

/** Of Curve25519, 2 ** 255 - 19. */
const PRIME = 2n ** 255n - 19n;
const KEY_BYTES = 32;
const SIGNATURE_BYTES = 64;
/** Signal's type of a public key. */
const KEY_TYPE = 5;
const SIGN = 0x80;
/** OpenSSL derives the public half itself, but the form asks for one. */
const ANY_PUBLIC = Buffer.alloc(KEY_BYTES).toString('base64url');

/** Those of WhatsApp's certificates, and of the senders in groups that were lately heard of. */
const signers = new BoundedCache<KeyObject>({ max: 500 });

const publicKeyOf = (crv: 'Ed25519' | 'X25519', bytes: Buffer): KeyObject =>
  createPublicKey({ key: { kty: 'OKP', crv, x: bytes.toString('base64url') }, format: 'jwk' });

const isPublicKey = (key: Buffer): boolean =>
  Buffer.isBuffer(key) && key.length === KEY_BYTES + 1 && key[0] === KEY_TYPE;

/** The library answers what is malformed, with its own errors. */
export const verifySignature: Curve['verifySignature'] = (publicKey, message, signature, isInit) => {
  const isUsual = isPublicKey(publicKey) && message?.length >= 0 && signature?.length === SIGNATURE_BYTES;
  if (isInit || !isUsual) return stockCurve.verifySignature(publicKey, message, signature, isInit);
  // The sign of the signer's Edwards point is in the highest bit, which no signature of Ed25519 has.
  const plain = Buffer.from(signature);
  const sign = plain[SIGNATURE_BYTES - 1]! & SIGN;
  plain[SIGNATURE_BYTES - 1]! ^= sign;
  try {
    return verify(null, message, signerOf(publicKey, sign), plain);
  } catch {
    return false; // no point of the curve
  }
};

export const calculateAgreement: Curve['calculateAgreement'] = (publicKey, privateKey) => {
  const isUsual = isPublicKey(publicKey) && Buffer.isBuffer(privateKey) && privateKey.length === KEY_BYTES;
  if (!isUsual) return stockCurve.calculateAgreement(publicKey, privateKey);
  const key = { kty: 'OKP', crv: 'X25519', d: privateKey.toString('base64url'), x: ANY_PUBLIC };
  return diffieHellman({
    privateKey: createPrivateKey({ key, format: 'jwk' }),
    publicKey: publicKeyOf('X25519', publicKey.subarray(1)),
  });
};

function signerOf(publicKey: Buffer, sign: number): KeyObject {
  const name = `${publicKey.toString('latin1')}${sign}`;
  const known = signers.get(name);
  if (known) return known;
  const point = edwardsFrom(publicKey.subarray(1));
  point[KEY_BYTES - 1]! |= sign;
  const signer = publicKeyOf('Ed25519', point);
  signers.set(name, signer);
  return signer;
}

/** The y of the same point on the Edwards curve, `(u - 1) / (u + 1)`, as 32 bytes. */
function edwardsFrom(montgomery: Buffer): Buffer {
  const bytes = Buffer.from(montgomery).reverse();
  bytes[0]! &= ~SIGN;
  const u = BigInt(`0x${bytes.toString('hex')}`) % PRIME;
  const y = ((u + PRIME - 1n) * inverse(u + 1n)) % PRIME;
  return Buffer.from(y.toString(16).padStart(2 * KEY_BYTES, '0'), 'hex').reverse();
}

/** Modulo {@link PRIME}, by Euclid's algorithm; of 0 it is 0. */
function inverse(number: bigint): bigint {
  let [before, rest] = [PRIME, number % PRIME];
  let [factorBefore, factor] = [0n, 1n];
  while (rest > 0n) {
    const quotient = before / rest;
    [before, rest] = [rest, before - quotient * rest];
    [factorBefore, factor] = [factor, factorBefore - quotient * factor];
  }
  if (number % PRIME === 0n) return 0n;
  return factorBefore < 0n ? factorBefore + PRIME : factorBefore;
}

// Baileys and libsignal look their functions up when they are loaded, or at each call.
curve.verifySignature = verifySignature;
curve.calculateAgreement = calculateAgreement;
