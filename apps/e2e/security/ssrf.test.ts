import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { hostname } from 'node:os';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { registerTenant, type Tenant, uniqueName } from '../harness/pair-session.ts';
import { expectSoundSystem, useSystem } from '../harness/use-system.ts';
import { waitFor } from '../harness/wait-for.ts';
import { administratorOf } from './world/administrator.ts';

/** The setup of an operator: webhooks go to public addresses only, and workers are in one network. */
const system = useSystem({
  workers: 1,
  env: { gateway: { WEBHOOK_ALLOW_PRIVATE: 'false', WORKER_ENDPOINT_ALLOW: '127.0.0.1' } },
});
let tenant: Tenant;
let administrator: string;
let inside: Server;
let redirecting: Server;
const visits: string[] = [];

beforeAll(async () => {
  administrator = (await administratorOf(system())).token;
  tenant = await registerTenant(system());
  inside = createServer((request, response) => {
    visits.push(request.url ?? '');
    response.end('{"status":"healthy"}');
  });
  redirecting = createServer((_request, response) =>
    response.writeHead(302, { location: `http://127.0.0.1:${portOf(inside)}/redirected` }).end(),
  );
  for (const server of [inside, redirecting]) await once(server.listen(0), 'listening');
});
afterAll(() => {
  for (const server of [inside, redirecting]) server?.close();
});

const portOf = (server: Server): number => (server.address() as AddressInfo).port;

/** Notations of this machine and its neighbours. */
const PRIVATE_HOSTS = [
  '127.0.0.1',
  '127.1',
  '2130706433',
  '0x7f000001',
  '0177.0.0.1',
  '0x7f.0x0.0x0.0x1',
  '0.0.0.0',
  '0',
  '[::1]',
  '[::]',
  '[::ffff:127.0.0.1]',
  '[::ffff:7f00:1]',
  '[0:0:0:0:0:ffff:127.0.0.1]',
  '[64:ff9b::7f00:1]',
  'localhost',
  'LOCALHOST',
  'localhost.',
  'anything.localhost',
  '10.0.0.1',
  '172.16.0.1',
  '192.168.1.1',
  '169.254.169.254',
  '[fe80::1]',
  '[fd00::1]',
  '100.64.0.1',
  '224.0.0.1',
  '255.255.255.255',
  '①②⑦.⓪.⓪.①',
];

describe('webhooks (MR-013)', () => {
  test.each(PRIVATE_HOSTS)('http://%s is refused when it is set', async (host) => {
    const sessionId = uniqueName('hook');
    const webhook = { url: `http://${host}:${portOf(inside)}/hook` };
    const json = { name: sessionId, sessionId, webhook };
    const { status, body } = await tenant.api.call<{ code: string }>('/api/sessions', { method: 'POST', json });
    expect([status, body.code]).toEqual([400, 'WEBHOOK_URL_REFUSED']);
  });

  test('nor for a further webhook, one of the workspace, or a change of it', async () => {
    const sessionId = uniqueName('further');
    await tenant.api.createSession({ sessionId });
    const { webhook } = await tenant.api.data<{ webhook: { id: string } }>('/api/webhooks', {
      method: 'POST',
      json: { url: 'https://example.com/', isPaused: true },
    });
    for (const host of PRIVATE_HOSTS) {
      const json = { url: `http://${host}:${portOf(inside)}/hook` };
      for (const [method, path] of [
        ['POST', '/api/webhooks'],
        ['POST', `/api/sessions/${sessionId}/webhooks`],
        ['PATCH', `/api/webhooks/${webhook.id}`],
      ] as const) {
        const { status, body } = await tenant.api.call<{ code: string }>(path, { method, json });
        expect([status, body.code], `${method} ${path} ${host}`).toEqual([400, 'WEBHOOK_URL_REFUSED']);
      }
    }
    expect(visits).toEqual([]);
  });

  test('a test does not go to a name that leads here', async () => {
    const json = { url: `http://${hostname()}:${portOf(inside)}/tested`, isPaused: true };
    const made = await tenant.api.call<{ data: { webhook: { id: string } } }>('/api/webhooks', {
      method: 'POST',
      json,
    });
    expect([201, 400]).toContain(made.status);
    if (made.status === 201) {
      const path = `/api/webhooks/${made.body.data.webhook.id}/test`;
      const result = await tenant.api.data<{ error: string }>(path, { method: 'POST', json: {} });
      expect(result).toMatchObject({ isDelivered: false, error: expect.stringMatching(/private|address/i) });
    }
    expect(visits).toEqual([]);
  });

  test.each([
    'file:///etc/passwd',
    'gopher://127.0.0.1:6379/_',
    'ftp://example.test/',
    'javascript:alert(1)',
    'http://user:pass@example.test/',
    '//example.test/x',
    'http://',
  ])('%s is no URL for a webhook', async (url) => {
    const json = { name: 'x', sessionId: uniqueName('hook'), webhook: { url } };
    expect((await tenant.api.call('/api/sessions', { method: 'POST', json })).status).toBe(400);
  });

  test('a name that leads here is not called when there is something to deliver', async () => {
    const sessionId = uniqueName('named');
    // The host name of the machine: it looks public, and the hosts file maps it to an address of this machine.
    const json = { name: 'x', sessionId, webhook: { url: `http://${hostname()}:${portOf(inside)}/named` } };
    const { status } = await tenant.api.call('/api/sessions', { method: 'POST', json });
    expect([201, 400]).toContain(status);
    if (status === 201) {
      const failed = async () => {
        const { rows } = await system().services.pool.query<{ last_error: string }>(
          `SELECT last_error FROM webhook_deliveries WHERE last_error IS NOT NULL LIMIT 1`,
        );
        return rows[0]?.last_error;
      };
      expect(await waitFor(failed, { what: 'a delivery that was refused' })).toMatch(/private|address/i);
    }
    expect(visits).toEqual([]);
  });
});

describe('worker endpoints (MR-015, MR-016)', () => {
  const register = (endpoint: string) =>
    system().gateway.call<{ code: string }>('/api/admin/workers/register', {
      method: 'POST',
      json: { workerId: uniqueName('w'), endpoint, maxSessions: 1 },
      headers: { 'x-worker-token': system().joinToken },
    });

  test.each(
    PRIVATE_HOSTS.filter(
      (host) =>
        !/^(?:127|2130706433|0x7f|0177|①|\[(?:::ffff:|0:0:0:0:0:ffff:).*(?:127|7f))/i.test(host) &&
        !/^localhost/i.test(host),
    ),
  )('a worker at %s is refused without asking', async (host) => {
    const { status, body } = await register(`http://${host}:${portOf(inside)}`);
    expect(status, JSON.stringify(body)).toBe(400);
    expect(visits).toEqual([]);
  });

  test('a redirect is not followed', async () => {
    const { status } = await register(`http://127.0.0.1:${portOf(redirecting)}`);
    expect(status).toBe(400);
    expect(visits).toEqual([]);
  });

  test('an administrator may not add one there either', async () => {
    const json = { endpoint: 'http://169.254.169.254', maxSessions: 1 };
    const answer = await system().gateway.as(administrator).call('/api/admin/workers', { method: 'POST', json });
    expect(answer.status).toBe(400);
  });

  test('a path, a query or credentials in an endpoint are refused', async () => {
    for (const tail of ['/admin?x=', '?a=b', '#x'])
      expect((await register(`http://127.0.0.1:1${tail}`)).status).toBe(400);
    expect((await register('http://user:secret@127.0.0.1:1')).status).toBe(400);
  });
});

expectSoundSystem(system);
