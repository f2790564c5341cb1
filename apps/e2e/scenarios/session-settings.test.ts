import { startTestProxy, type TestProxy } from '@wa-gate/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  addPhone,
  type PairedSession,
  pairSession,
  registerTenant,
  subscribe,
  type Tenant,
  waitForStatus,
} from '../harness/pair-session.ts';
import type { Phone } from '../harness/sandbox-client.ts';
import { expectSoundSystem, useSystem } from '../harness/use-system.ts';
import { waitFor } from '../harness/wait-for.ts';

// Proxies of the tests are on this machine.
const environment = { PROXY_ALLOW_PRIVATE: 'true' };
/** The settings of a session, and what the account hides or blocks, as phones and events show it. */
const system = useSystem({ workers: 1, env: { gateway: environment, worker: environment } });
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
const set = (changed: object) => tenant.api.wa.sessions.update({ id: session.sessionId, body: { settings: changed } });
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
  const { events } = await tenant.api.wa.events.listOfSession({ id: session.sessionId });
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
      const listed = await tenant.api.wa.calls.list({ id: session.sessionId });
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
    await tenant.api.wa.messages.markRead({ id: session.sessionId, body: { messageIds: [found.id] } });
    const next = await sandbox().sendText(friend.number, session.phone.number, 'and the next');
    await waitFor(() => hasReceipt(next.id, 'delivered'), { what: 'the receipts before it' });
    return hasReceipt(id, 'read');
  };
  // A change of the settings counts within three seconds.
  await waitFor(async () => !(await showsReading()), { what: 'a message that was read without a blue tick' });
});

test('whom the account has blocked, it does not hear; what a person hides, it does not see (MR-014)', async () => {
  const contact = `+${friend.number}`;
  await tenant.api.wa.blocklist.block({ id: session.sessionId, body: { contact } });
  await sandbox().sendText(friend.number, session.phone.number, 'can you hear me');
  await tenant.api.wa.blocklist.unblock({ id: session.sessionId, body: { contact } });
  await sandbox().sendText(friend.number, session.phone.number, 'and now');
  await waitFor(async () => (await texts()).includes('and now'), { what: 'the message after unblocking' });
  expect(await texts()).not.toContain('can you hear me');
  await sandbox().updatePhone(friend.number, { about: 'Secret', privacy: { status: 'contacts' } });
  const about = () => tenant.api.wa.contacts.about({ id: session.sessionId, contact: `+${friend.number}` });
  expect((await about()).about).toBeNull();
  await sandbox().saveContact(friend.number, session.phone.number, 'My account');
  expect((await about()).about).toBe('Secret');
});

