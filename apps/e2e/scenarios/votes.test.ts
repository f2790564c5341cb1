import { randomBytes } from 'node:crypto';
import type { ChangeResult, EventAnswers, Message, PollVotes } from '@wa-gate/contracts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
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
import type { WebhookEvent, WebhookReceiver } from '../harness/webhook-receiver.ts';

/** Votes in polls and answers to events, encrypted by phones and read through the public API. */
const system = useSystem({ workers: 2 });
let tenant: Tenant;
let session: PairedSession;
let friend: Phone;
let other: Phone;
let webhook: WebhookReceiver;

beforeAll(async () => {
  tenant = await registerTenant(system());
  session = await pairSession(system(), tenant);
  friend = await addPhone(system(), 'Friend');
  other = await addPhone(system(), 'Other');
  webhook = await subscribe(tenant, session.sessionId);
});
afterAll(() => webhook?.close());

const sandbox = () => system().sandbox;
const told = (type: string, changeId: string): Promise<WebhookEvent> =>
  webhook.waitForEvent(type, ({ data }) => data.changeId === changeId);
const votesOf = (id: unknown): Promise<PollVotes> => session.api.wa.messages.votes({ id: String(id) });
const answersTo = (id: unknown): Promise<EventAnswers> => session.api.wa.messages.answers({ id: String(id) });
const shownBy = (phone: Phone, id: string) =>
  waitFor(async () => (await sandbox().inbox(phone.number)).some((shown) => shown.id === id), {
    what: `${id} at the phone of ${phone.number}`,
  });

const POLL = { type: 'poll', name: 'Lunch?', options: ['Pizza', 'Soup', 'Salad'] };
const DINNER = { type: 'event', name: 'Dinner', startTime: '2026-12-24T18:00:00Z', extraGuests: true };

async function ask(to: string, asked: object, ...phones: Phone[]) {
  const { body } = await session.api.send(session.sessionId, { to, ...asked }, { wait: 'sent' });
  for (const phone of phones) await shownBy(phone, body.data.waMessageId);
  return body.data;
}
/** A poll or an event of the friend, as the webhook has it. */
async function asked(to: string, message: { type: string; [field: string]: unknown }) {
  const { id } = await sandbox().send(friend.number, { to, ...message });
  const { data } = await webhook.waitForEvent('message.received', (event) => event.data.waMessageId === id);
  return { waMessageId: id, messageId: data.messageId };
}

async function vote(phone: Phone, to: string, target: string, options: string[], more = {}) {
  const { id } = await sandbox().send(phone.number, { to, type: 'vote', target, options, ...more });
  return (await told('poll.vote', id)).data;
}

const newGroup = (addressing: 'pn' | 'lid') =>
  sandbox().createGroup({
    owner: friend.number,
    subject: 'Some of us',
    participants: [session.phone, other].map(({ number }) => number),
    addressing,
  });

/** The counts of the options, and of the voters. */
const countsOf = ({ voters, options }: PollVotes) => [voters, ...options.map(({ votes }) => votes)];

