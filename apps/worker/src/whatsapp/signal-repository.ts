import { AsyncLocalStorage } from 'node:async_hooks';
import { KeyedLock } from '../keyed-lock.ts';
import { ACCEPTANCE_KIND, type Acceptance, acceptanceOfSend } from './acceptance.ts';
import {
  type AuthenticationState,
  DEFAULT_CONNECTION_CONFIG,
  isHostedPnUser,
  isPnUser,
  jidDecode,
  type SignalDataSet,
  type SignalKeyStoreWithTransaction,
  type WASocket,
} from './baileys.ts';
import { type InboundJournal, JOURNAL_KIND } from './journal.ts';
import { createLidMoves } from './lid-moves.ts';
import { decryptWithOneSession } from './one-session.ts';
import { forgetSkippedKeys, hasSenderKeyOf } from './sender-keys.ts';

type MakeSignalRepository = typeof DEFAULT_CONNECTION_CONFIG.makeSignalRepository;
type SignalRepository = WASocket['signalRepository'];

/**
 * The Signal repository of Baileys, with every ratchet step durable before anything of it leaves (I4), and what was
 * read durable in the same commit (I5; only with a `journal`).
 *
 * Stock rc14 commits what it has encrypted after it was sent, because the steps join the transaction that
 * `relayMessage` opens; and it keys its transactions by the jid that it was called with: the phone number when
 * sending, the LID when receiving. Both read, change and write the one record of the LID, so under two-way traffic one
 * of them rolls the other's message counter back, and a message key is used twice (12-14 of 72 sends,
 * docs/decisions/0005-write-ahead-sends.md). Four things close that:
 *
 * 1. a step runs in an async context made outside of any transaction, so it is one of its own that is committed when
 * the step
 *    returns. Inside the transaction of `relayMessage` its lock would end long before its commit, too;
 * 2. every step of a contact is given the canonical jid (phone number mapped to LID), so that Baileys' mutex and
 * libsignal's queue agree;
 * 3. new mappings, with the move of the session that belongs to them, and deletions exclude the steps of the same user
 * (`lid-moves.ts`);
 * 4. steps with sender keys hold Baileys' mutex of their group, from read to commit. No two of these locks are ever
 * held by one caller, but
 *    for `relayMessage`, whose own mutex nothing in here acquires: so no circle of waits exists.
 */
