/**
 * Converts a Prisma connection URL to the settings of `pg`. Prisma URLs have parameters of their own (`schema`,
 * `connection_limit`, `pgbouncer`, ...) that PostgreSQL refuses, so the URL is never passed on as a string.
 */

/**
 * @typedef {object} Target
 * @property {import('pg').PoolConfig & import('pg').ClientConfig} config
 * @property {string} schema the schema that tables live in, `public` unless the URL says otherwise
 */

/**
 * @param {string} url
 * @returns {Target}
 */
export function parseConnectionUrl(url) {
  const parsed = new URL(url);
  const schema = parsed.searchParams.get('schema') ?? 'public';
  /** @type {Target['config']} */
  const config = {
    host: parsed.searchParams.get('host') ?? decodeURIComponent(parsed.hostname),
    port: parsed.port === '' ? 5432 : Number(parsed.port),
    // One connection: the advisory lock that serialises concurrent deploys belongs to a connection, and a second one
    // of the same pool would wait for it forever.
    max: 1,
  };
  if (parsed.username !== '') config.user = decodeURIComponent(parsed.username);
  if (parsed.password !== '') config.password = decodeURIComponent(parsed.password);
  if (parsed.pathname.length > 1) config.database = decodeURIComponent(parsed.pathname.slice(1));
  if (schema !== 'public') config.options = `-c search_path=${quoteIdentifier(schema)}`;
  const sslMode = parsed.searchParams.get('sslmode');
  if (sslMode === 'require') config.ssl = { rejectUnauthorized: false };
  if (sslMode === 'verify-ca' || sslMode === 'verify-full') config.ssl = { rejectUnauthorized: true };
  return { config, schema };
}

/** @param {string} name */
export function quoteIdentifier(name) {
  return `"${name.replaceAll('"', '""')}"`;
}
