import {
  createHash,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  type KeyObject,
  randomBytes,
  verify,
} from 'node:crypto';
import { ed25519 } from '@noble/curves/ed25519.js';

/**
 * Curve25519 as in Signal: X25519 agreement, and XEdDSA signatures with the same keys.
 *
 * Agreement and verification run in OpenSSL. Keys are passed as JWK, because an import of DER costs ten times as much
 * (0.3 ms) as the agreement. Signing needs Edwards arithmetic with a given scalar, which OpenSSL does not have, so it
 * uses @noble/curves.
 */
export interface KeyPair {
  /** 32 bytes, Montgomery u coordinate, without Signal's type byte. */
  publicKey: Buffer;
  /** 32 bytes, clamped scalar. */
  privateKey: Buffer;
}

export class CurveError extends Error {
  override readonly name = 'CurveError';
}

/** Signal's type byte in front of a public key. */
const KEY_TYPE = 0x05;
const P = ed25519.Point.Fp;
const L = ed25519.Point.Fn.ORDER;
const NONCE_PREFIX = Buffer.concat([Buffer.from([0xfe]), Buffer.alloc(31, 0xff)]);
const ANY_PUBLIC = Buffer.alloc(32).toString('base64url');

export function generateKeyPair(): KeyPair {
  return keyPairFromPrivate(randomBytes(32));
}

/** Completes a private key (32 random or derived bytes) to a pair. */
export function keyPairFromPrivate(seed: Buffer): KeyPair {
  if (seed.length !== 32) throw new CurveError(`a private key has 32 bytes, not ${seed.length}`);
  const privateKey = Buffer.from(seed);
  privateKey[0]! &= 248;
  privateKey[31]! &= 127;
  privateKey[31]! |= 64;
  const { x } = createPublicKey(privateKeyObject(privateKey)).export({ format: 'jwk' });
  return { publicKey: decodeKey(x!), privateKey };
}

/** X25519. Refuses points of small order, whose result is predictable. */
export function sharedSecret(privateKey: Buffer, publicKey: Buffer): Buffer {
  try {
    return diffieHellman({
      privateKey: privateKeyObject(privateKey),
      publicKey: publicKeyObject('X25519', raw(publicKey)),
    });
  } catch (cause) {
    throw new CurveError('key agreement refused', { cause });
  }
}

/** The public key with Signal's type byte: 33 bytes. */
export function prefixed(publicKey: Buffer): Buffer {
  if (publicKey.length !== 32) throw new CurveError(`a public key has 32 bytes, not ${publicKey.length}`);
  const out = Buffer.allocUnsafe(33);
  out[0] = KEY_TYPE;
  publicKey.copy(out, 1);
  return out;
}

/** The 32 bytes of a public key that comes with or without Signal's type byte. */
export function raw(publicKey: Buffer): Buffer {
  if (publicKey.length === 32) return publicKey;
  if (publicKey.length === 33 && publicKey[0] === KEY_TYPE) return publicKey.subarray(1);
  throw new CurveError(`not a public key: ${publicKey.length} bytes`);
}

/** XEdDSA (Signal's specification, section 3): a randomised Ed25519 signature under the Edwards form of the key. */
export function xeddsaSign(privateKey: Buffer, message: Buffer): Buffer {
  const signer = signingKey(privateKey);
  const nonce = hashToScalar(NONCE_PREFIX, signer.secret, message, randomBytes(64));
  const r = ed25519.Point.BASE.multiply(nonce).toBytes();
  const challenge = hashToScalar(r, signer.publicKey, message);
  const s = (nonce + challenge * signer.scalar) % L;
  return Buffer.concat([r, littleEndian(s)]);
}

/**
 * Strict check of an XEdDSA signature. The top bit of the last byte carries the sign of the signer's Edwards point
 * when the signer did not normalise it (older Signal libraries).
 */
export function xeddsaVerify(publicKey: Buffer, message: Buffer, signature: Buffer): boolean {
  if (signature.length !== 64) return false;
  const point = edwardsFromMontgomery(publicKey, signature[63]! & 0x80);
  if (point === null) return false;
  const plain = Buffer.from(signature);
  plain[63]! &= 0x7f;
  return verify(null, message, publicKeyObject('Ed25519', point), plain);
}

interface SigningKey {
  scalar: bigint;
  secret: Buffer;
  publicKey: Buffer;
}

/** Cache of converted keys: the conversion is half the cost of a signature, and identities sign often. */
const signingKeys = new WeakMap<Buffer, SigningKey>();

function signingKey(privateKey: Buffer): SigningKey {
  const known = signingKeys.get(privateKey);
  if (known) return known;
  let scalar = fromLittleEndian(privateKey) % L;
  const publicKey = Buffer.from(ed25519.Point.BASE.multiply(scalar).toBytes());
  if ((publicKey[31]! & 0x80) !== 0) {
    // XEdDSA: the key pair is normalised so that the Edwards point has sign 0.
    scalar = L - scalar;
    publicKey[31]! &= 0x7f;
  }
  const made = { scalar, secret: littleEndian(scalar), publicKey };
  signingKeys.set(privateKey, made);
  return made;
}

/** y = (u - 1) / (u + 1); null for keys that are not canonical or have small order. */
function edwardsFromMontgomery(publicKey: Buffer, signBit: number): Buffer | null {
  if (publicKey.length !== 32) return null;
  const u = fromLittleEndian(publicKey);
  if (u >= P.ORDER || u === P.ORDER - 1n) return null;
  const y = P.mul(P.sub(u, 1n), P.inv(P.add(u, 1n)));
  const encoded = littleEndian(y);
  if (SMALL_ORDER_Y.has(encoded.toString('hex'))) return null;
  encoded[31]! |= signBit;
  return encoded;
}

/** The y coordinates of the eight points of small order: signatures under such a "key" prove nothing. */
const SMALL_ORDER_Y = new Set(
  ['00'.repeat(32), `01${'00'.repeat(31)}`, `ec${'ff'.repeat(30)}7f`].concat([
    '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
    'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  ]),
);

function privateKeyObject(privateKey: Buffer): KeyObject {
  // OpenSSL derives the public half itself, but the format requires a value.
  const key = { kty: 'OKP', crv: 'X25519', d: privateKey.toString('base64url'), x: ANY_PUBLIC };
  return createPrivateKey({ key, format: 'jwk' });
}

function publicKeyObject(crv: 'X25519' | 'Ed25519', publicKey: Buffer): KeyObject {
  return createPublicKey({ key: { kty: 'OKP', crv, x: publicKey.toString('base64url') }, format: 'jwk' });
}

/** A separate buffer, because long-lived keys must not pin a shared 8 kB pool. */
function decodeKey(text: string): Buffer {
  const out = Buffer.alloc(32);
  out.write(text, 'base64url');
  return out;
}

function hashToScalar(...parts: Uint8Array[]): bigint {
  const hash = createHash('sha512');
  for (const part of parts) hash.update(part);
  return fromLittleEndian(hash.digest()) % L;
}

function fromLittleEndian(data: Buffer): bigint {
  return BigInt(`0x${Buffer.from(data).reverse().toString('hex')}`);
}

function littleEndian(value: bigint): Buffer {
  return Buffer.from(value.toString(16).padStart(64, '0'), 'hex').reverse();
}
