import { waitFor } from '@wa-gate/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startWorld, type World } from './testing/world.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world?.stop());

it('links by QR, sends and receives, and tells every step once and in order', async () => {
  const { sessionId, number } = await world.createPaired();
  const ann = await world.sandbox.createPhone('Ann');
  await world.sandbox.configure(ann, { receipts: { deliveredMs: 20, readMs: 60 } });

  const { messageId, waMessageId } = await world.send(sessionId, ann, 'hello Ann');
  await world.waitForMessage(messageId, 'READ');
  expect(await world.sandbox.inbox(ann)).toMatchObject([{ id: waMessageId, text: 'hello Ann', wireCount: 1 }]);

  await world.sandbox.sendFrom(ann, { to: number, type: 'text', text: 'hello you' });
  const [received] = await waitFor(async () => {
    const events = await world.events(sessionId, 'message.received');
    return events.length > 0 ? events : false;
  });
  expect(received!.data).toMatchObject({ text: 'hello you', fromMe: false, senderName: 'Ann', type: 'text' });

  const told = await world.events(sessionId);
  expect(told.map(({ type }) => type)).toEqual([
    'session.status',
    'qr.generated',
    'session.status',
    'session.status',
    'session.status',
    'connection.open',
    'session.status',
    'message.sent',
    'message.delivered',
    'message.read',
    'message.received',
  ]);
  expect(told.map(({ seq }) => seq)).toEqual(told.map((_, i) => i + 1));
});