describe('a poll of the API in a direct chat (MR-060)', () => {
  test('a vote, a changed one and a withdrawn one: event, totals, list and history', async () => {
    const { messageId, waMessageId } = await ask(friend.number, { ...POLL, selectableCount: 2 }, friend);
    const to = session.phone.number;
    const first = await vote(friend, to, waMessageId, ['Soup', 'Pizza']);
    expect(first).toMatchObject({ messageId, waMessageId, fromMe: false, name: 'Lunch?', isRemoved: false });
    expect([first.options, first.senderName]).toEqual([['Pizza', 'Soup'], 'Friend']);
    expect(first.identities).toMatchObject({ from: { phoneNumber: `+${friend.number}` } });
    const { options } = await votesOf(messageId);
    expect(options[0]).toMatchObject({
      name: 'Pizza',
      votes: 1,
      voters: [{ fromMe: false, senderName: 'Friend', identity: { phoneNumber: `+${friend.number}` } }],
    });

    expect(await vote(friend, to, waMessageId, ['Salad'])).toMatchObject({ options: ['Salad'], isRemoved: false });
    expect(countsOf(await votesOf(messageId))).toEqual([1, 0, 0, 1]);
    const [listed] = await session.api.messages(session.sessionId);
    expect(listed).toMatchObject({ id: messageId, content: { options: POLL.options } });
    expect(listed!.votes).toEqual({
      voters: 1,
      options: [
        { name: 'Pizza', votes: 0 },
        { name: 'Soup', votes: 0 },
        { name: 'Salad', votes: 1 },
      ],
    });

    expect(await vote(friend, to, waMessageId, [])).toMatchObject({ options: [], isRemoved: true });
    expect(countsOf(await votesOf(messageId))).toEqual([0, 0, 0, 0]);
    const { changes } = await session.api.wa.messages.changes({ id: messageId });
    expect(changes.map(({ kind, isCurrent }) => [kind, isCurrent])).toEqual([
      ['vote', false],
      ['vote', false],
      ['vote', true],
    ]);
  });

  test.each(['pn', 'lid'] as const)('a vote whose key has names of the form %s', async (namedBy) => {
    const { messageId, waMessageId } = await ask(friend.number, POLL, friend);
    for (const addressing of ['pn', 'lid'])
      await vote(friend, session.phone.number, waMessageId, ['Soup'], { namedBy, addressing });
    expect(countsOf(await votesOf(messageId))).toEqual([1, 0, 1, 0]);
  });

  test('votes of the owner’s phone count, also in a poll of the contact', async () => {
    const ours = await ask(friend.number, POLL, session.phone);
    expect(await vote(session.phone, friend.number, ours.waMessageId, ['Pizza'])).toMatchObject({
      messageId: ours.messageId,
      fromMe: true,
    });
    expect((await votesOf(ours.messageId)).options[0]).toMatchObject({ votes: 1, voters: [{ fromMe: true }] });
    const theirs = await asked(session.phone.number, POLL);
    await shownBy(session.phone, theirs.waMessageId);
    await vote(session.phone, friend.number, theirs.waMessageId, ['Salad']);
    await vote(friend, session.phone.number, theirs.waMessageId, ['Salad']);
    expect(countsOf(await votesOf(theirs.messageId))).toEqual([2, 0, 0, 2]);
  });

  test('votes of one second count in the order of the voter’s clock', async () => {
    const { messageId, waMessageId } = await ask(friend.number, POLL, friend);
    const at = Date.now();
    await vote(friend, session.phone.number, waMessageId, ['Pizza'], { at });
    const { id } = await sandbox().send(friend.number, {
      to: session.phone.number,
      type: 'vote',
      target: waMessageId,
      options: ['Soup'],
      at: at - 5,
    });
    await waitFor(async () => {
      const { changes } = await session.api.wa.messages.changes({ id: messageId });
      return changes.some(({ changeId }) => changeId === id);
    });
    expect(countsOf(await votesOf(messageId))).toEqual([1, 1, 0, 0]);
  });
});

test.each(['pn', 'lid'] as const)(
  'votes in a group that is addressed by %s: of the API’s poll, and of a member’s',
  async (addressing) => {
    const group = await newGroup(addressing);
    const ours = await ask(group.id, POLL, friend, other);
    await vote(friend, group.id, ours.waMessageId, ['Pizza']);
    await vote(other, group.id, ours.waMessageId, ['Pizza']);
    await vote(other, group.id, ours.waMessageId, ['Soup']);
    await shownBy(session.phone, ours.waMessageId);
    await vote(session.phone, group.id, ours.waMessageId, ['Soup']);
    expect(countsOf(await votesOf(ours.messageId))).toEqual([3, 1, 2, 0]);
    expect((await votesOf(ours.messageId)).options[1]!.voters).toMatchObject([
      { senderName: 'Other' },
      { fromMe: true },
    ]);

    const theirs = await asked(group.id, POLL);
    await shownBy(other, theirs.waMessageId);
    const data = await vote(other, group.id, theirs.waMessageId, ['Salad']);
    expect(data).toMatchObject({ messageId: theirs.messageId, senderName: 'Other', options: ['Salad'] });
    expect(countsOf(await votesOf(theirs.messageId))).toEqual([1, 0, 0, 1]);
    // The key has the names of the other addressing, of which this message tells nothing.
    await vote(other, group.id, theirs.waMessageId, ['Soup'], { namedBy: addressing === 'pn' ? 'lid' : 'pn' });
    expect(countsOf(await votesOf(theirs.messageId))).toEqual([1, 0, 1, 0]);
  },
);

test('a vote is read after its session was moved, and when the bytes of the poll are kept no more', async () => {
  const sent = await ask(friend.number, POLL, friend);
  const came = await asked(session.phone.number, POLL);
  await system().services.pool.query('UPDATE outbox SET payload = NULL WHERE message_id = $1', [sent.messageId]);
  await system().restart(await ownerName(), 'SIGKILL');
  await vote(friend, session.phone.number, sent.waMessageId, ['Soup']);
  await vote(friend, session.phone.number, came.waMessageId, ['Soup']);
  expect(countsOf(await votesOf(sent.messageId))).toEqual([1, 0, 1, 0]);
  expect(countsOf(await votesOf(came.messageId))).toEqual([1, 0, 1, 0]);
});

