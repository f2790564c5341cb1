import { setTimeout as sleep } from 'node:timers/promises';
import { placeSession, releaseSession } from '@wa-gate/cluster';
import { waitFor } from '@wa-gate/testkit';
import { Type } from 'typebox';
import { beforeEach, describe, expect, it } from 'vitest';
import type { TestSession } from '../testing/gateway-fixture.ts';
import { useGateway } from '../testing/use-gateway.ts';
import type { WorkerStandIn } from '../testing/worker-stand-in.ts';
import { checkOf } from './call-worker.ts';
import type { OwnerCall } from './owner-link.ts';

/** So long that a test which waits for it to end is seen. */
const WAIT_MS = 20_000;
const fixture = useGateway({}, { movingWaitMs: WAIT_MS });
let worker: WorkerStandIn;
let session: TestSession;
let count = 0;

beforeEach(async () => {
  count += 1;
  await fixture.database.pool.query(`UPDATE workers SET admin_state = 'CORDONED'`);
  worker = await fixture.startWorker(`worker-${count}`);
  session = await fixture.createSession(await fixture.register());
});

const REPEATS = ['safe', 'only-if-refused'] as const;
const DONE = { body: { done: true } };
const answer = checkOf(Type.Object({ done: Type.Boolean() }));

function ask(repeat: OwnerCall<unknown>['repeat'], more: Partial<OwnerCall<{ done: boolean }>> = {}) {
  const path = `/session/${session.id}/anything`;
  return fixture.gateway.services.owner.ask(session.id, {
    method: 'POST',
    path,
    body: { n: 1 },
    timeoutMs: 5_000,
    repeat,
    answer,
    ...more,
  });
}

/** The session has gone to another worker, and this gateway has not heard of it. */
async function moveAway(): Promise<WorkerStandIn> {
  worker.answer({ ...DONE, isLast: true });
  await ask('safe'); // the route is in memory now, and no connection is kept that could break
  worker.calls.length = 0;
  const next = await fixture.startWorker(`next-${count}`);
  next.answer(DONE);
  await fixture.move(session);
  return next;
}

describe('a call to an owner whose connection breaks (MR-014)', () => {
  it.each(['before the answer', 'in the answer'] as const)(
    '%s is sent again when it may be made twice',
    async (breaks) => {
      worker.answer({ breaks });
      await expect(ask('safe')).rejects.toMatchObject({ code: 'SESSION_MOVING', retryAfter: 1 });
      expect(worker.calls).toHaveLength(2);
    },
  );

  it.each(['before the answer', 'in the answer'] as const)(
    '%s is made once when it may not, and says that nobody knows whether it happened',
    async (breaks) => {
      worker.answer({ breaks });
      await expect(ask('only-if-refused')).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN', retryable: false });
      expect(worker.calls).toHaveLength(1);
    },
  );

  it('goes to the new owner when it may be made twice', async () => {
    const next = await moveAway();
    worker.answer({ breaks: 'before the answer' });
    expect(await ask('safe')).toEqual({ done: true });
    expect([worker.calls.length, next.calls.length]).toEqual([1, 1]);
  });

  it('leads the next call to the new owner, when it may not be made twice itself', async () => {
    const next = await moveAway();
    worker.answer({ breaks: 'before the answer' });
    await expect(ask('only-if-refused')).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' });
    expect(next.calls).toEqual([]);
    expect(await ask('only-if-refused')).toEqual({ done: true });
  });
});

