import { beforeAll, describe, expect, test } from 'vitest';
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

const system = useSystem({ workers: 1 });
let tenant: Tenant;
let session: PairedSession;
let friend: Phone;
let group: Phone[];

beforeAll(async () => {
  tenant = await registerTenant(system());
  session = await pairSession(system(), tenant);
  friend = await addPhone(system(), 'Friend');
  group = [];
  for (let n = 0; n < 5; n += 1) group.push(await addPhone(system(), `Reader ${n}`));
});

/** Milliseconds that must not be passed, whatever waits in bulk. */
const SOON_MS = 2_000;
const BULK = 2_000;

const pace = (settings: object) => tenant.api.wa.sessions.updatePacing({ id: session.sessionId, body: settings });
const arrived = (phone: Phone, text: string) =>
  waitFor(async () => (await system().sandbox.inbox(phone.number)).find((message) => message.text === text), {
    what: `"${text}" at the phone`,
  });

async function bulk(texts: string[], more: object = {}) {
  const messages = texts.map((message, n) => ({
    to: group[n % group.length]!.number,
    type: 'text' as const,
    message,
    ...more,
  }));
  const ids: (string | undefined)[] = [];
  for (let at = 0; at < messages.length; at += 1_000) {
    const part = { sessionId: session.sessionId, messages: messages.slice(at, at + 1_000) };
    const answer = await session.api.wa.messages.sendMany({ body: part });
    expect(answer.refused).toBe(0);
    ids.push(...answer.results.map(({ messageId }) => messageId));
  }
  return ids;
}

describe.each(['on'] as const)('behind 2 000 bulk messages, pacing %s', (mode) => {
  test('an urgent message, a single one and an event of what comes in pass within 2 s (MR-100, MR-103)', async () => {
    await pace({
      mode,
      warmUp: false,
      firstContactsPerDay: null,
      firstContactsPerHour: null,
      messageGapMs: 100,
      chatGapMs: 0,
      jitter: 0,
    });
    const webhook = await subscribe(tenant, session.sessionId, ['message.received']);
    const ids = await bulk(Array.from({ length: BULK }, (_, n) => `${mode} ${n}`));
    // They have begun to leave.
    await arrived(group[0]!, `${mode} 0`);

    const began = performance.now();
    const urgent = await session.api.send(
      session.sessionId,
      { to: friend.number, message: `urgent ${mode}`, priority: 'urgent' },
      { wait: 'sent' },
    );
    expect(urgent.body.data.status).toBe('sent');
    const urgentMs = performance.now() - began;
    const single = await session.api.send(
      session.sessionId,
      { to: friend.number, message: `single ${mode}` },
      { wait: 'sent' },
    );
    expect(single.body.data.status).toBe('sent');
    const singleMs = performance.now() - began - urgentMs;

    const wrote = performance.now();
    await system().sandbox.sendText(friend.number, session.phone.number, `hello ${mode}`);
    await webhook.waitForEvent('message.received', ({ data }) => data.text === `hello ${mode}`);
    const inboundMs = performance.now() - wrote;
    console.log(JSON.stringify({ mode, urgentMs, singleMs, inboundMs }));
    for (const ms of [urgentMs, singleMs, inboundMs]) expect(ms).toBeLessThan(SOON_MS);

    // Most of them are still there: it was they that were passed.
    const queues = await tenant.api.wa.queues.list();
    const waiting = queues.queues.find(({ name }) => name === 'message-queue')!.waiting;
    if (mode === 'on') expect(waiting).toBeGreaterThan(BULK / 2);
    const cancelled = await Promise.all(
      ids.slice(-20).map((id) => session.api.call(`/api/messages/${id}/cancel`, { method: 'POST', json: {} })),
    );
    if (mode === 'on') expect(cancelled.every(({ status }) => status === 200)).toBe(true);
    await webhook.close();
  });
});

expectSoundSystem(system);
