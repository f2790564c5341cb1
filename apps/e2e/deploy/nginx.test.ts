import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import * as http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { LIMITS, type LoggedEvent } from '@wa-gate/contracts';
import { Agent, request, WebSocket } from 'undici';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startBrowser } from '../dashboard/chromium.ts';
import { Visitor } from '../dashboard/visitor.ts';
import { GatewayClient } from '../harness/gateway-client.ts';
import { HttpClient } from '../harness/http.ts';
import { addPhone, pairSession, registerTenant, uniqueName } from '../harness/pair-session.ts';
import { repositoryFile } from '../harness/repository.ts';
import { useSystem } from '../harness/use-system.ts';
import { waitFor } from '../harness/wait-for.ts';
import { type Read, type Reading, readPages, readSocket, readStream } from './dropping-clients.ts';
import { type Nginx, readTemplate, startNginx, variablesOf } from './nginx.ts';
import { debianCopy } from './private-copy.ts';
import { startUpstreamStandIn, type UpstreamStandIn } from './upstream-stand-in.ts';

/** The templates of `deploy/nginx` with Debian's nginx, a private copy, before two gateways below a path. */
const BASE = '/wa';
const settings = { BASE_PATH: BASE, TRUST_PROXY: '1', REQUIRE_HTTPS: 'false' };
const system = useSystem({ workers: 1, gateways: 2, env: { gateway: settings } });
const run = promisify(execFile);

const agents: Agent[] = [];
const agent = (options: ConstructorParameters<typeof Agent>[0]): Agent => {
  const made = new Agent(options);
  agents.push(made);
  return made;
};
let nginx: Nginx;
let api: GatewayClient;
beforeAll(async () => {
  nginx = await startNginx({ form: 'plain', basePath: BASE, upstreams: system().gateways.map(({ url }) => url) });
  api = new GatewayClient(new HttpClient(nginx.url));
});
afterAll(async () => {
  await api?.close();
  await nginx?.stop();
  await Promise.all(agents.map((one) => one.destroy()));
});

const get = async (path: string, headers: Record<string, string> = {}) => {
  const { statusCode, headers: answered, body } = await request(nginx.url + path, { headers });
  return { status: statusCode, headers: answered, text: await body.text() };
};