async function ownerName(): Promise<string> {
  const { rows } = await system().services.pool.query<{ worker: string }>(
    'SELECT p.worker_id AS worker FROM session_placements p JOIN sessions s ON s.id = p.session_id WHERE s.slug = $1',
    [session.sessionId],
  );
  // A worker is named after its process and the run.
  return system().workers.find(({ name }) => rows[0]?.worker.startsWith(`${name}-`))!.name;
}

test('a vote that comes before its poll waits for it', async () => {
  const id = `3EB0${randomBytes(9).toString('hex').toUpperCase()}`;
  const secret = randomBytes(32).toString('base64');
  const to = session.phone.number;
  const early = { to, type: 'vote', target: id, options: ['Soup'], unseen: true, secret };
  const { id: changeId } = await sandbox().send(friend.number, early);
  await waitFor(async () => {
    const { rows } = await system().services.pool.query(
      'SELECT 1 FROM message_changes WHERE wa_message_id = $1 AND message_id IS NULL',
      [changeId],
    );
    return rows.length === 1;
  });
  await sandbox().send(friend.number, { to, ...POLL, id, secret });
  const { data } = await told('poll.vote', changeId);
  expect(data).toMatchObject({ waMessageId: id, options: ['Soup'], name: 'Lunch?' });
  expect(countsOf(await votesOf(data.messageId))).toEqual([1, 0, 1, 0]);
});

test('a vote that cannot be read is told, and counts for nothing', async () => {
  const { messageId, waMessageId } = await asked(session.phone.number, POLL);
  const { id } = await sandbox().send(friend.number, {
    to: session.phone.number,
    type: 'vote',
    target: waMessageId,
    options: ['Soup'],
    unseen: true,
    secret: randomBytes(32).toString('base64'),
  });
  const { data } = await webhook.waitForEvent('message.unsupported', (event) => event.data.waMessageId === id);
  expect(data.content).toEqual({ kind: 'pollUpdateMessage', targetWaMessageId: waMessageId });
  expect(countsOf(await votesOf(messageId))).toEqual([0, 0, 0, 0]);
});

test('answers to an event: given, changed, with guests, by the owner’s phone, in a group by LID (MR-060)', async () => {
  const group = await newGroup('lid');
  const { messageId, waMessageId } = await ask(group.id, DINNER, friend, other);
  const answer = async (phone: Phone, response: string, more = {}) => {
    const { id } = await sandbox().send(phone.number, {
      to: group.id,
      type: 'answer',
      target: waMessageId,
      response,
      ...more,
    });
    return (await told('message.answer', id)).data;
  };
  expect(await answer(friend, 'going', { extraGuests: 2 })).toMatchObject({
    messageId,
    name: 'Dinner',
    response: 'going',
    extraGuests: 2,
    fromMe: false,
  });
  await answer(other, 'going');
  await answer(other, 'notGoing');
  await shownBy(session.phone, waMessageId);
  expect(await answer(session.phone, 'maybe')).toMatchObject({ fromMe: true });
  const { answers } = await answersTo(messageId);
  expect(answers.map(({ response, people, extraGuests }) => [response, people, extraGuests])).toEqual([
    ['going', 1, 2],
    ['notGoing', 1, 0],
    ['maybe', 1, 0],
  ]);
  expect(answers[1]!.from).toMatchObject([{ senderName: 'Other', identity: { phoneNumber: `+${other.number}` } }]);
  const listed = (await session.api.messages(session.sessionId)).find(({ id }) => id === messageId) as Message;
  expect(listed.answers).toEqual({ going: 1, notGoing: 1, maybe: 1 });
});

/** Votes or answers by the API; waits for WhatsApp's acknowledgement. */
async function cast(messageId: unknown, path: 'votes' | 'answer', body: object) {
  const url = `/api/messages/${String(messageId)}/${path}?timeoutMs=25000`;
  const answer = await session.api.call<{ data: ChangeResult; code?: string }>(url, { method: 'POST', json: body });
  return { ...answer.body, status: answer.status };
}
/** A vote or an answer as a phone shows it: it has decrypted it by itself. */
const castAs = (phone: Phone, changeId: string) =>
  waitFor(async () => (await sandbox().inbox(phone.number)).find(({ id }) => id === changeId), {
    what: `${changeId} at the phone of ${phone.number}`,
  });

