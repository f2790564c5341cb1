import { createServer } from 'node:http';
import { afterEach, expect, it } from 'vitest';
import { describeListenFailure } from '../listen-failure.ts';
import { listenForScrapes, type MetricsServer } from './exposition.ts';
import { createInstruments } from './instruments.ts';

const { registry } = createInstruments({ service: 'test', version: '1' });
const TOKEN = 'a token of sixteen letters';
const servers: MetricsServer[] = [];
afterEach(() => Promise.all(servers.splice(0).map((server) => server.close())));

async function open(token?: string): Promise<string> {
  const server = await listenForScrapes(registry, { host: '127.0.0.1', port: 0, token });
  servers.push(server);
  return `http://127.0.0.1:${server.port}`;
}

it('serves /metrics on a port of its own, and nothing else there (MR-125)', async () => {
  const url = await open();
  const scrape = await fetch(`${url}/metrics?x=1`);
  expect([scrape.status, scrape.headers.get('content-type')]).toEqual([200, registry.contentType]);
  expect(await scrape.text()).toContain('process_resident_memory_bytes{service="test"}');
  for (const [path, method, status] of [
    ['/', 'GET', 404],
    ['/api/sessions', 'GET', 404],
    ['/metrics/x', 'GET', 404],
    ['/metrics', 'POST', 405],
  ] as const) {
    const answer = await fetch(url + path, { method });
    expect([path, answer.status, await answer.text()]).toEqual([path, status, expect.stringContaining('GET /metrics')]);
  }
});

it.each([undefined, 'Bearer', `Bearer ${TOKEN}x`, 'Bearer wrong', `Basic ${TOKEN}`, TOKEN])(
  'wants its token, and tells a scraper with %j what to send (MR-125)',
  async (authorization) => {
    const url = await open(TOKEN);
    const answer = await fetch(`${url}/metrics`, { headers: authorization === undefined ? {} : { authorization } });
    const text = await answer.text();
    expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([401, 'Bearer']);
    expect(text).toContain('METRICS_TOKEN');
    expect(text).not.toContain('process_');
  },
);

it('shows the metrics for the token', async () => {
  const url = await open(TOKEN);
  const answer = await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${TOKEN}` } });
  expect(answer.status).toBe(200);
});

it('a taken port is one sentence that names METRICS_PORT', async () => {
  const holder = createServer();
  await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve));
  const { port } = holder.address() as { port: number };
  const failure = await listenForScrapes(registry, { host: '127.0.0.1', port }).catch((error: unknown) => error);
  holder.close();
  expect(describeListenFailure(failure, { HOST: '127.0.0.1', PORT: 8000, METRICS_PORT: port })).toBe(
    `Port ${port} is taken on 127.0.0.1. Stop the other program, or set METRICS_PORT to a free port.`,
  );
});
