import { randomBytes } from 'node:crypto';
import { KIND_NAMES, MESSAGE_TYPES, type Message } from '@wa-gate/contracts';
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
import type { WebhookReceiver } from '../harness/webhook-receiver.ts';

/** What can only be received: each form as a phone sends it, and as the webhook and the API show it. */
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

type Sent = { type: string; [field: string]: unknown };
const send = (message: Sent) => system().sandbox.send(friend.number, { to: session.phone.number, ...message });

/** The event of a message, and the message in the list. */
async function arrived(event: string, id: string) {
  const { data } = await webhook.waitForEvent(event, (each) => each.data.waMessageId === id);
  const message: Message = await session.api.data(`/api/messages/${String(data.messageId)}`);
  return { data, message };
}

const seller = () => friend.jid;
const BUTTONS = [
  { id: 'a', text: 'Yes' },
  { text: 'Look', url: 'https://example.com/' },
  { text: 'Call', phoneNumber: '+15551234567' },
];

const FORMS: [name: string, sent: Sent, expected: () => { text?: string; content?: object }][] = [
  [
    'a button that was pressed',
    { type: 'buttonReply', buttonId: 'yes', text: 'Yes' },
    () => ({ text: 'Yes', content: { buttonId: 'yes' } }),
  ],
  [
    'a button of a template',
    { type: 'buttonReply', buttonId: 'yes', text: 'Yes', of: 'template' },
    () => ({ text: 'Yes', content: { buttonId: 'yes', index: 1 } }),
  ],
  [
    'a button of an interactive message',
    { type: 'buttonReply', buttonId: 'yes', text: 'Yes', of: 'interactive' },
    () => ({ text: 'Yes', content: { buttonId: 'yes', flow: 'quick_reply', params: { id: 'yes' } } }),
  ],
  [
    'a row that was chosen',
    { type: 'listReply', rowId: 'm', text: 'Margherita', description: 'Tomatoes' },
    () => ({ text: 'Margherita', content: { rowId: 'm', description: 'Tomatoes' } }),
  ],
  [
    'an order',
    {
      type: 'order',
      orderId: '4711',
      token: 'dG9rZW4=',
      title: 'Order',
      text: 'Please soon',
      itemCount: 3,
      total: 12.5,
      currency: 'EUR',
    },
    () => ({
      text: 'Please soon',
      content: {
        orderId: '4711',
        token: 'dG9rZW4=',
        title: 'Order',
        itemCount: 3,
        total: 12.5,
        currency: 'EUR',
        seller: seller(),
        orderStatus: 'inquiry',
      },
    }),
  ],
  [
    'a product',
    {
      type: 'product',
      productId: 'p1',
      title: 'Chair',
      description: 'Of wood',
      price: 99.99,
      currency: 'EUR',
      url: 'https://example.com/p1',
    },
    () => ({
      content: {
        productId: 'p1',
        title: 'Chair',
        description: 'Of wood',
        price: 99.99,
        currency: 'EUR',
        url: 'https://example.com/p1',
        imageCount: 0,
        seller: seller(),
      },
    }),
  ],
  [
    'a message of a business with buttons',
    { type: 'interactive', text: 'Choose', title: 'Shop', footer: 'Ltd', buttons: BUTTONS },
    () => ({
      text: 'Choose',
      content: {
        title: 'Shop',
        footer: 'Ltd',
        buttons: [
          { flow: 'quick_reply', id: 'a', text: 'Yes' },
          { flow: 'cta_url', text: 'Look', url: 'https://example.com/' },
          { flow: 'cta_call', text: 'Call', phoneNumber: '+15551234567' },
        ],
      },
    }),
  ],
  [
    'a message from a template',
    { type: 'template', text: 'Your order', title: 'Shop', templateId: 't1', buttons: BUTTONS },
    () => ({ text: 'Your order', content: { templateId: 't1', title: 'Shop', buttons: BUTTONS } }),
  ],
  ['a request for the phone number', { type: 'phoneNumberRequest' }, () => ({})],
];

const FILES: [name: string, sent: Sent, content: object][] = [
  ['a picture', { type: 'image', caption: 'Look', width: 3, height: 4 }, { width: 3, height: 4 }],
  ['a video', { type: 'video', caption: 'Watch', seconds: 2 }, { seconds: 2 }],
  ['a GIF', { type: 'video', gif: true }, { gif: true }],
  ['a video note', { type: 'video', note: true, seconds: 3 }, { videoNote: true, seconds: 3 }],
  ['a sound', { type: 'audio', seconds: 4 }, { seconds: 4 }],
  ['a voice note', { type: 'audio', voice: true, seconds: 5 }, { voice: true, seconds: 5 }],
  ['a document', { type: 'document', fileName: '請求書 📄.pdf', caption: 'Due' }, { fileName: '請求書 📄.pdf' }],
  ['a sticker', { type: 'sticker' }, {}],
  ['a sticker that moves', { type: 'sticker', animated: true }, { animated: true }],
  ['a picture that is seen once', { type: 'image', viewOnce: true }, {}],
];

