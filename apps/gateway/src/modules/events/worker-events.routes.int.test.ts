import { endLease } from '@wa-gate/cluster';
import { WORKER_PAYLOADS, type WorkerEvent } from '@wa-gate/contracts';
import { waitFor } from '@wa-gate/testkit';
import { Value } from 'typebox/value';
import { fetch } from 'undici';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { METRICS_TOKEN, type TestUser } from '../../testing/gateway-fixture.ts';
import { useGateway } from '../../testing/use-gateway.ts';
import { sweepWorkerEvents } from './worker-event-log.ts';

const fixture = useGateway();
let admin: string;
let user: TestUser;
let base: string;
beforeAll(async () => {
  admin = await fixture.adminToken();
  user = await fixture.register();
  base = await fixture.app.listen({ host: '127.0.0.1', port: 0 });
});
beforeEach(async () => {
  await fixture.database.pool.query('DELETE FROM session_placements; DELETE FROM workers; DELETE FROM removed_workers');
  await fixture.database.pool.query('DELETE FROM worker_events');
});

interface Page {
  events: WorkerEvent[];
  cursor: string;
  hasMore: boolean;
}
const ask = (query: string, as = admin) => fixture.call('GET', `/api/admin/events${query}`, { as });
async function list(query = ''): Promise<Page> {
  const { status, body } = await ask(query);
  expect(status, JSON.stringify(body)).toBe(200);
  return body.data;
}
const act = (workerId: string, action: string) =>
  fixture.call('POST', `/api/admin/workers/${workerId}/${action}`, { as: admin });
const end = (workerId: string, reason = 'connection refused') =>
  endLease(fixture.database.pool, { workerId, incarnation: 1 }, reason);
const namesOf = ({ events }: Pick<Page, 'events'>) => events.map(({ event, workerId }) => `${workerId} ${event}`);
/** Calls that wait, and streams. */
const openOf = async (kind: string) => {
  const { body } = await fixture.call('GET', '/metrics', { as: METRICS_TOKEN });
  return Number(new RegExp(`^wag_event_streams\\{kind="${kind}".*\\} (\\d+)$`, 'm').exec(String(body))?.[1] ?? 0);
};

