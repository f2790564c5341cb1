import { readFileSync } from 'node:fs';
import type { Pool } from '@wa-gate/db';
import type { System } from '../../harness/system.ts';
import { NOT_COUNTED } from '../measure/database-work.ts';
import { forceCollection } from '../measure/forced-collection.ts';
import { childrenOf, residentBytes, type WatchedProcess } from '../measure/process-cpu.ts';
import type { Series } from './verdicts.ts';

/** Memory and table sizes at one moment. */
export interface Sample {
  seconds: number;
  /** By process, in bytes. Of gateways and workers right after a forced collection. */
  memory: Record<string, { resident: number; inUse?: number }>;
  /** Of all tables with their indexes. */
  tables: Record<string, { bytes: number; rows: number }>;
}

/**
 * Tables whose rows are kept on purpose, as long as their retention says: they grow with the messages, and what has to
 * be flat is what one row takes. All others have to stay as they are.
 */
const KEPT = new Set([
  'messages',
  'message_keys',
  'outbox',
  'events',
  'webhook_deliveries',
  'idempotency_keys',
  // What was projected is emptied, and recognized by its hash when it comes again.
  'inbound_journal',
  'message_search',
  // Of a week or a month: by session, chat, error code and time to the answer.
  'message_statistics',
  'message_chat_statistics',
  'message_failure_statistics',
  'message_response_statistics',
  'message_usage',
  'usage_records',
  'usage_batches',
  'worker_metrics',
  'system_logs',
  'audit_logs',
]);

const MB = 1_048_576;
const KB = 1_024;

export async function takeSample(
  system: System,
  databases: readonly WatchedProcess[],
  seconds: number,
): Promise<Sample> {
  const memory: Sample['memory'] = {};
  for (const running of [...system.gateways, ...system.workers]) {
    const { heapUsed, external } = await forceCollection(running);
    memory[running.name] = { resident: residentBytes(running.pid), inUse: heapUsed + external };
  }
  for (const { name, pid } of databases) memory[name] = { resident: unsharedBytes(pid) };
  return { seconds, memory, tables: await readTables(system.services.pool) };
}

/**
 * Memory of a process and those that it has started, in bytes; PostgreSQL works in one process per connection. Shared
 * memory is left out: its size is a setting, and it fills with the pages of what is stored.
 */
function unsharedBytes(root: number): number {
  return [root, ...childrenOf(root)].reduce((sum, pid) => sum + unsharedOf(pid), 0);
}

function unsharedOf(pid: number): number {
  try {
    const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
    const kB = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1] ?? 0);
    return (kB('Pss') - kB('Pss_Shmem')) * KB;
  } catch {
    return 0; // It has ended meanwhile.
  }
}

async function readTables(pool: Pool): Promise<Sample['tables']> {
  const { rows: names } = await pool.query<{ name: string }>(
    `SELECT ${NOT_COUNTED} relname AS name FROM pg_stat_user_tables WHERE schemaname = 'public'`,
  );
  const counts = names.map(
    ({ name }) =>
      `SELECT '${name}' AS name, pg_total_relation_size('public."${name}"') AS bytes, (SELECT count(*) FROM public."${name}") AS rows`,
  );
  const { rows } = await pool.query<{ name: string; bytes: number; rows: number }>(
    `${NOT_COUNTED} ${counts.join(' UNION ALL ')}`,
  );
  return Object.fromEntries(rows.map(({ name, bytes, rows: count }) => [name, { bytes, rows: count }]));
}

/** What is judged of the samples after the warm-up. */
export function seriesOf(samples: readonly Sample[]): Series[] {
  const series = (
    name: string,
    unit: Series['unit'],
    tolerated: Series['tolerated'],
    read: (sample: Sample) => number | undefined,
  ): Series[] => {
    const points = samples.flatMap((sample) => {
      const value = read(sample);
      return value === undefined ? [] : [{ seconds: sample.seconds, value }];
    });
    return points.length === samples.length ? [{ name, unit, tolerated, points }] : [];
  };
  const first = samples[0]!;
  const memory = Object.keys(first.memory).flatMap((name) => [
    ...series(`${name}: memory`, 'MB', { share: 0.05, least: 8 }, ({ memory: all }) => all[name]!.resident / MB),
    ...series(`${name}: in use after a collection`, 'MB', { share: 0.05, least: 2 }, ({ memory: all }) => {
      const inUse = all[name]!.inUse;
      return inUse === undefined ? undefined : inUse / MB;
    }),
  ]);
  const tables = Object.keys(first.tables)
    .filter((name) => samples.some(({ tables: all }) => all[name]!.rows > 0))
    .flatMap((name) =>
      KEPT.has(name)
        ? series(`table ${name}`, 'bytes per row', { share: 0.1, least: 0 }, ({ tables: all }) => {
            const { bytes, rows } = all[name]!;
            return bytes / Math.max(1, rows);
          })
        : [
            ...series(`table ${name}`, 'kB', { share: 0.05, least: 256 }, ({ tables: all }) => all[name]!.bytes / KB),
            ...series(`table ${name}`, 'rows', { share: 0.05, least: 50 }, ({ tables: all }) => all[name]!.rows),
          ],
    );
  return [...memory, ...tables];
}
