import type { KeyPair } from '../signal/curve.ts';
import type { SessionStore, SignalSession } from '../signal/session-cipher.ts';
import { type CompanionCredentials, sharedPreKeys } from './credentials.ts';

/** Signal state of a scripted companion: sessions in memory, prekeys from the shared set. */
export class DeviceStore implements SessionStore {
  readonly identity: KeyPair;
  readonly registrationId: number;
  readonly #credentials: CompanionCredentials;
  readonly #preKeyCount: number;
  readonly #usedPreKeys = new Set<number>();
  readonly #sessions = new Map<string, SignalSession>();
  readonly #identities = new Map<string, Buffer>();

  constructor(credentials: CompanionCredentials, preKeyCount: number) {
    this.identity = credentials.identity;
    this.registrationId = credentials.registrationId;
    this.#credentials = credentials;
    this.#preKeyCount = preKeyCount;
  }

  loadSession(address: string): SignalSession | undefined {
    return this.#sessions.get(address);
  }

  saveSession(address: string, session: SignalSession): void {
    this.#sessions.set(address, session);
  }

  loadPreKey(id: number): KeyPair | undefined {
    return this.#usedPreKeys.has(id) ? undefined : sharedPreKeys(this.#preKeyCount)[id - 1];
  }

  removePreKey(id: number): void {
    this.#usedPreKeys.add(id);
  }

  loadSignedPreKey(id: number): KeyPair | undefined {
    const { signedPreKey } = this.#credentials;
    return id === signedPreKey.id ? signedPreKey.pair : undefined;
  }

  /** Trusts every identity, as WhatsApp clients do, and stores a changed one. */
  isTrustedIdentity(address: string, identityKey: Buffer): boolean {
    this.#identities.set(address, Buffer.from(identityKey));
    return true;
  }
}
