#!/usr/bin/env node
/**
 * Applies the migrations of `prisma/migrations` to DATABASE_URL, and creates the database when it is missing. Prints
 * the name of each applied migration, one per line. A failure is one sentence on standard error and exit code 1.
 */
import { fileURLToPath } from 'node:url';
import { applyMigrations } from './engine/apply-migrations.mjs';
import { readVariable } from './engine/variable.mjs';

const migrationsDir = process.argv[2] ?? fileURLToPath(new URL('../../../prisma/migrations', import.meta.url));

try {
  const url = readVariable('DATABASE_URL', process.env);
  for (const name of await applyMigrations({ url, migrationsDir })) process.stdout.write(`${name}\n`);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
