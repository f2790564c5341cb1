import {
  type AuthenticationCreds,
  addTransactionCapability,
  DEFAULT_CONNECTION_CONFIG,
  generateOrGetPreKeys,
  type SignalRepositoryWithLIDStore,
} from '@whiskeysockets/baileys';
import pino from 'pino';
import { generateKeyPair, type KeyPair, prefixed, xeddsaSign } from '../signal/curve.ts';
import { type PreKeyBundle, type SessionStore, SignalSession } from '../signal/session-cipher.ts';
import { createMemoryAuth, type MemoryAuth } from './memory-auth.ts';
import { silenceLibsignal } from './silence-libsignal.ts';

/** The Signal side of Baileys without a socket, against which our ciphers are tested. */
export interface BaileysSignal {
  repository: SignalRepositoryWithLIDStore;
  creds: AuthenticationCreds;
  auth: MemoryAuth;
  /** Its bundle, with the given one-time prekey or without. */
  bundle(preKeyId?: number): PreKeyBundle;
}

export async function createBaileysSignal(preKeyCount = 5): Promise<BaileysSignal> {
  silenceLibsignal();
  const logger = pino({ level: 'silent' });
  const auth = createMemoryAuth();
  const { creds } = auth.state;
  const { newPreKeys } = generateOrGetPreKeys(creds, preKeyCount);
  await auth.state.keys.set({ 'pre-key': newPreKeys });
  const keys = addTransactionCapability(auth.state.keys, logger, { maxCommitRetries: 1, delayBetweenTriesMs: 1 });
  const repository = DEFAULT_CONNECTION_CONFIG.makeSignalRepository({ creds, keys }, logger);
  return {
    repository,
    creds,
    auth,
    bundle: (preKeyId) => {
      const preKey = preKeyId === undefined ? undefined : newPreKeys[preKeyId];
      return {
        registrationId: creds.registrationId,
        identityKey: Buffer.from(creds.signedIdentityKey.public),
        signedPreKey: {
          id: creds.signedPreKey.keyId,
          publicKey: Buffer.from(creds.signedPreKey.keyPair.public),
          signature: Buffer.from(creds.signedPreKey.signature),
        },
        preKey: preKey && { id: preKeyId!, publicKey: Buffer.from(preKey.public) },
      };
    },
  };
}

/** Our side: a session store in memory with a few prekeys. */
export class MemorySessionStore implements SessionStore {
  readonly identity: KeyPair = generateKeyPair();
  readonly registrationId = 4711;
  readonly sessions = new Map<string, string>();
  readonly preKeys = new Map<number, KeyPair>([1, 2, 3, 4, 5].map((id) => [id, generateKeyPair()]));
  readonly signedPreKey = { id: 7, pair: generateKeyPair() };
  /** Set to refuse identities. */
  trusted: (identityKey: Buffer) => boolean = () => true;

  /** Sessions are serialised and parsed each time, so that every test covers that. */
  loadSession(address: string): SignalSession | undefined {
    const json = this.sessions.get(address);
    return json === undefined ? undefined : SignalSession.fromJSON(JSON.parse(json));
  }

  saveSession(address: string, session: SignalSession): void {
    this.sessions.set(address, JSON.stringify(session));
  }

  loadPreKey(id: number): KeyPair | undefined {
    return this.preKeys.get(id);
  }

  removePreKey(id: number): void {
    this.preKeys.delete(id);
  }

  loadSignedPreKey(id: number): KeyPair | undefined {
    return id === this.signedPreKey.id ? this.signedPreKey.pair : undefined;
  }

  isTrustedIdentity(_address: string, identityKey: Buffer): boolean {
    return this.trusted(identityKey);
  }

  bundle(preKeyId?: number): PreKeyBundle {
    const { id, pair } = this.signedPreKey;
    const preKey = preKeyId === undefined ? undefined : this.preKeys.get(preKeyId);
    return {
      registrationId: this.registrationId,
      identityKey: this.identity.publicKey,
      signedPreKey: {
        id,
        publicKey: pair.publicKey,
        signature: xeddsaSign(this.identity.privateKey, prefixed(pair.publicKey)),
      },
      preKey: preKey && { id: preKeyId!, publicKey: preKey.publicKey },
    };
  }

  /** The same in the form that Baileys' `injectE2ESession` takes. */
  baileysBundle(preKeyId?: number): Parameters<SignalRepositoryWithLIDStore['injectE2ESession']>[0]['session'] {
    const { identityKey, registrationId, signedPreKey, preKey } = this.bundle(preKeyId);
    return {
      registrationId,
      identityKey: prefixed(identityKey),
      signedPreKey: {
        keyId: signedPreKey.id,
        publicKey: prefixed(signedPreKey.publicKey),
        signature: signedPreKey.signature,
      },
      ...(preKey ? { preKey: { keyId: preKey.id, publicKey: prefixed(preKey.publicKey) } } : {}),
    };
  }
}
