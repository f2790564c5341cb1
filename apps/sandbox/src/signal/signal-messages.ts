import { randomInt } from 'node:crypto';
import { prefixed, raw } from './curve.ts';
import { bytesField, numberField, readFields, SignalFormatError, writeFields } from './wire-fields.ts';

export { SignalFormatError } from './wire-fields.ts';

/** How an encrypted stanza child names its ciphertext. */
export type EncType = 'pkmsg' | 'msg' | 'skmsg';

/** Which key of which ratchet a 1:1 ciphertext used. */
export interface RatchetIndex {
  /** Hex of the sender's ratchet public key, 32 bytes. */
  ratchetKey: string;
  counter: number;
}

/** Which key of which sender key a group ciphertext used. */
export interface SenderKeyIndex {
  senderKeyId: number;
  iteration: number;
}

/** Version 3 in both halves: that of the sender and the oldest that it supports. */
const VERSION_BYTE = 0x33;
export const MAC_LENGTH = 8;
export const SIGNATURE_LENGTH = 64;

export interface WhisperMessage {
  ratchetKey: Buffer;
  counter: number;
  previousCounter: number;
  ciphertext: Buffer;
}

export interface PreKeyMessage {
  registrationId: number;
  preKeyId: number | undefined;
  signedPreKeyId: number;
  baseKey: Buffer;
  identityKey: Buffer;
  /** The WhisperMessage inside, with version byte and MAC. */
  message: Buffer;
}

export interface SenderKeyMessage {
  senderKeyId: number;
  iteration: number;
  ciphertext: Buffer;
}

export interface SenderKeyDistribution {
  senderKeyId: number;
  iteration: number;
  chainKey: Buffer;
  signingKey: Buffer;
}

/** Reads version byte, body and MAC; the MAC is for the caller to check. */
export function readWhisperMessage(data: Buffer): WhisperMessage & { macInput: Buffer; mac: Buffer } {
  checkVersion(data, 'message');
  if (data.length < 1 + MAC_LENGTH) throw new SignalFormatError('message is too short');
  const end = data.length - MAC_LENGTH;
  const fields = readFields(data.subarray(1, end));
  const previous = fields.get(3);
  return {
    ratchetKey: publicKey(bytesField(fields, 1, 'ratchet key')),
    counter: numberField(fields, 2, 'counter'),
    previousCounter: typeof previous === 'number' ? previous : 0,
    ciphertext: bytesField(fields, 4, 'ciphertext'),
    macInput: data.subarray(0, end),
    mac: data.subarray(end),
  };
}

/** Version byte and body; the MAC is appended by the caller, who has the key. */
export function writeWhisperMessage(message: WhisperMessage): Buffer {
  const body = writeFields([
    [1, prefixed(message.ratchetKey)],
    [2, message.counter],
    [3, message.previousCounter],
    [4, message.ciphertext],
  ]);
  return withVersion(body);
}

export function readPreKeyMessage(data: Buffer): PreKeyMessage {
  checkVersion(data, 'prekey message');
  const fields = readFields(data.subarray(1));
  const preKeyId = fields.get(1);
  const registrationId = fields.get(5);
  return {
    registrationId: typeof registrationId === 'number' ? registrationId : 0,
    preKeyId: typeof preKeyId === 'number' ? preKeyId : undefined,
    signedPreKeyId: numberField(fields, 6, 'signed prekey id'),
    baseKey: publicKey(bytesField(fields, 2, 'base key')),
    identityKey: publicKey(bytesField(fields, 3, 'identity key')),
    message: bytesField(fields, 4, 'inner message'),
  };
}

export function writePreKeyMessage(message: PreKeyMessage): Buffer {
  const body = writeFields([
    [1, message.preKeyId],
    [2, prefixed(message.baseKey)],
    [3, prefixed(message.identityKey)],
    [4, message.message],
    [5, message.registrationId],
    [6, message.signedPreKeyId],
  ]);
  return withVersion(body);
}

