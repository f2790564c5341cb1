import { newWaMessageId } from '@wa-gate/messaging';
import { waitFor } from '@wa-gate/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LinkedSession, type RunWorld, type SessionRun, startRunWorld } from '../../testing/session-runs.ts';
import { encodeWAMessage, proto } from '../baileys.ts';

/**
 * A session is killed between any two steps of a send and of a receive, and the next run continues from the database.
 * Each case is repeated with the kill one step later, until it ends without a kill.
 */
let world: RunWorld;
let session: LinkedSession;
beforeAll(async () => {
  world = await startRunWorld();
  session = await world.link();
});
afterAll(() => world?.stop());

const MORE_STEPS_THAN_ANY_CASE_HAS = 60;
/** A case takes some dozen logins: a second or two, and much more on a busy machine. */
const CASE_TIMEOUT_MS = 180_000;
const jid = (number: string) => `${number}@s.whatsapp.net`;
const newPhone = () => world.sandbox.createPhone();
const newGroup = async (owner: string) =>
  (await world.sandbox.post<{ id: string }>('/groups', { owner, subject: 'Us', participants: [session.number] })).id;
const same = <T>(make: () => Promise<T>) => {
  let made: Promise<T> | undefined;
  return () => (made ??= make());
};

/** Runs `act` to its `count`th step and kills the run there. `null`: `act` ended before. */
async function killAt(run: SessionRun, count: number, act: () => Promise<unknown>): Promise<string | null> {
  run.gate.arm(count);
  const done = act().then(
    () => null,
    // Errors of a killed run are expected; those of a running one are not.
    (error: unknown) => (run.gate.isDead ? run.gate.killed : Promise.reject(error)),
  );
  const step = await Promise.race([run.gate.killed, done]);
  run.gate.disarm();
  if (step !== null) {
    run.kill();
    await waitFor(async () => (await world.sandbox.devices(session.number))[0]?.connected === false, {
      what: 'the end of the connection',
    });
  }
  return step;
}

interface Case {
  act: (run: SessionRun) => Promise<unknown>;
  /** Checks what the next run must achieve; it is `run` itself when that was not killed. */
  resume: (next: SessionRun, run: SessionRun) => Promise<void>;
}

/** Kills at each step in turn, or at every `stride`th. */
async function atEveryStep(begin: (run: SessionRun) => Promise<Case>, stride = 1): Promise<string[]> {
  const steps: string[] = [];
  let run = await session.open();
  for (let count = 1; count < MORE_STEPS_THAN_ANY_CASE_HAS; count += stride) {
    const { act, resume } = await begin(run);
    const current = run;
    const step = await killAt(run, count, () => act(current));
    if (step === null) {
      await resume(run, run);
      run.kill();
      return steps;
    }
    steps.push(step);
    run = await session.open();
    await resume(run, current);
  }
  throw new Error('The case has no end.');
}

interface Judgement {
  keys: { reused: number };
  undecryptable: { total: number };
}
const retriesAndNacks = async () => {
  const { acks } = await world.sandbox.recorder<{ acks: { type: string | null; error: string | null }[] }>(
    `acks?device=${session.device}&limit=100000`,
  );
  return acks.filter(({ type, error }) => type === 'retry' || error !== null);
};
async function expectCleanWire(): Promise<void> {
  const { keys, undecryptable } = await world.sandbox.recorder<Judgement>('summary');
  expect({ reused: keys.reused, undecryptable: undecryptable.total }).toEqual({ reused: 0, undecryptable: 0 });
  expect(await retriesAndNacks()).toEqual([]);
}

