import type { Queryable } from '@wa-gate/db';
import { type Clock, createLoop, type Logger, newId } from '@wa-gate/kit';

/** How many gateways answer requests, as PostgreSQL knew it last. */
export interface Replicas {
  count(): number;
  /** Resolves when this gateway is among them, or could not be. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

const SEEN_EVERY_MS = 5_000;
/** Not seen for so long: gone. Long ago: forgotten. */
const GONE_AFTER_SECONDS = 15;

const SEE = {
  name: 'see-gateway',
  text: `WITH seen AS (
      INSERT INTO gateway_replicas (id, seen_at) VALUES ($1, now()) ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at
    ), forgotten AS (
      DELETE FROM gateway_replicas WHERE seen_at < now() - interval '1 hour' AND id <> $1
    )
    SELECT 1 + count(*) AS live FROM gateway_replicas
    WHERE id <> $1 AND seen_at > now() - interval '${GONE_AFTER_SECONDS} s'`,
};
const LEAVE = { name: 'leave-gateways', text: 'DELETE FROM gateway_replicas WHERE id = $1' };

export function createReplicas({ db, clock, logger }: { db: Queryable; clock: Clock; logger: Logger }): Replicas {
  const id = newId();
  let live = 1;

  async function see(): Promise<void> {
    const { rows } = await db.query<{ live: number }>({ ...SEE, values: [id] });
    live = rows[0]!.live;
  }

  /** What was true a moment ago is the best that is known. */
  const onError = (error: unknown) => logger.debug({ err: error }, 'gateways not counted');
  const loop = createLoop({ clock, round: see, everyMs: SEEN_EVERY_MS, pausesFirst: true, onError });

  return {
    count: () => live,
    async start() {
      await see().catch(onError);
      loop.start();
    },
    async stop() {
      await loop.stop();
      await db.query({ ...LEAVE, values: [id] }).catch(() => undefined);
    },
  };
}