export function createSignalRepository(
  journal?: InboundJournal,
  onPair?: (pair: { pn: string; lid: string }) => void,
): MakeSignalRepository {
  return (auth, logger, pnToLid) => {
    const base = DEFAULT_CONNECTION_CONFIG.makeSignalRepository(auth, logger, pnToLid);
    const keys = auth.keys as SignalKeyStoreWithTransaction;
    const outsideOfTransactions = AsyncLocalStorage.snapshot();
    const lock = new KeyedLock();

    const outside = <O, T>(run: (options: O) => Promise<T>) => {
      return (options: O): Promise<T> => outsideOfTransactions(() => run(options));
    };

    const exclusive = <T>(users: string[], run: () => Promise<T>): Promise<T> =>
      outsideOfTransactions(() => lock.runAll(users, run));
    const moves = createLidMoves({ base: base.lidMapping, keys, exclusive, onPair });
    const { lidMapping } = moves;

    const canonical = async (jid: string, mapping: SignalRepository['lidMapping']): Promise<string> =>
      isPnUser(jid) || isHostedPnUser(jid) ? ((await mapping.getLIDForPN(jid)) ?? jid) : jid;

    async function locked<T>(jid: string, step: (jid: string) => Promise<T>): Promise<T> {
      for (let name = await canonical(jid, lidMapping); ; ) {
        const user = userOf(name);
        const waited = lock.isTaken(user);
        const outcome = await lock.run(user, async () => {
          // While we waited the number may have got its LID, and its session moved there.
          const now = waited ? await canonical(jid, base.lidMapping) : name;
          return now === name ? { result: await step(name) } : { renamed: now };
        });
        if ('result' in outcome) return outcome.result;
        name = outcome.renamed;
      }
    }

    const ofContact = <O extends { jid: string }, T>(run: (options: O) => Promise<T>) =>
      outside((options: O) => locked(options.jid, (jid) => run({ ...options, jid })));

    /**
     * Decrypts, and journals what was read in the commit of the ratchet. The journal is asked only when the ratchet
     * has no answer.
     */
    async function read(ciphertext: Uint8Array, mutex: string, step: () => Promise<Uint8Array>): Promise<Uint8Array> {
      const part = journal?.begin(ciphertext);
      if (!journal || !part) return step();
      try {
        return await keys.transaction(async () => {
          const plaintext = await step();
          await keys.set({ [JOURNAL_KIND]: { [part.hash.toString('hex')]: part.record(plaintext) } } as SignalDataSet);
          return plaintext;
        }, mutex);
      } catch (error) {
        const answer = await journal.answer(part);
        if (answer) return answer;
        throw error;
      }
    }

    /** rc14 takes the LID of this very device for another one and would hand it the sender keys of groups. */
    const isOwnDevice = (jid: string): boolean => {
      const { me } = auth.creds as Partial<AuthenticationState['creds']>;
      return [me?.id, me?.lid].some((own) => own && deviceOf(own) === deviceOf(jid));
    };

    /** A step of a send. With an acceptance, its message is accepted in the commit of the step, or the step fails. */
    async function accepting<T>(acceptance: Acceptance | undefined, mutex: string, step: () => Promise<T>): Promise<T> {
      if (!acceptance) return step();
      return keys.transaction(async () => {
        const result = await step();
        await keys.set({ [ACCEPTANCE_KIND]: { message: acceptance } } as unknown as SignalDataSet);
        return result;
      }, mutex);
    }

    type Encrypt = Parameters<SignalRepository['encryptMessage']>[0] & { acceptance: Acceptance | undefined };
    const encryptForContact = ofContact(async ({ acceptance, ...options }: Encrypt) => {
      // Baileys leaves out whom it cannot encrypt for.
      if (isOwnDevice(options.jid)) throw new Error('A device does not write to itself.');
      return accepting(acceptance, options.jid, () => base.encryptMessage(options));
    });

    type EncryptGroup = Parameters<SignalRepository['encryptGroupMessage']>[0] & { acceptance: Acceptance | undefined };
    const encryptForGroup = outside(({ acceptance, ...options }: EncryptGroup) =>
      keys.transaction(
        () =>
          accepting(acceptance, options.group, async () => {
            const encrypted = await base.encryptGroupMessage(options);
            await forgetSkippedKeys(keys, base, options);
            return encrypted;
          }),
        options.group,
      ),
    );

    const steps: Partial<SignalRepository> = {
      // Both ask here: the step itself runs in a context of its own.
      encryptMessage: (options) => encryptForContact({ ...options, acceptance: acceptanceOfSend() }),
      encryptGroupMessage: (options) => encryptForGroup({ ...options, acceptance: acceptanceOfSend() }),
      validateSession: async (jid) => (isOwnDevice(jid) ? { exists: true } : base.validateSession(jid)),
      injectE2ESession: ofContact((options) => base.injectE2ESession(options)),
      decryptMessage: ofContact((options) =>
        read(options.ciphertext, options.jid, () => decryptWithOneSession(keys, base, options)),
      ),
      getSenderKeyDistributionMessage: outside((options) => base.getSenderKeyDistributionMessage(options)),
      decryptGroupMessage: outside((options) =>
        read(options.msg, options.group, () => base.decryptGroupMessage(options)),
      ),
      processSenderKeyDistributionMessage: outside((options) =>
        keys.transaction(async () => {
          if (!(await hasSenderKeyOf(keys, base, options))) await base.processSenderKeyDistributionMessage(options);
        }, options.item.groupId ?? ''),
      ),
      migrateSession: (from, to) => moves.migrateSession(from, to),
      deleteSession: (jids) => exclusive(jids.map(userOf), () => base.deleteSession(jids)),
      lidMapping,
    };
    return { ...base, ...steps };
  };
}

const userOf = (jid: string): string => jidDecode(jid)?.user ?? jid;

function deviceOf(jid: string): string {
  const { user, server, device } = jidDecode(jid) ?? {};
  return `${user}:${device ?? 0}@${server}`;
}
