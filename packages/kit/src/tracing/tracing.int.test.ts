import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLogger } from '../logger.ts';
import { startTracing, type Tracing } from './start-tracing.ts';
import {
  boundToSpan,
  followed,
  inSpan,
  isRecorded,
  isTracing,
  presentSpan,
  presentTraceparent,
  startSpan,
  traceFields,
} from './tracing.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SAMPLED = `00-${TRACE}-b7ad6b7169203331-01`;
const UNSAMPLED = `00-${TRACE}-b7ad6b7169203331-00`;

let collector: Server;
let bodies: Buffer[] = [];
let requests: { url: string | undefined; headers: Record<string, unknown> }[] = [];
let answer = 200;
let tracing: Tracing | undefined;

beforeEach(async () => {
  bodies = [];
  requests = [];
  answer = 200;
  collector = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      bodies.push(Buffer.concat(chunks));
      requests.push({ url: request.url, headers: request.headers });
      response.writeHead(answer).end();
    });
  });
  collector.listen(0, '127.0.0.1');
  await once(collector, 'listening');
});
afterEach(async () => {
  await tracing?.stop();
  tracing = undefined;
  collector.closeAllConnections();
  collector.close();
});

const endpoint = () => `http://127.0.0.1:${(collector.address() as AddressInfo).port}`;
async function trace(settings: { ratio?: number; headers?: string; arePromisesEnough?: boolean } = {}): Promise<void> {
  tracing = await startTracing({ service: 'test', version: '1', endpoint: endpoint(), ratio: 1, ...settings });
}
/** What came, as text: names and values are in it as they are. */
async function sent(): Promise<string> {
  await tracing?.stop();
  tracing = undefined;
  return Buffer.concat(bodies).toString('latin1');
}

describe('without an endpoint', () => {
  it('there is no tracer, no span, and nothing in the way', async () => {
    expect(await startTracing({ service: 'test', version: '1', endpoint: undefined, ratio: 1 })).toBeUndefined();
    expect([isTracing(), startSpan('a'), presentSpan(), presentTraceparent()]).toEqual([
      false,
      undefined,
      undefined,
      undefined,
    ]);
    expect(await inSpan('a', {}, async (span) => span ?? 'none')).toBe('none');
    expect(followed('a', {}, () => 7)).toBe(7);
  });
});