test.each(FILES)(
  '%s of a phone comes with what is said of it, and byte for byte (MR-060)',
  async (_, sent, content) => {
    const bytes = randomBytes(2_000);
    const { id } = await send({ ...sent, data: bytes.toString('base64') });
    const { data, message } = await arrived('media.ready', id);
    const { type, caption: text = null, viewOnce = false } = sent;
    expect(message).toMatchObject({ direction: 'inbound', type, text, content: { size: bytes.length, ...content } });
    expect(message.viewOnce ?? false).toBe(viewOnce);
    const { mediaId } = data.media as { mediaId: string };
    const { body } = await session.api.call<Buffer>(`/api/media/${mediaId}/content`);
    expect(body.equals(bytes)).toBe(true);
  },
);

describe('what can only be received (MR-060)', () => {
  test.each(FORMS)('%s', async (_, sent, expected) => {
    const { text, content } = expected();
    const { data, message } = await arrived('message.received', (await send(sent)).id);
    expect([data.type, data.text, data.content]).toEqual([sent.type, text, content]);
    expect([message.type, message.text, message.content]).toEqual([sent.type, text ?? null, content]);
  });

  test('what a reply answers is its quoted message', async () => {
    const asked = await session.api.send(
      session.sessionId,
      { to: friend.number, type: 'buttons', text: 'Sure?', buttons: [{ id: 'yes', text: 'Yes' }] },
      { wait: 'delivered' },
    );
    const { messageId, waMessageId } = asked.body.data;
    const { id } = await send({ type: 'buttonReply', buttonId: 'yes', text: 'Yes', replyTo: waMessageId });
    const { data } = await arrived('message.received', id);
    expect(data.replyTo).toMatchObject({ messageId, waMessageId });
  });

  test.each([
    [1, { selectableCount: 2 }],
    [2, { announcement: true }],
    [3, {}],
    [4, {}],
    [5, {}],
  ])('a poll of form %i', async (version, more) => {
    const { id } = await send({ type: 'poll', name: 'Tea?', options: ['Yes', 'No'], version, ...more });
    const { data } = await arrived('message.received', id);
    const content = { options: ['Yes', 'No'], selectableCount: 1, ...more };
    expect([data.type, data.text, data.content]).toEqual(['poll', 'Tea?', content]);
  });

  test('a quiz, an event that was called off, and a live location', async () => {
    const quiz = await send({ type: 'poll', name: '1+1', options: ['2', '3'], correctAnswer: '2' });
    expect((await arrived('message.received', quiz.id)).data.content).toMatchObject({ quiz: true, correctAnswer: '2' });
    const off = await send({ type: 'event', name: 'Dinner', startTime: '2026-12-24T18:00:00Z', canceled: true });
    expect((await arrived('message.received', off.id)).data.content).toMatchObject({ canceled: true });
    const live = await send({ type: 'location', latitude: 1.5, longitude: 2.5, live: true, accuracyMeters: 12 });
    const { data } = await arrived('message.received', live.id);
    expect([data.type, data.content]).toEqual([
      'location',
      { latitude: 1.5, longitude: 2.5, live: true, accuracyMeters: 12 },
    ]);
  });

  test.each([
    'ephemeralMessage',
    'viewOnceMessage',
    'viewOnceMessageV2',
    'viewOnceMessageV2Extension',
    'documentWithCaptionMessage',
    'groupMentionedMessage',
    'lottieStickerMessage',
    'botInvokeMessage',
  ])('what is in the envelope %s', async (envelope) => {
    const { id } = await send({ type: 'text', text: 'inside', envelope });
    expect((await arrived('message.received', id)).data).toMatchObject({ type: 'text', text: 'inside' });
  });

  test.each([
    ['that the protobuf knows and we do not', {}, 'paymentInviteMessage'],
    ['of a later protobuf, which decodes to nothing', { newer: true }, 'newer'],
  ])('a form %s is message.unsupported, and no empty message.received', async (_, more, kind) => {
    const { id } = await send({ type: 'unknown', ...more });
    const { data } = await arrived('message.unsupported', id);
    expect(data).toMatchObject({ type: 'unknown', content: { kind } });
    expect(webhook.eventsOf(String(data.messageId))).toEqual(['message.unsupported']);
  });

  test('nothing that came is empty', () => {
    const empty = webhook.events.filter(
      ({ event, data }) =>
        event === 'message.received' && !data.text && !data.content && data.type !== 'phoneNumberRequest',
    );
    expect(empty).toEqual([]);
  });
});

test('every type of message of the API that is no kind to send is one that phones send in these tests', async () => {
  const kinds = [...KIND_NAMES, ...(await system().sandbox.kinds())];
  expect(MESSAGE_TYPES.filter((type) => !kinds.includes(type))).toEqual(['system']);
});

expectSoundSystem(system);