describe('how a session connects (MR-014)', () => {
  const proxies: TestProxy[] = [];
  const proxied: PairedSession[] = [];
  afterAll(() => Promise.all(proxies.map((proxy) => proxy.stop())));

  const proxyOf = ({ sessionId }: PairedSession) => tenant.api.wa.sessions.getProxy({ id: sessionId });
  const restart = ({ sessionId }: PairedSession) => tenant.api.wa.sessions.restart({ id: sessionId });
  /** Logins of the account at the sandbox since a time. */
  const loginsOf = async ({ phone }: PairedSession, from: number) =>
    (await sandbox().wireStreams()).filter(
      ({ device, openedAt }) => device?.startsWith(phone.number) && openedAt >= from,
    ).length;

  test.each(['http', 'socks5'] as const)(
    'through a proxy of the kind %s: messages and files; away, nothing goes around it; then all goes on, linked again too',
    { timeout: 240_000 },
    async (protocol) => {
      const own = await pairSession(system(), tenant);
      proxied.push(own);
      const webhook = await subscribe(tenant, own.sessionId);
      const proxy = await startTestProxy({ protocol, credentials: { username: 'ann', password: `pass-${protocol}` } });
      proxies.push(proxy);
      system().secrets.add(`pass-${protocol}`);
      const { wsUrl, mediaHost } = await sandbox().info();
      const began = Date.now();
      await tenant.api.wa.sessions.setProxy({ id: own.sessionId, body: { url: proxy.url } });
      await waitFor(async () => (await proxyOf(own)).lastUsedAt, { what: 'a login through the proxy' });
      await waitForStatus(tenant.api, own.sessionId, 'connected');
      expect(await proxyOf(own)).toMatchObject({ source: 'session', hasCredentials: true, lastError: null });

      const file = Buffer.from(`A file by ${protocol}.`);
      const document = { type: 'document', fileName: 'a.txt', media: { base64: file.toString('base64') } };
      const sent = await own.api.send(own.sessionId, { to: friend.number, ...document }, { wait: 'delivered' });
      expect(sent.body.data).toMatchObject({ status: 'delivered' });
      expect(await sandbox().file(friend.number, sent.body.data.waMessageId)).toEqual(file);
      const back = await sandbox().send(friend.number, {
        to: own.phone.number,
        type: 'document',
        fileName: 'b.txt',
        data: file.toString('base64'),
      });
      const { data } = await webhook.waitForEvent('media.ready', (event) => event.data.waMessageId === back.id);
      const { mediaId } = data.media as { mediaId: string };
      expect((await own.api.call<Buffer>(`/api/media/${mediaId}/content`)).body).toEqual(file);
      expect(proxy.asked).toContain(new URL(wsUrl).host);
      expect(proxy.asked.filter((host) => host === mediaHost).length, 'up and down').toBeGreaterThanOrEqual(2);

      await proxy.stop();
      const away = Date.now();
      const told = await waitFor(
        async () => {
          const session = await tenant.api.getSession(own.sessionId);
          return session.reason?.includes('proxy') && session;
        },
        { what: 'the reason' },
      );
      expect(told).toMatchObject({ status: 'reconnecting', reason: expect.stringMatching(/PUT .*\/proxy/) });
      await waitFor(async () => (await proxyOf(own)).lastError === 'it refuses connections', { what: 'the error' });
      const text = { to: friend.number, type: 'text', message: `Accepted while the proxy was away (${protocol}).` };
      const waiting = (await own.api.send(own.sessionId, text, { wait: 'queued' })).body.data;
      // Its next attempt, at least: the error has another time.
      const { lastErrorAt } = await proxyOf(own);
      await waitFor(async () => (await proxyOf(own)).lastErrorAt !== lastErrorAt, { what: 'another attempt' });
      expect(await loginsOf(own, away), 'logins around the proxy').toBe(0);
      expect(await own.api.wa.messages.get({ id: waiting.messageId })).toMatchObject({ status: 'queued' });

      // It comes back to a phone that has unlinked it meanwhile: what was accepted waits for the next link.
      const [device] = await sandbox().devices(own.phone.number);
      await sandbox().removeDevice(own.phone.number, device!.id);
      const asked = proxy.asked.length;
      await proxy.start();
      await waitFor(async () => (await tenant.api.getSession(own.sessionId)).state === 'logged_out', {
        what: 'the session to be logged out',
      });
      expect(proxy.asked.length).toBeGreaterThan(asked);
      const relink = await tenant.api.wa.sessions.relink({ id: own.sessionId, body: {} });
      expect(relink).toMatchObject({ expects: `+${own.phone.number}`, queued: 1 });
      system().secrets.add(relink.qr!);
      await sandbox().scan(own.phone.number, relink.qr!);
      await waitForStatus(tenant.api, own.sessionId, 'connected');
      await webhook.waitForEvent('message.delivered', (event) => event.data.messageId === waiting.messageId);
      expect((await sandbox().inbox(friend.number)).filter((shown) => shown.text === text.message)).toHaveLength(1);
      expect(await own.api.getSession(own.sessionId), 'by its key of before').toMatchObject({ status: 'connected' });
      expect(await proxyOf(own)).toMatchObject({ source: 'session', lastError: null });
      const wsAsked = proxy.asked.filter((host) => host === new URL(wsUrl).host).length;
      expect(await loginsOf(own, began)).toBeLessThanOrEqual(wsAsked);
      await webhook.close();
    },
  );

  test('a version is pinned; another one, which some sessions try, goes back by itself when WhatsApp refuses it', {
    timeout: 240_000,
  }, async () => {
    const [tries, stays] = proxied as [PairedSession, PairedSession];
    const { email, password } = system().admin;
    const { token } = await system().gateway.login(email, password);
    const admin = system().gateway.as(token);
    const set = (change: object) => admin.wa.whatsappVersion.set({ body: { network: 'sandbox', ...change } });
    const versions = () => admin.wa.whatsappVersion.get();
    const read = async () => (await versions()).networks.find(({ network }) => network === 'sandbox')!;
    const [pinned, old] = ['2.3000.1099999999', '2.3000.1000000001'];
    await set({ version: pinned });
    await Promise.all([restart(tries), restart(stays)]);
    await waitFor(
      async () => (await read()).inUse.find(({ version, sessions }) => version === pinned && sessions === 2),
      { what: 'both to log in with the version' },
    );
    const { sessions } = await admin.wa.adminSessions.list({ limit: 100 });
    const { id } = sessions.find(({ sessionId }) => sessionId === tries.sessionId)!;
    try {
      await set({ candidate: { version: old, percent: 0, sessionIds: [id] } });
      await sandbox().takeClientsFrom(pinned);
      await Promise.all([restart(tries), restart(stays)]);
      const after = await waitFor(async () => (await read()).rolledBack && (await read()), { what: 'the roll-back' });
      expect(after).toMatchObject({ version: pinned, candidate: null, rolledBack: { version: old } });
      for (const { sessionId } of [tries, stays]) await waitForStatus(tenant.api, sessionId, 'connected');
      expect((await read()).outdated).toBe(0);
    } finally {
      await sandbox().takeClientsFrom(null);
      await set({ version: null, candidate: null });
    }
  });
});

expectSoundSystem(system);
