import type { ListCallsResult, LoggedEvent } from '@wa-gate/contracts';
import { beforeAll, expect, test } from 'vitest';
import { addPhone, type PairedSession, pairSession, registerTenant, type Tenant } from '../harness/pair-session.ts';
import type { Phone } from '../harness/sandbox-client.ts';
import { expectSoundSystem, useSystem } from '../harness/use-system.ts';
import { waitFor } from '../harness/wait-for.ts';

/** The settings of a session, and what the account hides or blocks, as phones and events show it. */
const system = useSystem({ workers: 1 });
let tenant: Tenant;
let session: PairedSession;
let friend: Phone;
/** When the settings were changed, in milliseconds since 1970. */
let since: number;

const sandbox = () => system().sandbox;
const path = (rest = '') => `/api/sessions/${session.sessionId}${rest}`;
const reply = 'Nobody answers calls here. Please write.';
const settings = {
  ignore: ['groups'],
  autoRead: true,
  alwaysOnline: true,
  metadata: { tenant: 'acme' },
  calls: { reject: true, reply, hours: null },
};
const set = (changed: object) => tenant.api.data(path(), { method: 'PATCH', json: { settings: changed } });
const texts = async () => (await tenant.api.messages(session.sessionId)).map(({ text }) => text);
const seenByFriend = (what: string, fits: (message: { text: string | null; id: string }) => boolean) =>
  waitFor(async () => (await sandbox().inbox(friend.number)).find(fits), { what });
const hasReceipt = async (id: string, as: 'delivered' | 'read') =>
  (await sandbox().inbox(friend.number)).some(
    (message) => message.id === id && message.receipts[as].some((device) => device.startsWith(session.phone.number)),
  );

beforeAll(async () => {
  tenant = await registerTenant(system());
  session = await pairSession(system(), tenant);
  friend = await addPhone(system(), 'Friend');
  await sandbox().watchPresence(friend.number, session.phone.number);
  // The first message of the phone brings the name of the account, without which nobody is shown online.
  await sandbox().sendText(session.phone.number, friend.number, 'Hello.');
  await waitFor(async () => (await texts()).includes('Hello.'), { what: 'the name of the account' });
  since = Date.now();
  await set(settings);
  const isRead = async () => {
    const { id } = await sandbox().sendText(friend.number, session.phone.number, 'Do the settings count?');
    const read = waitFor(() => hasReceipt(id, 'read'), { what: 'the blue tick', timeoutMs: 2_000 });
    return await read.then(
      () => true,
      () => false,
    );
  };
  await waitFor(isRead, { what: 'the settings to count' });
});

test('the account is shown online as long as the session is connected (MR-014)', () =>
  waitFor(
    async () =>
      (await sandbox().seenPresence(friend.number)).some(({ state, at }) => state === 'available' && at >= since),
    {
      what: 'the friend to see the account online',
      timeoutMs: 90_000,
    },
  ));

test('messages of ignored chats are as if they had not come, and their senders get the receipt (MR-014)', async () => {
  const group = await sandbox().createGroup({
    owner: friend.number,
    subject: 'Loud',
    participants: [session.phone.number],
  });
  const ignored = await sandbox().sendText(friend.number, group.id, 'to everybody');
  const direct = await sandbox().sendText(friend.number, session.phone.number, 'to you alone');
  await waitFor(async () => (await texts()).includes('to you alone'), { what: 'the message of the person' });
  await waitFor(() => hasReceipt(ignored.id, 'delivered'), { what: 'the receipt of the ignored message' });
  await waitFor(() => hasReceipt(direct.id, 'read'), { what: 'the blue tick without a call (autoRead)' });
  expect(await texts()).not.toContain('to everybody');
});

test('metadata of the session is in its events (MR-014)', async () => {
  const { events } = await tenant.api.data<{ events: LoggedEvent[] }>(path('/events'));
  expect(events.find(({ data }) => (data as { text?: string }).text === 'to you alone')?.metadata).toEqual({
    tenant: 'acme',
  });
});