describe('with an endpoint', () => {
  it('spans are sent to it as protobuf, with the headers that are set', async () => {
    await trace({ headers: 'authorization=Bearer%20x,x-tenant=a' });
    await inSpan('outer', { attributes: { colour: 'blue' } }, () => inSpan('inner', {}, async () => undefined));
    const text = await sent();
    for (const part of ['outer', 'inner', 'colour', 'blue', 'wa-gate-test']) expect(text).toContain(part);
    expect(requests[0]).toMatchObject({
      url: '/v1/traces',
      headers: { 'content-type': 'application/x-protobuf', authorization: 'Bearer x', 'x-tenant': 'a' },
    });
  });

  it('a span inside of another is of its trace, and the outer one is present again afterwards', async () => {
    await trace();
    await inSpan('outer', {}, async (outer) => {
      await inSpan('inner', {}, async (inner) => {
        expect(inner!.traceId).toBe(outer!.traceId);
        expect(presentTraceparent()).toBe(inner!.traceparent);
      });
      expect(presentTraceparent()).toBe(outer!.traceparent);
      expect(startSpan('apart', { parent: null })!.traceId).not.toBe(outer!.traceId);
    });
    expect(presentSpan()).toBeUndefined();
  });

  it.each([false, true])(
    'spans of two that run together do not mix (promises alone: %s)',
    async (arePromisesEnough) => {
      await trace({ arePromisesEnough });
      const later = () => new Promise<void>((resolve) => setImmediate(resolve));
      const ask = (name: string) =>
        inSpan(name, { parent: null }, async (span) => {
          const own = () => expect(presentSpan()).toBe(span);
          await later();
          own();
          await Promise.all([inSpan('inner', {}, later), fetch(`${endpoint()}/${name}`), later().then(own)]);
          own();
          await later().finally(own);
          await new Promise<void>((resolve) => setImmediate(boundToSpan(() => resolve(own()))));
          await Promise.reject(new Error('no')).catch(own);
          own();
          return span!;
        });
      const [a, b] = await Promise.all([ask('a'), ask('b'), later().then(() => expect(presentSpan()).toBeUndefined())]);
      expect(presentSpan()).toBeUndefined();
      for (const [name, span] of Object.entries({ a, b }))
        expect(requests.find(({ url }) => url === `/${name}`)!.headers.traceparent).toContain(span.traceId);
      expect(a.traceId).not.toBe(b.traceId);
      expect(await sent()).toContain('inner');
    },
  );

  it('attributes of OTEL_RESOURCE_ATTRIBUTES are told of the process, beside our own', async () => {
    process.env.OTEL_RESOURCE_ATTRIBUTES = 'deployment.environment=green,service.name=other';
    try {
      await trace();
    } finally {
      delete process.env.OTEL_RESOURCE_ATTRIBUTES;
    }
    startSpan('a')!.end();
    const text = await sent();
    for (const part of ['deployment.environment', 'green', 'wa-gate-test']) expect(text).toContain(part);
    expect(text).not.toContain('other');
  });

  it('a failure is told by its kind, not by its words, and passed on', async () => {
    await trace();
    const failing = inSpan('failing', {}, () =>
      Promise.reject(Object.assign(new Error('with a secret'), { code: 'E_X' })),
    );
    await expect(failing).rejects.toThrow('with a secret');
    const text = await sent();
    expect(text).toContain('E_X');
    expect(text).not.toContain('secret');
  });

  it('a trace goes on by its traceparent; one that is not valid begins another', async () => {
    await trace();
    expect(startSpan('a', { parent: SAMPLED })!.traceId).toBe(TRACE);
    for (const parent of ['', 'nonsense', `00-${'0'.repeat(32)}-b7ad6b7169203331-01`, `ff${SAMPLED.slice(2)}`]) {
      const span = startSpan('a', { parent })!;
      expect(span.traceId).not.toBe(TRACE);
      expect(span.traceparent).toMatch(/^00-[\da-f]{32}-[\da-f]{16}-01$/);
    }
  });

  it('the share decides for new traces and for those of callers, not for those of our own', async () => {
    await trace({ ratio: 0 });
    const isRecorded = (options: Parameters<typeof startSpan>[1]) => startSpan('a', options)!.isRecording;
    expect(isRecorded({ parent: null })).toBe(false);
    expect(isRecorded({ parent: SAMPLED, isParentForeign: true })).toBe(false);
    expect(isRecorded({ parent: SAMPLED })).toBe(true);
    expect(startSpan('a', { parent: SAMPLED, isParentForeign: true })!.traceparent).toMatch(
      new RegExp(`^00-${TRACE}-[\\da-f]{16}-00$`),
    );
    await tracing!.stop();
    await trace({ ratio: 1 });
    expect(isRecorded({ parent: UNSAMPLED, isParentForeign: true })).toBe(false);
    expect(isRecorded({ parent: UNSAMPLED })).toBe(false);
    expect(isRecorded({ parent: null })).toBe(true);
  });

  it('the id decides whether a trace is recorded, also in another process', async () => {
    await trace({ ratio: 0.5 });
    const begun = Array.from({ length: 200 }, () => startSpan('begun', { parent: null })!);
    const recorded = begun.filter(({ isRecording }) => isRecording);
    expect(recorded.length).toBeGreaterThan(50);
    expect(recorded.length).toBeLessThan(150);
    expect(new Set(begun.map(({ traceId }) => traceId)).size).toBe(begun.length);
    for (const { traceId, spanId, traceparent, isRecording } of begun) {
      expect(traceparent).toBe(`00-${traceId}-${spanId}-0${isRecording ? 1 : 0}`);
      const parent = `00-${traceId}-${spanId}-01`;
      expect(startSpan('gone on with', { parent, isParentForeign: true })!.isRecording).toBe(isRecording);
    }
  });

  it('what is not recorded goes on with the place of its parent, over awaits and in log lines', async () => {
    await trace({ ratio: 0 });
    await inSpan('begun', { parent: null }, async (outer) => {
      await new Promise(setImmediate);
      expect(isRecorded()).toBe(false);
      expect(presentTraceparent()).toBe(outer!.traceparent);
      expect(startSpan('inside')!.traceparent).toBe(outer!.traceparent);
      expect(traceFields()).toEqual({ traceId: outer!.traceId, spanId: outer!.spanId });
      await inSpan('of another', { parent: UNSAMPLED }, async () => expect(presentTraceparent()).toBe(UNSAMPLED));
      expect(presentSpan()).toBe(outer);
    });
    expect(presentSpan()).toBeUndefined();
    // A caller's span is not ours.
    expect(startSpan('called', { parent: UNSAMPLED, isParentForeign: true })!.spanId).not.toBe(UNSAMPLED.split('-')[2]);
    await expect(inSpan('failing', { parent: null }, () => Promise.reject(new Error('as it is')))).rejects.toThrow(
      'as it is',
    );
    expect(await sent()).toBe('');
  });

  it('a call of a library is a span within a recorded trace, and nothing outside of one', async () => {
    await trace();
    followed('lonely', {}, () => 1);
    await inSpan('asks', {}, async () => {
      await followed('answered', {}, () => Promise.resolve(1));
      await expect(followed('refused', {}, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    });
    await inSpan('unsampled', { parent: UNSAMPLED }, async () => followed('unseen', {}, () => 1));
    const text = await sent();
    for (const name of ['asks', 'answered', 'refused']) expect(text).toContain(name);
    for (const name of ['lonely', 'unseen', 'unsampled']) expect(text).not.toContain(name);
  });

  it('a request by fetch carries the trace on', async () => {
    await trace();
    const span = startSpan('asks')!;
    await span.run(() => fetch(`${endpoint()}/elsewhere`));
    const { traceparent } = requests.find(({ url }) => url === '/elsewhere')!.headers;
    expect(traceparent).toMatch(new RegExp(`^00-${span.traceId}-[\\da-f]{16}-01$`));
    expect(traceparent).not.toBe(span.traceparent);
    await inSpan('unsampled', { parent: UNSAMPLED }, () => fetch(`${endpoint()}/unsampled`));
    expect(requests.find(({ url }) => url === '/unsampled')!.headers.traceparent).toBe(UNSAMPLED);
    await fetch(`${endpoint()}/alone`);
    expect(requests.find(({ url }) => url === '/alone')!.headers.traceparent).toBeUndefined();
  });

  it('log lines say the trace', async () => {
    await trace();
    const lines: Record<string, unknown>[] = [];
    const logger = createLogger({
      service: 'test',
      destination: { write: (line) => void lines.push(JSON.parse(line)) },
    });
    const span = startSpan('asks')!;
    span.run(() => logger.child({ a: 1 }).info('inside'));
    logger.info('outside');
    expect(lines).toMatchObject([{ msg: 'inside', traceId: span.traceId, spanId: span.spanId }, { msg: 'outside' }]);
    expect(lines[1]).not.toHaveProperty('traceId');
  });

  it('a collector that is away or refuses holds nobody up, and is told of once', async () => {
    answer = 400;
    await trace();
    const lines: string[] = [];
    tracing!.report(createLogger({ service: 'test', destination: { write: (line) => void lines.push(line) } }));
    startSpan('a')!.end();
    const begun = performance.now();
    await tracing!.stop();
    expect(performance.now() - begun).toBeLessThan(4_000);
    expect(lines.filter((line) => line.includes('spans cannot be sent'))).toHaveLength(1);
  });
});