describe('a send that is cut short and sent again under its id (I4, I8)', () => {
  const bea = same(newPhone);
  const group = same(async () => newGroup(await bea()));
  const cases: { name: string; to: () => Promise<{ chat: string; reader: string }> }[] = [
    { name: 'to a new contact', to: async () => at(jid, await newPhone()) },
    { name: 'to a contact', to: async () => at(jid, await bea()) },
    {
      name: 'to a contact by LID',
      to: async () => ({
        reader: await bea(),
        chat: `${(await world.sandbox.phone(await bea())).lid.split('@')[0]}@lid`,
      }),
    },
    { name: 'to a new group', to: async () => ({ reader: await bea(), chat: await newGroup(await bea()) }) },
    { name: 'to a group', to: async () => ({ reader: await bea(), chat: await group() }) },
  ];
  const at = (name: (number: string) => string, number: string) => ({ chat: name(number), reader: number });

  it.each(cases)(
    '$name: arrives once, and no message key is used twice',
    { timeout: CASE_TIMEOUT_MS },
    async ({ to }) => {
      const steps = await atEveryStep(async (run) => {
        const { chat, reader } = await to();
        const id = newWaMessageId();
        return {
          act: () => run.send(chat, id, `text ${id}`),
          async resume(next) {
            if (next !== run) await next.send(chat, id, `text ${id}`);
            await waitFor(async () => (await world.sandbox.inbox(reader)).some((message) => message.id === id), {
              what: 'the message at the phone',
            });
          },
        };
      });
      expect(steps.filter((step) => step.includes('commit of')).length).toBeGreaterThan(1);
      await expectCleanWire();
    },
  );
});

describe('an offered message whose owner is killed (I4, I8)', () => {
  const dan = same(newPhone);
  const group = same(async () => newGroup(await dan()));
  const rowsOf = async (id: string) => {
    const { rows } = await world.database.pool.query(
      'SELECT state, epoch, attempts, payload IS NOT NULL AS "hasBytes" FROM outbox WHERE session_id = $1 AND wa_message_id = $2',
      [session.owner.sessionId, id],
    );
    return rows;
  };
  const onTheWire = async (id: string) =>
    (await world.sandbox.recorder<{ messages: unknown[] }>(`messages?direction=up&id=${id}`)).messages.length;
  beforeAll(async () => {
    const linked = `UPDATE sessions SET state = 'CONNECTED', paired_at = now() WHERE id = $1`;
    await world.database.pool.query(linked, [session.owner.sessionId]);
  });

  it.each([
    { name: 'to a new contact', to: async () => ({ chat: jid(await newPhone()) }) },
    { name: 'to a contact', to: async () => ({ chat: jid(await dan()) }) },
    { name: 'to a new group', to: async () => ({ chat: await newGroup(await dan()) }) },
    { name: 'to a group', to: async () => ({ chat: await group() }) },
  ])(
    '$name: is in the outbox with its bytes before anything of it leaves, and arrives once',
    { timeout: CASE_TIMEOUT_MS },
    async ({ to }) => {
      let [accepted, lost] = [0, 0];
      await atEveryStep(async (run) => {
        const { chat } = await to();
        const reader = chat.endsWith('@g.us') ? await dan() : chat.split('@')[0]!;
        const id = newWaMessageId();
        return {
          act: () => run.offer(chat, id, `text ${id}`),
          async resume(next) {
            const rows = await rowsOf(id);
            if (rows.length > 0) {
              accepted += 1;
              expect(rows).toEqual([{ state: 'SENDING', epoch: session.owner.epoch, attempts: 1, hasBytes: true }]);
              // As the next owner does after its claim.
              if (next !== run) await next.send(chat, id, `text ${id}`);
            } else {
              lost += 1;
              expect(await onTheWire(id)).toBe(0);
              await next.offer(chat, id, `text ${id}`);
            }
            // What waits in `sending` would be claimed; here nobody does, and it is in nobody's way.
            await waitFor(async () => (await world.sandbox.inbox(reader)).some((message) => message.id === id), {
              what: 'the message at the phone',
            });
          },
        };
      });
      // Before its commit nothing is stored, after it everything is.
      expect([accepted > 1, lost > 0]).toEqual([true, true]);
      await expectCleanWire();
    },
  );

  it('that is not accepted leaves the ratchet as it was: the next one can be read', async () => {
    const run = await session.open();
    const chat = jid(await dan());
    await run.offer(chat, newWaMessageId(), 'before');
    const { pool } = world.database;
    const { sessionId } = session.owner;
    await pool.query(`UPDATE sessions SET state = 'LOGGED_OUT' WHERE id = $1`, [sessionId]);
    const refused = Array.from({ length: 3 }, newWaMessageId);
    for (const id of refused) await expect(run.offer(chat, id, 'refused')).rejects.toThrow();
    await pool.query(`UPDATE sessions SET state = 'CONNECTED' WHERE id = $1`, [sessionId]);
    const id = newWaMessageId();
    await run.offer(chat, id, 'after');
    await waitFor(async () => (await world.sandbox.inbox(await dan())).some((message) => message.id === id));
    expect(await Promise.all([...refused, id].map(onTheWire))).toEqual([0, 0, 0, 1]);
    expect(run.failure()).toBeUndefined();
    await expectCleanWire();
    run.kill();
  });
});