test('a call is rejected and answered once, also when the worker dies and the call is told again (MR-014)', async () => {
  // Its acknowledgement is lost: it comes a second time, with the next connection.
  await sandbox().addFault({ kind: 'redeliver', phone: session.phone.number, stanza: 'call', ms: 600_000 });
  const { id } = await sandbox().call(friend.number, session.phone.number, { ringMs: 60_000 });
  await seenByFriend('the automatic answer', ({ text }) => text === reply);
  expect(await sandbox().callStatus(id)).toBe('rejected');
  expect(await sandbox().waitingStanzas(session.phone.number)).toBeGreaterThan(0);
  await system().restart('worker-1', 'SIGKILL');
  await waitFor(async () => (await sandbox().waitingStanzas(session.phone.number)) === 0, {
    what: 'the second offer to be confirmed',
    timeoutMs: 90_000,
  });
  const { calls } = await waitFor(
    async () => {
      const listed = await tenant.api.data<ListCallsResult>(path('/calls'));
      return listed.calls.length > 0 && listed;
    },
    { what: 'the log of calls' },
  );
  expect(calls).toMatchObject([
    { callId: id, status: 'rejected', rejectedBy: 'auto', caller: { phoneNumber: `+${friend.number}` } },
  ]);
  const again = await tenant.api.call<{ code: string }>(path(`/calls/${id}/reject`), { method: 'POST' });
  expect([again.status, again.body.code]).toEqual([404, 'CALL_NOT_FOUND']);
  await sandbox().sendText(friend.number, session.phone.number, 'after the restart');
  await waitFor(async () => (await texts()).includes('after the restart'), { what: 'the session to go on' });
  expect((await sandbox().inbox(friend.number)).filter(({ text }) => text === reply)).toHaveLength(1);
});

test('with read receipts off, the senders do not learn what is read (MR-014)', async () => {
  await set({ autoRead: false, readReceipts: false });
  /** Whether the friend sees that a message was read; its later receipts come after that one. */
  const showsReading = async () => {
    const { id } = await sandbox().sendText(friend.number, session.phone.number, 'read me');
    const found = await waitFor(
      async () => (await tenant.api.messages(session.sessionId)).find(({ waMessageId }) => waMessageId === id),
      { what: 'the message' },
    );
    await tenant.api.data(path('/messages/read'), { method: 'POST', json: { messageIds: [found.id] } });
    const next = await sandbox().sendText(friend.number, session.phone.number, 'and the next');
    await waitFor(() => hasReceipt(next.id, 'delivered'), { what: 'the receipts before it' });
    return hasReceipt(id, 'read');
  };
  // A change of the settings counts within three seconds.
  await waitFor(async () => !(await showsReading()), { what: 'a message that was read without a blue tick' });
});

test('whom the account has blocked, it does not hear; what a person hides, it does not see (MR-014)', async () => {
  const contact = `+${friend.number}`;
  await tenant.api.data(path('/blocklist/block'), { method: 'POST', json: { contact } });
  await sandbox().sendText(friend.number, session.phone.number, 'can you hear me');
  await tenant.api.data(path('/blocklist/unblock'), { method: 'POST', json: { contact } });
  await sandbox().sendText(friend.number, session.phone.number, 'and now');
  await waitFor(async () => (await texts()).includes('and now'), { what: 'the message after unblocking' });
  expect(await texts()).not.toContain('can you hear me');
  await sandbox().updatePhone(friend.number, { about: 'Secret', privacy: { status: 'contacts' } });
  const about = () => tenant.api.data<{ about: string | null }>(path(`/contacts/about?contact=%2B${friend.number}`));
  expect((await about()).about).toBeNull();
  await sandbox().saveContact(friend.number, session.phone.number, 'My account');
  expect((await about()).about).toBe('Secret');
});

expectSoundSystem(system);
