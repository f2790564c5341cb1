import {
  type InputOf,
  OPERATION_NAMES,
  OPERATIONS,
  type OperationName,
  operationOf,
  type SessionStatusReport,
} from '@wa-gate/contracts';
import { Value } from 'typebox/value';
import { beforeAll, describe, expect, test } from 'vitest';
import type { HttpAnswer } from '../harness/http.ts';
import {
  addPhone,
  type PairedSession,
  pairSession,
  readQr,
  registerTenant,
  type Tenant,
  uniqueName,
  waitForStatus,
} from '../harness/pair-session.ts';
import type { Phone, PhoneMessage } from '../harness/sandbox-client.ts';
import { expectSoundSystem, useSystem } from '../harness/use-system.ts';
import { waitFor } from '../harness/wait-for.ts';

/**
 * Calls each operation of the registry with its examples, on a session that is linked to a phone of the sandbox, and
 * checks its effect there.
 */
const system = useSystem({ workers: 1 });
let tenant: Tenant;
let session: PairedSession;
let friend: Phone;

beforeAll(async () => {
  tenant = await registerTenant(system());
  session = await pairSession(system(), tenant);
  friend = await addPhone(system(), 'Friend');
  // The first message of the phone brings the name of the account, which presences need.
  await system().sandbox.sendText(session.phone.number, friend.number, 'Hello.');
  await system().sandbox.watchPresence(friend.number, session.phone.number);
});

interface Data {
  data: unknown;
}

/** How the effect of an operation is checked, and on which session it is called. */
interface Proof<N extends OperationName> {
  /** @default the linked one */
  on?: () => Promise<string>;
  /** The query, where it is not the input. */
  query?: () => Record<string, string>;
  /** The body, where it is not the input. */
  body?: (input: InputOf<N>) => Promise<Record<string, unknown>>;
  seen(input: InputOf<N>, data: unknown, sessionId: string): Promise<unknown>;
}

async function newSession(): Promise<string> {
  const sessionId = uniqueName('fresh');
  await tenant.api.createSession({ sessionId });
  await readQr(system(), tenant.api, sessionId);
  return sessionId;
}

const newlyPaired = async (): Promise<string> => (await pairSession(system(), tenant)).sessionId;

/** A text of the other side, by our id and by that of WhatsApp. */
async function said(text: string): Promise<{ messageId: string; id: string }> {
  const { id } = await system().sandbox.sendText(friend.number, session.phone.number, text);
  const found = await waitFor(
    async () => (await session.api.messages(session.sessionId)).find(({ waMessageId }) => waMessageId === id),
    { what: `${text} in the list` },
  );
  return { messageId: found.id, id };
}
let latest: Awaited<ReturnType<typeof said>>;
const onSaid = async () => {
  latest = await said('to be acted on');
  return { messageIds: [latest.messageId] };
};
const inTheChat = async () => {
  latest = await said('the last one');
  return { chat: `+${friend.number}` };
};
const shownBy = (phone: Phone, what: string, fits: (message: PhoneMessage) => boolean) =>
  waitFor(
    async () => (await system().sandbox.inbox(phone.number)).some((each) => each.id === latest.id && fits(each)),
    {
      what,
    },
  );
const isConfirmed = (as: 'read' | 'played') => (message: PhoneMessage) =>
  message.receipts[as].some((device) => device.startsWith(session.phone.number));
const isMarked = (isMarkedUnread: boolean) =>
  waitFor(
    async () =>
      (await system().sandbox.chats(session.phone.number)).some(
        (each) => each.chat === friend.number && each.isMarkedUnread === isMarkedUnread,
      ),
    { what: `the chat marked as ${isMarkedUnread ? 'unread' : 'read'}` },
  );

