import { WAITING_DELIVERIES } from '@wa-gate/messaging';
import { waitFor } from '@wa-gate/testkit';
import type { Fleet } from '../harness/fleet.ts';

/** What is not as it should be; nothing: the fleet is whole and has caught up. */
interface Shortcomings {
  notConnected: number;
  withoutOwner: number;
  waitingToSend: number;
  notProjected: number;
  streamsMissing: number;
  processesMissing: string[];
}

/** A message that waits longer than this in a fleet that is whole is part of the recovery. */
const BACKLOG = `interval '1500 ms'`;

const QUESTION = `SELECT
  (SELECT count(*) FROM sessions WHERE state <> 'CONNECTED') AS "notConnected",
  (SELECT count(*) FROM session_placements p LEFT JOIN worker_leases l ON l.worker_id = p.worker_id
    WHERE p.state <> 'ASSIGNED' OR l.ended_at IS NOT NULL OR l.expires_at < now() OR l.incarnation <> p.incarnation) AS "withoutOwner",
  (SELECT count(*) FROM outbox WHERE state IN ('QUEUED', 'SENDING') AND created_at < now() - ${BACKLOG}) AS "waitingToSend",
  (SELECT count(*) FROM inbound_journal WHERE projected_at IS NULL AND created_at < now() - ${BACKLOG}) AS "notProjected"`;

async function shortcomings({ system }: Pick<Fleet, 'system'>, sessions: number): Promise<Shortcomings> {
  const { rows } =
    await system.services.pool.query<Omit<Shortcomings, 'streamsMissing' | 'processesMissing'>>(QUESTION);
  const processesMissing: string[] = [];
  for (const { name, url, spec } of system.processes) {
    const isReady = await fetch(url + spec.readyPath, { signal: AbortSignal.timeout(1_000) }).then(
      ({ ok }) => ok,
      () => false,
    );
    if (!isReady) processesMissing.push(name);
  }
  const streamsMissing = Math.max(0, sessions - (await system.sandbox.liveStreams()));
  return { ...rows[0]!, streamsMissing, processesMissing };
}

const missingOf = (found: Shortcomings) =>
  Object.entries(found).filter(([, value]) => (Array.isArray(value) ? value.length > 0 : Number(value) > 0));

/**
 * Waits until every process answers, every session is connected under an owner whose lease is valid, and nothing has
 * waited for long.
 *
 * @returns what was missing last: `null` when nothing was
 * @throws with what is missing, when it takes too long
 */
export async function untilWhole(
  fleet: Pick<Fleet, 'system'>,
  sessions: number,
  timeoutMs: number,
): Promise<string | null> {
  let last: Shortcomings | undefined;
  let missing: [string, unknown][] = [];
  const isWhole = async () => {
    last = await shortcomings(fleet, sessions);
    const now = missingOf(last);
    if (now.length === 0) return true;
    missing = now;
    return false;
  };
  try {
    await waitFor(isWhole, { timeoutMs, everyMs: 100, what: 'the fleet to be whole' });
  } catch (error) {
    throw new Error(`${(error as Error).message}: ${JSON.stringify(last)}`, { cause: error });
  }
  return missing.map(([what, value]) => `${what} ${String(value)}`).join(', ') || null;
}

/**
 * Waits until nothing is on its way any more: sends, projections, deliveries, and what WhatsApp holds for the sessions.
 */
export async function untilQuiet(
  fleet: Pick<Fleet, 'system'>,
  numbers: readonly string[],
  timeoutMs: number,
): Promise<void> {
  const question = `SELECT (SELECT count(*) FROM outbox WHERE state IN ('QUEUED', 'SENDING')) AS sending,
    (SELECT count(*) FROM inbound_journal WHERE projected_at IS NULL) AS journal,
    (SELECT count(*) FROM ${WAITING_DELIVERIES} AS waiting) AS deliveries,
    (SELECT count(*) FROM contact_merges) AS merges,
    (SELECT count(*) FROM media_downloads) AS files,
    (SELECT sum(last_seq) FROM session_counters) AS seq`;
  let last: Record<string, number> = {};
  const isQuiet = async () => {
    const { rows } = await fleet.system.services.pool.query<Record<string, number>>(question);
    const before = last;
    last = { ...rows[0]!, waiting: 0 };
    for (const number of numbers) last.waiting! += await fleet.system.sandbox.waitingStanzas(number);
    // Receipts still come in after the last send: quiet is when nothing was appended since the look before.
    return (
      [last.sending, last.journal, last.deliveries, last.files, last.merges, last.waiting].every((count) => !count) &&
      String(before.seq) === String(last.seq)
    );
  };
  try {
    await waitFor(isQuiet, { timeoutMs, everyMs: 1_000, what: 'the fleet to be quiet' });
  } catch (error) {
    throw new Error(`${(error as Error).message}: ${JSON.stringify(last)}`, { cause: error });
  }
}
