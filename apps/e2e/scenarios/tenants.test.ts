import { beforeAll, expect, test } from 'vitest';
import {
  addPhone,
  type PairedSession,
  pairSession,
  registerTenant,
  subscribe,
  type Tenant,
} from '../harness/pair-session.ts';
import { expectSoundSystem, useSystem } from '../harness/use-system.ts';
import { waitFor } from '../harness/wait-for.ts';

const system = useSystem({ workers: 1 });
const SLUG = 'support';
let red: Tenant;
let blue: Tenant;
let redSession: PairedSession;
let blueSession: PairedSession;

beforeAll(async () => {
  red = await registerTenant(system());
  blue = await registerTenant(system());
  redSession = await pairSession(system(), red, { sessionId: SLUG, phoneName: 'Red' });
  blueSession = await pairSession(system(), blue, { sessionId: SLUG, phoneName: 'Blue' });
});

test('each sees its own session under the same name', async () => {
  for (const [tenant, session] of [
    [red, redSession],
    [blue, blueSession],
  ] as const) {
    expect(await tenant.api.getSession(SLUG)).toMatchObject({ phoneNumber: `+${session.phone.number}` });
    expect(await tenant.api.listSessions()).toHaveLength(1);
  }
});

test('each sends from its own phone', async () => {
  const friend = await addPhone(system(), 'Friend');
  for (const [session, message] of [
    [redSession, 'from red'],
    [blueSession, 'from blue'],
  ] as const) {
    await session.api.send(SLUG, { to: friend.number, type: 'text', message }, { wait: 'sent' });
    const arrived = await waitFor(async () =>
      (await system().sandbox.inbox(friend.number)).find(({ text }) => text === message),
    );
    expect(arrived.from).toContain(session.phone.number);
  }
  const texts = async (tenant: Tenant) => (await tenant.api.messages(SLUG)).map(({ text }) => text);
  expect(await texts(red)).toEqual(['from red']);
  expect(await texts(blue)).toEqual(['from blue']);
});

test('an answer reaches the webhook of the one it was for', async () => {
  const [redHook, blueHook] = await Promise.all([subscribe(red, SLUG), subscribe(blue, SLUG)]);
  const friend = await addPhone(system(), 'Friend');
  const { id } = await system().sandbox.sendText(friend.number, blueSession.phone.number, 'for blue');
  const other = await system().sandbox.sendText(friend.number, redSession.phone.number, 'for red');
  await blueHook.waitForEvent('message.received', ({ data }) => data.waMessageId === id);
  await redHook.waitForEvent('message.received', ({ data }) => data.waMessageId === other.id);
  expect(redHook.events.map(({ data }) => data.text)).not.toContain('for blue');
  expect(blueHook.events.map(({ data }) => data.text)).not.toContain('for red');
  await Promise.all([redHook.close(), blueHook.close()]);
});

test('a session key opens its own session and no other', async () => {
  const second = await pairSession(system(), red);
  const answer = await redSession.api.call(`/api/sessions/${second.sessionId}`);
  expect(answer.status).toBe(404);
  expect((await blueSession.api.call(`/api/sessions/${second.sessionId}`)).status).toBe(404);
});

expectSoundSystem(system);
