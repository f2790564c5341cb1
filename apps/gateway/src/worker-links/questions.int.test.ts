import type { Question, WorkerFrame } from '@wa-gate/messaging';
import { waitFor } from '@wa-gate/testkit';
import { beforeEach, describe, expect, it } from 'vitest';
import type { TestSession, TestUser } from '../testing/gateway-fixture.ts';
import { useGateway } from '../testing/use-gateway.ts';
import type { WorkerStandIn } from '../testing/worker-stand-in.ts';

const fixture = useGateway();
let user: TestUser;
let worker: WorkerStandIn;
let workerId: string;
let session: TestSession;

let count = 0;
/** A session at a worker of its own, which takes questions. */
beforeEach(async () => {
  count += 1;
  if (count === 1) {
    fixture.gateway.start();
    user = await fixture.register();
  }
  await fixture.database.pool.query(`UPDATE workers SET admin_state = 'CORDONED'`);
  workerId = `worker-${count}`;
  worker = await fixture.startWorker(workerId);
  session = await fixture.createSession(user);
  await fixture.setState(session, 'CONNECTED');
  await worker.isHeard();
  worker.say({ type: 'hello', workerId, incarnation: 1, takesQuestions: true });
  // The stream is read in order, the hello before the first answer.
  await waitFor(async () => {
    const asked = status();
    await Promise.race([asked, waitFor(() => questions().length > 0).catch(() => undefined)]);
    const isAsked = questions().length > 0;
    await asked;
    return isAsked;
  });
  worker.frames.splice(0);
  worker.calls.splice(0);
});

const status = () => fixture.call('GET', `/api/sessions/${session.slug}/status`, { as: session.key });
const questions = (): Question[] => worker.frames.flatMap((frame) => (frame.type === 'ask' ? frame.questions : []));
const asked = () => waitFor(() => questions()[0]);
const said = (from: string) => ({
  status: 'connected',
  state: 'connected',
  reason: from,
  code: null,
  workerId,
});
const answer = (number: number, more: object): void =>
  worker.say({ type: 'answers', answers: [{ number, ...more }] } as WorkerFrame);

function cutStreams(): void {
  for (const stream of worker.streams) stream.terminate();
}

describe('the status of a session is asked over the control stream', () => {
  it('and answered there: there is no call by HTTP', async () => {
    const call = status();
    const question = await asked();
    expect(question).toMatchObject({ sessionId: session.id, epoch: 1, operation: 'sessions.status' });
    answer(question.number, { answer: said('by the stream') });
    expect((await call).body.data).toMatchObject({ reason: 'by the stream', source: 'worker' });
    expect(worker.calls).toEqual([]);
  });

  it('in one frame with the others of the same moment', async () => {
    const calls = Array.from({ length: 20 }, status);
    await waitFor(() => questions().length === 20);
    for (const { number } of questions()) answer(number, { answer: said(`number ${number}`) });
    const reasons = (await Promise.all(calls)).map(({ body }) => body.data.reason);
    expect(new Set(reasons).size).toBe(20);
    expect(worker.frames.filter(({ type }) => type === 'ask').length).toBeLessThan(20);
  });

  it.each([
    ['the worker has no answer', (number: number) => answer(number, {})],
    ['the answer is not of its shape', (number: number) => answer(number, { answer: { status: 7 } })],
    ['nothing comes in time', () => undefined],
    ['the stream breaks', cutStreams],
  ])('and by HTTP when %s (I6)', async (_why, act) => {
    worker.answer({ body: said('by HTTP') });
    const call = status();
    act((await asked()).number);
    expect((await call).body.data).toMatchObject({ reason: 'by HTTP', source: 'worker' });
    expect(worker.calls).toMatchObject([{ epoch: '1' }]);
  });
});
