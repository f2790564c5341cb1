import { createPool } from '@wa-gate/db';
import { newId } from '@wa-gate/kit';

/** A database without anything in it, on the test services: for what migrates it. */
export async function createEmptyDatabase(): Promise<{ url: string; drop(): Promise<void> }> {
  const name = `wa_gate_${newId().replaceAll('-', '')}`;
  const maintenance = process.env.TEST_DATABASE_URL;
  if (!maintenance)
    throw new Error('TEST_DATABASE_URL is not set: run this with `npm test`, which starts a PostgreSQL.');
  const admin = async (sql: string) => {
    const pool = createPool({ url: maintenance, name: 'e2e', max: 1 });
    await pool.query(sql);
    await pool.end();
  };
  await admin(`CREATE DATABASE ${name}`);
  const url = new URL(maintenance);
  url.pathname = `/${name}`;
  return { url: url.href, drop: () => admin(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`) };
}