describe('a receive that is cut short (I5)', () => {
  const cid = same(newPhone);
  const group = same(async () => newGroup(await cid()));
  const cases: { name: string; from: () => Promise<{ sender: string; to: string; addressing?: string }> }[] = [
    { name: 'from a new contact', from: async () => ({ sender: await newPhone(), to: session.number }) },
    { name: 'from a contact', from: async () => ({ sender: await cid(), to: session.number }) },
    {
      name: 'from a contact by LID',
      from: async () => ({ sender: await cid(), to: session.number, addressing: 'lid' }),
    },
    {
      name: 'from a new member of a new group',
      from: async () => {
        const sender = await newPhone();
        return { sender, to: await newGroup(sender) };
      },
    },
    { name: 'from a group', from: async () => ({ sender: await cid(), to: await group() }) },
  ];
  const rowsOf = async (id: string) => {
    const { rows } = await world.database.pool.query<{ stored: number; journalled: number; events: string[] }>(
      `SELECT (SELECT count(*)::int FROM messages WHERE session_id = $1 AND wa_message_id = $2) AS stored,
        (SELECT count(*)::int FROM inbound_journal WHERE session_id = $1 AND stanza_id = $2) AS journalled,
        (SELECT coalesce(array_agg(type), '{}') FROM events WHERE session_id = $1 AND data->>'waMessageId' = $2) AS events`,
      [session.owner.sessionId, id],
    );
    return rows[0]!;
  };
  const isReceipted = async (id: string) =>
    (await world.sandbox.recorder<{ acks: unknown[] }>(`acks?device=${session.device}&id=${id}`)).acks.length > 0;

  it.each(cases)(
    '$name: makes one event, and never receipted before it is in the journal',
    { timeout: CASE_TIMEOUT_MS },
    async ({ from }) => {
      const steps = await atEveryStep(async (run) => {
        const { sender, ...addressed } = await from();
        const id = newWaMessageId();
        const isStored = async () => (await rowsOf(id)).stored > 0;
        return {
          async act() {
            await world.sandbox.sendFrom(sender, { ...addressed, id, type: 'text', text: `text ${id}` });
            await waitFor(async () => run.gate.isDead || ((await isStored()) && (await isReceipted(id))), {
              what: 'the message and its receipt',
            });
          },
          async resume(next) {
            const { stored, journalled } = await rowsOf(id);
            if (next !== run && stored === 0 && journalled === 0) expect(await isReceiptedByDeadRun(id)).toBe(false);
            await waitFor(isStored, { what: 'the message in the database' });
            expect(await rowsOf(id)).toMatchObject({ stored: 1, events: ['message.received'] });
          },
        };
      });
      // Commit, receipt, event and projection, each with the step before it.
      expect(steps.length).toBeGreaterThan(4);
      await expectCleanWire();
    },
  );

  it('in a burst both ways: every message makes one event, and no key is used twice', {
    timeout: CASE_TIMEOUT_MS,
  }, async () => {
    const sender = await cid();
    const to = await group();
    await atEveryStep(async () => {
      const incoming = Array.from({ length: 4 }, newWaMessageId);
      const outgoing = Array.from({ length: 2 }, newWaMessageId);
      const areStored = async () => (await Promise.all(incoming.map(rowsOf))).every(({ stored }) => stored > 0);
      const send = (run: SessionRun) =>
        Promise.all(outgoing.map((id, n) => run.send(n === 0 ? jid(sender) : to, id, `text ${id}`)));
      return {
        async act(run) {
          const arrivals = incoming.map((id, n) =>
            world.sandbox.sendFrom(sender, { to: n < 3 ? session.number : to, id, type: 'text', text: `text ${id}` }),
          );
          await Promise.all([...arrivals, send(run)]);
          await waitFor(async () => run.gate.isDead || (await areStored()), { what: 'all of them' });
        },
        async resume(next, run) {
          if (next !== run) await send(next);
          await waitFor(areStored, { what: 'all of them in the database' });
          for (const id of incoming)
            expect(await rowsOf(id)).toMatchObject({ stored: 1, events: ['message.received'] });
        },
      };
    }, 3);
    await expectCleanWire();
  });

  // The next run may have sent the receipt, but only after it has journalled the message.
  const isReceiptedByDeadRun = async (id: string) => (await isReceipted(id)) && (await rowsOf(id)).journalled === 0;
});

