import { placeSession, releaseSession } from '@wa-gate/cluster';
import { newWaMessageId } from '@wa-gate/messaging';
import { waitFor } from '@wa-gate/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { refusalOf } from '../../session/perform.ts';
import { type LinkedSession, type RunWorld, type SessionRun, startRunWorld } from '../../testing/session-runs.ts';
import { S_WHATSAPP_NET } from '../baileys.ts';
import { askNode, nodeOf } from '../nodes.ts';

/**
 * Contract tests of the order of steps in rc14. The `stock` cases are the reasons for the wrapper. When one of them
 * fails, Baileys has changed, and its wrapper must be reviewed (README, docs/decisions/0005-write-ahead-sends.md).
 */
let world: RunWorld;
let session: LinkedSession;
let ann: string;
let group: string;

beforeAll(async () => {
  world = await startRunWorld();
  session = await world.link();
  ann = await world.sandbox.createPhone('Ann');
  group = await groupOf(ann);
});
afterAll(() => world?.stop());

const jid = (number: string) => `${number}@s.whatsapp.net`;
const groupOf = async (owner: string) =>
  (await world.sandbox.post<{ id: string }>('/groups', { owner, subject: 'Us', participants: [session.number] })).id;
const shown = async (number: string, id: string) =>
  (await world.sandbox.inbox(number)).find((message) => message.id === id);
const reuses = async () => (await world.sandbox.recorder<{ keys: { reused: number } }>('summary')).keys.reused;

/**
 * Sends as the outbox does. Waits until the phone shows the message, and until the run has written everything about it.
 */
async function deliver(run: SessionRun, chat: string, reader = ann): Promise<string> {
  const id = newWaMessageId();
  await run.send(chat, id, `text ${id}`);
  await waitFor(() => shown(reader, id), { what: 'the message at the phone' });
  return id;
}

async function withRun<T>(
  options: Parameters<LinkedSession['open']>[0],
  work: (run: SessionRun) => Promise<T>,
): Promise<T> {
  const run = await session.open(options);
  try {
    return await work(run);
  } finally {
    run.kill();
  }
}

/** Returns a function that returns the steps since this call. */
const from = (run: SessionRun) => {
  const start = run.gate.steps.length;
  return () => run.gate.steps.slice(start);
};

/** Receives one message. Returns the positions of its steps: ratchet, receipt, event. */
async function receive(run: SessionRun, sender: string, to: string, extra = {}) {
  const steps = from(run);
  const id = newWaMessageId();
  await world.sandbox.sendFrom(sender, { id, to, type: 'text', text: 'hello', ...extra });
  await waitFor(() => steps().includes(`event ${id}`), { what: 'the event' });
  await waitFor(() => steps().includes(`before receipt ${id} leaves`), { what: 'the receipt' });
  const event = steps().indexOf(`event ${id}`);
  const receipt = steps().indexOf(`before receipt ${id} leaves`);
  const commits = steps()
    .slice(0, receipt)
    .filter((step) => /^after commit of .*(session|sender-key|journal)/.test(step));
  return { id, event, receipt, steps: steps(), lastCommit: commits.at(-1) ?? '' };
}

describe('rc14 as it comes', () => {
  it('sends a message before its ratchet step is stored: 1:1 first and next, group first and next, resent after a retry', async () => {
    await withRun({ repository: 'stock' }, async (run) => {
      const ben = await world.sandbox.createPhone('Ben');
      const bens = await groupOf(ben);
      const { ratchets } = run;
      const lost: number[] = [];
      for (const chat of [jid(ben), jid(ben), bens, bens]) {
        const before = ratchets.notDurable;
        await deliver(run, chat, ben);
        lost.push(ratchets.notDurable - before);
      }
      expect(lost.every((count) => count > 0)).toBe(true);
      expect(ratchets.notDurable).toBe(ratchets.sent);
    });
  });

  it('stores the ratchet, then receipts, then emits: between the last two a crash loses the message', async () => {
    await withRun({ repository: 'stock' }, async (run) => {
      const { event, receipt, lastCommit } = await receive(run, ann, session.number);
      expect(lastCommit).toMatch(/session/);
      expect(receipt).toBeGreaterThan(0);
      expect(event).toBeGreaterThan(receipt);
    });
  });
});

