import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import type { Worker } from '@wa-gate/contracts';
import { freePort, spawnApp } from '@wa-gate/testkit';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { programOf } from '../harness/checkout.ts';
import {
  addPhone,
  type PairedSession,
  pairSession,
  registerTenant,
  subscribe,
  type Tenant,
} from '../harness/pair-session.ts';
import { type Pgbouncer, startPgbouncer } from '../harness/pgbouncer.ts';
import { repositoryFile } from '../harness/repository.ts';
import { prepareServices, type Services } from '../harness/services.ts';
import { type System, startSystem } from '../harness/system.ts';
import { expectSoundSystem } from '../harness/use-system.ts';
import { waitFor } from '../harness/wait-for.ts';

const MIGRATE = fileURLToPath(repositoryFile('packages/db/bin/migrate.mjs'));
/** So few that transactions of one client are on different connections all the time. */
const POOL_SIZE = 3;
/** What poolers and named statements say to each other. */
const LOST_STATEMENT = /42P05|26000|prepared statement/;

let services: Services;
let bouncer: Pgbouncer;
let forgetful: Pgbouncer;
const pooled = (url: string) => `${url}?pgbouncer=true`;
beforeAll(async () => {
  services = await prepareServices();
  bouncer = await startPgbouncer(services.databaseUrl, { poolSize: POOL_SIZE });
  forgetful = await startPgbouncer(services.databaseUrl, { poolSize: POOL_SIZE, ignoresSettings: true });
});
afterAll(async () => {
  await bouncer?.stop();
  await forgetful?.stop();
  await services?.release();
});

test('it is a pooler that loses named statements, and hears no setting', async () => {
  const clients = Array.from({ length: 8 }, () => new pg.Client({ connectionString: bouncer.url }));
  await Promise.all(clients.map((client) => client.connect()));
  const failures = new Set<string>();
  await Promise.all(
    clients.map(async (client, index) => {
      for (let time = 0; time < 20; time += 1) {
        const text = `SELECT ${index} + $1::int AS sum`;
        await client.query({ name: 'same-name', text, values: [time] }).then(
          ({ rows }) => rows[0].sum === index + time || failures.add('a statement of somebody else'),
          (error: { code: string }) => failures.add(error.code),
        );
      }
    }),
  );
  await Promise.all(clients.map((client) => client.end()));
  expect(failures.size).toBeGreaterThan(0);
});

describe('a process that cannot work refuses to start, with the sentence that helps (MR-176)', () => {
  const common = () => ({
    REDIS_URL: services.redisUrl,
    WAG_MASTER_KEY: randomBytes(32).toString('base64'),
    WORKER_AUTH_TOKEN: 'join-token-of-the-test',
    LOG_LEVEL: 'silent',
  });
  async function outputOf(app: 'gateway' | 'worker' | 'migrator', env: Record<string, string>): Promise<string> {
    const port = String(await freePort());
    const own = {
      gateway: { HOST: '127.0.0.1', PORT: port },
      worker: { WORKER_ID: 'w', GATEWAY_URL: 'http://127.0.0.1:9', SANDBOX_URL: 'http://127.0.0.1:9', PORT: port },
      migrator: {},
    }[app];
    const entry = app === 'migrator' ? MIGRATE : programOf(app);
    const started = spawnApp({ entry, env: { ...common(), ...own, ...env } as Record<string, string> });
    expect(await started.exited()).toBe(1);
    return started.output().trim();
  }
  const LEADS = /DATABASE_URL leads to a connection pooler.*pgbouncer=true.*DATABASE_DIRECT_URL\.$/;

  test.each(['gateway', 'worker'] as const)('%s', async (app) => {
    expect(await outputOf(app, { DATABASE_URL: bouncer.url })).toMatch(LEADS);
    expect(await outputOf(app, { DATABASE_URL: forgetful.url })).toMatch(LEADS);
    expect(await outputOf(app, { DATABASE_URL: pooled(bouncer.url) })).toMatch(/DATABASE_DIRECT_URL is not set\. Name/);
    expect(await outputOf(app, { DATABASE_URL: pooled(bouncer.url), DATABASE_DIRECT_URL: forgetful.url })).toMatch(
      /DATABASE_DIRECT_URL leads to a connection pooler/,
    );
    const elsewhere = await prepareServices();
    try {
      const env = { DATABASE_URL: pooled(bouncer.url), DATABASE_DIRECT_URL: elsewhere.databaseUrl };
      expect(await outputOf(app, env)).toMatch(/lead to different databases|not the key that this database/);
    } finally {
      await elsewhere.release();
    }
  });

  test('the migrator', async () => {
    expect(await outputOf('migrator', { DATABASE_URL: pooled(bouncer.url) })).toMatch(/DATABASE_DIRECT_URL is not set/);
  });
});

