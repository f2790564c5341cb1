#!/usr/bin/env node
/**
 * Applies the migrations of `prisma/migrations` to DATABASE_URL, and creates the database when it is missing. Prints
 * the name of each applied migration, one per line. A failure is one sentence on standard error and exit code 1.
 *
 * With `--wait` it applies nothing, and ends with exit code 0 when the database has all of them: what runs a new
 * version waits for its migration so. A folder as argument is taken instead of `prisma/migrations`.
 */
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { applyMigrations } from './engine/apply-migrations.mjs';
import { waitForMigrations } from './engine/pending-migrations.mjs';
import { readVariable } from './engine/variable.mjs';

try {
  const url = readVariable('DATABASE_URL', process.env);
  const { values, positionals } = parseArgs({ options: { wait: { type: 'boolean' } }, allowPositionals: true });
  const migrationsDir = positionals[0] ?? fileURLToPath(new URL('../../../prisma/migrations', import.meta.url));
  if (values.wait) await waitForMigrations({ url, migrationsDir, say: (line) => process.stdout.write(`${line}\n`) });
  else for (const name of await applyMigrations({ url, migrationsDir })) process.stdout.write(`${name}\n`);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
