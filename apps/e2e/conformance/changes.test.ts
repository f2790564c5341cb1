import type { ChangeName, ChangeResult, ListMessageChangesResult, Message } from '@wa-gate/contracts';
import { CHANGE_NAMES } from '@wa-gate/contracts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Envelope } from '../harness/gateway-client.ts';
import type { HttpAnswer } from '../harness/http.ts';
import {
  addPhone,
  type PairedSession,
  pairSession,
  registerTenant,
  subscribe,
  type Tenant,
  waitForStatus,
} from '../harness/pair-session.ts';
import type { Phone, PhoneMessage } from '../harness/sandbox-client.ts';
import { expectSoundSystem, useSystem } from '../harness/use-system.ts';
import { waitFor } from '../harness/wait-for.ts';
import type { WebhookReceiver } from '../harness/webhook-receiver.ts';

/** Each change of the registry, from the API to a phone and from a phone to the API. */
const system = useSystem({ workers: 1 });
let tenant: Tenant;
let session: PairedSession;
let friend: Phone;
let webhook: WebhookReceiver;

beforeAll(async () => {
  tenant = await registerTenant(system());
  session = await pairSession(system(), tenant);
  friend = await addPhone(system(), 'Friend');
  webhook = await subscribe(tenant, session.sessionId);
});
afterAll(() => webhook?.close());

type Answer = HttpAnswer<Envelope<ChangeResult> & { code: string; details: { until: string } }>;
type Method = 'POST' | 'PATCH' | 'DELETE';

const call = (method: Method, path: string, json?: unknown, api = session.api): Promise<Answer> =>
  api.call(path, { method, ...(json !== undefined && { json }) });
const inTime = (path: string): string => `${path}${path.includes('?') ? '&' : '?'}timeoutMs=25000`;

async function send(message: string, to = friend.number) {
  const { body } = await session.api.send(session.sessionId, { to, message }, { wait: 'sent' });
  expect(body.data.status).toBe('sent');
  return body.data;
}
const messageOf = (id: string): Promise<Message> => session.api.data(`/api/messages/${id}`);
const historyOf = async (id: string) =>
  (await session.api.data<ListMessageChangesResult>(`/api/messages/${id}/changes`)).changes;

/** A message as a phone shows it, once it fits. */
const shown = (phone: Phone, id: string, fits: (message: PhoneMessage) => boolean = () => true) =>
  waitFor(
    async () => (await system().sandbox.inbox(phone.number)).find((message) => message.id === id && fits(message)),
    { what: `${id} at the phone of ${phone.number}` },
  );

interface Case {
  call: [Method, path: string, body?: unknown];
  /** The phone's own words for the change, and the message after it. */
  shown: { type: string; text: string | null; details?: Record<string, unknown> };
  changed: Partial<PhoneMessage['changed']>;
  data: Record<string, unknown>;
  /** The event that the API tells; pins and kept messages are in the history alone. */
  event?: [type: string, data: Record<string, unknown>];
}

const ME = () => session.phone.number;

/** The changes of any message. Votes and answers, of polls and events alone, are in `scenarios/votes.test.ts`. */
type OfAny = Exclude<ChangeName, 'vote' | 'answer'>;
const OF_ANY = CHANGE_NAMES.filter((name): name is OfAny => name !== 'vote' && name !== 'answer');

/** How the API makes each change, and what phones show. */
const CASES: { [N in OfAny]: Case[] } = {
  edit: [
    {
      call: ['PATCH', '', { text: 'second, *bold* 👋🏽' }],
      shown: { type: 'edit', text: 'second, *bold* 👋🏽' },
      changed: { text: 'second, *bold* 👋🏽', isEdited: true },
      data: { type: 'text', text: 'second, *bold* 👋🏽' },
      event: ['message.edited', { type: 'text', text: 'second, *bold* 👋🏽' }],
    },
  ],
  reaction: [
    {
      call: ['POST', '/reaction', { emoji: '👍🏽' }],
      shown: { type: 'reaction', text: '👍🏽' },
      changed: { reactions: {} },
      data: { emoji: '👍🏽' },
      event: ['message.reaction', { emoji: '👍🏽', isRemoved: false }],
    },
    {
      call: ['DELETE', '/reaction'],
      shown: { type: 'reaction', text: '' },
      changed: { reactions: {} },
      data: { emoji: '' },
      event: ['message.reaction', { emoji: '', isRemoved: true }],
    },
  ],
  pin: [
    {
      call: ['POST', '/pin', { duration: '30d' }],
      shown: { type: 'pin', text: null, details: { seconds: 2_592_000 } },
      changed: { pinnedFor: 2_592_000 },
      data: { isPinned: true, seconds: 2_592_000 },
    },
    {
      call: ['DELETE', '/pin'],
      shown: { type: 'pin', text: null, details: { seconds: 0 } },
      changed: { pinnedFor: null },
      data: { isPinned: false },
    },
  ],
  keep: [
    {
      call: ['POST', '/keep'],
      shown: { type: 'keep', text: null, details: { on: true } },
      changed: { isKept: true },
      data: { isKept: true },
    },
    {
      call: ['DELETE', '/keep'],
      shown: { type: 'keep', text: null, details: { on: false } },
      changed: { isKept: false },
      data: { isKept: false },
    },
  ],
  revoke: [
    {
      call: ['DELETE', '?for=everyone'],
      shown: { type: 'revoke', text: null },
      changed: { isDeleted: true, text: null },
      data: {},
      event: ['message.revoked', { byAdmin: false }],
    },
  ],
};

