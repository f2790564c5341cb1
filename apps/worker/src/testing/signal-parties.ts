import { randomBytes } from 'node:crypto';
import { DEFAULT_TIMING, type Ownership, placeSession, registerWorker } from '@wa-gate/cluster';
import type { Pool } from '@wa-gate/db';
import { createLogger, createSecretBox, newId, systemClock } from '@wa-gate/kit';
import { seedSession, workerRegistration } from '@wa-gate/testkit';
import { type AuthStore, openAuthStore } from '../whatsapp/auth-store.ts';
import {
  addTransactionCapability,
  Curve,
  type DEFAULT_CONNECTION_CONFIG,
  encodeWAMessage,
  generateSignalPubKey,
} from '../whatsapp/baileys.ts';
import { createBaileysLogger } from '../whatsapp/baileys-logger.ts';
import { createKeyWriter } from '../whatsapp/key-writer.ts';

type MakeSignalRepository = typeof DEFAULT_CONNECTION_CONFIG.makeSignalRepository;

/** One end of a Signal session on the real key store, without a socket. */
export type SignalParty = Awaited<ReturnType<typeof createParty>>;

export const testBox = createSecretBox([randomBytes(32)], 'session-keys');

/** A session that this process owns, in the database. */
export async function ownedSession(pool: Pool): Promise<Ownership> {
  // A separate worker: registering the same one again would change the epochs.
  await registerWorker(pool, workerRegistration(newId(), { maxSessions: 1 }), DEFAULT_TIMING);
  const { sessionId } = await seedSession(pool);
  const placed = await placeSession(pool, sessionId);
  return { sessionId, epoch: placed!.epoch };
}

export async function openTestStore(
  pool: Pool,
  owner: Ownership,
  onFailure: (error: Error) => void = () => undefined,
): Promise<AuthStore> {
  const writer = createKeyWriter({ pool, clock: systemClock });
  return openAuthStore({ pool, writer, box: testBox, recordForm: 'split', clock: systemClock, owner, onFailure });
}

export async function createParty(pool: Pool, makeRepository: MakeSignalRepository) {
  const owner = await ownedSession(pool);
  const store = await openTestStore(pool, owner);
  const logger = createBaileysLogger(createLogger({ service: 'test', level: 'silent' }), owner.sessionId);
  const keys = addTransactionCapability(store.state.keys, logger, { maxCommitRetries: 1, delayBetweenTriesMs: 0 });
  const { creds } = store.state;
  return { owner, store, creds, keys, logger, repository: makeRepository({ creds, keys }, logger, async () => []) };
}

export const padded = (text: string): Uint8Array => encodeWAMessage({ conversation: text });

/** Gives `from` the key bundle of `to`, with a one-time prekey of its own. */
export async function introduce(from: SignalParty, to: SignalParty, toJid: string, preKeyId: number): Promise<void> {
  const preKey = Curve.generateKeyPair();
  await to.keys.set({ 'pre-key': { [preKeyId]: preKey } });
  await from.repository.injectE2ESession({
    jid: toJid,
    session: {
      registrationId: to.creds.registrationId,
      identityKey: generateSignalPubKey(to.creds.signedIdentityKey.public),
      signedPreKey: {
        keyId: to.creds.signedPreKey.keyId,
        publicKey: generateSignalPubKey(to.creds.signedPreKey.keyPair.public),
        signature: to.creds.signedPreKey.signature,
      },
      preKey: { keyId: preKeyId, publicKey: generateSignalPubKey(preKey.public) },
    },
  });
}

/** `(ratchet key, counter)` of an encrypted message: a pair that occurs twice is a message key used twice. */
export function messageKeyOf(ciphertext: Uint8Array): string {
  const body = Buffer.from(ciphertext).subarray(1, -8);
  let ratchetKey = '';
  let counter = 0;
  for (let at = 0; at < body.length; ) {
    const tag = body[at++]!;
    if ((tag & 7) === 2) {
      const [length, next] = varint(body, at);
      if (tag >> 3 === 1) ratchetKey = body.subarray(next, next + length).toString('base64');
      at = next + length;
    } else {
      const [value, next] = varint(body, at);
      if (tag >> 3 === 2) counter = value;
      at = next;
    }
  }
  return `${ratchetKey}#${counter}`;
}

function varint(bytes: Buffer, start: number): [value: number, next: number] {
  let value = 0;
  for (let at = start, shift = 0; ; at += 1, shift += 7) {
    const byte = bytes[at]!;
    value += (byte & 127) * 2 ** shift;
    if (byte < 128) return [value, at + 1];
  }
}
