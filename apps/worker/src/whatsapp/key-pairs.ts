import { createPrivateKey, generateKeyPair, type KeyObject, randomBytes } from 'node:crypto';
import { Curve } from './baileys.ts';

type KeyPair = ReturnType<typeof Curve.generateKeyPair>;

const KEY_BYTES = 32;
/** OpenSSL derives the public half itself, but the form asks for one. */
const ANY_PUBLIC = Buffer.alloc(KEY_BYTES).toString('base64url');

/** In the threads of the process, which read files and look up names as well. */
const AT_A_TIME = 2;

/** What Baileys makes for the server at the first login of a device. */
export const FIRST_PREKEYS = 812;
/** Of the devices that are linked at the same time; each pair is less than 300 bytes. */
const MAX_PREPARED = 2 * FIRST_PREKEYS;

const prepared: KeyPair[] = [];
let wanted = 0;
let isMaking = false;

// Takes the place of Baileys' own, which asks OpenSSL for encoded forms: twice the work of the pair itself.
// A pair leaves the list when it is taken, so nobody gets the same one.
Curve.generateKeyPair = () => {
  const pair = prepared.pop();
  if (pair === undefined) return makeHere();
  wanted -= 1;
  return pair;
};

/**
 * Makes pairs while the phone scans. Otherwise the first login makes them all at once, and for as long no session of
 * this process gets anything done. What is not ready in time is made then, in 0.05 ms each.
 */
export function prepareKeyPairs(count = FIRST_PREKEYS): void {
  wanted = Math.min(MAX_PREPARED, Math.max(wanted, prepared.length) + count);
  if (isMaking) return;
  isMaking = true;
  // Without pairs they are made when they are needed; there is nothing to say about it.
  void Promise.allSettled(Array.from({ length: AT_A_TIME }, fill)).then(() => {
    isMaking = false;
  });
}

async function fill(): Promise<void> {
  while (prepared.length < wanted) prepared.push(await makeInThread());
}

/**
 * Not by `generateKeyPairSync`, whose key must not be exported: its job is garbage by then, and takes the lock of the
 * key when it is collected. The export holds that lock, and makes strings. A collection of the whole heap that begins
 * there waits for itself: the process stands still for good. Seen with Node 20.20, in each of two
 * workers after three hundred devices.
 */
function makeHere(): KeyPair {
  const seed = randomBytes(KEY_BYTES);
  // As every private key of this curve is made: its lowest three bits and the highest one clear, the one below it set.
  seed[0]! &= 248;
  seed[31]! &= 127;
  seed[31]! |= 64;
  const key = { kty: 'OKP', crv: 'X25519', d: seed.toString('base64url'), x: ANY_PUBLIC };
  return pairOf(createPrivateKey({ key, format: 'jwk' }));
}

/** The job of a pair that a thread makes lives until the callback is over. */
function makeInThread(): Promise<KeyPair> {
  return new Promise((resolve, reject) => {
    generateKeyPair('x25519', undefined, (error, _publicKey, privateKey) => {
      if (error) reject(error);
      else resolve(pairOf(privateKey));
    });
  });
}

/** A JSON Web Key is the one form that OpenSSL reads without looking for an encoder. */
function pairOf(privateKey: KeyObject): KeyPair {
  const { x, d } = privateKey.export({ format: 'jwk' });
  return { public: Buffer.from(x!, 'base64url'), private: Buffer.from(d!, 'base64url') };
}

/** How many are ready. */
export const preparedKeyPairs = (): number => prepared.length;
