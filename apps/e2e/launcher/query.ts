import pg from 'pg';

/** One statement in the maintenance database of a private PostgreSQL. */
export async function query(databaseUrl: string, sql: string): Promise<Record<string, unknown>[]> {
  const url = new URL(databaseUrl);
  url.pathname = '/postgres';
  const client = new pg.Client({ connectionString: url.href });
  // A server that goes down says so on the connection as well; the statement's own error is what a test looks at.
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}
