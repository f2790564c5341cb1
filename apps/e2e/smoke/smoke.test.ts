import { expect, test } from 'vitest';
import { addPhone, pairSession, registerTenant, subscribe } from '../harness/pair-session.ts';
import { expectSoundSystem, useSystem } from '../harness/use-system.ts';
import { waitFor } from '../harness/wait-for.ts';

const system = useSystem({ workers: 1, env: { sandbox: { SANDBOX_FEW_PREKEYS: 'false' } } });

test('a message goes out to a phone, and the answer comes back signed', async () => {
  const tenant = await registerTenant(system());
  const session = await pairSession(system(), tenant);
  const webhook = await subscribe(tenant, session.sessionId);
  const friend = await addPhone(system(), 'Friend');

  const sent = await session.api.send(session.sessionId, { to: friend.number, type: 'text', message: 'hello' });
  expect(sent).toMatchObject({ status: 200, body: { success: true, data: { status: 'sent' } } });
  await waitFor(async () => (await system().sandbox.inbox(friend.number)).some(({ text }) => text === 'hello'));

  await system().sandbox.sendText(friend.number, session.phone.number, 'hello yourself');
  const answer = await webhook.waitForEvent('message.received', ({ data }) => data.text === 'hello yourself');
  expect(answer.sessionId).toBe(session.sessionId);
  expect(webhook.requests.filter(({ problem }) => problem !== null)).toEqual([]);
  await webhook.close();
});

expectSoundSystem(system);
