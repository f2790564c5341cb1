import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createLogger, proofHeaders } from '@wa-gate/kit';
import { waitFor } from '@wa-gate/testkit';
import { Agent } from 'undici';
import { afterEach, describe, expect, it } from 'vitest';
import { msOf, shortest } from '../testing/timing.ts';
import { createWorkerAddresses } from './worker-addresses.ts';
import { createWorkerProbe } from './worker-probe.ts';

const masterKey = Buffer.alloc(32, 7);
const logger = createLogger({ service: 'test', level: 'silent' });
const open: { close(): unknown }[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((part) => part.close()));
});

async function serve(listener: RequestListener): Promise<{ url: string; server: Server; connections: () => number }> {
  let connections = 0;
  const server = createServer(listener).on('connection', () => {
    connections += 1;
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  open.push({
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, server, connections: () => connections };
}

function probeAt(list = 'loopback') {
  const dispatcher = new Agent({ connect: createWorkerAddresses(list).connector });
  open.push(dispatcher);
  return createWorkerProbe({ dispatcher, masterKeys: [masterKey], logger });
}

/** Answers as a worker does. */
const worker =
  (workerId: string, incarnation = 3): RequestListener =>
  (request, response) => {
    const proof = proofHeaders(masterKey, { workerId, incarnation }, request.headers['x-wag-nonce']);
    response.writeHead(200, { 'content-type': 'application/json', ...proof }).end(JSON.stringify({ workerId }));
  };

describe('what answers at an endpoint (MR-165)', () => {
  it('is a worker that proves who it is, asked for by name or not', async () => {
    const { url } = await serve(worker('w1'));
    const found = { kind: 'worker', workerId: 'w1', incarnation: 3 };
    expect(await probeAt().ask(url, 'w1', 5_000)).toEqual(found);
    expect(await probeAt().ask(url, undefined, 5_000)).toEqual(found);
    expect(await probeAt().ask(url.replace('127.0.0.1', 'localhost'), 'w1', 5_000)).toEqual(found);
  });

  it.each<[string, RequestListener]>([
    ['another worker', worker('w2')],
    ['anybody', (_request, response) => response.end('{"workerId":"w1"}')],
    ['no JSON', (_request, response) => response.end('hello')],
  ])('is a stranger when it is %s', async (_what, listener) => {
    const { url } = await serve(listener);
    expect(await probeAt().ask(url, 'w1', 5_000)).toEqual({ kind: 'stranger' });
  });

  it('is nothing that a redirect leads to', async () => {
    const inner = await serve(worker('w1'));
    const { url } = await serve((_request, response) => response.writeHead(302, { location: inner.url }).end());
    expect(await probeAt().ask(url, 'w1', 5_000)).toMatchObject({ kind: 'silent' });
    expect(inner.connections()).toBe(0);
  });

  it('is not read beyond a bound', async () => {
    let isCut = false;
    const { url } = await serve((_request, response) => {
      response.on('close', () => {
        isCut = true;
      });
      const more = (): void => {
        if (!response.destroyed) response.write(Buffer.alloc(16_384), more);
      };
      more();
    });
    expect(await probeAt().ask(url, 'w1', 5_000)).toMatchObject({ kind: 'silent' });
    await waitFor(() => isCut);
  });

  it.each<[string, RequestListener]>([
    ['never answers', () => undefined],
    ['never ends its answer', (_request, response) => response.writeHead(200).write('{')],
  ])('is given up in time when it %s (MR-091)', async (_what, listener) => {
    const { url } = await serve(listener);
    const asking = async () => expect(await probeAt().ask(url, 'w1', 200)).toMatchObject({ kind: 'silent' });
    expect(await shortest(2_000, () => msOf(asking))).toBeLessThan(2_000);
  });

  it.each(['', 'localhost'])('is not even connected to where no worker may be (%s)', async (name) => {
    const { url, connections } = await serve(worker('w1'));
    const endpoint = name ? url.replace('127.0.0.1', name) : url;
    expect(await probeAt('private').ask(endpoint, 'w1', 5_000)).toMatchObject({ kind: 'forbidden' });
    expect(connections()).toBe(0);
  });
});