describe('with our repository', () => {
  it('nothing leaves before its ratchet step is stored (I4)', async () => {
    await withRun({}, async (run) => {
      const cleo = await world.sandbox.createPhone('Cleo');
      const cleos = await groupOf(cleo);
      for (const chat of [jid(cleo), jid(cleo), cleos, cleos]) await deliver(run, chat, cleo);

      await world.sandbox.fault({ kind: 'unreadable', phone: cleo, count: 1 });
      await deliver(run, jid(cleo), cleo);
      await world.sandbox.fault({ kind: 'unreadable', phone: cleo, count: 1 });
      await deliver(run, cleos, cleo);
      const resent = run.gate.steps.filter((step) => step.startsWith('before message')).length;
      expect(resent).toBeGreaterThan(6);
      expect(run.ratchets).toMatchObject({ notDurable: 0, reused: 0 });
      expect(run.ratchets.sent).toBeGreaterThan(12);
    });
  });

  it.each([
    { case: '1:1', to: () => session.number, extra: {} },
    { case: '1:1 by LID', to: () => session.number, extra: { addressing: 'lid' } },
    { case: 'a group', to: () => group, extra: {} },
  ])('what came in $case is a message in the commit of its ratchet step, before its receipt (I5)', async (from) => {
    await withRun({}, async (run) => {
      // The first one may bring keys.
      await receive(run, ann, from.to(), from.extra);
      const { id, event, receipt, lastCommit, steps } = await receive(run, ann, from.to(), from.extra);
      expect(lastCommit).toMatch(new RegExp(`journal:${id} .*(session|sender-key)`));
      // The ratchet, the journal and the message are one write, not three.
      expect(steps.filter((step) => step.startsWith('before commit') && step.includes('journal'))).toEqual([]);
      const stored = steps.indexOf('after projection', event);
      expect([stored > event, stored < receipt]).toEqual([true, true]);
    });
  });

  it('what a phone says in several parts, or what begins a session, is in the journal before its receipt (I5)', async () => {
    await withRun({}, async (run) => {
      const newcomer = await world.sandbox.createPhone('Nia');
      const { id, event, receipt, lastCommit } = await receive(run, newcomer, session.number);
      expect(lastCommit).toMatch(new RegExp(`journal:${id} .*session`));
      expect([receipt > 0, event > receipt]).toEqual([true, true]);
    });
  });

  it.each([
    { database: 'a database', isSlow: false },
    { database: 'a slow database', isSlow: true },
  ])(
    'bursts in both directions, 1:1 and in a group, use no key twice and lose nothing, with $database (I4, I5)',
    async ({ isSlow }) => {
      await withRun({ isSlow }, async (run) => {
        const dan = await world.sandbox.createPhone('Dan');
        const dans = await groupOf(dan);
        for (const chat of [jid(dan), dans]) await deliver(run, chat, dan);
        const ids: string[] = [];
        const events = from(run);
        const rounds = 6;
        for (let round = 0; round < rounds; round += 1) {
          const chats = [jid(dan), dans, jid(dan), dans];
          const sends = chats.map((chat) => {
            const id = newWaMessageId();
            ids.push(id);
            return run.send(chat, id, id);
          });
          const arrivals = [session.number, dans, session.number, dans].map((to, n) =>
            world.sandbox.sendFrom(dan, { to, type: 'text', text: `in ${round}.${n}` }),
          );
          await Promise.all([...sends, ...arrivals]);
        }
        await waitFor(async () => (await Promise.all(ids.map((id) => shown(dan, id)))).every(Boolean), {
          what: 'all of them at the phone',
        });
        await waitFor(() => events().filter((step) => step.startsWith('event')).length >= rounds * 4, {
          what: 'all of them here',
        });
        await waitFor(() => events().filter((step) => step.startsWith('before receipt')).length >= rounds * 4, {
          what: 'all receipts',
        });
        expect(run.ratchets).toMatchObject({ notDurable: 0, reused: 0 });
        expect(run.failure()).toBeUndefined();
        const { undecryptable } = await world.sandbox.recorder<{ undecryptable: unknown[] }>(
          `undecryptable?device=${session.device}`,
        );
        expect(undecryptable.filter((entry) => JSON.stringify(entry).includes(dan))).toEqual([]);
        expect(run.gate.steps.filter((step) => step.startsWith('before receipt retry'))).toEqual([]);
      });
    },
  );

  it('a refused commit lets nothing leave, neither message nor receipt nor nack, and the next connection gets it all (I5, I7)', async () => {
    const eve = await world.sandbox.createPhone('Eve');
    const lost = await world.link();
    const run = await lost.open();
    await world.sandbox.sendFrom(eve, { to: lost.number, type: 'text', text: 'warm' });
    await waitFor(() => run.gate.steps.includes('after projection'), { what: 'the first message' });

    await releaseSession(world.database.pool, lost.owner.sessionId, 'test');
    const steps = from(run);
    const id = newWaMessageId();
    await world.sandbox.sendFrom(eve, { to: lost.number, type: 'text', text: 'to whoever comes next', id });
    await waitFor(() => run.failure(), { what: 'the refusal' });
    await expect(run.send(jid(eve), newWaMessageId(), 'from a zombie')).rejects.toBeDefined();
    expect(steps().filter((step) => step.startsWith(`before receipt ${id}`))).toEqual([]);
    const afterwards = steps().slice(steps().indexOf('store failed'));
    expect(afterwards.filter((step) => step.endsWith('leaves'))).toEqual([]);
    run.kill();

    const placed = await placeSession(world.database.pool, lost.owner.sessionId);
    lost.owner.epoch = placed!.epoch;
    const next = await lost.open();
    const stored = async () =>
      (
        await world.database.pool.query<{ text: string }>(
          'SELECT text FROM messages WHERE session_id = $1 AND wa_message_id = $2',
          [lost.owner.sessionId, id],
        )
      ).rows[0];
    const { text } = await waitFor(stored, { what: 'the message at the next owner' });
    expect(text).toBe('to whoever comes next');
    expect(next.gate.steps.filter((step) => step.startsWith('before receipt retry'))).toEqual([]);
    next.kill();
  });

  it('and so no key was used twice on the wire but by what stock Baileys did', async () => {
    expect(await reuses()).toBe(0);
  });
});

/** Baileys lets a query wait for 20 s. */
const AT_ONCE_MS = 10_000;

describe('a query that waits when its connection ends (MR-014)', () => {
  it.each(['cut', 'end-stream', 'stream-error', 'close', 'terminate'])('is told so at once (%s)', async (how) => {
    const run = await session.open();
    const { sandbox } = world;
    await sandbox.fault({ kind: 'iq-silence', phone: session.number, count: 1_000 });
    const began = performance.now();
    const asked = run.connection.operate(({ sock }) =>
      askNode(sock, nodeOf('iq', { xmlns: 'blocklist', to: S_WHATSAPP_NET, type: 'get' })),
    );
    const word = asked.catch((error: unknown) => refusalOf(error, 'safe'));
    if (how === 'close') await run.connection.close();
    else if (how === 'terminate') run.connection.terminate();
    else await sandbox.fault({ kind: how, phone: session.number });
    expect(await word).toMatchObject({ code: 'SESSION_MOVING' });
    expect(performance.now() - began).toBeLessThan(AT_ONCE_MS);
    await Promise.all((await sandbox.faults()).map(({ id }) => sandbox.cancelFault(id)));
    run.kill();
  });
});
