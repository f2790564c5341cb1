import { placeSession } from '@wa-gate/cluster';
import { newId } from '@wa-gate/kit';
import { acceptMessage, newWaMessageId, notifySession } from '@wa-gate/messaging';
import { waitFor } from '@wa-gate/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { TestWorker } from '../testing/test-worker.ts';
import { startWorld, type World } from '../testing/world.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld({ workers: 2 });
});
afterAll(() => world?.stop());

/** The worker of the placement. */
async function ownerOf(sessionId: string): Promise<TestWorker> {
  const { rows } = await world.database.pool.query<{ worker: string }>(
    'SELECT worker_id AS worker FROM session_placements WHERE session_id = $1',
    [sessionId],
  );
  return world.workers.find(({ workerId }) => workerId === rows[0]!.worker)!;
}
const inboxOf = async (number: string, waMessageId: string) =>
  (await world.sandbox.inbox(number)).filter(({ id }) => id === waMessageId);
const deviceOf = async (number: string) => (await world.sandbox.devices(number))[0]!.device;

async function sendCarefully(sessionId: string, to: string) {
  const ids = { messageId: newId(), waMessageId: newWaMessageId() };
  const request = { type: 'text' as const, text: 'careful' };
  const chat = { sessionId, chatJid: `${to}@s.whatsapp.net` };
  await acceptMessage(world.database.pool, { ...ids, ...chat, request, failIfUncertain: true });
  notifySession(world.redis, sessionId);
  return ids;
}

/** A linked session with a chat to a phone without receipts. The next acknowledgements are dropped. */
async function createUncertain() {
  const { sessionId, number } = await world.createPaired();
  const ann = await world.sandbox.createPhone();
  await world.waitForMessage((await world.send(sessionId, ann, 'first')).messageId, 'SENT');
  await world.sandbox.configure(ann, { receipts: 'off' });
  // Otherwise the fault would drop acknowledgements of the greeting.
  await world.sandbox.greeted(number);
  const device = await deviceOf(number);
  await world.sandbox.fault({ kind: 'drop', device, direction: 'to', stanza: 'ack', count: 2 });
  return { sessionId, device, ann };
}

it('a phone that asks again after the session has moved gets the same text under the same id from its new worker (I8)', async () => {
  const { sessionId } = await world.createPaired();
  const ann = await world.sandbox.createPhone();
  await world.waitForMessage((await world.send(sessionId, ann, 'first')).messageId, 'DELIVERED');
  await world.sandbox.configure(ann, { online: false });
  await world.sandbox.fault({ kind: 'unreadable', phone: ann });
  const { messageId, waMessageId } = await world.send(sessionId, ann, 'unreadable at first');
  await world.waitForMessage(messageId, 'SENT');

  const before = await ownerOf(sessionId);
  await before.stop({ leaveMs: 10_000 });
  const after = await ownerOf(sessionId);
  expect(after.workerId).not.toBe(before.workerId);
  await waitFor(() => after.host.supervisor.find(sessionId)?.state.name === 'connected', { what: 'the new owner' });
  await world.sandbox.configure(ann, { online: true });
  await world.waitForMessage(messageId, 'DELIVERED');
  expect(await inboxOf(ann, waMessageId)).toMatchObject([{ text: 'unreadable at first' }]);
  await before.start();
});

it('what nobody acknowledged before the line was cut is unknown and stays with one copy on the wire, where the caller wants that', async () => {
  const { sessionId, device, ann } = await createUncertain();
  const careful = await sendCarefully(sessionId, ann);
  const usual = await world.send(sessionId, ann, 'usual');
  await waitFor(async () => (await inboxOf(ann, usual.waMessageId)).length === 1);
  await world.sandbox.fault({ kind: 'cut', device });
  expect((await world.waitForMessage(careful.messageId, 'UNKNOWN')).errorCode).toBe('SEND_UNCERTAIN');
  await world.waitForMessage(usual.messageId, 'SENT');
  expect(await inboxOf(ann, careful.waMessageId)).toMatchObject([{ wireCount: 1 }]);
  await waitFor(async () => (await inboxOf(ann, usual.waMessageId))[0]?.wireCount === 2);
  expect((await world.events(sessionId, 'message.failed')).map(({ data }) => data)).toMatchObject([
    { messageId: careful.messageId, state: 'unknown', errorCode: 'SEND_UNCERTAIN' },
  ]);
});

it('the same after the death of its worker: the next one asks nobody, and sends only the other again', async () => {
  const { sessionId, ann } = await createUncertain();
  const careful = await sendCarefully(sessionId, ann);
  const usual = await world.send(sessionId, ann, 'usual');
  await waitFor(async () => (await inboxOf(ann, usual.waMessageId)).length === 1);
  const dead = await ownerOf(sessionId);
  await dead.kill();
  const { pool } = world.database;
  await pool.query(`UPDATE worker_leases SET ended_at = now(), ended_reason = 'test' WHERE worker_id = $1`, [
    dead.workerId,
  ]);
  await placeSession(pool, sessionId);
  await world.waitForMessage(usual.messageId, 'SENT');
  await world.waitForMessage(careful.messageId, 'UNKNOWN');
  expect(await inboxOf(ann, careful.waMessageId)).toMatchObject([{ wireCount: 1 }]);
  await waitFor(async () => (await inboxOf(ann, usual.waMessageId))[0]?.wireCount === 2);
  await dead.start();
});