describe.each([
  ['in a direct chat', async () => session.phone.number],
  ['in a group by number', async () => (await newGroup('pn')).id],
  ['in a group by LID', async () => (await newGroup('lid')).id],
])('a vote by the API %s (MR-060)', (where, begin) => {
  test('in a poll of somebody else and in our own: phones read it, and it counts', async () => {
    const to = await begin();
    const chat = where === 'in a direct chat' ? friend.number : to;
    for (const poll of [await asked(to, POLL), await ask(chat, POLL, friend)]) {
      const { status, data } = await cast(poll.messageId, 'votes', { options: ['Soup'] });
      expect([status, data.status, data.waMessageId]).toEqual([200, 'sent', poll.waMessageId]);
      expect(await castAs(friend, data.changeId)).toMatchObject({
        type: 'vote',
        from: session.phone.number,
        details: { target: { id: poll.waMessageId }, options: ['Soup'] },
        wireCount: 1,
      });
      expect((await told('poll.vote', data.changeId)).data).toMatchObject({ fromMe: true, options: ['Soup'] });
      expect((await votesOf(poll.messageId)).options[1]).toMatchObject({ votes: 1, voters: [{ fromMe: true }] });

      const withdrawn = await cast(poll.messageId, 'votes', { options: [] });
      expect(await castAs(friend, withdrawn.data.changeId)).toMatchObject({ details: { options: [] } });
      await told('poll.vote', withdrawn.data.changeId);
      expect(countsOf(await votesOf(poll.messageId))).toEqual([0, 0, 0, 0]);
    }
  });

  test('an answer to an event of somebody else', async () => {
    const dinner = await asked(await begin(), DINNER);
    const { data } = await cast(dinner.messageId, 'answer', { response: 'going', extraGuests: 2 });
    expect(data.status).toBe('sent');
    const details = { target: { id: dinner.waMessageId }, response: 'going', extraGuests: 2 };
    expect(await castAs(friend, data.changeId)).toMatchObject({ type: 'answer', details });
    expect((await told('message.answer', data.changeId)).data).toMatchObject({ fromMe: true, response: 'going' });
    expect((await answersTo(dinner.messageId)).answers[0]).toMatchObject({ people: 1, extraGuests: 2 });
  });
});

test('a vote by the API that is repeated, and one while its worker is killed, is cast once', async () => {
  const poll = await asked(session.phone.number, POLL);
  const vote = { options: ['Pizza'], clientMessageId: 'vote-once' };
  const path = `/api/messages/${String(poll.messageId)}/votes`;
  const first = await session.api.call<{ data: ChangeResult }>(`${path}?wait=queued`, { method: 'POST', json: vote });
  await system().restart(await ownerName(), 'SIGKILL');
  const again = await cast(poll.messageId, 'votes', vote);
  expect([again.data.changeId, again.data.status]).toEqual([first.body.data.changeId, 'sent']);
  await told('poll.vote', again.data.changeId);
  expect(countsOf(await votesOf(poll.messageId))).toEqual([1, 1, 0, 0]);
  const votes = (await sandbox().inbox(friend.number)).filter(({ id }) => id === again.data.changeId);
  expect(votes).toMatchObject([{ details: { options: ['Pizza'] } }]);
});

test('what cannot be voted for is refused with a sentence', async () => {
  const poll = await asked(session.phone.number, POLL);
  const refused = async (id: unknown, path: 'votes' | 'answer', body: object) => {
    const { status, code } = await cast(id, path, body);
    return [status, code];
  };
  expect(await refused(poll.messageId, 'votes', { options: ['Steak'] })).toEqual([422, 'CHANGE_NOT_POSSIBLE']);
  expect(await refused(poll.messageId, 'votes', { options: ['Soup', 'Pizza'] })).toEqual([422, 'CHANGE_NOT_POSSIBLE']);
  expect(await refused(poll.messageId, 'votes', { options: 'Soup' })).toEqual([400, 'VALIDATION']);
  expect(await refused(poll.messageId, 'answer', { response: 'going' })).toEqual([422, 'CHANGE_NOT_POSSIBLE']);
  const { messageId } = await ask(friend.number, { message: 'no poll' });
  expect(await refused(messageId, 'votes', { options: ['Soup'] })).toEqual([422, 'CHANGE_NOT_POSSIBLE']);
});

test('a message that is no poll has no votes, and says so', async () => {
  const { messageId } = await ask(friend.number, { message: 'no poll' });
  const answer = await session.api.call<{ code: string; error: string }>(`/api/messages/${messageId}/votes`);
  expect([answer.status, answer.body.code, answer.body.error]).toEqual([
    404,
    'MESSAGE_NOT_FOUND',
    'This message is no poll: its type is text.',
  ]);
});

expectSoundSystem(system);
