import type { Input } from '@wa-gate/sdk';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { addPhone, type PairedSession, pairSession, registerTenant, type Tenant } from '../harness/pair-session.ts';
import type { Phone } from '../harness/sandbox-client.ts';
import { expectSoundSystem, useSystem } from '../harness/use-system.ts';
import { waitFor } from '../harness/wait-for.ts';
import { WebhookReceiver } from '../harness/webhook-receiver.ts';

const OF_SESSION = 10;

const system = useSystem({ workers: 1 });
let tenant: Tenant;
let sessions: PairedSession[];
let ann: Phone;
let bob: Phone;
const receivers: WebhookReceiver[] = [];

beforeAll(async () => {
  tenant = await registerTenant(system());
  [ann, bob] = [await addPhone(system(), 'Ann'), await addPhone(system(), 'Bob')];
});
afterAll(() => Promise.all(receivers.map((receiver) => receiver.close())));

/** A webhook of its own receiver, for the messages that come. */
async function create(more: object): Promise<{ id: string; receiver: WebhookReceiver }> {
  const receiver = await new WebhookReceiver().start();
  receivers.push(receiver);
  const { webhook } = await tenant.api.wa.webhooks.create({
    body: {
      type: 'http',
      url: receiver.url,
      events: ['message.received'],
      ...more,
    } as Input<'webhooks.create'>['body'],
  });
  system().secrets.add(webhook.secret);
  receiver.know(webhook.secret);
  return { id: webhook.id, receiver };
}

const say = (from: Phone, to: PairedSession, text: string) =>
  system().sandbox.sendText(from.number, to.phone.number, text);

/** Texts of a session in the order of their first arrival; what came again must be the same event. */
function textsOf({ requests }: WebhookReceiver, sessionId: string): unknown[] {
  const first = new Map<string, unknown>();
  for (const { event } of requests) {
    if (event.sessionId !== sessionId) continue;
    const body = JSON.stringify([event.seq, event.data]);
    expect(first.get(event.id) ?? body).toBe(body);
    first.set(event.id, body);
  }
  const told = [...first.values()].map((body) => JSON.parse(String(body)) as [number, { text: string }]);
  expect(told.map(([seq]) => seq)).toEqual(told.map(([seq]) => seq).sort((a, b) => a - b));
  return told.map(([, { text }]) => text);
}

test('ten webhooks of a session, one paused, one for a chat, and one of the workspace get what they want once, in order, though the gateway is killed (MR-045)', async () => {
  sessions = [];
  const wide = await create({});
  for (let index = 0; index < 3; index += 1) sessions.push(await pairSession(system(), tenant));
  const [main, ...others] = sessions as [PairedSession, ...PairedSession[]];
  const { sessionId } = main;
  const plain: WebhookReceiver[] = [];
  for (let index = 0; index < OF_SESSION - 2; index += 1) plain.push((await create({ sessionId })).receiver);
  const paused = await create({ sessionId, isPaused: true });
  const ofAnn = await create({ sessionId, chats: [ann.number], headers: { 'X-Tenant': 'seven' } });

  const said: { from: Phone; text: string }[] = [];
  const sayMany = async (count: number) => {
    for (let index = 0; index < count; index += 1) {
      for (const from of [ann, bob]) {
        const text = `${said.length} of ${from === ann ? 'Ann' : 'Bob'}`;
        said.push({ from, text });
        await say(from, main, text);
      }
    }
  };
  await sayMany(4);
  await Promise.all(others.map((other) => say(ann, other, `to ${other.sessionId}`)));
  await waitFor(() => plain.every((receiver) => receiver.events.length > 0), { what: 'the first event everywhere' });

  const gateway = system().gateways[0]!;
  await gateway.stop({ signal: 'SIGKILL' });
  await sayMany(4);
  await gateway.start();
  await sayMany(2);
  await Promise.all(others.map((other) => say(bob, other, `again to ${other.sessionId}`)));

  const all = () => said.map(({ text }) => text).sort();
  const toAnn = () => said.filter(({ from }) => from === ann).map(({ text }) => text);
  const hasAll = (receiver: WebhookReceiver) => textsOf(receiver, sessionId).length >= said.length;
  await waitFor(() => [...plain, wide.receiver].every(hasAll), { what: 'every webhook to have everything' });
  // In which order two phones are heard is theirs; what one says keeps its order, and all receivers see the same.
  const order = textsOf(plain[0]!, sessionId);
  expect([...order].sort()).toEqual(all());
  for (const receiver of [...plain, wide.receiver]) expect(textsOf(receiver, sessionId)).toEqual(order);
  await waitFor(() => textsOf(ofAnn.receiver, sessionId).length >= toAnn().length, { what: "Ann's messages" });
  expect(textsOf(ofAnn.receiver, sessionId)).toEqual(order.filter((text) => toAnn().includes(String(text))));

  expect(paused.receiver.requests).toEqual([]);
  const { webhook } = await tenant.api.wa.webhooks.get({ id: paused.id });
  expect(webhook).toMatchObject({ state: 'paused', backlog: { count: said.length } });
  await tenant.api.wa.webhooks.update({ id: paused.id, body: { isPaused: false } });
  await waitFor(() => hasAll(paused.receiver), { what: 'what has waited' });
  expect(textsOf(paused.receiver, sessionId)).toEqual(order);

  for (const other of others) {
    const expected = [`to ${other.sessionId}`, `again to ${other.sessionId}`];
    await waitFor(() => textsOf(wide.receiver, other.sessionId).length >= expected.length, { what: other.sessionId });
    expect(textsOf(wide.receiver, other.sessionId)).toEqual(expected);
  }
  expect(receivers.flatMap(({ requests }) => requests).filter(({ problem }) => problem !== null)).toEqual([]);
});

expectSoundSystem(system);
