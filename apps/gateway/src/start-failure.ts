import { isDatabaseUnavailable } from '@wa-gate/db';
import { ConfigError, MasterKeyError } from '@wa-gate/kit';
import type { Config } from './config.ts';

/** PostgreSQL's codes of what is wrong with a DATABASE_URL. */
const DATABASE_SENTENCES: Record<string, string> = {
  '28P01': 'PostgreSQL refuses the password of DATABASE_URL.',
  '28000': 'PostgreSQL refuses the user of DATABASE_URL.',
  '3D000': 'The database of DATABASE_URL does not exist. Create and migrate it: node packages/db/bin/migrate.mjs.',
  '42P01': 'The database of DATABASE_URL is not migrated. Migrate it: node packages/db/bin/migrate.mjs.',
  '42703': 'The database of DATABASE_URL is of an older version. Migrate it: node packages/db/bin/migrate.mjs.',
};

function hostOf(url: string): string {
  try {
    return new URL(url).host;
  } catch {
    return 'the host of DATABASE_URL';
  }
}

/** Why the gateway cannot start, in one sentence; `null` for what nobody expected. */
export function explainStartFailure(error: unknown, config: Partial<Config>): string | null {
  const { code = '', message = '' } = error as { code?: string; message?: string };
  if (error instanceof ConfigError || error instanceof MasterKeyError) return message;
  if (code === 'EADDRINUSE') {
    return `Port ${config.PORT} is taken on ${config.HOST}. Stop the other program, or set PORT to a free port.`;
  }
  if (code === 'EACCES') return `Port ${config.PORT} may not be opened by this user. Set PORT to one above 1023.`;
  if (code === 'EADDRNOTAVAIL') return `This machine has no address ${config.HOST}. Set HOST to one that it has.`;
  if (DATABASE_SENTENCES[code]) return DATABASE_SENTENCES[code];
  if (isDatabaseUnavailable(error) || code === 'ENOTFOUND') {
    return `PostgreSQL does not answer at ${hostOf(config.DATABASE_URL ?? '')} (${code || message}). Check DATABASE_URL and that it runs.`;
  }
  return null;
}