describe.each(OF_ANY)('%s (MR-130)', (name) => {
  test.each([
    ['what the API has sent', async () => send('first')],
    [
      'what the other side has sent, in a group of LIDs',
      async () => {
        const members = [session.phone.number];
        const group = await system().sandbox.createGroup({
          owner: friend.number,
          subject: 'Both',
          participants: members,
          addressing: 'lid',
        });
        const { id } = await system().sandbox.sendText(friend.number, group.id, 'theirs');
        const { data } = await webhook.waitForEvent('message.received', (event) => event.data.waMessageId === id);
        return { messageId: data.messageId as string, waMessageId: id };
      },
    ],
  ])('from the API to a phone: %s', async (what, begin) => {
    const isTheirs = what.includes('other side');
    if (isTheirs && (name === 'edit' || name === 'revoke')) return expectRefused(name, await begin());
    const { messageId, waMessageId } = await begin();
    for (const {
      call: [method, path, body],
      ...expected
    } of CASES[name]) {
      const answer = await call(method, inTime(`/api/messages/${messageId}${path}`), body);
      expect(answer.status, JSON.stringify(answer.body)).toBe(200);
      const { changeId, ...rest } = answer.body.data;
      expect(rest).toMatchObject({ messageId, waMessageId, status: 'sent', state: 'sent' });

      const change = await shown(friend, changeId);
      expect(change).toMatchObject({ ...expected.shown, from: ME(), wireCount: 1 });
      // The key of a message names it as its reader does: what is mine is not theirs.
      expect(change.details.target).toMatchObject({ id: waMessageId, fromMe: !isTheirs });
      const reactions = name === 'reaction' && body ? { [ME()]: '👍🏽' } : {};
      expect((await shown(friend, waMessageId)).changed).toMatchObject({ ...expected.changed, reactions });

      expect((await historyOf(messageId)).at(-1)).toMatchObject({
        kind: name,
        changeId,
        source: 'api',
        status: 'sent',
        isCurrent: true,
        data: expected.data,
      });
      if (!expected.event) continue;
      const [type, data] = expected.event;
      await webhook.waitForEvent(type, (event) => event.data.changeId === changeId);
      const told = webhook.events.filter((event) => event.data.changeId === changeId);
      expect(told).toHaveLength(1);
      expect(told[0]!.data).toMatchObject({ messageId, waMessageId, fromMe: true, source: 'api', ...data });
    }
  });

  test.each([{}, { hand: true }])('from a phone to the API, also by the hand of the owner: %j', async ({ hand }) => {
    const { messageId, waMessageId } = await send('first');
    const by = hand ? session.phone : friend;
    if (!hand && (name === 'edit' || name === 'revoke')) return;
    await shown(by, waMessageId);
    const fields = {
      edit: { text: 'second' },
      reaction: { emoji: '🎉' },
      pin: { seconds: 86_400 },
      keep: {},
      revoke: {},
    };
    const { id } = await system().sandbox.send(by.number, {
      to: hand ? friend.number : session.phone.number,
      type: name,
      target: waMessageId,
      ...fields[name],
    });
    const made = await waitFor(async () => (await historyOf(messageId)).find(({ changeId }) => changeId === id), {
      what: 'the change in the history',
    });
    expect(made).toMatchObject({ kind: name, isCurrent: true, fromMe: hand === true });
    expect(made.source).toBe(hand ? 'phone' : undefined);
    expect(made.status).toBeUndefined();
  });
});

async function expectRefused(name: OfAny, { messageId }: { messageId: string }): Promise<void> {
  const {
    call: [method, path, body],
  } = CASES[name][0]!;
  const answer = await call(method, inTime(`/api/messages/${messageId}${path}`), body);
  if (name === 'edit') {
    expect([answer.status, answer.body.code]).toEqual([422, 'CHANGE_NOT_POSSIBLE']);
    return;
  }
  // The account is a member, and no administrator of the group.
  expect([answer.status, answer.body.data.status, answer.body.data.error?.code]).toEqual([
    200,
    'failed',
    'NOT_GROUP_ADMIN',
  ]);
}

