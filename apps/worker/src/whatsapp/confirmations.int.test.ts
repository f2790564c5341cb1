import { newWaMessageId } from '@wa-gate/messaging';
import { waitFor } from '@wa-gate/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type LinkedSession, type RunWorld, type SessionRun, startRunWorld } from '../testing/session-runs.ts';

/** Confirmations of receipts, of a real socket, as the sandbox counts them. */
let world: RunWorld;
let session: LinkedSession;
let run: SessionRun;
let ann: string;

beforeAll(async () => {
  world = await startRunWorld();
  session = await world.link();
  ann = await world.sandbox.createPhone('Ann');
  for (const phone of [ann, session.number])
    await world.sandbox.configure(phone, { receipts: { deliveredMs: 0, readMs: 0 } });
  run = await session.open();
  await send();
});
afterAll(() => world?.stop());

interface Ack {
  class: string;
  id: string;
  type: string | null;
}

const acks = async (id: string) =>
  (await world.sandbox.recorder<{ acks: Ack[] }>('acks?limit=1000')).acks.filter(
    (ack) => ack.class === 'receipt' && ack.id === id,
  );
const waiting = async () =>
  (await world.sandbox.devices(session.number)).find(({ device }) => device === session.device)?.waiting;
/** Resolves when its receipts have come. */
async function send(): Promise<string> {
  const id = newWaMessageId();
  const came = new Promise<void>((resolve) => {
    const types = new Set<string>();
    run.sock.ws.on('CB:receipt', ({ attrs }: { attrs: Record<string, string> }) => {
      if (attrs.id === id && types.add(attrs.type ?? '').size === 3) resolve();
    });
  });
  await run.send(`${ann}@s.whatsapp.net`, id, `text ${id}`);
  await came;
  return id;
}

it('each receipt is confirmed once, within a moment, with nothing else to send', async () => {
  const id = await send();
  await waitFor(async () => (await acks(id)).length === 3, { what: 'the confirmations' });
  // The last one: the own phone has the message, too.
  expect((await acks(id)).map(({ type }) => type)).toEqual(expect.arrayContaining([null, 'read', 'sender']));
  await waitFor(async () => (await waiting()) === 0, { what: 'an empty queue at the server' });
  expect(await acks(id)).toHaveLength(3);
});

it('confirmations leave with the next message, behind it', async () => {
  const joined: string[][] = [];
  for (let n = 0; n < 20 && joined.length === 0; n += 1) {
    await send();
    const from = run.gate.steps.length;
    const id = await send();
    const sent = run.gate.steps.slice(from).filter((step) => step.endsWith(' leaves'));
    const at = sent.findIndex((step) => step.startsWith('before message'));
    const rest = sent.slice(at + 1, at + 4);
    if (rest.length === 3 && rest.every((step) => step.includes('ack') && !step.includes(id))) joined.push(sent);
  }
  expect(joined).not.toEqual([]);
});