describe('GET /api/admin/events, the log of the workers (MR-059, MR-147)', () => {
  it('tells of workers that come, go and are set aside, each event as it is promised, page by page', async () => {
    await fixture.startWorker('w1');
    await fixture.startWorker('w2');
    await act('w1', 'cordon');
    await end('w2');
    await fixture.call('DELETE', '/api/admin/workers/w2', { as: admin });
    const all = await list();
    expect(namesOf(all)).toEqual([
      'w1 worker.online',
      'w2 worker.online',
      'w1 worker.state',
      'w2 worker.offline',
      'w2 worker.state',
      'w2 worker.removed',
    ]);
    for (const event of all.events) expect(Value.Check(WORKER_PAYLOADS[event.event], event), event.event).toBe(true);
    expect(all.events[3]).toEqual({
      id: `evt_worker_${all.events[3]!.seq}`,
      event: 'worker.offline',
      timestamp: expect.any(Number),
      workerId: 'w2',
      seq: expect.any(Number),
      data: { cause: 'connection refused', incarnation: 1, sessions: 0 },
    });
    const paged: WorkerEvent[] = [];
    let page: Page = { events: [], cursor: 'begin', hasMore: true };
    while (page.hasMore) {
      page = await list(`?limit=4&after=${page.cursor}`);
      paged.push(...page.events);
    }
    expect(paged).toEqual(all.events);
    expect(await list(`?after=${page.cursor}`)).toEqual({ events: [], cursor: page.cursor, hasMore: false });
    expect(namesOf(await list('?last=2'))).toEqual(['w2 worker.state', 'w2 worker.removed']);
    expect(namesOf(await list('?workerId=w1&events=worker.state,worker.offline'))).toEqual(['w1 worker.state']);
    expect(namesOf(await list('?workerId=w1&last=1'))).toEqual(['w1 worker.state']);
    // Whoever filters does not read again what was left out.
    const none = { events: [], cursor: String(all.events.at(-1)!.seq), hasMore: false };
    expect(await list('?workerId=nobody&after=begin')).toEqual(none);
  });

  it('waits for an event, and answers without one when the time is over or the caller has gone', async () => {
    const { cursor } = await list('?after=now');
    const waiting = list(`?after=${cursor}&wait=25`);
    await waitFor(async () => (await openOf('wait')) === 1);
    await fixture.startWorker('w1');
    expect(namesOf(await waiting)).toEqual(['w1 worker.online']);
    expect((await list('?after=now&wait=1')).events).toEqual([]);

    const gone = new AbortController();
    const headers = { authorization: `Bearer ${admin}` };
    const left = fetch(`${base}/api/admin/events?after=now&wait=25`, { headers, signal: gone.signal });
    await waitFor(async () => (await openOf('wait')) === 1);
    gone.abort();
    await expect(left).rejects.toThrow();
    await waitFor(async () => (await openOf('wait')) === 0);
  });

  it('streams them within a second, and goes on with the last id, each event once', async () => {
    const open = async (query: string, lastId?: string) => {
      const cut = new AbortController();
      const headers = { authorization: `Bearer ${admin}`, ...(lastId !== undefined && { 'last-event-id': lastId }) };
      const response = await fetch(`${base}/api/admin/events/stream${query}`, { headers, signal: cut.signal });
      expect([response.status, response.headers.get('x-accel-buffering')]).toEqual([200, 'no']);
      const stream = { text: '', cut: () => cut.abort() };
      void (async () => {
        for await (const chunk of response.body!) stream.text += Buffer.from(chunk as Uint8Array).toString();
      })().catch(() => undefined);
      return stream;
    };
    const heard = (text: string) =>
      [...text.matchAll(/^id: (\d+)\ndata: (.*)$/gm)].map(([, id, data]) => ({
        id: id!,
        event: JSON.parse(data!) as WorkerEvent,
      }));
    await fixture.startWorker('w1');
    const first = await open('?last=1&workerId=w1');
    await act('w1', 'drain');
    await waitFor(() => heard(first.text).length === 2);
    first.cut();
    await waitFor(async () => (await openOf('sse')) === 0);
    await end('w1', 'goodbye');
    const [, drained] = heard(first.text);
    const second = await open('?last=1&workerId=w1', drained!.id);
    await waitFor(() => heard(second.text).length === 1);
    second.cut();
    const all = [...heard(first.text), ...heard(second.text)];
    expect(all.map(({ event }) => event)).toEqual((await list()).events);
    expect(all.map(({ id }) => Number(id))).toEqual(all.map(({ event }) => event.seq));
  });

  it.each([
    ['after=none', 'after'],
    ['after=999999999', 'ahead of the log'],
    ['after=1&last=1', 'two beginnings'],
    ['events=worker.gone', 'worker.gone'],
    ['events=message.received', 'message.received'],
    ['last=0', 'last'],
    ['wait=26', 'wait'],
  ])('refuses %s and says what is wrong', async (query, says) => {
    const { status, body } = await ask(`?${query}`);
    expect([status, body.code]).toEqual([400, 'VALIDATION']);
    expect(JSON.stringify(body)).toContain(says);
  });

  it('is for administrators alone, and no workspace has these events', async () => {
    await fixture.startWorker('w1');
    for (const path of ['', '/stream']) {
      expect((await ask(path, user.token)).status).toBe(403);
      expect((await ask(path, user.apiKey)).status).toBe(403);
    }
    const own = await fixture.call('GET', '/api/events', { as: admin });
    expect(own.body.data.events.filter(({ event }: WorkerEvent) => event.startsWith('worker.'))).toEqual([]);
    expect((await fixture.call('GET', '/api/events?events=worker.online', { as: admin })).status).toBe(400);
  });

  it('goes 90 days back: older events are deleted in bites, and cursors of then go on', async () => {
    for (const id of ['w1', 'w2', 'w3']) await fixture.startWorker(id);
    const { events } = await list();
    await fixture.database.pool.query(
      `UPDATE worker_events SET created_at = now() - interval '91 days' WHERE seq <= $1`,
      [events[1]!.seq],
    );
    expect(await sweepWorkerEvents(fixture.database.pool, 1)).toBe(1);
    expect(await sweepWorkerEvents(fixture.database.pool, 10)).toBe(1);
    expect(await sweepWorkerEvents(fixture.database.pool, 10)).toBe(0);
    expect(namesOf(await list(`?after=${events[0]!.seq}`))).toEqual(['w3 worker.online']);
  });
});
