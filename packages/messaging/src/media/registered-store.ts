import { inTransaction, type Pool } from '@wa-gate/db';
import { ConfigError, type Logger } from '@wa-gate/kit';

/** What became of the registration of a media store. */
type StoreRegistration =
  /** It is the store of the installation. */
  | { outcome: 'known' }
  /** It is now, and there was none before, or no process used the one before. */
  | { outcome: 'adopted'; previous: string | null }
  /** Other processes use another store. */
  | { outcome: 'refused'; registered: string };

/** Seconds after its start in which a process counts as alive that has no lease yet. */
const STARTING_SECONDS = 30;

const READ = `SELECT media_store AS store,
    media_store_seen_at > now() - make_interval(secs => ${STARTING_SECONDS}) AS "isFresh",
    EXISTS (SELECT 1 FROM worker_leases WHERE expires_at > now() AND ended_at IS NULL AND worker_id IS DISTINCT FROM $1) AS "hasWorkers"
  FROM installation WHERE id = 1 FOR UPDATE`;
const WRITE = 'UPDATE installation SET media_store = $1, media_store_seen_at = now() WHERE id = 1';

/**
 * Checks that this process has the media store of the others. A file that one process stores must be there for all. So
 * the store is registered in the installation; one that is not the registered one takes its place only where no other
 * worker lives and no process has begun with it just now. Call it after `assertMasterKey`, which makes the row.
 *
 * @param store as `MediaStore.identify` says
 * @param workerId of the worker that asks: its own lease of before does not count
 */
async function registerMediaStore(pool: Pool, store: string, workerId?: string): Promise<StoreRegistration> {
  return await inTransaction(pool, async (client) => {
    const { rows } = await client.query<{ store: string | null; isFresh: boolean | null; hasWorkers: boolean }>(READ, [
      workerId ?? null,
    ]);
    const { store: registered, isFresh, hasWorkers } = rows[0]!;
    if (registered !== null && registered !== store && (isFresh || hasWorkers))
      return { outcome: 'refused', registered };
    await client.query(WRITE, [store]);
    return registered === store ? { outcome: 'known' } : { outcome: 'adopted', previous: registered };
  });
}

export interface MediaStoreCheck {
  pool: Pool;
  store: { identify(): Promise<string> };
  /** For the operator, such as `MEDIA_DIR (/srv/media)`. */
  where: string;
  logger: Logger;
  /** Of a worker. */
  workerId?: string;
}

/**
 * Ends the start of a process whose media store is not the one of the others: a file that one of them stores would be
 * missing for the rest.
 *
 * @throws {ConfigError}
 */
export async function assertMediaStore({ pool, store, where, logger, workerId }: MediaStoreCheck): Promise<void> {
  const identity = await store.identify();
  const registration = await registerMediaStore(pool, identity, workerId);
  if (registration.outcome === 'refused') {
    throw new ConfigError(
      `${where} is not the media store of the other processes of this installation: theirs is ${registration.registered}, this one is ${identity}. ` +
        `Give all of them the same folder (one shared volume), or MEDIA_STORE=s3 with one bucket. Where all are stopped and the store has moved, try again in ${STARTING_SECONDS} seconds.`,
    );
  }
  if (registration.outcome === 'adopted' && registration.previous !== null) {
    logger.warn(
      { mediaStore: identity, previous: registration.previous },
      'the media store is another one than before: files that were stored there can no longer be read',
    );
  }
}