describe('nginx before the gateways, below /wa (MR-180)', () => {
  test('passes the API on, and nothing beside it', async () => {
    expect((await get('/wa/api/health')).status).toBe(200);
    expect((await get('/wa/api/v1/tiers')).status).toBe(200);
    expect((await get('/api/health')).status).toBe(404);
    expect((await get('/wax/api/health')).status).toBe(404);
    for (const path of ['/wa/metrics', '/metrics']) expect((await get(path)).status).toBe(404);
  });

  test('the documentation is complete below it, reached by the redirect of the root', async () => {
    const { status, headers } = await get('/wa/');
    expect([status, headers.location]).toEqual([302, '/wa/docs']);
    const { text } = await get('/wa/docs');
    const files = [...text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, file]) => file!);
    expect(files.length).toBeGreaterThan(4);
    for (const file of files) expect((await get(file)).status, file).toBe(200);
    expect(JSON.parse((await get('/wa/docs/json')).text).servers).toEqual([{ url: BASE }]);
  });

  test('cookies of a login belong to it, and log in', async () => {
    const { body, headers, status } = await api.call<{ data: { token: string } }>('/wa/api/auth/login', {
      method: 'POST',
      json: system().admin,
    });
    expect(status).toBe(200);
    system().secrets.add(body.data.token);
    const cookies = [headers['set-cookie']].flat() as string[];
    expect(cookies.map((cookie) => /Path=([^;]+)/.exec(cookie)?.[1]).sort()).toEqual([
      '/wa/api',
      '/wa/api/auth/refresh',
    ]);
    const session = cookies.find((cookie) => cookie.startsWith('wag_session='))!.split(';', 1)[0]!;
    expect((await get('/wa/api/auth/me', { cookie: session })).status).toBe(200);
  });

  test('the address of a client is its own, whatever it says', async () => {
    const other = agent({ localAddress: '127.0.0.9' });
    const { body } = await request(`${nginx.url}/wa/api/auth/login`, {
      dispatcher: other,
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-forwarded-for': '203.0.113.66' },
      body: JSON.stringify(system().admin),
    });
    const { data } = (await body.json()) as { data: { token: string } };
    system().secrets.add(data.token);
    const logins = await get('/wa/api/auth/logins', { authorization: `Bearer ${data.token}` });
    expect(JSON.parse(logins.text).data.logins[0].ip).toBe('127.0.0.9');
  });

  test('events of a stream come one by one, and the end of the stream too', async () => {
    const tenant = await registerTenant(system());
    const sessionId = uniqueName('stream');
    const { apiKey } = await tenant.api.createSession({ sessionId });
    const stream = await fetch(`${nginx.url}/wa/api/sessions/${sessionId}/qr/stream`, {
      headers: { authorization: `Bearer ${apiKey}` },
    });
    expect([stream.status, stream.headers.get('content-type')]).toEqual([200, 'text/event-stream']);
    let text = '';
    const reading = (async () => {
      for await (const chunk of stream.body!) text += Buffer.from(chunk).toString();
    })();
    await waitFor(() => text.includes('event: qr'), { what: 'the first event of the stream' });
    const [, qr] = /"qr":"([^"]+)"/.exec(text) ?? [];
    system().secrets.add(qr!);
    const phone = await system().sandbox.createPhone({ name: 'Owner' });
    await system().sandbox.scan(phone.number, qr!);
    await waitFor(() => text.includes('"connected"'), { what: 'the event of the connection' });
    await reading;
  });

  test('a body that the gateway refuses is refused in its words; one that nginx refuses costs the gateway nothing', async () => {
    const post = (bytes: number) =>
      api.call<{ code?: string }>('/wa/api/auth/login', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        raw: JSON.stringify({ email: 'a'.repeat(bytes), password: 'b' }),
      });
    expect(await post(LIMITS.bodyBytes)).toMatchObject({ status: 413, body: { code: 'BODY_TOO_LARGE' } });
    const small = await startNginx({
      form: 'plain',
      basePath: BASE,
      upstreams: [system().gateways[0]!.url],
      maxBody: '2k',
    });
    const { statusCode } = await request(`${small.url}/wa/api/auth/login`, { method: 'POST', body: 'x'.repeat(3_000) });
    await small.stop();
    expect(statusCode).toBe(413);
  });

  test('takes at least what the gateway takes', async () => {
    const compose = await readFile(repositoryFile('deploy/compose.yaml'), 'utf8');
    const [, megabytes] = /WAG_MAX_BODY: \$\{WAG_MAX_BODY:-(\d+)m\}/.exec(compose)!;
    expect(Number(megabytes) * 1024 * 1024).toBeGreaterThanOrEqual(LIMITS.bodyBytes);
  });

  test('while one gateway is away the other one answers, without an error for anybody', async () => {
    const [first] = system().gateways;
    await first!.stop({ signal: 'SIGKILL' });
    const statuses = [];
    for (let count = 0; count < 20; count += 1) statuses.push((await get('/wa/api/tiers')).status);
    await first!.start();
    expect(new Set(statuses)).toEqual(new Set([200]));
  });
});

describe('the dashboard in a browser behind nginx, below /wa (MR-180, MR-200)', () => {
  test('it logs in, and is true again seconds after nginx had only 502 for it; what was typed stays', async () => {
    const [running, owner] = await Promise.all([startBrowser(), registerTenant(system())]);
    try {
      const shop = await pairSession(system(), owner);
      const friend = await addPhone(system(), 'Budi Santoso');
      await system().sandbox.sendText(friend.number, shop.phone.number, 'Selamat pagi');
      const visitor = await Visitor.arrive(running.browser, `${nginx.url}${BASE}`);
      const { page } = visitor;
      const ends: number[] = [];
      page.on('response', (response) => void (response.status() >= 500 && ends.push(response.status())));
      await visitor.login(owner);
      await page.getByRole('link', { name: 'Chats' }).first().click();
      await page.getByRole('complementary', { name: 'Chats' }).getByText('Budi Santoso').first().click();
      await page.getByRole('log').getByText('Selamat pagi').waitFor();
      expect(new URL(page.url()).pathname).toBe(`${BASE}/chats`);
      await page.getByLabel('Write a message').fill('Typed while nobody answered');

      for (const gateway of system().gateways) await gateway.stop({ signal: 'SIGKILL' });
      await system().sandbox.sendText(friend.number, shop.phone.number, 'Sent meanwhile');
      await page.getByText('The gateway does not answer').first().waitFor();
      await waitFor(() => ends.includes(502), { what: 'a 502 of nginx' });
      await Promise.all(system().gateways.map((gateway) => gateway.start()));
      const backAt = Date.now();
      await page.getByRole('log').getByText('Sent meanwhile').waitFor();
      const afterMs = Date.now() - backAt;
      console.info(`the page was true again ${afterMs} ms after the gateways were ready; before: ${ends.length} x 5xx`);
      expect(afterMs).toBeLessThan(15_000);
      expect(await page.getByLabel('Write a message').inputValue()).toBe('Typed while nobody answered');
      await page.getByLabel('Write a message').press('Enter');
      await waitFor(
        async () =>
          (await system().sandbox.inbox(friend.number)).some(({ text }) => text === 'Typed while nobody answered'),
        { what: 'the message on the phone' },
      );
      visitor.expectNoMisdeeds();
    } finally {
      await running.stop();
    }
  });
});

