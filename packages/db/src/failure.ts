import { isDatabaseUnavailable } from './errors.ts';

/** Sentences for the codes of PostgreSQL about a wrong DATABASE_URL. */
const SENTENCES: Record<string, string> = {
  '28P01': 'PostgreSQL refuses the password of DATABASE_URL.',
  '28000': 'PostgreSQL refuses the user of DATABASE_URL.',
  '3D000': 'The database of DATABASE_URL does not exist. Create and migrate it: node packages/db/bin/migrate.mjs.',
  '42P01': 'The database of DATABASE_URL is not migrated. Migrate it: node packages/db/bin/migrate.mjs.',
  '42703': 'The database of DATABASE_URL is of an older version. Migrate it: node packages/db/bin/migrate.mjs.',
};

/**
 * The reason why a process cannot use its database at start, as a sentence for the operator; `null` for other errors.
 */
export function describeDatabaseFailure(error: unknown, databaseUrl: string): string | null {
  const { code = '', message = '' } = error as { code?: string; message?: string };
  if (SENTENCES[code]) return SENTENCES[code];
  if (!isDatabaseUnavailable(error) && code !== 'ENOTFOUND') return null;
  const { host } = URL.canParse(databaseUrl) ? new URL(databaseUrl) : { host: 'the host of DATABASE_URL' };
  return `PostgreSQL does not answer at ${host} (${code || message}). Check DATABASE_URL and that it runs.`;
}
