import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { createPool } from '@wa-gate/db';
import { METRICS, type MetricDefinition, metricsFrom } from '@wa-gate/kit';
import {
  DASHBOARDS,
  DEPLOYED,
  readAlerts,
  readRecords,
  readYaml,
  selectorsOf,
  withoutVariables,
} from '@wa-gate/observability';
import { freePort } from '@wa-gate/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Fleet, startFleet } from '../harness/fleet.ts';
import type { HttpAnswer } from '../harness/http.ts';
import type { ProcessSpec } from '../harness/managed-process.ts';
import {
  addPhone,
  type PairedSession,
  pairSession,
  registerTenant,
  subscribe,
  type Tenant,
  waitForStatus,
} from '../harness/pair-session.ts';
import { repositoryFile } from '../harness/repository.ts';
import { waitFor } from '../harness/wait-for.ts';
import type { WebhookReceiver } from '../harness/webhook-receiver.ts';
import { readExposition } from './exposition.ts';
import {
  findMonitoringTools,
  type MonitoringTools,
  observeConfig,
  pathWith,
  type ScrapeTarget,
} from './monitoring-tools.ts';
import { PrometheusServer } from './prometheus-server.ts';

/**
 * Alerts whose causes would take minutes, much load or another machine. promtool makes them fire
 * (`deploy/prometheus/tests/alerts.yml`), as it does all others.
 */
const BY_PROMTOOL_ONLY = {
  WagStormBrake: 'three workers that fall silent for the length of a lease',
  WagEventLoopLate: 'a process without a processor for minutes',
  WagMemoryHigh: 'more than a gigabyte',
  WagSystemLogDropped: 'a thousand warnings without a database',
  WagSessionSilent: 'a defect of the watch over connections',
  WagConnectionsRecycled: 'silence of half a minute on many connections',
  WagFenceRefusals: 'twenty sessions',
  WagSendSlow: 'minutes of slow acknowledgements',
  WagMessagesUnreadable: 'old keys',
  WagKeyWritesSlow: 'a slow disk',
  WagWebhooksBehind: 'jobs that hang for two minutes',
  WagPostgresConnections: 'a server of its own with few connections',
  WagPostgresLongTransaction: 'five minutes',
  WagPostgresWraparound: 'a billion transactions',
  WagPostgresReplicaLag: 'a replica',
} as const;

const TOKEN = 'the token of the scrapes';
const run = promisify(execFile);
const root = fileURLToPath(repositoryFile('./'));

let tools: MonitoringTools;
let folder: string;
let fleet: Fleet;
let prometheus: PrometheusServer;
const targets: ScrapeTarget[] = [];
const receivers: WebhookReceiver[] = [];
let tenant: Tenant;
let sessions: PairedSession[];

const hostOf = (url: string): string => new URL(url).host;

/** Gateways show metrics on the port of the API for the token, workers on a port of their own and for the token. */
async function adapt(spec: ProcessSpec): Promise<ProcessSpec> {
  if (spec.name === 'sandbox') return spec;
  const env: ProcessSpec['env'] = { ...spec.env, METRICS_TOKEN: TOKEN };
  if (spec.name.startsWith('gateway')) {
    targets.push({ job: 'wag-gateway', name: spec.name, address: hostOf(spec.url) });
    return { ...spec, env };
  }
  const port = String(await freePort());
  targets.push({ job: 'wag-worker', name: spec.name, address: `127.0.0.1:${port}` });
  return { ...spec, env: { ...env, METRICS_PORT: port } };
}

/** The rules that we ship, without their patience. */
function impatientRules(): string {
  const path = join(folder, 'rules');
  mkdirSync(path);
  for (const name of ['recording.yml', 'alerts.yml']) {
    const file = readYaml<{ groups: { rules: { alert?: string; for?: string }[] }[] }>(join(DEPLOYED.rules, name));
    for (const rule of file.groups.flatMap(({ rules }) => rules)) if (rule.for !== undefined) rule.for = '1s';
    writeFileSync(join(path, name), JSON.stringify(file));
  }
  return join(path, '*.yml');
}