/** Reads version byte, body and signature; the signature is for the caller to check. */
export function readSenderKeyMessage(data: Buffer): SenderKeyMessage & { signed: Buffer; signature: Buffer } {
  checkVersion(data, 'group message');
  if (data.length < 1 + SIGNATURE_LENGTH) throw new SignalFormatError('group message is too short');
  const end = data.length - SIGNATURE_LENGTH;
  const fields = readFields(data.subarray(1, end));
  return {
    senderKeyId: numberField(fields, 1, 'sender key id'),
    iteration: numberField(fields, 2, 'iteration'),
    ciphertext: bytesField(fields, 3, 'ciphertext'),
    signed: data.subarray(0, end),
    signature: data.subarray(end),
  };
}

/** Version byte and body; the signature is appended by the caller, who has the key. */
export function writeSenderKeyMessage(message: SenderKeyMessage): Buffer {
  const body = writeFields([
    [1, message.senderKeyId],
    [2, message.iteration],
    [3, message.ciphertext],
  ]);
  return withVersion(body);
}

export function readDistribution(data: Buffer): SenderKeyDistribution {
  checkVersion(data, 'sender key distribution');
  const fields = readFields(data.subarray(1));
  const chainKey = bytesField(fields, 3, 'chain key');
  if (chainKey.length !== 32) throw new SignalFormatError(`chain key has ${chainKey.length} bytes`);
  return {
    senderKeyId: numberField(fields, 1, 'sender key id'),
    iteration: numberField(fields, 2, 'iteration'),
    chainKey: Buffer.from(chainKey),
    signingKey: Buffer.from(publicKey(bytesField(fields, 4, 'signing key'))),
  };
}

export function writeDistribution(distribution: SenderKeyDistribution): Buffer {
  const body = writeFields([
    [1, distribution.senderKeyId],
    [2, distribution.iteration],
    [3, distribution.chainKey],
    [4, prefixed(distribution.signingKey)],
  ]);
  return withVersion(body);
}

/** Reads which message key a ciphertext used, without decrypting it; for the recorder. */
export function readIndex(type: 'pkmsg' | 'msg', ciphertext: Buffer): RatchetIndex;
export function readIndex(type: 'skmsg', ciphertext: Buffer): SenderKeyIndex;
export function readIndex(type: EncType, ciphertext: Buffer): RatchetIndex | SenderKeyIndex;
export function readIndex(type: EncType, ciphertext: Buffer): RatchetIndex | SenderKeyIndex {
  if (type === 'skmsg') {
    const { senderKeyId, iteration } = readSenderKeyMessage(ciphertext);
    return { senderKeyId, iteration };
  }
  const inner = type === 'pkmsg' ? readPreKeyMessage(ciphertext).message : ciphertext;
  const { ratchetKey, counter } = readWhisperMessage(inner);
  return { ratchetKey: ratchetKey.toString('hex'), counter };
}

/** WhatsApp's padding: 1 to 16 bytes, each holding their count. */
export function pad(plaintext: Uint8Array): Buffer {
  const count = randomInt(1, 17);
  const out = Buffer.alloc(plaintext.length + count, count);
  out.set(plaintext);
  return out;
}

/** Removes the padding; throws when the bytes are not padded as agreed. */
export function unpad(padded: Buffer): Buffer {
  const count = padded[padded.length - 1] ?? 0;
  if (count < 1 || count > 16 || count > padded.length) throw new SignalFormatError('plaintext is not padded');
  for (let i = padded.length - count; i < padded.length; i++) {
    if (padded[i] !== count) throw new SignalFormatError('plaintext is not padded evenly');
  }
  return padded.subarray(0, padded.length - count);
}

function checkVersion(data: Buffer, what: string): void {
  if (data[0] !== VERSION_BYTE) throw new SignalFormatError(`${what} has version byte ${data[0] ?? 'none'}`);
}

function withVersion(body: Buffer): Buffer {
  const out = Buffer.allocUnsafe(1 + body.length);
  out[0] = VERSION_BYTE;
  body.copy(out, 1);
  return out;
}

function publicKey(value: Buffer): Buffer {
  if (value.length !== 33) throw new SignalFormatError(`a public key of ${value.length} bytes`);
  return raw(value);
}
