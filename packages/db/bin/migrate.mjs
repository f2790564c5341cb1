#!/usr/bin/env node
/**
 * Applies the migrations of `prisma/migrations` to DATABASE_URL, and creates the database when it is missing. Behind a
 * pooler it goes by DATABASE_DIRECT_URL, because the lock of the migrations belongs to a session. Prints the name of
 * each applied migration, one per line. A failure is one sentence on standard error and exit code 1.
 *
 * With `--wait` it applies nothing, and ends with exit code 0 when the database has all of them: what runs a new
 * version waits for its migration so. A folder as argument is taken instead of `prisma/migrations`.
 */
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { applyMigrations } from './engine/apply-migrations.mjs';
import { sessionUrl, settleTls } from './engine/connection.mjs';
import { waitForMigrations } from './engine/pending-migrations.mjs';
import { readVariable } from './engine/variable.mjs';

try {
  const { env } = process;
  const isSet = (/** @type {string} */ name) => Boolean(env[name] || env[`${name}_FILE`]);
  const directUrl = isSet('DATABASE_DIRECT_URL') ? readVariable('DATABASE_DIRECT_URL', env) : '';
  const { url: given, name: variable } = sessionUrl({
    DATABASE_URL: directUrl && !isSet('DATABASE_URL') ? '' : readVariable('DATABASE_URL', env),
    DATABASE_DIRECT_URL: directUrl,
  });
  const { values, positionals } = parseArgs({ options: { wait: { type: 'boolean' } }, allowPositionals: true });
  const migrationsDir = positionals[0] ?? fileURLToPath(new URL('../../../prisma/migrations', import.meta.url));
  if (values.wait) {
    await waitForMigrations({ url: given, migrationsDir, say: (line) => process.stdout.write(`${line}\n`) });
  } else {
    const url = await settleTls(given, variable);
    for (const name of await applyMigrations({ url, migrationsDir })) process.stdout.write(`${name}\n`);
  }
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