beforeAll(async () => {
  tools = await findMonitoringTools();
  folder = mkdtempSync(join(tmpdir(), 'wag-observability-'));
  const gateway = {
    INVARIANT_CHECK_INTERVAL: '2000',
    WORKER_HEALTH_CHECK_INTERVAL: '1000',
    DATABASE_POOL_SIZE: '4',
    MAIL_DIR: join(folder, 'mail'),
  };
  fleet = await startFleet({ gateways: 2, workers: 2, maxSessions: 2, env: { gateway }, adapt });
  const config = await observeConfig(targets, TOKEN);
  prometheus = await PrometheusServer.start(tools, folder, {
    ...config,
    // Longer than the two seconds for which a scrape waits for a database that is silent.
    global: { scrape_interval: '3s', scrape_timeout: '3s', evaluation_interval: '1s' },
    rule_files: [impatientRules()],
  });
  // An increase that nothing was scraped before is none.
  await waitFor(async () => (await prometheus.query('up == 1')).length === targets.length, {
    what: 'the first scrapes',
  });
});
beforeEach((context) => {
  context.onTestFailed(() => {
    if (fleet) console.error(fleet.system.tails());
  });
});
afterAll(async () => {
  await prometheus?.stop();
  await Promise.all(receivers.map((receiver) => receiver.close()));
  await fleet?.stop();
  if (folder) rmSync(folder, { recursive: true, force: true });
});

const FAILURES = 1_000;
/** A webhook that answers everything with a status. */
async function refusingWebhook({ sessionId }: PairedSession, status: number): Promise<void> {
  const receiver = await subscribe(tenant, sessionId);
  receivers.push(receiver);
  receiver.fail(() => true, ...Array.from({ length: FAILURES }, () => status));
}

/** What panels and rules want to see: messages both ways, refused ones, deliveries, a broker, mails, calls, reads. */
async function makeTraffic(): Promise<void> {
  const { system } = fleet;
  tenant = await registerTenant(system);
  sessions = await Promise.all([pairSession(system, tenant), pairSession(system, tenant), pairSession(system, tenant)]);
  const [good, refused, gone] = sessions as [PairedSession, PairedSession, PairedSession];
  receivers.push(await subscribe(tenant, good.sessionId, ['message.sent']));
  const broker = { type: 'redis', url: system.services.redisUrl, stream: 'observed-events', events: ['message.sent'] };
  const made = await tenant.api.call('/api/webhooks', { method: 'POST', json: broker });
  expect(made).toMatchObject({ status: 201 });
  await refusingWebhook(refused, 500);
  const friend = await addPhone(system);
  const text = (to: string) => ({ to, type: 'text', text: 'hello' });
  for (const session of [good, refused]) {
    for (let n = 0; n < 3; n += 1) {
      const answer = await session.api.send(session.sessionId, text(friend.number), { wait: 'sent' });
      // The phone may have told that it has it by the time of the answer.
      expect(answer.body).toMatchObject({ data: { status: expect.stringMatching(/^(sent|delivered|read)$/) } });
    }
    await session.api.send(session.sessionId, text('15559999999'), { wait: 'sent' });
    await system.sandbox.sendText(friend.number, session.phone.number, 'hello you');
  }
  await good.api.data(`/api/sessions/${good.sessionId}/status`);
  await Promise.all(Array.from({ length: 20 }, () => tenant.api.listSessions()));
  await system.gateway.call('/api/auth/forgot-password', { method: 'POST', json: { email: tenant.email } });
  await refusingWebhook(gone, 410);
  await good.api.send(good.sessionId, text(gone.phone.number), { wait: 'sent' });
}

const scrape = async ({ address }: ScrapeTarget): Promise<string> => {
  const answer = await fetch(`http://${address}/metrics`, { headers: { authorization: `Bearer ${TOKEN}` } });
  expect(answer.status).toBe(200);
  return await answer.text();
};