describe.each(REPEATS)('a call to an owner that may be repeated: %s (MR-014)', (repeat) => {
  it('follows the session when the worker refuses it as not its own', async () => {
    const next = await moveAway();
    worker.answer({ status: 421, body: {} });
    expect(await ask(repeat)).toEqual({ done: true });
    expect([worker.calls.length, next.calls.length]).toEqual([1, 1]);
  });

  it('follows the session when nobody listens at the address of the worker', async () => {
    const next = await moveAway();
    await worker.close();
    expect(await ask(repeat)).toEqual({ done: true });
    expect(next.calls).toHaveLength(1);
  });

  it('follows the session when another life of the worker answers', async () => {
    const next = await moveAway();
    worker.be({ incarnation: 7 });
    worker.answer({ status: 401, body: {} });
    expect(await ask(repeat)).toEqual({ done: true });
    expect(next.calls).toHaveLength(1);
  });

  it('is made once when the worker refuses it for another reason', async () => {
    worker.answer({ status: 409, body: { code: 'SESSION_NOT_CONNECTED', error: 'Not now.' } });
    await expect(ask(repeat)).rejects.toMatchObject({ code: 'SESSION_NOT_CONNECTED', message: 'Not now.' });
    expect(worker.calls).toHaveLength(1);
  });

  it.each([
    ['of another shape', { body: { done: 'yes' } }, 'answer not understood'],
    ['of more than 1 MB', { body: { done: true, more: 'x'.repeat(1024 * 1024) } }, 'answer too large'],
  ])('is made once when the answer is %s', async (_what, said, reason) => {
    worker.answer(said);
    await expect(ask(repeat)).rejects.toMatchObject({ code: 'WORKER_ERROR', details: { reason } });
    expect(worker.calls).toHaveLength(1);
  });

  it('is made once when the time is over: the worker may still be at it', async () => {
    worker.answer({ stream: ': nothing\n\n' });
    const code = repeat === 'safe' ? 'SESSION_MOVING' : 'OUTCOME_UNKNOWN';
    await expect(ask(repeat, { timeoutMs: 300 })).rejects.toMatchObject({ code });
    expect(worker.calls).toHaveLength(1);
  });
});

it.each([
  ['safe', 'WORKER_ERROR', 2],
  ['only-if-refused', 'OUTCOME_UNKNOWN', 1],
] as const)('an answer without proof ends a call (%s) with %s after %i calls', async (repeat, code, calls) => {
  worker.be(null);
  worker.answer(DONE);
  await expect(ask(repeat)).rejects.toMatchObject({ code });
  expect(worker.calls).toHaveLength(calls);
});

describe.each(REPEATS)('a call while the session is between two workers; it may be repeated: %s (MR-014)', (repeat) => {
  it('waits for the next owner, and is made once', async () => {
    const next = await fixture.startWorker(`next-${count}`);
    next.answer(DONE);
    await fixture.database.pool.query(`UPDATE workers SET admin_state = 'CORDONED' WHERE id = $1`, [`worker-${count}`]);
    await releaseSession(fixture.database.pool, session.id, 'test');
    const asking = ask(repeat);
    await sleep(300);
    await placeSession(fixture.database.pool, session.id);
    expect(await asking).toEqual({ done: true });
    expect([worker.calls.length, next.calls.length]).toEqual([0, 1]);
  });

  it('waits for an owner that says 421 until it has begun', async () => {
    worker.answer({ status: 421, body: {} });
    const asking = ask(repeat);
    await waitFor(() => worker.calls.length > 2);
    worker.answer(DONE);
    expect(await asking).toEqual({ done: true });
  });

  it('waits for an owner that is just opening its connection', async () => {
    worker.answer({ status: 503, body: { code: 'SESSION_MOVING', error: 'It is being opened.' } });
    const asking = ask(repeat);
    await waitFor(() => worker.calls.length > 2);
    worker.answer(DONE);
    expect(await asking).toEqual({ done: true });
  });

  it('does not wait when the caller gives up', async () => {
    worker.answer({ status: 421, body: {} });
    const giving = new AbortController();
    const asking = ask(repeat, { signal: giving.signal });
    await waitFor(() => worker.calls.length > 2);
    giving.abort();
    await expect(asking).rejects.toThrow();
  });
});

it.each([
  [
    'nobody wants the session to run',
    () => fixture.database.pool.query(`UPDATE sessions SET desired_state = 'STOPPED' WHERE id = $1`, [session.id]),
  ],
  ['the question is about this moment', () => undefined],
])('does not wait when %s (MR-014)', async (what, happens) => {
  await releaseSession(fixture.database.pool, session.id, 'test');
  await happens();
  const began = performance.now();
  const question = what.startsWith('the question') ? 'sessions.health' : undefined;
  await expect(ask('safe', { question })).rejects.toMatchObject({ code: 'SESSION_MOVING', retryAfter: 1 });
  expect(performance.now() - began).toBeLessThan(WAIT_MS);
});
