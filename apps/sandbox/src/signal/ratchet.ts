import { createCipheriv, createDecipheriv, timingSafeEqual } from 'node:crypto';
import { generateKeyPair, prefixed, sharedSecret } from './curve.ts';
import { hkdf, hmacSha256, messageKeySeed, nextChainKey } from './kdf.ts';
import { seek } from './key-chain.ts';
import { BadMacError } from './session-errors.ts';
import type { ReceivingChain, SendingChain, SessionState } from './session-state.ts';
import { MAC_LENGTH, type RatchetIndex, readWhisperMessage, writeWhisperMessage } from './signal-messages.ts';

/** Chains of earlier ratchet keys of the peer that can still be read. */
const MAX_RECEIVING_CHAINS = 5;

interface MessageKeys {
  cipherKey: Buffer;
  macKey: Buffer;
  iv: Buffer;
}

/** A new ratchet key of ours against the peer's: yields the chain to send on. */
export function sendingStep(rootKey: Buffer, theirRatchet: Buffer): { rootKey: Buffer; chain: SendingChain } {
  const ratchet = generateKeyPair();
  const step = rootStep(rootKey, sharedSecret(ratchet.privateKey, theirRatchet));
  return { rootKey: step.rootKey, chain: { ratchet, chainKey: step.chainKey, next: 0 } };
}

/** Encrypts with the next key of the sending chain; `state` moves on. */
export function encryptMessage(
  state: SessionState,
  ourIdentity: Buffer,
  plaintext: Buffer,
): { message: Buffer; index: RatchetIndex } {
  const chain = state.sending;
  const counter = chain.next;
  const keys = messageKeys(messageKeySeed(chain.chainKey));
  const cipher = createCipheriv('aes-256-cbc', keys.cipherKey, keys.iv);
  const body = writeWhisperMessage({
    ratchetKey: chain.ratchet.publicKey,
    counter,
    previousCounter: state.previousCounter,
    ciphertext: Buffer.concat([cipher.update(plaintext), cipher.final()]),
  });
  const mac = messageMac(keys.macKey, ourIdentity, state.remoteIdentity, body);
  chain.chainKey = nextChainKey(chain.chainKey);
  chain.next++;
  const index = { ratchetKey: chain.ratchet.publicKey.toString('hex'), counter };
  return { message: Buffer.concat([body, mac]), index };
}

/** Decrypts a message on the chain that it names; `state` changes only if the message is authentic. */
export function decryptMessage(
  state: SessionState,
  ourIdentity: Buffer,
  data: Buffer,
): { plaintext: Buffer; index: RatchetIndex } {
  const message = readWhisperMessage(data);
  const known = state.receiving.find((chain) => chain.ratchetKey.equals(message.ratchetKey));
  const step = known ? undefined : receivingStep(state, message.ratchetKey);
  const chain = known ?? step!.chain;
  const position = seek(chain, message.counter);
  const keys = messageKeys(position.seed);
  const mac = messageMac(keys.macKey, state.remoteIdentity, ourIdentity, message.macInput);
  if (!timingSafeEqual(mac, message.mac)) throw new BadMacError('message does not authenticate');
  const decipher = createDecipheriv('aes-256-cbc', keys.cipherKey, keys.iv);
  const plaintext = Buffer.concat([decipher.update(message.ciphertext), decipher.final()]);

  position.commit();
  if (step) turnRatchet(state, step);
  state.pending = undefined;
  return { plaintext, index: { ratchetKey: message.ratchetKey.toString('hex'), counter: message.counter } };
}

function receivingStep(state: SessionState, theirRatchet: Buffer): { rootKey: Buffer; chain: ReceivingChain } {
  const step = rootStep(state.rootKey, sharedSecret(state.sending.ratchet.privateKey, theirRatchet));
  const chain = { ratchetKey: Buffer.from(theirRatchet), chainKey: step.chainKey, next: 0, skipped: new Map() };
  return { rootKey: step.rootKey, chain };
}

/** The peer has a new ratchet key: open its chain, and answer with a new key of ours. */
function turnRatchet(state: SessionState, step: { rootKey: Buffer; chain: ReceivingChain }): void {
  state.receiving.unshift(step.chain);
  state.receiving.length = Math.min(state.receiving.length, MAX_RECEIVING_CHAINS);
  if (state.canSend) state.previousCounter = Math.max(state.sending.next - 1, 0);
  const sending = sendingStep(step.rootKey, step.chain.ratchetKey);
  state.rootKey = sending.rootKey;
  state.sending = sending.chain;
  state.canSend = true;
}

function rootStep(rootKey: Buffer, agreement: Buffer): { rootKey: Buffer; chainKey: Buffer } {
  const out = hkdf(agreement, 64, 'WhisperRatchet', rootKey);
  return { rootKey: out.subarray(0, 32), chainKey: out.subarray(32) };
}

function messageKeys(seed: Buffer): MessageKeys {
  const out = hkdf(seed, 80, 'WhisperMessageKeys');
  return { cipherKey: out.subarray(0, 32), macKey: out.subarray(32, 64), iv: out.subarray(64) };
}

/** The MAC binds both identities: sender first. */
function messageMac(macKey: Buffer, sender: Buffer, receiver: Buffer, body: Buffer): Buffer {
  return hmacSha256(macKey, prefixed(sender), prefixed(receiver), body).subarray(0, MAC_LENGTH);
}
