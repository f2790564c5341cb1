import {
  ERRORS,
  KIND_NAMES,
  kindOf,
  MESSAGE_TYPES,
  type Message,
  type OutboundRequest,
  storedOf,
} from '@wa-gate/contracts';
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
import type { WebhookReceiver } from '../harness/webhook-receiver.ts';

/** Checks the registry of kinds from the API to a phone, and from a phone to the API. */
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

const messageOf = (id: string): Promise<Message> => session.api.data(`/api/messages/${id}`);

/** The message as the phone of the other side shows it, by its id at WhatsApp. */
const shownAs = (waMessageId: string) =>
  waitFor(async () => (await system().sandbox.inbox(friend.number)).find(({ id }) => id === waMessageId), {
    what: `${waMessageId} at the phone`,
  });

describe.each(KIND_NAMES)('%s', (kind) => {
  const { examples, files } = kindOf(kind);
  // The addresses of files in examples lead nowhere: media.test.ts sends files.
  const accepted = files ? [] : examples.filter(({ refused }) => refused === undefined);
  const refused = examples.filter((example) => example.refused !== undefined);

  test.each(accepted)('from the API to a phone: $request (MR-011)', async ({ request }) => {
    const { text = null, content } = storedOf({ type: kind, ...request } as OutboundRequest);
    const answer = await session.api.send(
      session.sessionId,
      { to: friend.number, type: kind, ...request },
      { wait: 'sent' },
    );
    expect([answer.status, answer.body.data?.status]).toEqual([200, 'sent']);
    const { messageId, waMessageId } = answer.body.data;

    const shown = await shownAs(waMessageId);
    expect(shown).toMatchObject({ type: kind, fromMe: false, details: content ?? {}, wireCount: 1 });
    if (text !== null) expect(shown.text).toBe(text);

    const message = await messageOf(messageId);
    expect(message).toMatchObject({ direction: 'outbound', type: kind, text, waMessageId });
    expect(message.content).toEqual(content);
  });

  test.each(accepted)('from a phone to the API and the webhook: $request (MR-060)', async ({ request }) => {
    const { text = null, content } = storedOf({ type: kind, ...request } as OutboundRequest);
    const { id } = await system().sandbox.send(friend.number, { to: session.phone.number, type: kind, ...request });

    const { data } = await webhook.waitForEvent('message.received', (event) => event.data.waMessageId === id);
    expect(data).toMatchObject({ type: kind, fromMe: false });
    expect([data.text ?? null, data.content]).toEqual([text, content]);

    const message = await messageOf(data.messageId as string);
    expect(message).toMatchObject({ direction: 'inbound', type: kind, text, waMessageId: id });
    expect(message.content).toEqual(content);
  });

  test.each(refused)('is refused with $refused and stored nowhere: $request', async ({ request, refused: code }) => {
    const rows = async () => {
      const { pool } = system().services;
      const { rows: found } = await pool.query<{ messages: string; outbox: string }>(
        'SELECT (SELECT count(*) FROM messages) AS messages, (SELECT count(*) FROM outbox) AS outbox',
      );
      return found[0];
    };
    const before = await rows();
    const answer = await session.api.call<{ code: string }>(`/api/sessions/${session.sessionId}/send`, {
      method: 'POST',
      json: { to: friend.number, type: kind, ...request },
    });
    expect([answer.status, answer.body.code]).toEqual([ERRORS[code!].status, code]);
    expect(await rows()).toEqual(before);
  });
});

test('the phones of the sandbox have every kind of the API, and no other type of message that the API does not know', async () => {
  const kinds = await system().sandbox.kinds();
  const lacking = KIND_NAMES.filter((kind) => !kinds.includes(kind));
  expect(lacking, 'kinds that apps/sandbox/src/phone/kinds lacks').toEqual([]);
  const changes = ['answer', 'edit', 'keep', 'pin', 'revoke', 'timer', 'vote'];
  expect(kinds.filter((kind) => !(MESSAGE_TYPES as readonly string[]).includes(kind)).sort()).toEqual(changes);
});

expectSoundSystem(system);