describe('what processes show (MR-125)', () => {
  beforeAll(makeTraffic);

  test('each serves exactly the metrics of the registry, with their types, labels and values', async () => {
    for (const target of targets) {
      const { types, series } = readExposition(await scrape(target));
      const expected = target.job === 'wag-worker' ? metricsFrom('worker') : metricsFrom('gateway', 'jobs');
      expect([...types.keys()].filter((name) => name.startsWith('wag_')).sort()).toEqual([...expected].sort());
      for (const name of expected) {
        const { type, labels = {} } = METRICS[name] as MetricDefinition;
        expect([name, types.get(name)]).toEqual([name, type]);
        const own = series.filter((one) => one.name.replace(/_(bucket|sum|count)$/, '') === name || one.name === name);
        const wrong = own.flatMap((one) =>
          Object.entries(one.labels)
            .filter(([label]) => label !== 'service' && label !== 'le')
            .filter(([label, value]) => {
              const values = labels[label];
              return values === undefined || (typeof values !== 'string' && !values.includes(value));
            })
            .map(([label, value]) => `${name}{${label}="${value}"}`),
        );
        expect(wrong).toEqual([]);
      }
    }
  });

  test('no session, number, name or mail address is in them', async () => {
    const { rows } = await fleet.system.services.pool.query<{ id: string }>('SELECT id FROM sessions');
    const private_ = [
      tenant.email,
      ...rows.map(({ id }) => id),
      ...sessions.flatMap(({ sessionId, phone }) => [sessionId, phone.number]),
    ];
    for (const target of targets) {
      const text = await scrape(target);
      expect(private_.filter((word) => text.includes(word))).toEqual([]);
    }
  });

  test('they are shown for the token alone, and on their own port alone where they have one', async () => {
    for (const { job, address } of targets) {
      for (const authorization of ['', 'Bearer wrong']) {
        const answer = await fetch(`http://${address}/metrics`, { headers: { authorization } });
        expect([job, answer.status]).toEqual([job, 401]);
      }
    }
    for (const { url } of fleet.system.workers) expect((await fetch(`${url}/metrics`)).status).toBe(404);
  });

  test('no process has a thousand series', async () => {
    const counts = await waitFor(
      async () => {
        const samples = await prometheus.query('scrape_samples_scraped');
        return samples.length === targets.length && samples.every(({ value }) => value > 0) ? samples : undefined;
      },
      { what: 'a scrape of each process' },
    );
    for (const { labels, value } of counts) expect([labels.instance, value < 1_000]).toEqual([labels.instance, true]);
  });
});

/** Every expression of panels and rules that has no finite value now. */
async function unanswered(expressions: readonly { at: string; expr: string }[]): Promise<string[]> {
  const answers = await Promise.all(
    expressions.map(async ({ at, expr }) => {
      const samples = await prometheus.query(withoutVariables(expr, '2m'));
      return samples.some(({ value }) => Number.isFinite(value)) ? [] : [`${at}: ${expr}`];
    }),
  );
  return answers.flat();
}

/** The alerts that have fired so far. */
async function fired(): Promise<Set<string>> {
  const samples = await prometheus.query('count by (alertname) (count_over_time(ALERTS{alertstate="firing"}[15m]))');
  return new Set(samples.map(({ labels }) => labels.alertname ?? ''));
}

/** What an alert asks about, as it is now. */
async function describeAlert(name: string): Promise<string> {
  const { expr } = readAlerts().find(({ alert }) => alert === name)!;
  const selectors = selectorsOf(expr).map((selector) => selector.name);
  const samples = await Promise.all(selectors.map((selector) => prometheus.query(selector)));
  return `${name}: ${expr}\n${samples
    .flat()
    .map((sample) => JSON.stringify(sample))
    .join('\n')}`;
}

/** They take 16 s on a quiet machine and four times as long on a loaded one. */
const ALERTS_MS = 110_000;

async function waitForAlerts(...names: string[]): Promise<void> {
  let missing: string[] = names;
  const haveFired = async () => {
    const all = await fired();
    missing = names.filter((name) => !all.has(name));
    return missing.length === 0;
  };
  try {
    await waitFor(haveFired, { timeoutMs: ALERTS_MS, what: `the alerts ${names.join(', ')}` });
  } catch (error) {
    throw new Error((await Promise.all(missing.map(describeAlert))).join('\n\n'), { cause: error });
  }
}

