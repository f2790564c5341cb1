import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { CommandError } from '../errors.ts';

/** The program that migrates: `packages/db/bin/migrate.mjs` of this checkout or image; `undefined`: not there. */
export function migrateProgram({ WAG_MIGRATE }: NodeJS.ProcessEnv): string | undefined {
  if (WAG_MIGRATE) return WAG_MIGRATE;
  for (let folder = new URL('./', import.meta.url); ; folder = new URL('../', folder)) {
    const program = fileURLToPath(new URL('packages/db/bin/migrate.mjs', folder));
    if (existsSync(program)) return program;
    if (folder.pathname === '/') return undefined;
  }
}

/**
 * Applies the migrations that are missing.
 *
 * @throws {CommandError}
 */
export async function migrate(url: string, env: NodeJS.ProcessEnv): Promise<void> {
  const program = migrateProgram(env);
  if (!program) throw new CommandError('packages/db/bin/migrate.mjs was not found. Name it in WAG_MIGRATE.');
  try {
    await promisify(execFile)(process.execPath, [program], {
      env: { ...env, DATABASE_URL: url, DATABASE_DIRECT_URL: '' },
    });
  } catch (error) {
    const { stderr = '', message } = error as { stderr?: string; message: string };
    throw new CommandError(`The database could not be migrated: ${stderr.trim() || message}`, { cause: error });
  }
}