describe('keys that the own phone shares (I5)', () => {
  it('are stored, wherever the session was killed after it had asked', { timeout: CASE_TIMEOUT_MS }, async () => {
    const { pool } = world.database;
    const { sessionId } = session.owner;
    const isStored = async () => {
      const { rows } = await pool.query(
        "SELECT 1 FROM session_keys WHERE session_id = $1 AND kind = 'app-state-sync-key'",
        [sessionId],
      );
      return rows.length > 0;
    };
    const isDone = async () => {
      const { rows } = await pool.query(
        'SELECT 1 FROM inbound_journal WHERE session_id = $1 AND projected_at IS NULL',
        [sessionId],
      );
      return rows.length === 0 && isStored();
    };
    // Encrypted here, because `relayMessage` wraps messages to the own phone as messages to somebody else.
    const ask = async (run: SessionRun, id: string) => {
      const to = jid(session.number);
      const data = encodeWAMessage({
        protocolMessage: {
          type: proto.Message.ProtocolMessage.Type.APP_STATE_SYNC_KEY_REQUEST,
          appStateSyncKeyRequest: { keyIds: [] },
        },
      });
      const { type, ciphertext } = await run.sock.signalRepository.encryptMessage({ jid: to, data });
      const content = [{ tag: 'enc', attrs: { v: '2', type }, content: ciphertext }];
      await run.sock.sendNode({ tag: 'message', attrs: { to, id, type: 'text', category: 'peer' }, content });
    };
    const steps = await atEveryStep(async (run) => {
      await pool.query("DELETE FROM session_keys WHERE session_id = $1 AND kind = 'app-state-sync-key'", [sessionId]);
      const id = newWaMessageId();
      return {
        async act() {
          await ask(run, id);
          await waitFor(async () => run.gate.isDead || (await isDone()), { what: 'the shared key' });
        },
        async resume(next) {
          const { messages } = await world.sandbox.recorder<{ messages: unknown[] }>(`messages?direction=up&id=${id}`);
          if (messages.length === 0) await ask(next, newWaMessageId());
          await waitFor(isDone, { what: 'the shared key in the next run' });
        },
      };
    });
    expect(steps.length).toBeGreaterThan(6);
    await expectCleanWire();
  });
});
