import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, expect, test } from 'vitest';
import { repositoryFile } from '../harness/repository.ts';
import { useSystem } from '../harness/use-system.ts';
import { waitFor } from '../harness/wait-for.ts';

const system = useSystem({ workers: 1 });
const dataDir = mkdtempSync(join(tmpdir(), 'wag-seed-'));
afterAll(() => rmSync(dataDir, { recursive: true, force: true }));

const WAG = fileURLToPath(repositoryFile('scripts/wag.mjs'));

/** Runs `npm run wag -- seed` with the run file of a data folder. */
async function seed(): Promise<string> {
  const { gateways, processes, admin, services } = system();
  const run = {
    gateway: gateways[0]?.url,
    sandbox: processes.find(({ name }) => name === 'sandbox')?.url,
    admin,
    databaseUrl: services.databaseUrl,
    processes: gateways.map(({ name, url }) => ({ name, pid: process.pid, url })),
  };
  writeFileSync(join(dataDir, 'run.json'), JSON.stringify(run));
  const { stdout } = await promisify(execFile)(process.execPath, [WAG, 'seed'], {
    env: { PATH: process.env.PATH, DATA_DIR: dataDir },
  });
  return stdout;
}

/** The counts of seeded rows, and the sessions and people. */
async function whatThereIs() {
  const count = async (table: string) => {
    const { rows } = await system().services.pool.query<{ count: number }>(
      `SELECT count(*)::int AS count FROM ${table}`,
    );
    return rows[0]?.count;
  };
  const tables = ['users', 'workspace_members', 'sessions', 'messages', 'webhooks', 'workspace_invitations'];
  return Object.fromEntries(await Promise.all(tables.map(async (table) => [table, await count(table)] as const)));
}

test('a seed makes people, linked sessions, chats both ways, a group and a webhook; a second one changes nothing', async () => {
  expect(await seed()).toContain('owner@seed.example  pro, owner of shop, support');
  // What the phones have written last may be on its way.
  await waitFor(async () => (await whatThereIs()).messages === 13, { what: 'the seeded messages' });
  const first = await whatThereIs();
  const { rows: sessions } = await system().services.pool.query(
    `SELECT s.slug, s.state::text AS state FROM sessions s ORDER BY s.slug`,
  );
  expect(sessions).toEqual([
    { slug: 'kiosk', state: 'CONNECTED' },
    { slug: 'shop', state: 'CONNECTED' },
    { slug: 'support', state: 'CONNECTED' },
  ]);
  const { rows: directions } = await system().services.pool.query<{ direction: string }>(
    `SELECT DISTINCT direction::text AS direction FROM messages ORDER BY 1`,
  );
  expect(directions.map(({ direction }) => direction)).toEqual(['INBOUND', 'OUTBOUND']);
  expect(first).toMatchObject({ users: 5, sessions: 3, webhooks: 1 });

  await seed();
  expect(await whatThereIs()).toEqual(first);
});