describe('alerts fire by their causes', () => {
  test('a full fleet, refused messages and deliveries, a logout, a broken rule, mails and locks that wait', async () => {
    const { system } = fleet;
    const { pool } = system.services;
    await tenant.api.createSession({ sessionId: 'unlinked' });
    await tenant.api.createSession({ sessionId: 'without-room' });
    // It counts as linked and assessed in one transaction, in an hour: nobody assesses it again meanwhile.
    await pool.query(
      `WITH linked AS (UPDATE sessions SET paired_at = now() WHERE slug = 'without-room' RETURNING id)
       INSERT INTO session_risk (session_id, score, level, assessed_at, next_at)
       SELECT id, 90, 'critical', now() + interval '1 hour', now() + interval '1 hour' FROM linked`,
    );
    const gone = sessions[2]!;
    const [device] = await system.sandbox.devices(gone.phone.number);
    await system.sandbox.removeDevice(gone.phone.number, device!.id);
    await pool.query(
      `INSERT INTO mails (id, recipient, content, created_at, next_attempt)
       VALUES (gen_random_uuid(), 'late@example.test', '\\x00', now() - interval '1 hour', now() + interval '1 hour')`,
    );
    const several = createPool({
      url: system.services.databaseUrl,
      name: 'locks',
      max: 8,
      statementTimeoutMs: ALERTS_MS,
      silenceTimeoutMs: ALERTS_MS,
    });
    const clients = await Promise.all(Array.from({ length: 8 }, () => several.connect()));
    try {
      await clients[0]!.query('SELECT pg_advisory_lock(1)');
      await clients[1]!.query('SELECT pg_advisory_lock(2)');
      // Two that wait for each other: PostgreSQL ends one of them after a second.
      const crossed = [
        clients[0]!.query('SELECT pg_advisory_lock(2)'),
        clients[1]!.query('SELECT pg_advisory_lock(1)'),
      ];
      const waiting = clients.slice(2).map((client) => client.query('SELECT pg_advisory_lock(1)'));
      for (const query of [...crossed, ...waiting]) query.catch(() => undefined);
      await waitForAlerts('WagPostgresLocks', 'WagPostgresDeadlocks');
    } finally {
      for (const client of clients) client.release(true);
      await several.end();
    }
    await waitForAlerts(
      'WagCapacityLow',
      'WagSessionsWithoutWorker',
      'WagMessagesFailing',
      'WagWebhooksFailing',
      'WagWebhooksSwitchedOff',
      'WagSessionsLoggedOut',
      'WagSessionsAtRisk',
      'WagInvariantBroken',
      'WagMailsWaiting',
    );
  });

  test('a worker that is silent, and Redis that is away', async () => {
    const { system, gateways } = fleet;
    const { pool } = system.services;
    const session = sessions[0]!;
    const { rows } = await pool.query<{ worker_id: string }>(
      'SELECT p.worker_id FROM session_placements p JOIN sessions s ON s.id = p.session_id WHERE s.slug = $1',
      [session.sessionId],
    );
    const owner = system.workers.find(({ spec }) => spec.env.WORKER_ID === rows[0]!.worker_id)!;
    process.kill(owner.pid, 'SIGSTOP');
    try {
      for (const { redis } of gateways.values()) redis.set('refuse');
      // Its owner cannot take it, and the clock is moved on for it.
      const answer = await session.api.send(
        session.sessionId,
        { to: session.phone.number, type: 'text', text: 'late' },
        { wait: 'queued' },
      );
      expect(answer.status).toBe(202);
      await pool.query(`UPDATE outbox SET not_before = now() - interval '2 minutes' WHERE state = 'QUEUED'`);
      await waitForAlerts('WagRedisDown', 'WagControlStreamSilent', 'WagMessagesWaiting');
    } finally {
      process.kill(owner.pid, 'SIGCONT');
      for (const { redis } of gateways.values()) redis.set('forward');
    }
  });

  test('WhatsApp that is away', async () => {
    const { system } = fleet;
    await system.process('sandbox').stop();
    await waitForAlerts('WagSessionsDown');
    await system.process('sandbox').start();
    await waitForStatus(sessions[0]!.api, sessions[0]!.sessionId, 'connected');
  });

  test('WhatsApp that takes newer clients alone', async () => {
    const { sandbox } = fleet.system;
    const { api, sessionId } = sessions[0]!;
    const restart = () => api.data(`/api/sessions/${sessionId}/restart`, { method: 'POST' });
    await sandbox.takeClientsFrom('2.9999.0');
    await restart();
    await waitForAlerts('WagClientOutdated');
    await sandbox.takeClientsFrom(null);
    await restart();
    await waitForStatus(api, sessionId, 'connected');
  });

  test('the commands of the documentation', async () => {
    const page = readFileSync(DEPLOYED.page, 'utf8');
    const blocks = [...page.matchAll(/```sh\n(.*?)```/gs)].map(([, block = '']) => block);
    // The launcher's own test runs it.
    const commands = blocks.filter((block) => !block.startsWith('npm start'));
    expect([blocks.length, commands.length]).toEqual([5, 4]);
    const [gateway] = targets;
    const env = {
      ...process.env,
      ...tools.env,
      PATH: pathWith(tools),
      PROMETHEUS: prometheus.url,
      METRICS: `http://${gateway!.address}`,
      METRICS_TOKEN: TOKEN,
    };
    for (const command of commands) {
      const { stdout, stderr } = await run('bash', ['-euo', 'pipefail', '-c', command], { cwd: root, env });
      // promtool passes, with a warning, when a file of rules is not there.
      expect([command, /\bWARNING\b|FAILED/.exec(stdout + stderr)]).toEqual([command, null]);
    }
  });

  // Keep-alives of connections come every 20 s; the commands before take some of them.
  test('every expression of every panel and rule has returned data (MR-125)', async () => {
    const panels = DASHBOARDS.flatMap(({ name, rows }) =>
      rows.flatMap(({ panels: list }) =>
        list.flatMap(({ title, queries }) => queries.map(([expr]) => ({ at: `${name}: ${title}`, expr }))),
      ),
    );
    const records = readRecords().map(({ record, expr }) => ({ at: record, expr }));
    const expressions = [...panels, ...records];
    expect(expressions.length).toBeGreaterThan(100);
    const areAnswered = async () => {
      const rest = await unanswered(expressions);
      if (rest.length > 0) throw new Error(`Without data:\n${rest.join('\n')}`);
      return true;
    };
    await waitFor(areAnswered, { what: 'data of every expression' });
  });

  test('PostgreSQL that is silent, and that refuses connections', async () => {
    const { system, gateways } = fleet;
    const ask = () => system.gateways.map(({ url }) => system.gatewayAt(url).as(tenant.apiKey).call('/api/sessions'));
    const askOften = () => Array.from({ length: 20 }, ask).flat();
    const lines = [...gateways.values()].map(({ postgres }) => postgres);
    let answers: Promise<HttpAnswer>[] = [];
    try {
      for (const line of lines) line.set('stall');
      answers = askOften();
      await waitForAlerts('WagPostgresDown', 'WagDatabasePoolExhausted');
      for (const line of lines) line.set('refuse');
      answers.push(...askOften());
      const statuses = (await Promise.all(answers)).map(({ status }) => status);
      expect(statuses.filter((status) => status === 503).length).toBeGreaterThan(20);
      await waitForAlerts('WagApiErrorsFast', 'WagApiErrorsSlow', 'WagApiSlow');
    } finally {
      for (const line of lines) line.set('forward');
    }
  });

  test('workers that are killed, again and again', async () => {
    await Promise.all([fleet.end('worker-1', 'SIGKILL'), fleet.end('worker-2', 'SIGKILL')]);
    await waitForAlerts('WagProcessDown', 'WagNoReadyWorker');
    for (let again = 0; again < 2; again += 1) {
      await fleet.start('worker-1');
      await fleet.end('worker-1', 'SIGKILL');
    }
    await waitForAlerts('WagWorkersDying');
  });

  test('gateways that are killed', async () => {
    await Promise.all([fleet.end('gateway-1', 'SIGKILL'), fleet.end('gateway-2', 'SIGKILL')]);
    fleet.system.process('worker-1').spawn();
    await waitForAlerts('WagNoGateway', 'WagNoJobs', 'WagWorkerWithoutLease');
  });

  test('all of them have fired, here or in the tests of promtool', async () => {
    const here = await fired();
    const rest = readAlerts()
      .map(({ alert }) => alert)
      .filter((alert) => !here.has(alert));
    expect(rest.filter((alert) => !Object.hasOwn(BY_PROMTOOL_ONLY, alert))).toEqual([]);
  });
});