/** Does not compile while an operation has no proof. */
const PROOFS: { [N in OperationName]: Proof<N> } = {
  'sessions.qr': {
    on: newSession,
    async seen(_input, data, sessionId) {
      const phone = await addPhone(system());
      await system().sandbox.scan(phone.number, (data as { qr: string }).qr);
      await waitForStatus(tenant.api, sessionId, 'connected');
    },
  },
  'sessions.status': {
    seen: async (_input, data) =>
      expect(data).toMatchObject({ status: 'connected', phoneNumber: `+${session.phone.number}` }),
  },
  'sessions.health': { seen: async (_input, data) => expect(data).toMatchObject({ state: 'connected' }) },
  'sessions.pairingCode': {
    on: newSession,
    seen: async (_input, data) => expect(data).toMatchObject({ pairingCode: expect.stringMatching(/^\w{8}$/) }),
  },
  'sessions.restart': {
    on: newlyPaired,
    seen: (_input, _data, sessionId) => waitForStatus(tenant.api, sessionId, 'connected'),
  },
  'sessions.logout': {
    on: newlyPaired,
    seen: async (_input, _data, sessionId) =>
      waitFor(
        async () => {
          const status = await tenant.api.data<SessionStatusReport>(`/api/sessions/${sessionId}/status`);
          return status.state === 'logged_out';
        },
        { what: 'the session to be logged out' },
      ),
  },
  'sessions.delete': {
    on: newlyPaired,
    async seen(_input, data, sessionId) {
      expect(data).toMatchObject({ deleted: true, unlinked: true });
      expect((await tenant.api.call(`/api/sessions/${sessionId}`)).status).toBe(404);
    },
  },
  'contacts.check': {
    query: () => ({ numbers: `+${friend.number},+15550009999` }),
    seen: async (_input, data) =>
      expect(data).toMatchObject({
        numbers: [
          { number: `+${friend.number}`, isOnWhatsApp: true, jid: `${friend.number}@s.whatsapp.net` },
          { number: '+15550009999', isOnWhatsApp: false, jid: null },
        ],
      }),
  },
  'contacts.profile': {
    query: () => ({ contact: `+${friend.number}` }),
    async seen(_input, data) {
      const person = { phoneNumber: `+${friend.number}`, pictureUrl: null, isBusiness: false, business: null };
      expect(data).toMatchObject({ ...person, ageSeconds: 0 });
    },
  },
  'contacts.lid': {
    query: () => ({ phoneNumber: `+${friend.number}` }),
    seen: async (_input, data) =>
      expect(data).toMatchObject({ phoneNumber: `+${friend.number}`, lid: expect.stringMatching(/^\d+@lid$/) }),
  },
  'messages.markRead': {
    body: onSaid,
    seen: () => shownBy(friend, 'the blue tick', isConfirmed('read')),
  },
  'messages.markPlayed': {
    body: onSaid,
    seen: () => shownBy(friend, 'the blue microphone', isConfirmed('played')),
  },
  'messages.star': {
    body: async ({ isStarred }) => ({ ...(await onSaid()), isStarred }),
    seen: ({ isStarred }) =>
      shownBy(session.phone, 'the star, or none', ({ changed }) => changed.isStarred === isStarred),
  },
  'messages.deleteForMe': {
    body: onSaid,
    async seen() {
      await shownBy(session.phone, 'the message hidden', ({ changed }) => changed.isHidden);
      await shownBy(friend, 'the message of the other side', ({ changed }) => !changed.isHidden && !changed.isDeleted);
    },
  },
  'chats.markRead': {
    body: inTheChat,
    async seen() {
      await isMarked(false);
      await shownBy(friend, 'the blue tick', isConfirmed('read'));
    },
  },
  'chats.markUnread': { body: inTheChat, seen: () => isMarked(true) },
  'presence.set': {
    seen: ({ state }) =>
      waitFor(
        async () => {
          const seen = await system().sandbox.seenPresence(friend.number);
          return seen.some((shown) => shown.state === state && shown.from.startsWith(session.phone.number));
        },
        { what: `the phone of the other side to show ${state}` },
      ),
  },
};

/** The same input with the phone of this run as the recipient. */
function given(name: OperationName, example: object): Record<string, unknown> {
  const fields = Object.entries(operationOf(name).input);
  const recipients = fields.filter(([, schema]) => (schema as { 'x-recipient'?: boolean })['x-recipient']);
  const names = new Set(recipients.map(([field]) => field));
  return Object.fromEntries(
    Object.entries(example).map(([field, value]) => [field, names.has(field) ? `+${friend.number}` : value]),
  );
}

function ask(name: OperationName, sessionId: string, input: Record<string, unknown>): Promise<HttpAnswer<Data>> {
  const { method, path } = operationOf(name);
  const url = `/api${path.replace(':id', sessionId)}`;
  const hasInput = Object.keys(input).length > 0;
  if (method === 'GET') {
    const query = new URLSearchParams(input as Record<string, string>).toString();
    return tenant.api.call<Data>(hasInput ? `${url}?${query}` : url);
  }
  return tenant.api.call<Data>(url, { method, ...(hasInput && { json: input }) });
}

describe.each(OPERATION_NAMES)('%s (MR-014)', (name) => {
  test.each(operationOf(name).examples.map((example) => [example]))('%j', async (example) => {
    const input = given(name, example);
    const proof = PROOFS[name] as Proof<OperationName>;
    const sessionId = (await proof.on?.()) ?? session.sessionId;
    const own = await proof.body?.(input as InputOf<OperationName>);
    const { status, body } = await waitFor(
      async () => {
        const answer = await ask(name, sessionId, proof.query?.() ?? own ?? input);
        // 409 and 503: WhatsApp has not sent something yet, such as the name of the account.
        return [409, 503].includes(answer.status) ? undefined : answer;
      },
      { what: `${name} to be possible` },
    );
    expect(status, JSON.stringify(body)).toBe(200);
    const { data, answer } = operationOf(name);
    expect([...Value.Errors(data ?? answer, body.data)]).toEqual([]);
    await proof.seen(input as InputOf<OperationName>, body.data, sessionId);
  });
});

test('every operation has its own name, and its own method and path', () => {
  const routes = Object.values(OPERATIONS).map(({ method, path }) => `${method} ${path}`);
  expect(new Set(routes).size).toBe(OPERATION_NAMES.length);
});

expectSoundSystem(system);
