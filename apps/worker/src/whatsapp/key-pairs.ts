import { generateKeyPair } from 'node:crypto';
import { Curve } from './baileys.ts';

type KeyPair = ReturnType<typeof Curve.generateKeyPair>;

const ENCODING = {
  publicKeyEncoding: { format: 'der', type: 'spki' },
  privateKeyEncoding: { format: 'der', type: 'pkcs8' },
} as const;
const KEY_BYTES = 32;
/** In the threads of the process, which read files and look up names as well. */
const AT_A_TIME = 2;

/** What Baileys makes for the server at the first login of a device. */
export const FIRST_PREKEYS = 812;
/** Of the devices that are linked at the same time; each pair is less than 300 bytes. */
const MAX_PREPARED = 2 * FIRST_PREKEYS;

const prepared: KeyPair[] = [];
let wanted = 0;
let isMaking = false;

/** How Baileys itself makes one: on the event loop, in 0.1 to 0.2 ms. */
const make = Curve.generateKeyPair;
// A pair leaves the list when it is taken, so nobody gets the same one.
Curve.generateKeyPair = () => {
  const pair = prepared.pop();
  if (pair === undefined) return make();
  wanted -= 1;
  return pair;
};

/**
 * Makes pairs while the phone scans. Otherwise the first login makes them all at once, and for as long no session of
 * this process gets anything done. What is not ready in time, Baileys makes.
 */
export function prepareKeyPairs(count = FIRST_PREKEYS): void {
  wanted = Math.min(MAX_PREPARED, Math.max(wanted, prepared.length) + count);
  if (isMaking) return;
  isMaking = true;
  // Without pairs Baileys makes them; there is nothing to say about it.
  void Promise.allSettled(Array.from({ length: AT_A_TIME }, fill)).then(() => {
    isMaking = false;
  });
}

async function fill(): Promise<void> {
  while (prepared.length < wanted) prepared.push(await makeInThread());
}

function makeInThread(): Promise<KeyPair> {
  return new Promise((resolve, reject) => {
    generateKeyPair('x25519', ENCODING, (error, publicKey, privateKey) => {
      if (error) reject(error);
      // The last bytes of either form are the key. Copies, so that no list keeps the larger form alive.
      else resolve({ public: keyIn(publicKey), private: keyIn(privateKey) });
    });
  });
}

/** TypeScript takes the overload for key objects; with these options Node gives the encoded form. */
const keyIn = (der: unknown): Buffer => Buffer.from((der as Buffer).subarray(-KEY_BYTES));

/** How many are ready. */
export const preparedKeyPairs = (): number => prepared.length;
