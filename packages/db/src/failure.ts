import { DatabaseUrlError, parseConnectionUrl } from '../bin/engine/connection.mjs';
import { POOLER_SENTENCE } from './database-urls.ts';
import { isDatabaseUnavailable } from './errors.ts';

/** Sentences for the codes of PostgreSQL about a wrong DATABASE_URL. */
const SENTENCES: Record<string, string> = {
  '28P01': 'PostgreSQL refuses the password of DATABASE_URL.',
  '28000': 'PostgreSQL refuses the user of DATABASE_URL, or wants TLS: see `sslmode` in docs/configuration.md.',
  '3D000': 'The database of DATABASE_URL does not exist. Create and migrate it: node packages/db/bin/migrate.mjs.',
  '42P01': 'The database of DATABASE_URL is not migrated. Migrate it: node packages/db/bin/migrate.mjs.',
  '42703': 'The database of DATABASE_URL is of an older version. Migrate it: node packages/db/bin/migrate.mjs.',
};
const NO_TLS = /server does not support SSL/;
const CERTIFICATE = /^(CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|ERR_TLS_CERT_ALTNAME)/;
const UNSUPPORTED_PARAMETER = /unsupported startup parameter/;

/**
 * The reason why a process cannot use its database at start, as a sentence for the operator; `null` for other errors.
 */
export function describeDatabaseFailure(error: unknown, databaseUrl: string): string | null {
  if (error instanceof DatabaseUrlError) return error.message;
  const { code = '', message = '' } = error as { code?: string; message?: string };
  if (SENTENCES[code]) return SENTENCES[code];
  if (UNSUPPORTED_PARAMETER.test(message)) return `DATABASE_URL ${POOLER_SENTENCE}`;
  if (NO_TLS.test(message)) {
    return 'The PostgreSQL of DATABASE_URL has no TLS. Switch it on there, or connect without: sslmode=disable, or prefer.';
  }
  if (CERTIFICATE.test(code)) {
    return `The certificate of the PostgreSQL of DATABASE_URL is not accepted (${code}). Name the certificate that has signed it in sslrootcert, and the host as the certificate has it.`;
  }
  if (!isDatabaseUnavailable(error) && code !== 'ENOTFOUND' && code !== 'EAI_AGAIN') return null;
  return `PostgreSQL does not answer at ${addressOf(databaseUrl)} (${code || message}). Check DATABASE_URL and that it runs.`;
}

/** Only of a URL that is read without doubt: of another a piece of the password could look like a host. */
function addressOf(databaseUrl: string): string {
  try {
    const { host, port } = parseConnectionUrl(databaseUrl).config;
    return host?.startsWith('/') ? host : `${host}:${port}`;
  } catch {
    return 'the host of DATABASE_URL';
  }
}
