import type { Message, SendResult, Timeline } from '@wa-gate/contracts';
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
} from '../harness/pair-session.ts';
import type { Phone } from '../harness/sandbox-client.ts';
import { SMALL_PNG } from '../harness/small-files.ts';
import { expectSoundSystem, useSystem } from '../harness/use-system.ts';
import { waitFor } from '../harness/wait-for.ts';
import type { WebhookReceiver } from '../harness/webhook-receiver.ts';

/** What a send can ask for besides its content, and forwarding, as phones show them. */
const system = useSystem({ workers: 1 });
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

type Answer = HttpAnswer<Envelope<SendResult> & { code: string }>;
const send = (body: Record<string, unknown>, wait: 'sent' | 'queued' = 'sent') =>
  session.api.send(session.sessionId, body, { wait }) as Promise<Answer>;
const messageOf = (id: string): Promise<Message> => session.api.data(`/api/messages/${id}`);
const shown = (phone: Phone, id: string) =>
  waitFor(async () => (await system().sandbox.inbox(phone.number)).find((message) => message.id === id), {
    what: `${id} at the phone of ${phone.number}`,
  });

test('everybody in a group is mentioned; a person is no group (MR-011)', async () => {
  const group = await system().sandbox.createGroup({
    owner: session.phone.number,
    subject: 'All',
    participants: [friend.number],
  });
  const { body } = await send({ to: group.id, message: 'listen, all of you', mentionAll: true });
  expect((await shown(friend, body.data.waMessageId)).details).toMatchObject({ mentionsAll: true });
  expect(await messageOf(body.data.messageId)).toMatchObject({ mentionsAll: true });
  const refused = await send({ to: friend.number, message: 'you alone', mentionAll: true });
  expect([refused.status, refused.body.code]).toEqual([400, 'VALIDATION']);
});

describe('typing before a message (MR-011)', () => {
  test('the chat shows it, other chats do not wait for it, and what follows into the chat does', async () => {
    await system().sandbox.watchPresence(friend.number, session.phone.number);
    const slow = await send(
      { to: friend.number, message: 'slow', typing: { seconds: 3, state: 'recording' } },
      'queued',
    );
    const behind = await send({ to: friend.number, message: 'behind it' }, 'queued');
    const quick = await send({ to: other.number, message: 'quick' });
    expect(quick.body.data.status).toBe('sent');
    await waitFor(
      async () => (await system().sandbox.seenPresence(friend.number)).some(({ state }) => state === 'recording'),
      { what: 'the phone to show that somebody is recording' },
    );
    await shown(friend, behind.body.data.waMessageId);
    const ids = (await system().sandbox.inbox(friend.number)).map(({ id }) => id);
    expect(ids.indexOf(slow.body.data.waMessageId)).toBeLessThan(ids.indexOf(behind.body.data.waMessageId));
    const at = (message: Message) => Date.parse(message.sentAt!);
    const [first, last] = await Promise.all([
      messageOf(quick.body.data.messageId),
      messageOf(slow.body.data.messageId),
    ]);
    expect(at(last!)).toBeGreaterThan(at(first!));
  });

  test('the worker is killed meanwhile: the message is sent once', async () => {
    const { body } = await send({ to: friend.number, message: 'typed twice', typing: { seconds: 2 } }, 'queued');
    await waitFor(
      async () => {
        const { rows } = await system().services.pool.query('SELECT state FROM outbox WHERE message_id = $1', [
          body.data.messageId,
        ]);
        return rows[0]?.state === 'SENDING';
      },
      { what: 'the message to be claimed' },
    );
    await system().restart('worker-1', 'SIGKILL');
    expect((await shown(friend, body.data.waMessageId)).wireCount).toBe(1);
  });
});

