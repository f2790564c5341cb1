import { isLidUser, isPnUser, jidDecode, type SignalKeyStoreWithTransaction, type WASocket } from './baileys.ts';

type LidMapping = WASocket['signalRepository']['lidMapping'];
type Pair = Parameters<LidMapping['storeLIDPNMappings']>[0][number];

interface LidMovesDependencies {
  base: LidMapping;
  keys: SignalKeyStoreWithTransaction;
  /** Runs outside of any transaction of Baileys, and excludes ratchet steps of these users. */
  exclusive: <T>(users: string[], run: () => Promise<T>) => Promise<T>;
  /** Called for each pair that is told, also when it is stored already. */
  onPair?: ((pair: { pn: string; lid: string }) => void) | undefined;
}

/**
 * The mapping of numbers to LIDs, which changes the name of a number and of its session in one step.
 *
 * rc14 stores a new mapping at any time, moves the session of the number to the LID later, and overwrites a session
 * that is there by then. A concurrent ratchet step reads the session under one name and writes it under the other. A
 * session that a send has just begun under the LID is replaced by the older one. A message that arrives in between
 * finds no session. A number without a device list keeps its session, which nothing finds any more.
 */
export function createLidMoves({ base, keys, exclusive, onPair }: LidMovesDependencies) {
  /** Moves the sessions of a number; returns the count. A session under the LID is newer, and stays. */
  async function moveSessions(pnUser: string, lidUser: string): Promise<number> {
    const { [pnUser]: devices = [] } = await keys.get('device-list', [pnUser]);
    const names = [...new Set(['0', ...devices])].map((device) => ({
      from: `${pnUser}.${device}`,
      to: `${lidUser}_1.${device}`,
    }));
    const known = await keys.get(
      'session',
      names.map(({ from }) => from),
    );
    const waiting = names.filter(({ from }) => known[from]);
    if (waiting.length === 0) return 0;
    return keys.transaction(async () => {
      const there = await keys.get(
        'session',
        waiting.map(({ to }) => to),
      );
      const moved = waiting.filter(({ to }) => !there[to]);
      const session = Object.fromEntries(
        moved.flatMap(
          ({ from, to }) =>
            [
              [to, known[from]!],
              [from, null],
            ] as const,
        ),
      );
      await keys.set({ session });
      return moved.length;
    }, `move ${pnUser}`);
  }

  async function isKnown({ pnUser, lidUser }: Users): Promise<boolean> {
    const { [pnUser]: known } = await keys.get('lid-mapping', [pnUser]);
    return known === lidUser;
  }

  async function storeLIDPNMappings(pairs: Pair[]): Promise<void> {
    for (const pair of pairs) {
      const users = usersOf(pair);
      if (!users) continue;
      onPair?.({ pn: `${users.pnUser}@s.whatsapp.net`, lid: `${users.lidUser}@lid` });
      if (await isKnown(users)) continue;
      await exclusive([users.pnUser, users.lidUser], async () => {
        await base.storeLIDPNMappings([pair]);
        await moveSessions(users.pnUser, users.lidUser);
      });
    }
  }

  /**
   * The mapping for Baileys. Lookups that find a new mapping store it by the function above. Ratchet steps must use
   * `base` instead, because they hold what `exclusive` waits for.
   */
  const lidMapping: LidMapping = Object.assign(Object.create(base) as LidMapping, {
    storeLIDPNMappings,
    inflightLIDLookups: new Map(),
    inflightPNLookups: new Map(),
  });

  return {
    lidMapping,
    async migrateSession(from: string, to: string) {
      const users = usersOf({ pn: from, lid: to });
      const migrated = users
        ? await exclusive(Object.values(users), () => moveSessions(users.pnUser, users.lidUser))
        : 0;
      return { migrated, skipped: 0, total: migrated };
    },
  };
}

interface Users {
  pnUser: string;
  lidUser: string;
}

/** Normalises a pair: Baileys passes both orders. */
function usersOf({ pn, lid }: Pair): Users | null {
  const [number, hidden] = isLidUser(pn) ? [lid, pn] : [pn, lid];
  const [pnUser, lidUser] = [jidDecode(number)?.user, jidDecode(hidden)?.user];
  return isPnUser(number) && isLidUser(hidden) && pnUser && lidUser ? { pnUser, lidUser } : null;
}
