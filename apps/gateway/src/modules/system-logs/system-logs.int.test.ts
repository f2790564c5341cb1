import { createSystemLogSink } from '@wa-gate/db';
import { createLogger } from '@wa-gate/kit';
import { beforeAll, describe, expect, it } from 'vitest';
import { useGateway } from '../../testing/use-gateway.ts';

const fixture = useGateway();
let admin: string;
beforeAll(async () => {
  admin = await fixture.adminToken();
  for (const [service, bindings] of [
    ['gateway', {}],
    ['worker', { workerId: 'worker-1' }],
  ] as const) {
    const systemLog = createSystemLogSink();
    const logger = createLogger({
      service,
      bindings,
      destination: { write: () => undefined },
      sinks: [systemLog.sink],
    });
    systemLog.start(fixture.database.pool);
    logger.warn({ sessionId: 's-1', epoch: 4 }, `Placement lost 100% (${service})`);
    logger.error({ err: new Error('no route') }, `Request failed_${service}`);
    await systemLog.stop();
  }
});

const ask = (query: string, as = admin) => fixture.call('GET', `/api/admin/logs${query}`, { as });
const messages = async (query: string) => {
  const { status, body } = await ask(query);
  expect(status, JSON.stringify(body)).toBe(200);
  return body.data.logs.map(({ message }: { message: string }) => message);
};

describe('GET /api/admin/logs (MR-134, MR-141)', () => {
  it('has warnings and errors of all processes, newest first', async () => {
    const { body } = await ask('');
    expect(body.data.logs[0]).toMatchObject({
      level: 'error',
      service: 'worker',
      message: 'Request failed_worker',
      workerId: 'worker-1',
      sessionId: null,
    });
    expect(body.data.logs[0].details.err.message).toBe('no route');
    expect(body.data.logs[1]).toMatchObject({ level: 'warn', sessionId: 's-1', details: { epoch: 4 } });
    expect(body.data.pagination).toEqual({ nextCursor: null, hasMore: false });
  });

  it.each([
    ['level=error', ['Request failed_worker', 'Request failed_gateway']],
    ['level=info', []],
    ['service=gateway', ['Request failed_gateway', 'Placement lost 100% (gateway)']],
    ['session=s-1&service=worker', ['Placement lost 100% (worker)']],
    ['worker=worker-1&level=warn', ['Placement lost 100% (worker)']],
    ['search=PLACEMENT', ['Placement lost 100% (worker)', 'Placement lost 100% (gateway)']],
    ['search=100%25', ['Placement lost 100% (worker)', 'Placement lost 100% (gateway)']],
    ['search=_', ['Request failed_worker', 'Request failed_gateway']],
    ['to=2026-01-01T00:00:00Z', []],
  ])('is filtered by %s', async (query, found) => {
    expect(await messages(`?${query}`)).toEqual(found);
  });

  it('has pages', async () => {
    const first = (await ask('?limit=3')).body.data;
    expect(first.pagination.hasMore).toBe(true);
    expect(await messages(`?limit=3&cursor=${first.pagination.nextCursor}`)).toEqual(['Placement lost 100% (gateway)']);
  });

  it.each(['level=loud', 'cursor=1', 'from=x', 'search=%00', 'service=%00'])('refuses %s', async (query) => {
    expect((await ask(`?${query}`)).status).toBe(400);
  });

  it('is for administrators', async () => {
    const user = await fixture.register();
    expect((await ask('', user.token)).status).toBe(403);
  });
});