describe('the preview of a link (MR-011)', () => {
  const message = 'look: https://example.com/offer, today';

  test('by the caller: phones show it beside the text', async () => {
    const thumbnail = Buffer.from('ffd8ffe000104a464946ffd9', 'hex').toString('base64');
    const linkPreview = { title: 'Our offer', description: 'Two for one', thumbnail };
    const { body } = await send({ to: friend.number, message, linkPreview });
    expect(await shown(friend, body.data.waMessageId)).toMatchObject({
      text: message,
      details: { linkPreview: { url: 'https://example.com/offer', ...linkPreview } },
    });
    const stored = await messageOf(body.data.messageId);
    const { thumbnail: _, ...told } = linkPreview;
    expect(stored.linkPreview).toEqual({ url: 'https://example.com/offer', ...told });
  });

  test('whose picture WhatsApp refuses goes out without it, and the timeline says why', async () => {
    await system().sandbox.addFault({ kind: 'upload-refused', code: 413 });
    const picture = { base64: SMALL_PNG.toString('base64') };
    const { body } = await send({ to: friend.number, message, linkPreview: { title: 'Our offer', picture } });
    const { waMessageId, messageId } = body.data;
    const seen = await shown(friend, waMessageId);
    expect([seen.text, seen.media, seen.details.linkPreview]).toMatchObject([message, null, { title: 'Our offer' }]);
    const { timeline } = await session.api.data<Timeline>(`/api/messages/${messageId}/timeline`);
    expect(timeline.find(({ step }) => step === 'picture_left_out')).toMatchObject({
      code: 'MEDIA_UPLOAD_REFUSED',
      message: expect.stringContaining('413'),
    });
  });

  test('with a picture that phones show large, uploaded as a file of its own, and a thumbnail made from it', async () => {
    const linkPreview = { title: 'Our offer', picture: { base64: SMALL_PNG.toString('base64') } };
    const { body } = await send({ to: friend.number, message, linkPreview });
    const { waMessageId, messageId } = body.data;
    const seen = await shown(friend, waMessageId);
    expect(seen).toMatchObject({ type: 'text', text: message, media: { width: 1, height: 1 } });
    expect(seen.details.linkPreview).toMatchObject({ title: 'Our offer', thumbnail: expect.stringMatching(/^\/9j\//) });
    expect((await system().sandbox.file(friend.number, waMessageId)).equals(SMALL_PNG)).toBe(true);
    const stored = await messageOf(messageId);
    expect(stored).toMatchObject({ linkPreview: { url: 'https://example.com/offer', title: 'Our offer' } });
    expect(stored).not.toHaveProperty('media');
  });

  test('with a picture that is none it is refused, and the field is named', async () => {
    const linkPreview = { title: 'x', picture: { base64: Buffer.from('no picture').toString('base64') } };
    const answer = await send({ to: friend.number, message, linkPreview });
    expect([answer.status, answer.body]).toMatchObject([
      422,
      { code: 'MEDIA_TYPE_MISMATCH', details: { field: 'linkPreview.picture' } },
    ]);
  });

  test('of a page in our own network none is made, and the text goes out', async () => {
    const text = `look: ${system().gateways[0]!.url}/docs`;
    const { body } = await send({ to: friend.number, message: text, linkPreview: true });
    const seen = await shown(friend, body.data.waMessageId);
    expect([seen.text, seen.details.linkPreview]).toEqual([text, undefined]);
  });

  test.each([
    ['of a text without a link', { message: 'nothing here', linkPreview: { title: 'x' } }],
    ['of a link that is not in the text', { message, linkPreview: { title: 'x', url: 'https://other.example' } }],
    ['with a thumbnail that is no JPEG', { message, linkPreview: { title: 'x', thumbnail: 'iVBORw0KGgo=' } }],
    ['without a title', { message, linkPreview: { description: 'x' } }],
    ['of a place', { type: 'location', latitude: 1, longitude: 2, linkPreview: true }],
  ])('one %s is refused', async (_, request) => {
    const answer = await send({ to: friend.number, ...request });
    expect([answer.status, answer.body.code]).toEqual([400, 'VALIDATION']);
  });
});

test('the caller’s own id of WhatsApp belongs to one message (MR-011)', async () => {
  const waMessageId = `3EB0${Date.now().toString(16).toUpperCase()}ABCDEF`;
  const request = { to: friend.number, message: 'under my own id', waMessageId };
  const first = await send(request);
  expect(first.body.data).toMatchObject({ waMessageId, status: 'sent' });
  expect((await shown(friend, waMessageId)).text).toBe('under my own id');
  const again = await send(request);
  expect([again.status, again.body.data.messageId]).toEqual([200, first.body.data.messageId]);
  for (const changed of [{ message: 'another' }, { to: other.number }]) {
    const refused = await send({ ...request, ...changed });
    expect([refused.status, refused.body.code]).toEqual([409, 'WA_MESSAGE_ID_TAKEN']);
  }
  const ofApi = (await send({ to: friend.number, message: 'made here' })).body.data.waMessageId;
  expect((await send({ ...request, waMessageId: ofApi })).body.code).toBe('WA_MESSAGE_ID_TAKEN');
  expect((await send({ ...request, waMessageId: 'short' })).body.code).toBe('VALIDATION');
  const shows = (await system().sandbox.inbox(friend.number)).filter(({ id }) => id === waMessageId);
  expect(shows).toMatchObject([{ wireCount: 1 }]);
});

describe('forwarding (MR-011)', () => {
  const forward = (messageId: string, body: Record<string, unknown>): Promise<Answer> =>
    session.api.call(`/api/messages/${messageId}/forward?timeoutMs=25000`, { method: 'POST', json: body });

  async function received(request: Record<string, unknown>) {
    const { id } = await system().sandbox.send(friend.number, { to: session.phone.number, type: 'text', ...request });
    const { data } = await webhook.waitForEvent('message.received', (event) => event.data.waMessageId === id);
    return String(data.messageId);
  }

  test.each([
    ['a text', { text: 'tell others 👋' }, { forwardingScore: 1 }],
    ['a text that was forwarded before', { text: 'again', forwarded: 4 }, { forwardingScore: 5 }],
    ['a place', { type: 'location', latitude: 1.5, longitude: 2.5, name: 'There' }, { latitude: 1.5, name: 'There' }],
    ['a poll', { type: 'poll', name: 'Lunch?', options: ['Yes', 'No'] }, { options: ['Yes', 'No'] }],
  ])('%s of the other side is marked, and says the same', async (_, request, details) => {
    const messageId = await received(request);
    const { status, body } = await forward(messageId, { to: other.number });
    expect([status, body.data?.status], JSON.stringify(body)).toEqual([200, 'sent']);
    const seen = await shown(other, body.data.waMessageId);
    expect(seen).toMatchObject({ details: { forwarded: true, ...details } });
    if ('text' in request) expect(seen.text).toBe(request.text);
    const stored = await messageOf(body.data.messageId);
    expect(stored.forwardedCount).toBe(('forwarded' in request ? request.forwarded : 0) + 1);
  });

  test('the account’s own words are not marked; neither quote nor mention goes along', async () => {
    const quoted = await received({ text: 'the question' });
    const own = await send({ to: friend.number, message: 'mine', replyTo: quoted });
    const { body } = await forward(own.body.data.messageId, { to: other.number });
    const { text, details } = await shown(other, body.data.waMessageId);
    expect([text, details.forwarded, details.quoted]).toEqual(['mine', undefined, undefined]);
  });

  test('once for a clientMessageId; deleted ones and those of others are refused', async () => {
    const messageId = await received({ text: 'once' });
    const request = { to: other.number, clientMessageId: 'forward-1' };
    const [first, again] = [await forward(messageId, request), await forward(messageId, request)];
    expect(again.body.data.messageId).toBe(first.body.data.messageId);
    const another = await received({ text: 'once' });
    expect((await forward(another, request)).body.code).toBe('IDEMPOTENCY_MISMATCH');

    const gone = (await send({ to: friend.number, message: 'gone' })).body.data.messageId;
    await session.api.call(`/api/messages/${gone}?timeoutMs=25000`, { method: 'DELETE' });
    expect((await forward(gone, { to: other.number })).body.code).toBe('MESSAGE_DELETED');
    const stranger = await registerTenant(system());
    const theirs = await stranger.api.call<{ code: string }>(`/api/messages/${messageId}/forward`, {
      method: 'POST',
      json: { to: other.number },
    });
    expect([theirs.status, theirs.body.code]).toEqual([404, 'MESSAGE_NOT_FOUND']);
  });
});

expectSoundSystem(system);
