import pg from 'pg';

/** One statement in the maintenance database of a private PostgreSQL. */
export async function query(databaseUrl: string, sql: string): Promise<Record<string, unknown>[]> {
  const url = new URL(databaseUrl);
  url.pathname = '/postgres';
  const client = new pg.Client({ connectionString: url.href });
  // A server that shuts down also emits an error on the connection; the test needs the error of the statement.
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}
