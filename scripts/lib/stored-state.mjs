/** Reads from the database which workers may start, and the administrators. */
import { join } from 'node:path';
import { runCommand } from './commands.mjs';
import { ROOT } from './paths.mjs';

/**
 * @typedef {object} StoredState
 * @property {string[]} administrators their addresses
 * @property {string[]} removedWorkers those of our workers that an administrator has removed: they may not register
 *
 * @param {string} databaseUrl
 * @param {{ name: string, url: string }[]} workers ours
 * @param {import('./commands.mjs').CommandContext} context
 * @returns {Promise<StoredState>}
 */
export async function readStoredState(databaseUrl, workers, context) {
  const lines = await runCommand(
    {
      title: 'Reading the database',
      command: process.execPath,
      args: [
        join(ROOT, 'packages', 'db', 'bin', 'stored-state.mjs'),
        ...workers.map(({ name, url }) => `${name}=${url}`),
      ],
    },
    { ...context, env: { ...context.env, DATABASE_URL: databaseUrl } },
  );
  return JSON.parse(lines.find((line) => line.startsWith('{')) ?? '');
}