test('an administrator of a group deletes what somebody else has said (MR-130)', async () => {
  const group = await system().sandbox.createGroup({
    owner: session.phone.number,
    subject: 'Ours',
    participants: [friend.number],
    addressing: 'lid',
  });
  const { id } = await system().sandbox.sendText(friend.number, group.id, 'to be deleted');
  const { data } = await webhook.waitForEvent('message.received', (event) => event.data.waMessageId === id);
  const answer = await call('DELETE', inTime(`/api/messages/${String(data.messageId)}`));
  expect([answer.status, answer.body.data.status]).toEqual([200, 'sent']);
  await shown(friend, id, ({ changed }) => changed.isDeleted);
  const { changeId } = answer.body.data;
  const told = await webhook.waitForEvent('message.revoked', (event) => event.data.changeId === changeId);
  expect(told.data).toMatchObject({ byAdmin: true, fromMe: true, source: 'api' });
  expect(await messageOf(String(data.messageId))).toMatchObject({ text: null, revokedAt: expect.any(String) });
});

test('an edit with mentions names people as a group of LIDs names them (MR-130)', async () => {
  const group = await system().sandbox.createGroup({
    owner: session.phone.number,
    subject: 'Ours',
    participants: [friend.number],
    addressing: 'lid',
  });
  const { messageId } = await send('first', group.id);
  const body = { text: `hello @${friend.number}`, mentions: [`+${friend.number}`] };
  const { changeId } = (await call('PATCH', inTime(`/api/messages/${messageId}`), body)).body.data;
  expect((await shown(friend, changeId)).text).toBe(`hello @${friend.lid}`);
});

test('what is too late, deleted, unknown or of others is refused, and phones see nothing (MR-130)', async () => {
  const { messageId, waMessageId } = await send('for ever');
  const { pool } = system().services;
  await pool.query(`UPDATE messages SET sent_at = now() - interval '61 hours' WHERE id = $1`, [messageId]);
  const late = await call('PATCH', `/api/messages/${messageId}`, { text: 'no' });
  expect([late.status, late.body.code]).toEqual([409, 'CHANGE_TOO_LATE']);
  expect(new Date(late.body.details.until).getTime()).toBeLessThan(Date.now());
  expect((await call('DELETE', `/api/messages/${messageId}`)).body.code).toBe('CHANGE_TOO_LATE');

  const gone = await send('gone');
  expect((await call('DELETE', inTime(`/api/messages/${gone.messageId}`))).status).toBe(200);
  const after = await call('POST', `/api/messages/${gone.messageId}/reaction`, { emoji: '👍' });
  expect([after.status, after.body.code]).toEqual([409, 'MESSAGE_DELETED']);

  const stranger = await registerTenant(system());
  const theirs = await call('POST', `/api/messages/${messageId}/reaction`, { emoji: '👍' }, stranger.api);
  expect([theirs.status, theirs.body.code]).toEqual([404, 'MESSAGE_NOT_FOUND']);
  expect((await shown(friend, waMessageId)).changed).toMatchObject({
    isEdited: false,
    isDeleted: false,
    reactions: {},
  });
});

test('a worker is killed with changes in flight, and while their messages wait: each is shown once, in order (MR-130)', async () => {
  const count = 8;
  const worker = system().process('worker-1');
  const early = await Promise.all(Array.from({ length: count }, (_, n) => send(`early ${n}`)));
  const changes = early.map(({ messageId }, n) =>
    call('PATCH', `/api/messages/${messageId}?wait=queued`, { text: `edited ${n}` }),
  );
  const first = (await Promise.all(changes)).map(({ body }) => body.data.changeId);
  await shown(friend, first[0]!);
  await worker.stop({ signal: 'SIGKILL' });
  // Nobody sends now: the changes follow their messages.
  const late: { messageId: string; waMessageId: string; changeId: string }[] = [];
  for (let n = 0; n < count; n += 1) {
    const { body } = await session.api.send(
      session.sessionId,
      { to: friend.number, message: `late ${n}` },
      { wait: 'queued' },
    );
    const { messageId, waMessageId } = body.data;
    const answer = await call('PATCH', `/api/messages/${messageId}?wait=queued`, { text: `later ${n}` });
    expect(answer.status).toBe(202);
    late.push({ messageId, waMessageId, changeId: answer.body.data.changeId });
  }
  await worker.start();
  await waitForStatus(session.api, session.sessionId, 'connected');
  for (const [n, { waMessageId }] of early.entries())
    await shown(friend, waMessageId, ({ changed }) => changed.text === `edited ${n}`);
  for (const [n, { waMessageId }] of late.entries())
    await shown(friend, waMessageId, ({ changed }) => changed.text === `later ${n}`);
  const ids = (await system().sandbox.inbox(friend.number)).map(({ id }) => id);
  const wanted = late.flatMap(({ waMessageId, changeId }) => [waMessageId, changeId]);
  expect(ids.filter((id) => wanted.includes(id))).toEqual(wanted);
  for (const changeId of [...first, ...late.map((each) => each.changeId)]) {
    await webhook.waitForEvent('message.edited', (event) => event.data.changeId === changeId);
    expect(webhook.events.filter((event) => event.data.changeId === changeId)).toHaveLength(1);
  }
});

expectSoundSystem(system);
