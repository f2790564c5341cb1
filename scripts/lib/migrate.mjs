/** Migrates the database with the engine of `prisma migrate deploy`. */
import { join } from 'node:path';
import { runCommand } from './commands.mjs';
import { ROOT } from './paths.mjs';

/**
 * @param {string} databaseUrl
 * @param {import('./commands.mjs').CommandContext & { root?: string }} context
 * @returns {Promise<string[]>} names of the migrations that were applied
 */
export async function migrate(databaseUrl, { root = ROOT, ...context }) {
  return runCommand(
    {
      title: 'Migrating the database',
      command: process.execPath,
      args: [join(root, 'packages', 'db', 'bin', 'migrate.mjs')],
    },
    { ...context, env: { ...context.env, DATABASE_URL: databaseUrl } },
  );
}