describe('streams of events through nginx (MR-059, MR-180)', () => {
  /** Of each of two sessions: a client that takes two events of a connection drops more than 100 times. */
  const TEXTS = 105;
  let bare: Nginx;
  beforeAll(async () => {
    bare = await startNginx({ form: 'defaults', upstreams: system().gateways.map(({ url }) => url) });
  });
  afterAll(() => bare?.stop());

  test('clients that drop and resume 100 times get each event once and in order, whichever gateway answers', async () => {
    const tenant = await registerTenant(system());
    const friend = await addPhone(system());
    const sessions = await Promise.all([pairSession(system(), tenant), pairSession(system(), tenant)]);
    const page = (query: string) =>
      tenant.api.data<{ events: LoggedEvent[]; cursor: string; hasMore: boolean }>(
        `/api/events?events=message.received&${query}`,
      );
    const { cursor: from } = await page('after=now');
    const until = sessions.length * TEXTS;
    const reading = (proxy: Nginx): Reading => ({ base: `${proxy.url}${BASE}`, apiKey: tenant.apiKey, from, until });
    const clients: Record<string, Promise<Read>> = {
      'server-sent events': readStream(reading(nginx)),
      WebSocket: readSocket(reading(nginx)),
      cursor: readPages(reading(nginx)),
      'server-sent events, nginx with its defaults': readStream(reading(bare)),
      'cursor, nginx with its defaults': readPages(reading(bare)),
    };
    for (let n = 0; n < TEXTS; n += 1) {
      for (const { phone } of sessions) await system().sandbox.sendText(friend.number, phone.number, String(n));
    }
    const read = await Promise.all(
      Object.entries(clients).map(async ([name, client]) => [name, await client] as const),
    );
    const log: LoggedEvent[] = [];
    for (let [cursor, hasMore] = [from, true]; hasMore; ) {
      const next = await page(`after=${cursor}&limit=100`);
      log.push(...next.events);
      ({ cursor, hasMore } = next);
    }
    expect(log).toHaveLength(until);
    for (const [name, { seen, drops }] of read) {
      expect(drops, name).toBeGreaterThanOrEqual(100);
      for (const { sessionId } of sessions) {
        const of = (events: readonly LoggedEvent[]) => events.filter((event) => event.sessionId === sessionId);
        expect(of(seen), `${name}, ${sessionId}`).toEqual(of(log));
      }
    }
  });

  test('with its defaults nginx upgrades nothing, and the gateway says so', async () => {
    const { apiKey } = await registerTenant(system());
    const headers = {
      authorization: `Bearer ${apiKey}`,
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
    };
    const asking = http.get(`${bare.url}${BASE}/api/events/ws`, { headers });
    const [answer] = (await once(asking, 'response')) as [http.IncomingMessage];
    const { error } = JSON.parse(Buffer.concat(await answer.toArray()).toString()) as { error: string };
    expect([answer.statusCode, error]).toEqual([400, expect.stringContaining('WebSocket')]);
  });
});

describe('nginx itself, with this configuration (MR-180)', () => {
  let upstream: UpstreamStandIn;
  let proxy: Nginx;
  beforeAll(async () => {
    upstream = await startUpstreamStandIn();
    proxy = await startNginx({ form: 'plain', upstreams: [upstream.url] });
  });
  afterAll(async () => {
    await proxy?.stop();
    await upstream?.close();
  });

  test('a WebSocket is upgraded, and frames pass', async () => {
    const socket = new WebSocket(`${proxy.url.replace('http', 'ws')}/socket`);
    const message = await new Promise((resolve, reject) => {
      socket.addEventListener('message', ({ data }) => resolve(data));
      socket.addEventListener('error', () => reject(new Error('no upgrade')));
    });
    socket.close();
    expect(message).toBe('upgraded /socket');
  });

  test('an answer that is cut in the middle is not taken as complete', async () => {
    const { body } = await request(`${proxy.url}/cut`);
    await expect(body.text()).rejects.toThrow();
  });

  test('an event passes at once, also where the service does not ask for it', async () => {
    const abort = new AbortController();
    const stream = await fetch(`${proxy.url}/events`, { signal: abort.signal });
    const { value } = await stream.body!.getReader().read();
    abort.abort();
    expect(Buffer.from(value!).toString()).toBe('data: one\n\n');
  });

  test('an upload arrives while it is being sent', async () => {
    let release: (() => void) | undefined;
    const halfway = new Promise<void>((resolve) => {
      release = resolve;
    });
    async function* upload() {
      yield Buffer.alloc(40_000);
      await halfway;
      yield Buffer.alloc(10_000);
    }
    const sending = request(`${proxy.url}/upload`, { method: 'PUT', body: upload() as never });
    await waitFor(() => upstream.arrived() === 40_000, { what: 'the first part of the upload' });
    release!();
    expect(await (await sending).body.text()).toBe('PUT /upload 50000');
  });

  test('says which host, address and scheme the client used', async () => {
    await (await request(`${proxy.url}/x`, { headers: { 'x-forwarded-for': '203.0.113.66' } })).body.dump();
    expect(upstream.lastHeaders()).toMatchObject({
      host: new URL(proxy.url).host,
      'x-forwarded-for': '203.0.113.66, 127.0.0.1',
      'x-forwarded-proto': 'http',
    });
    // Kept open between nginx and the service.
    expect(upstream.lastHeaders().connection).not.toBe('close');
  });
});

