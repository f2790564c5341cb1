/** Which migrations a database does not have yet, and the wait for them. Reads only. */
import { readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseConnectionUrl, settleTls } from './connection.mjs';
import { withClient } from './databases.mjs';

const EVERY_MS = 1_000;
/** Without an answer for so long, the look has failed. */
const LOOK_MS = 5_000;
const MISSING_TABLE = '42P01';

const APPLIED = `SELECT migration_name AS name FROM _prisma_migrations
  WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL`;

/**
 * @param {{ url: string, migrationsDir: string }} options
 * @returns {Promise<string[]>} names, oldest first
 */
export async function pendingMigrations({ url, migrationsDir }) {
  const wanted = readdirSync(migrationsDir, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();
  const { config } = parseConnectionUrl(await settleTls(url));
  const patient = { ...config, connectionTimeoutMillis: LOOK_MS, query_timeout: LOOK_MS };
  const applied = await withClient(patient, async (client) => {
    try {
      const { rows } = await client.query(APPLIED);
      return new Set(rows.map(({ name }) => name));
    } catch (error) {
      // Nothing was ever migrated.
      if (error instanceof Error && 'code' in error && error.code === MISSING_TABLE) return new Set();
      throw error;
    }
  });
  return wanted.filter((name) => !applied.has(name));
}

/**
 * Resolves when the database has every migration of the folder. A database that does not answer, or that does not exist
 * yet, is waited for too. There is no limit: whoever started the wait knows when to give up.
 *
 * @param {{ url: string, migrationsDir: string, say: (line: string) => void, everyMs?: number }} options `say` gets a
 *   line whenever the reason of the wait changes
 */
export async function waitForMigrations({ url, migrationsDir, say, everyMs = EVERY_MS }) {
  let told = '';
  for (;;) {
    const reason = await whyNot({ url, migrationsDir });
    if (reason === '') return;
    if (reason !== told) say(reason);
    told = reason;
    await sleep(everyMs);
  }
}

/** @param {{ url: string, migrationsDir: string }} options */
async function whyNot(options) {
  try {
    const [next, ...others] = await pendingMigrations(options);
    if (next === undefined) return '';
    return `Waiting for the migration ${next}${others.length > 0 ? ` and ${others.length} more` : ''}.`;
  } catch (error) {
    return `Waiting for the database: ${error instanceof Error ? error.message : String(error)}.`;
  }
}
