import { newWaMessageId } from '@wa-gate/messaging';
import { waitFor } from '@wa-gate/testkit';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { type LinkedSession, type RunWorld, type SessionRun, startRunWorld } from '../../testing/session-runs.ts';

/** Copies of a message: delivered again, resent because it could not be read, and those that the journal answers. */
let world: RunWorld;
let session: LinkedSession;
let run: SessionRun;
beforeAll(async () => {
  world = await startRunWorld();
  session = await world.link();
});
afterAll(() => world?.stop());
beforeEach(async () => {
  run = await session.open();
});
afterEach(() => run?.kill());

const events = async (id: string) => {
  const { rows } = await world.database.pool.query<{ type: string; data: Record<string, unknown> }>(
    `SELECT type, data FROM events WHERE session_id = $1 AND data->>'waMessageId' = $2 ORDER BY seq`,
    [session.owner.sessionId, id],
  );
  return rows;
};
const untilEvents = (id: string, count: number) =>
  waitFor(
    async () => {
      const received = await events(id);
      return received.length >= count && received;
    },
    { what: `${count} event(s)` },
  );
const send = async (sender: string, to = session.number) => {
  const id = newWaMessageId();
  await world.sandbox.sendFrom(sender, { id, to, type: 'text', text: `text ${id}` });
  return id;
};
const timesReceipted = (id: string) => run.gate.steps.filter((step) => step === `before receipt ${id} leaves`).length;
const retries = () => run.gate.steps.filter((step) => /^before (receipt retry|ack error)/.test(step));

it('what cannot be read is reported as undecryptable, once, and recovered by the copy that WhatsApp brings (I5)', async () => {
  const ann = await world.sandbox.createPhone('Ann');
  await untilEvents(await send(ann), 1);
  await world.sandbox.fault({ kind: 'corrupt', device: session.device });
  const id = await send(ann);
  const [stub, recovered] = await untilEvents(id, 2);
  expect(stub).toMatchObject({
    type: 'message.undecryptable',
    data: { type: 'unknown', content: { kind: 'undecryptable' } },
  });
  expect(recovered).toMatchObject({ type: 'message.recovered', data: { text: `text ${id}`, fromMe: false } });
  expect(recovered?.data.messageId).toBe(stub?.data.messageId);
  expect(retries().length).toBeGreaterThan(0);
});

it('a copy of what is a message already is receipted and makes no event, from a person and from a group', async () => {
  const ben = await world.sandbox.createPhone('Ben');
  const { id: group } = await world.sandbox.post<{ id: string }>('/groups', {
    owner: ben,
    subject: 'Us',
    participants: [session.number],
  });
  // The first message to each makes a new session and a new sender key.
  for (const to of [session.number, session.number, group, group]) {
    await world.sandbox.fault({ kind: 'redeliver', device: session.device, stanza: 'message', ms: 300 });
    const id = await send(ben, to);
    await untilEvents(id, 1);
    await waitFor(() => timesReceipted(id) === 2, { what: 'a receipt for each copy' });
    expect(await events(id)).toHaveLength(1);
  }
  expect(retries()).toEqual([]);
  // The sender key is still the advanced one.
  const id = await send(ben, group);
  await untilEvents(id, 1);
  expect(retries()).toEqual([]);
});

it('a copy of what a dead run had read, and not made a message of, is answered from the journal', async () => {
  const cleo = await world.sandbox.createPhone('Cleo');
  await untilEvents(await send(cleo), 1);
  const { sessionId } = session.owner;
  // The journal row exists without its projection, as when the copy comes before the replay.
  await world.sandbox.fault({ kind: 'redeliver', device: session.device, stanza: 'message', ms: 500 });
  const id = newWaMessageId();
  const journalled = run.gate.killed;
  killBefore(run, `before receipt ${id} leaves`);
  await world.sandbox.sendFrom(cleo, { id, to: session.number, type: 'text', text: `text ${id}` });
  await journalled;
  run = await session.open();
  const [event] = await untilEvents(id, 1);
  expect(event).toMatchObject({ type: 'message.received', data: { text: `text ${id}` } });
  await waitFor(() => timesReceipted(id) >= 1, { what: 'the receipt' });
  expect(await events(id)).toHaveLength(1);
  expect(retries()).toEqual([]);
  const { rows } = await world.database.pool.query(
    'SELECT count(*)::int AS waiting FROM inbound_journal WHERE session_id = $1 AND projected_at IS NULL',
    [sessionId],
  );
  expect(rows).toEqual([{ waiting: 0 }]);
});

/** Kills the run at the step of that name. */
function killBefore(of: SessionRun, name: string): void {
  const pass = of.gate.pass.bind(of.gate);
  of.gate.pass = (step) => {
    if (step === name) of.kill();
    return pass(step);
  };
}