describe('behind it, with PostgreSQL itself for what needs a session', () => {
  let system: System;
  let tenant: Tenant;
  let session: PairedSession;
  beforeAll(async () => {
    const own = await prepareServices();
    const through = await startPgbouncer(own.databaseUrl, { poolSize: POOL_SIZE });
    const urls = { DATABASE_URL: pooled(through.url), DATABASE_DIRECT_URL: own.databaseUrl };
    const release = async () => {
      await through.stop();
      await own.release();
    };
    system = await startSystem({
      services: { ...own, release },
      workers: 2,
      env: { gateway: urls, worker: urls },
      logLevel: 'debug',
    });
    tenant = await registerTenant(system);
    session = await pairSession(system, tenant);
  });
  afterAll(() => system?.stop());

  test('sends, receives and delivers as without it: everything once', async () => {
    const webhook = await subscribe(tenant, session.sessionId, ['message.received']);
    const friend = await addPhone(system, 'Friend');
    const texts = Array.from({ length: 60 }, (_, index) => `out ${index}`);
    const answers = await Promise.all(
      texts.map((message) =>
        session.api.send(session.sessionId, { to: friend.number, type: 'text', message }, { wait: 'sent' }),
      ),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    const inbox = await waitFor(
      async () => {
        const messages = await system.sandbox.inbox(friend.number);
        return messages.length >= texts.length ? messages : undefined;
      },
      { what: 'all messages at the phone' },
    );
    expect(new Set(inbox.map(({ text }) => text))).toEqual(new Set(texts));
    expect(inbox).toHaveLength(texts.length);
    for (let index = 0; index < 20; index += 1) {
      await system.sandbox.sendText(friend.number, session.phone.number, `in ${index}`);
    }
    await waitFor(() => webhook.events.length >= 20, { what: 'the webhooks' });
    await webhook.close();
  });

  test('a worker that is killed gives its session to the other one', async () => {
    const { email, password } = system.admin;
    const admin = system.gateway.as((await system.gateway.login(email, password)).token);
    const { workers } = await admin.data<{ workers: Worker[] }>('/api/admin/workers');
    const host = workers.find(({ sessionCount }) => sessionCount === 1)!.id;
    const process = system.workers.find(({ name }) => host.startsWith(`${name}-`))!;
    await process.stop({ signal: 'SIGKILL' });
    const friend = await addPhone(system, 'Late');
    await waitFor(
      async () => {
        const { status } = await session.api.send(
          session.sessionId,
          { to: friend.number, type: 'text', message: 'after' },
          { wait: 'sent' },
        );
        return status === 200;
      },
      { what: 'the session at the other worker' },
    );
    await process.start();
  });

  test('no statement was lost, and leases do not go through it', async () => {
    for (const { name, log } of system.processes) {
      const lost = (await log.everything()).split('\n').filter((line) => LOST_STATEMENT.test(line));
      expect([name, lost]).toEqual([name, []]);
    }
    const { rows } = await system.services.pool.query<{ name: string }>(
      `SELECT DISTINCT application_name AS name FROM pg_stat_activity WHERE application_name LIKE '% lease'`,
    );
    expect(rows.length).toBeGreaterThan(0);
  });

  expectSoundSystem(() => system);
});
