import { randomBytes, randomInt } from 'node:crypto';
import { generateKeyPair, type KeyPair, prefixed, xeddsaSign } from '../signal/curve.ts';

/** The credentials with which a scripted companion logs in again. In memory only. */
export interface CompanionCredentials {
  noise: KeyPair;
  identity: KeyPair;
  registrationId: number;
  signedPreKey: { id: number; pair: KeyPair; signature: Buffer };
  advSecret: Buffer;
  pushName: string;
  /** Set by pairing. */
  linked?: { pn: string; lid: string; device: number; deviceIdentity: Buffer };
}

export function createCredentials(pushName: string): CompanionCredentials {
  const identity = generateKeyPair();
  const pair = generateKeyPair();
  return {
    noise: generateKeyPair(),
    identity,
    registrationId: randomInt(1, 16_381),
    signedPreKey: { id: 1, pair, signature: xeddsaSign(identity.privateKey, prefixed(pair.publicKey)) },
    advSecret: randomBytes(32),
    pushName,
  };
}

const shared: KeyPair[] = [];

/**
 * One-time prekeys 1..count. All scripted companions of a process publish the same ones: making 812 key pairs costs
 * more than the rest of a pairing, and no measurement depends on different keys.
 */
export function sharedPreKeys(count: number): readonly KeyPair[] {
  while (shared.length < count) shared.push(generateKeyPair());
  return shared.slice(0, count);
}
