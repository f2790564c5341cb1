import { expect, test } from 'vitest';
import { addPhone, pairSession, registerTenant, subscribe } from '../harness/pair-session.ts';
import { expectSoundSystem, useSystem } from '../harness/use-system.ts';

const get = useSystem();

test('a read receipt is told although another receipt of the message comes right behind it', async () => {
  const system = get();
  const tenant = await registerTenant(system);
  const session = await pairSession(system, tenant);
  const webhook = await subscribe(tenant, session.sessionId);
  const friend = await addPhone(system, 'Friend');
  await system.sandbox.updatePhone(friend.number, { receipts: 'off' });
  const json = { to: friend.number, type: 'text', message: 'to be read' };
  const { messageId, waMessageId } = (await session.api.send(session.sessionId, json, { wait: 'sent' })).body.data;

  // What comes while the worker is paused comes to it at once.
  const { pid } = system.process('worker-1');
  process.kill(pid, 'SIGSTOP');
  try {
    await system.sandbox.sendReceipt(friend.number, [waMessageId], 'read');
    // As another device of the recipient says it, later.
    await system.sandbox.sendReceipt(friend.number, [waMessageId], 'delivered');
  } finally {
    process.kill(pid, 'SIGCONT');
  }

  await webhook.waitForEvent('message.read', ({ data }) => data.messageId === messageId);
  expect(webhook.eventsOf(messageId)).toEqual(['message.sent', 'message.delivered', 'message.read']);
  await webhook.close();
});

expectSoundSystem(get);
