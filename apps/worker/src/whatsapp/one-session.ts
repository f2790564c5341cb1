import type { SignalKeyStoreWithTransaction, WASocket } from './baileys.ts';

type Repository = Pick<WASocket['signalRepository'], 'decryptMessage' | 'jidToSignalProtocolAddress'>;
type Options = Parameters<Repository['decryptMessage']>[0];

/** A session record as libsignal serialises it: the sessions with one device, of which one is open. */
interface StoredRecord {
  _sessions: Record<string, { indexInfo: { used: number } }>;
}

/**
 * Decrypts with one session of the record at a time.
 *
 * libsignal tries all sessions and steps the ratchet of each before it checks the MAC. When a later one fits, it stores
 * the changes of the earlier ones, too. So a message of the old session, read just after a new one was begun, corrupted
 * the new one: phones could not decrypt the next messages (`Bad MAC`, docs/decisions/0015-libsignal.md). This is not
 * limited to the change from number to LID, because Baileys begins new sessions with every device list. Here a session
 * that does not fit stays unchanged.
 */
export async function decryptWithOneSession(
  keys: SignalKeyStoreWithTransaction,
  repository: Repository,
  options: Options,
): Promise<Uint8Array> {
  const address = repository.jidToSignalProtocolAddress(options.jid);
  const read = async () => (await keys.get('session', [address]))[address] as StoredRecord | undefined;
  const write = (record: StoredRecord) => keys.set({ session: { [address]: record as unknown as Uint8Array } });

  const record = await read();
  const sessions = Object.entries(record?._sessions ?? {});
  // A `pkmsg` names its session.
  if (!record || sessions.length < 2 || options.type === 'pkmsg') return repository.decryptMessage(options);

  return keys.transaction(async () => {
    let failure: unknown;
    for (const [name, session] of sessions.sort(([, a], [, b]) => b.indexInfo.used - a.indexInfo.used)) {
      await write({ ...record, _sessions: { [name]: session } });
      try {
        const plaintext = await repository.decryptMessage(options);
        const after = await read();
        await write({ ...record, _sessions: { ...record._sessions, ...after?._sessions } });
        return plaintext;
      } catch (error) {
        failure = error;
      }
    }
    throw failure;
  }, options.jid);
}
