import { expect, it } from 'vitest';
import { NotReadyError } from '../whatsapp/operations/index.ts';
import { SessionRefusal } from './errors.ts';
import { perform, refusalOf } from './perform.ts';
import { QueryBudget } from './query-budget.ts';
import type { ActorState } from './transition.ts';

/** The shape in which Baileys throws answers of WhatsApp and failures of connections. */
const boom = (statusCode: number, data?: unknown) => Object.assign(new Error('boom'), { output: { statusCode }, data });

it.each([
  ['401 of WhatsApp', boom(500, 401), 'WA_FORBIDDEN', '401'],
  ['403 of WhatsApp', boom(500, 403), 'WA_FORBIDDEN', '403'],
  ['404 of WhatsApp', boom(500, 404), 'WA_NOT_FOUND', '404'],
  ['429 of WhatsApp', boom(500, 429), 'WA_PACING', '429'],
  ['406 of WhatsApp', boom(500, 406), 'WA_REFUSED', '406'],
])('%s is the refusal of a caller, with the code of WhatsApp', (_what, error, code, wa) => {
  const refusal = refusalOf(error, 'only-if-refused');
  expect(refusal).toBeInstanceOf(SessionRefusal);
  expect(refusal).toMatchObject({ code, details: { wa } });
});

it.each([
  ['a connection that has ended', boom(428), 'SESSION_MOVING'],
  ['a query without an answer', boom(408), 'WA_TIMEOUT'],
])('%s is no proof that nothing happened', (_what, error, code) => {
  expect(refusalOf(error, 'safe')).toMatchObject({ code });
  expect(refusalOf(error, 'only-if-refused')).toMatchObject({ code: 'OUTCOME_UNKNOWN' });
});

it.each([500, 503])('%i of WhatsApp is its own fault: no proof that nothing happened, and worth a repetition', (wa) => {
  const details = { wa: String(wa) };
  expect(refusalOf(boom(500, wa), 'safe')).toMatchObject({ code: 'WA_UNAVAILABLE', details, retryAfter: 60 });
  expect(refusalOf(boom(500, wa), 'only-if-refused')).toMatchObject({ code: 'OUTCOME_UNKNOWN', details });
});

it('what is missing is said, and a mistake of ours stays one', () => {
  expect(refusalOf(new NotReadyError('No name yet.'), 'safe')).toMatchObject({
    code: 'WA_NOT_READY',
    message: 'No name yet.',
  });
  const mistake = new TypeError('x is undefined');
  expect(refusalOf(mistake, 'safe')).toBe(mistake);
});

it('the budget of queries is spent, refuses, and fills up again with time', () => {
  let now = 0;
  const budget = new QueryBudget({ monotonic: () => now });
  expect(Array.from({ length: 60 }, () => budget.take(1))).toEqual(Array(60).fill(0));
  expect(budget.take(1)).toBe(1);
  expect(budget.take(6)).toBe(3);
  now += 1_000;
  expect([budget.take(1), budget.take(1), budget.take(1)]).toEqual([0, 0, 1]);
  expect(budget.take(0)).toBe(0);
});

const clock = { monotonic: () => 0 };
const ask = (state: Partial<ActorState>, isPaired: boolean | undefined, budget = new QueryBudget(clock)) =>
  perform(
    'presence.set',
    { state: 'available' },
    { state: state as ActorState, isPaired, connection: undefined, budget },
  );
const parked = (state: string) =>
  ({ name: 'parked', verdict: { state, reason: 'Why.', code: null } }) as unknown as Partial<ActorState>;

it.each([
  ['is being opened', { name: 'connecting' } as const, true, 'SESSION_MOVING'],
  ['has no keys here yet', { name: 'connecting' } as const, undefined, 'SESSION_MOVING'],
  ['was never linked', { name: 'connecting' } as const, false, 'SESSION_NOT_CONNECTED'],
  ['is logged out', parked('LOGGED_OUT'), false, 'SESSION_LOGGED_OUT'],
  ['is parked', parked('STALE'), true, 'SESSION_NOT_CONNECTED'],
  ['has ended here', { name: 'stopped' } as const, true, 'SESSION_MOVING'],
])('a session that %s takes no operation', async (_what, state, isPaired, code) => {
  await expect(ask(state, isPaired)).rejects.toMatchObject({ code });
});
