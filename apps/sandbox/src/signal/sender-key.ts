import { createCipheriv, createDecipheriv, randomBytes, randomInt } from 'node:crypto';
import { generateKeyPair, xeddsaSign, xeddsaVerify } from './curve.ts';
import { hkdf, messageKeySeed, nextChainKey } from './kdf.ts';
import { type KeyChain, seek } from './key-chain.ts';
import { BadMacError, NoSessionError, SignatureError } from './session-errors.ts';
import {
  readDistribution,
  readSenderKeyMessage,
  type SenderKeyIndex,
  writeDistribution,
  writeSenderKeyMessage,
} from './signal-messages.ts';

/** One sender key: ours (with the private signing key) or one that a member distributed. */
interface SenderKeyState extends KeyChain {
  senderKeyId: number;
  signingPublic: Buffer;
  signingPrivate: Buffer | undefined;
}

const MAX_STATES = 5;

export interface SenderKeyJson {
  states: {
    senderKeyId: number;
    chainKey: string;
    next: number;
    signingPublic: string;
    signingPrivate: string | null;
    skipped: [number, string][];
  }[];
}

/**
 * The sender keys of one device in one group, newest first. One record per (group, sending device); the functions
 * below change the record that they are given, and only if they succeed.
 */
export class SenderKeyRecord {
  states: SenderKeyState[] = [];

  get isEmpty(): boolean {
    return this.states.length === 0;
  }

  toJSON(): SenderKeyJson {
    return {
      states: this.states.map((state) => ({
        senderKeyId: state.senderKeyId,
        chainKey: state.chainKey.toString('base64'),
        next: state.next,
        signingPublic: state.signingPublic.toString('base64'),
        signingPrivate: state.signingPrivate?.toString('base64') ?? null,
        skipped: [...state.skipped].map(([iteration, seed]) => [iteration, seed.toString('base64')]),
      })),
    };
  }

  static fromJSON(json: SenderKeyJson): SenderKeyRecord {
    const record = new SenderKeyRecord();
    record.states = json.states.map((state) => ({
      senderKeyId: state.senderKeyId,
      chainKey: Buffer.from(state.chainKey, 'base64'),
      next: state.next,
      signingPublic: Buffer.from(state.signingPublic, 'base64'),
      signingPrivate: state.signingPrivate === null ? undefined : Buffer.from(state.signingPrivate, 'base64'),
      skipped: new Map(state.skipped.map(([iteration, seed]) => [iteration, Buffer.from(seed, 'base64')])),
    }));
    return record;
  }
}

/** The distribution message of our own sender key, at its present position; makes the key first if there is none. */
export function createDistribution(record: SenderKeyRecord): Buffer {
  if (record.isEmpty) {
    const signing = generateKeyPair();
    record.states.push({
      senderKeyId: randomInt(1, 0x7fffffff),
      chainKey: randomBytes(32),
      next: 0,
      signingPublic: signing.publicKey,
      signingPrivate: signing.privateKey,
      skipped: new Map(),
    });
  }
  const state = record.states[0]!;
  return writeDistribution({
    senderKeyId: state.senderKeyId,
    iteration: state.next,
    chainKey: state.chainKey,
    signingKey: state.signingPublic,
  });
}

/**
 * Stores a sender key that a member distributed. A known key stays unchanged: it reaches further back than a later
 * copy.
 */
export function processDistribution(record: SenderKeyRecord, data: Buffer): { senderKeyId: number } {
  const { senderKeyId, iteration, chainKey, signingKey } = readDistribution(data);
  const known = record.states.find(
    (state) => state.senderKeyId === senderKeyId && state.signingPublic.equals(signingKey),
  );
  if (known) return { senderKeyId };
  record.states = record.states.filter((state) => state.senderKeyId !== senderKeyId);
  record.states.unshift({
    senderKeyId,
    chainKey,
    next: iteration,
    signingPublic: signingKey,
    signingPrivate: undefined,
    skipped: new Map(),
  });
  record.states.length = Math.min(record.states.length, MAX_STATES);
  return { senderKeyId };
}

/** Encrypts with the next key of our sender key (which `createDistribution` made). It does not pad. */
export function groupEncrypt(
  record: SenderKeyRecord,
  plaintext: Buffer,
): { ciphertext: Buffer; index: SenderKeyIndex } {
  const state = record.states[0];
  if (!state?.signingPrivate) throw new NoSessionError('no sender key of our own');
  const { cipherKey, iv } = messageKeys(messageKeySeed(state.chainKey));
  const cipher = createCipheriv('aes-256-cbc', cipherKey, iv);
  const index = { senderKeyId: state.senderKeyId, iteration: state.next };
  const body = writeSenderKeyMessage({
    ...index,
    ciphertext: Buffer.concat([cipher.update(plaintext), cipher.final()]),
  });
  const ciphertext = Buffer.concat([body, xeddsaSign(state.signingPrivate, body)]);
  state.chainKey = nextChainKey(state.chainKey);
  state.next++;
  return { ciphertext, index };
}

/** Checks the signature and decrypts; a key that was used before throws DuplicateMessageError. */
export function groupDecrypt(record: SenderKeyRecord, data: Buffer): { plaintext: Buffer; index: SenderKeyIndex } {
  const message = readSenderKeyMessage(data);
  const { senderKeyId, iteration } = message;
  const state = record.states.find((candidate) => candidate.senderKeyId === senderKeyId);
  if (!state) throw new NoSessionError(`no sender key ${senderKeyId}`);
  if (!xeddsaVerify(state.signingPublic, message.signed, message.signature)) {
    throw new SignatureError(`group message is not signed by sender key ${senderKeyId}`);
  }
  const position = seek(state, iteration);
  const { cipherKey, iv } = messageKeys(position.seed);
  const decipher = createDecipheriv('aes-256-cbc', cipherKey, iv);
  let plaintext: Buffer;
  try {
    plaintext = Buffer.concat([decipher.update(message.ciphertext), decipher.final()]);
  } catch (cause) {
    throw new BadMacError('group message does not decrypt', { cause });
  }
  position.commit();
  return { plaintext, index: { senderKeyId, iteration } };
}

function messageKeys(seed: Buffer): { iv: Buffer; cipherKey: Buffer } {
  const out = hkdf(seed, 48, 'WhisperGroup');
  return { iv: out.subarray(0, 16), cipherKey: out.subarray(16) };
}
