import { beforeAll, expect, test } from 'vitest';
import {
  addPhone,
  type PairedSession,
  pairSession,
  registerTenant,
  subscribe,
  type Tenant,
} from '../harness/pair-session.ts';
import type { Phone } from '../harness/sandbox-client.ts';
import { expectSoundSystem, useSystem } from '../harness/use-system.ts';
import { waitFor } from '../harness/wait-for.ts';

const system = useSystem({ workers: 1, redisProxy: true });
/** Milliseconds. Without Redis a send may be answered before its outcome is known. */
const WAIT_MS = 10_000;
let tenant: Tenant;
let session: PairedSession;
let friend: Phone;

beforeAll(async () => {
  tenant = await registerTenant(system());
  session = await pairSession(system(), tenant);
  friend = await addPhone(system(), 'Friend');
});

const atPhone = (text: string) =>
  waitFor(async () => (await system().sandbox.inbox(friend.number)).find((message) => message.text === text), {
    what: `"${text}" at the phone`,
  });

test.each(['refuse', 'stall'] as const)('Redis is away (%s): messages go out and come in, only later', async (mode) => {
  const webhook = await subscribe(tenant, session.sessionId);
  system().redisProxy!.set(mode);
  const answer = await session.api.send(
    session.sessionId,
    { to: friend.number, type: 'text', message: `out, ${mode}` },
    { wait: 'sent', timeoutMs: WAIT_MS },
  );
  expect([200, 202]).toContain(answer.status);
  await atPhone(`out, ${mode}`);
  const { messageId } = answer.body.data;
  const isSent = async () =>
    (await session.api.messages(session.sessionId)).some(
      (one) => one.messageId === messageId && one.state !== 'queued',
    );
  await waitFor(isSent, { what: 'the message to be sent' });

  await system().sandbox.sendText(friend.number, session.phone.number, `in, ${mode}`);
  await waitFor(
    async () => (await session.api.messages(session.sessionId)).some(({ text }) => text === `in, ${mode}`),
    {
      what: 'the incoming message to be stored',
    },
  );

  system().redisProxy!.set('forward');
  await webhook.waitForEvent('message.received', ({ data }) => data.text === `in, ${mode}`);
  const after = await session.api.send(
    session.sessionId,
    { to: friend.number, type: 'text', message: `after, ${mode}` },
    { wait: 'sent', timeoutMs: WAIT_MS },
  );
  expect([200, 202]).toContain(after.status);
  expect((await atPhone(`after, ${mode}`)).wireCount).toBe(1);
  await webhook.close();
});

expectSoundSystem(system);
