import { AsyncResource } from 'node:async_hooks';
import { KeyedLock } from '../keyed-lock.ts';
import { DEFAULT_CONNECTION_CONFIG, isHostedPnUser, isPnUser, jidDecode, type WASocket } from './baileys.ts';

type MakeSignalRepository = typeof DEFAULT_CONNECTION_CONFIG.makeSignalRepository;
type SignalRepository = WASocket['signalRepository'];

/**
 * The Signal repository of Baileys under one lock per contact (DESIGN 1.10).
 *
 * Stock rc14 keys its transactions by the jid that it was called with: the phone number when sending, the LID when receiving. Both read, change and
 * write the one record of the LID, so under two-way traffic one of them rolls the other's message counter back, and a message
 * key is used twice (12-14 of 72 sends, FENCE.md A). Three things close that:
 *
 * 1. every ratchet step is given the canonical jid (phone number mapped to LID), so that Baileys' mutex and libsignal's queue agree;
 * 2. a step runs in an async context made outside of any transaction, so it is one of its own that is committed when the step
 *    returns. Inside the transaction that `relayMessage` opens it would be joined to that one, and its lock would end long before its commit;
 * 3. moving and deleting sessions, which Baileys locks under other names, exclude the steps of the same user.
 *
 * Group sender keys are written only inside the session's own sends, which are serial. The journal (issue 3) belongs here too.
 */
export const makeLockedSignalRepository: MakeSignalRepository = (auth, logger, pnToLid) => {
  const base = DEFAULT_CONNECTION_CONFIG.makeSignalRepository(auth, logger, pnToLid);
  const outside = new AsyncResource('wag-signal-step');
  const lock = new KeyedLock();

  const canonical = async (jid: string): Promise<string> =>
    isPnUser(jid) || isHostedPnUser(jid) ? ((await base.lidMapping.getLIDForPN(jid)) ?? jid) : jid;

  async function locked<T>(jid: string, step: (jid: string) => Promise<T>): Promise<T> {
    for (let name = await canonical(jid); ; ) {
      const user = userOf(name);
      const waited = lock.isTaken(user);
      const outcome = await lock.run(user, async () => {
        // While we waited the number may have got its LID, and its session moved there.
        const now = waited ? await canonical(jid) : name;
        return now === name ? { result: await step(name) } : { renamed: now };
      });
      if ('result' in outcome) return outcome.result;
      name = outcome.renamed;
    }
  }

  const step = <O extends { jid: string }, T>(run: (options: O) => Promise<T>) => {
    return (options: O): Promise<T> =>
      outside.runInAsyncScope(() => locked(options.jid, (jid) => run({ ...options, jid })));
  };
  const exclusive = <T>(jids: string[], run: () => Promise<T>): Promise<T> =>
    outside.runInAsyncScope(() => lock.runAll(jids.map(userOf), run));

  const locking: Partial<SignalRepository> = {
    encryptMessage: step((options) => base.encryptMessage(options)),
    decryptMessage: step((options) => base.decryptMessage(options)),
    injectE2ESession: step((options) => base.injectE2ESession(options)),
    migrateSession: (from, to) => exclusive([from, to], () => base.migrateSession(from, to)),
    deleteSession: (jids) => exclusive(jids, () => base.deleteSession(jids)),
  };
  return { ...base, ...locking };
};

const userOf = (jid: string): string => jidDecode(jid)?.user ?? jid;
