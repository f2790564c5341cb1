import { CurveError, raw } from '../signal/curve.ts';
import type { PreKeyBundle } from '../signal/session-cipher.ts';
import { type BinaryNode, bytes, child } from '../wire/node.ts';

/** The key bundle in a retry receipt; null when a part is missing or no key. */
export function bundleInRetry(receipt: BinaryNode, keys: BinaryNode): PreKeyBundle | null {
  const registration = bytes(child(receipt, 'registration'));
  const identity = bytes(child(keys, 'identity'));
  const signed = readKey(child(keys, 'skey'));
  const signature = bytes(child(child(keys, 'skey'), 'signature'));
  if (registration?.length !== 4 || !identity || !signed || !signature) return null;
  try {
    return {
      registrationId: registration.readUInt32BE(0),
      identityKey: Buffer.from(raw(identity)),
      signedPreKey: { ...signed, signature: Buffer.from(signature) },
      preKey: readKey(child(keys, 'key')) ?? undefined,
    };
  } catch (error) {
    if (error instanceof CurveError) return null;
    throw error;
  }
}

/** `<id/><value/>`, as prekeys are written everywhere. */
export function readKey(key: BinaryNode | undefined): { id: number; publicKey: Buffer } | null {
  const id = bytes(child(key, 'id'));
  const value = bytes(child(key, 'value'));
  if (id?.length !== 3 || !value || (value.length !== 32 && value.length !== 33)) return null;
  return { id: id.readUIntBE(0, 3), publicKey: Buffer.from(raw(value)) };
}