describe('nginx with TLS (MR-161, MR-180)', () => {
  let folder: string;
  let proxy: Nginx;
  let trusting: Agent;
  beforeAll(async () => {
    await system().gateways[1]!.stop();
    Object.assign(system().gateways[1]!.spec.env, { REQUIRE_HTTPS: 'true' });
    await system().gateways[1]!.start();
    folder = await mkdtemp(join(tmpdir(), 'wa-gate-tls-'));
    const openssl = await debianCopy('openssl', ['openssl']).then(({ home, libraries }) => ({
      command: join(home, 'usr/bin/openssl'),
      env: { LD_LIBRARY_PATH: libraries, OPENSSL_CONF: '/dev/null' },
    }));
    const [key, certificate] = [join(folder, 'privkey.pem'), join(folder, 'fullchain.pem')];
    const args = 'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=wa.example.test';
    const names = ['-addext', 'subjectAltName=DNS:wa.example.test,IP:127.0.0.1', '-keyout', key, '-out', certificate];
    await run(openssl.command, [...args.split(' '), ...names], { env: openssl.env });
    proxy = await startNginx({
      form: 'tls',
      basePath: BASE,
      upstreams: [system().gateways[1]!.url],
      certificates: folder,
    });
    trusting = agent({ connect: { ca: await readFile(certificate, 'utf8'), servername: 'wa.example.test' } });
  });
  afterAll(async () => {
    await proxy?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  test('answers over TLS, tells browsers to stay with it, and cookies are for TLS alone', async () => {
    const { statusCode, headers, body } = await request(`${proxy.tlsUrl}/wa/api/auth/login`, {
      dispatcher: trusting,
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(system().admin),
    });
    system().secrets.add(((await body.json()) as { data: { token: string } }).data.token);
    expect([statusCode, headers['strict-transport-security']]).toEqual([200, expect.stringContaining('max-age=')]);
    for (const cookie of [headers['set-cookie']].flat()) expect(cookie).toContain('Secure');
  });

  test('without TLS reading is redirected below the path, and changing refused', async () => {
    const read = await request(`${proxy.url}/wa/api/tiers?x=1`, { headers: { host: 'wa.example.test' } });
    await read.body.dump();
    expect([read.statusCode, read.headers.location]).toEqual([308, 'https://wa.example.test/wa/api/tiers?x=1']);
    const change = await request(`${proxy.url}/wa/api/auth/login`, { method: 'POST', body: '{}' });
    expect([change.statusCode, ((await change.body.json()) as { code: string }).code]).toEqual([403, 'HTTPS_REQUIRED']);
  });

  test('the challenge of a certificate authority is answered without TLS', async () => {
    await writeFile(join(proxy.acme, '.well-known/acme-challenge/token'), 'the proof');
    const { body } = await request(`${proxy.url}/.well-known/acme-challenge/token`);
    expect(await body.text()).toBe('the proof');
  });
});

test('README.md and compose.yaml know every variable of the templates, and no other', async () => {
  const templates = await Promise.all(['plain.conf', 'tls.conf', 'locations.inc'].map(readTemplate));
  const used = [...new Set(templates.flatMap(variablesOf))].sort();
  const compose = await readFile(repositoryFile('deploy/compose.yaml'), 'utf8');
  const nginxService = /^ {2}nginx:\n(?: {4}.*\n|\n)+/m.exec(compose)![0];
  const given = [...nginxService.matchAll(/^ {6}(WAG_\w+):/gm)].map(([, name]) => name);
  expect(given.sort()).toEqual(used);
  const readme = await readFile(repositoryFile('deploy/nginx/README.md'), 'utf8');
  const table = [...readme.matchAll(/^\| (`WAG_[^|]+) \|/gm)].flatMap(([, cell]) => cell!.match(/WAG_\w+/g)!);
  expect(table.sort()).toEqual(used);
});
