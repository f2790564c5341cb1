#!/usr/bin/env node
/**
 * Prints what a launcher needs of a migrated database before it starts anything, as one line of JSON: the addresses of
 * the administrators, and which of its own workers an administrator has removed. Arguments name these workers,
 * `<id>=<endpoint>`.
 */
import { parseConnectionUrl, sessionUrl, settleTls } from './engine/connection.mjs';
import { withClient } from './engine/databases.mjs';

const ADMINISTRATORS = `SELECT email FROM users WHERE role = 'ADMINISTRATOR' ORDER BY created_at`;
/** A worker that was added again by its endpoint, without an id, counts as present. */
const REMOVED_WORKERS = `
  SELECT own.id FROM unnest($1::text[], $2::text[]) AS own(id, endpoint)
  JOIN removed_workers r ON r.worker_id = own.id AND r.is_barred
  WHERE NOT EXISTS (SELECT 1 FROM workers w WHERE w.has_provisional_id AND w.endpoint = own.endpoint)
  ORDER BY own.id`;

const workers = process.argv.slice(2).map((text) => {
  const [id = '', ...endpoint] = text.split('=');
  return { id, endpoint: endpoint.join('=') };
});

try {
  const { url, name } = sessionUrl(process.env);
  const { config } = parseConnectionUrl(await settleTls(url, name), name);
  const state = await withClient(config, async (client) => {
    const administrators = await client.query(ADMINISTRATORS);
    const removed = await client.query(REMOVED_WORKERS, [
      workers.map(({ id }) => id),
      workers.map(({ endpoint }) => endpoint),
    ]);
    return {
      administrators: administrators.rows.map(({ email }) => email),
      removedWorkers: removed.rows.map(({ id }) => id),
    };
  });
  process.stdout.write(`${JSON.stringify(state)}\n`);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
