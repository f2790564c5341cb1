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
import type { Phone, PhoneMessage, SandboxChannel } from '../harness/sandbox-client.ts';
import { SMALL_MP4, SMALL_PNG, smallWav } from '../harness/small-files.ts';
import { expectSoundSystem, useSystem } from '../harness/use-system.ts';
import { waitFor } from '../harness/wait-for.ts';
import type { WebhookReceiver } from '../harness/webhook-receiver.ts';

/** Posts of channels and status updates, both through the ordinary routes of messages; refusals of WhatsApp. */
const system = useSystem({ workers: 2 });
let tenant: Tenant;
let session: PairedSession;
let friend: Phone;
let other: Phone;
let stranger: Phone;
let webhook: WebhookReceiver;

beforeAll(async () => {
  tenant = await registerTenant(system());
  session = await pairSession(system(), tenant);
  friend = await addPhone(system(), 'Friend');
  other = await addPhone(system(), 'Other');
  stranger = await addPhone(system(), 'Stranger');
  webhook = await subscribe(tenant, session.sessionId);
});
afterAll(() => webhook?.close());

const sandbox = () => system().sandbox;
const call = (path: string, options?: object) =>
  session.api.call<{ code?: string; error?: string; data?: Record<string, unknown>; details?: unknown }>(
    `/api/sessions/${session.sessionId}${path}`,
    options,
  );
const post = async (body: Record<string, unknown>) =>
  await session.api.send(session.sessionId, body as never, { wait: 'sent' });
const shows = (phone: Phone, id: string): Promise<PhoneMessage> =>
  waitFor(async () => (await sandbox().inbox(phone.number)).find((message) => message.id === id), {
    what: `the phone of ${phone.name} to show ${id}`,
  });
/** Kills the worker that hosts the session, and starts it again. */
async function killOwner(): Promise<void> {
  const { workerId } = await session.api.wa.sessions.status({ id: session.sessionId });
  await system().restart(workerId!.slice(0, 'worker-1'.length), 'SIGKILL');
}
const has = async (phone: Phone, id: string) => (await sandbox().inbox(phone.number)).some((each) => each.id === id);

const FILES = [
  { type: 'image', bytes: SMALL_PNG, caption: 'Look' },
  { type: 'video', bytes: SMALL_MP4, caption: 'Watch' },
  { type: 'audio', bytes: smallWav(1), voice: true },
];

describe('channels', () => {
  test('a text is posted by the ordinary route, once, and comes back in the posts with its views', async () => {
    const { id } = await sandbox().createChannel({ owner: session.phone.number, name: 'Offers' });
    const sent = await post({ to: id, message: 'Two for one.' });
    expect(sent.status, JSON.stringify(sent.body)).toBe(200);
    const { waMessageId, messageId } = sent.body.data;
    const { posts } = await sandbox().channel(id);
    expect(posts).toMatchObject([{ id: waMessageId, text: 'Two for one.', by: session.phone.number }]);
    const shown = await call(`/channels/${id}/posts`);
    expect(shown.body.data).toMatchObject({ posts: [{ waMessageId, text: 'Two for one.', fromMe: true }] });
    const listed = await session.api.wa.messages.get({ id: messageId });
    expect(listed).toMatchObject({ chat: id, status: 'sent' });
    const { body } = await session.api.call<{ code: string }>(`/api/messages/${messageId}`, { method: 'DELETE' });
    expect(body.code).toBe('CHANGE_NOT_POSSIBLE');
  });

  test('a post of a followed channel comes as a message of its chat, and makes no contact', async () => {
    const followers = [session.phone.number];
    const { id } = await sandbox().createChannel({ owner: friend.number, name: 'News', followers });
    const made = await sandbox().postToChannel(id, { text: 'New on Monday.' });
    const { data } = await webhook.waitForEvent('message.received', (event) => event.data.waMessageId === made.id);
    expect(data).toMatchObject({ chat: id, text: 'New on Monday.' });
    const { contacts } = await tenant.api.wa.contacts.list({ limit: 100 });
    expect(JSON.stringify(contacts)).not.toContain('newsletter');
  });

  test('refusals are those of WhatsApp: what is not there, what is not the account’s, what the owner cannot leave', async () => {
    const nowhere = await call('/channels/120363400000000000@newsletter');
    expect([nowhere.status, nowhere.body.code]).toEqual([404, 'WA_NOT_FOUND']);
    const theirs = await sandbox().createChannel({ owner: friend.number, name: 'Theirs' });
    const renamed = await call(`/channels/${theirs.id}`, { method: 'PATCH', json: { name: 'Ours' } });
    expect([renamed.status, renamed.body.code]).toEqual([403, 'WA_FORBIDDEN']);
    const reacted = await call(`/channels/${theirs.id}/posts/1/reaction`, { method: 'PUT', json: { emoji: '👍' } });
    expect([reacted.status, reacted.body.code]).toEqual([404, 'WA_NOT_FOUND']);
    const own = await sandbox().createChannel({ owner: session.phone.number, name: 'Ours' });
    const left = await call(`/channels/${own.id}/follow`, { method: 'DELETE' });
    expect([left.status, left.body.code]).toEqual([403, 'WA_FORBIDDEN']);
    const posted = await post({ to: theirs.id, message: 'Not mine.' });
    expect(posted.body.data).toMatchObject({ status: 'failed', error: { code: 'WA_NOT_ALLOWED' } });
    const place = await post({ to: own.id, type: 'location', latitude: 1, longitude: 2 });
    expect([place.status, (place.body as { code?: string }).code]).toEqual([501, 'ENGINE_UNSUPPORTED']);
    const once = { base64: SMALL_PNG.toString('base64') };
    const viewedOnce = await post({ to: own.id, type: 'image', media: once, viewOnce: true });
    expect([viewedOnce.status, (viewedOnce.body as { code?: string }).code]).toEqual([400, 'VALIDATION']);
  });

  test('files are posted as they are, not encrypted, once each, also when the worker is killed meanwhile (MR-011, I8)', async () => {
    const { id } = await sandbox().createChannel({ owner: session.phone.number, name: 'Pictures' });
    const files = [
      ...FILES,
      { type: 'document', bytes: Buffer.from('a price list'), fileName: 'prices.txt', caption: 'Prices' },
      { type: 'audio', bytes: smallWav(2), voice: true },
    ];
    for (const [at, { type, bytes, ...rest }] of files.entries()) {
      const request = { to: id, type, ...rest, media: { base64: bytes.toString('base64') } };
      if (at === files.length - 1) await sandbox().addFault({ kind: 'media-slow', ms: 1_000, direction: 'from' });
      const { status, body } = await session.api.send(session.sessionId, request as never, { wait: 'queued' });
      expect(status, JSON.stringify(body)).toBeLessThan(300);
      if (at === files.length - 1) await killOwner();
      const { waMessageId } = body.data;
      const shown = await waitFor(
        async () => (await sandbox().channel(id)).posts.find((each) => each.id === waMessageId),
        { what: `the ${type} in the channel` },
      );
      const word = 'voice' in rest ? 'ptt' : type;
      expect(shown).toMatchObject({ type: 'media', mediatype: word, text: 'caption' in rest ? rest.caption : null });
      const file = await sandbox().fileOfPost(id, shown.serverId);
      if (type === 'audio') expect(file.subarray(0, 4).toString()).toBe('OggS');
      else expect(file.equals(bytes), type).toBe(true);
    }
    expect((await sandbox().channel(id)).posts).toHaveLength(files.length);
  });

  test('a picture of a followed channel comes with its file, and one that is damaged does not become readable (MR-060)', async () => {
    const { id } = await sandbox().createChannel({
      owner: friend.number,
      name: 'Photos',
      followers: [session.phone.number],
    });
    const image = SMALL_PNG.toString('base64');
    const made = await sandbox().postToChannel(id, { text: 'Look', image });
    const { data } = await webhook.waitForEvent('media.ready', (event) => event.data.waMessageId === made.id);
    const { mediaId } = data.media as { mediaId: string };
    const { body } = await session.api.call<Buffer>(`/api/media/${mediaId}/content`);
    expect(SMALL_PNG.equals(body)).toBe(true);
    await sandbox().addFault({ kind: 'media-flipped' });
    const damaged = await sandbox().postToChannel(id, { text: 'Damaged', image });
    const failed = await webhook.waitForEvent('media.failed', (event) => event.data.waMessageId === damaged.id);
    expect(failed.data.media).toMatchObject({ status: 'expired', error: { code: 'MEDIA_EXPIRED' } });
  });
});

/** A change of a channel, and how often WhatsApp has made it. */
interface Change {
  method: 'POST' | 'PATCH' | 'PUT' | 'DELETE';
  path: string;
  json?: Record<string, unknown>;
  /** A repetition changes nothing more: the caller may call again. */
  isSafe: boolean;
  times: () => Promise<number>;
}

/** Each on a channel of its own. */
async function makeChanges(): Promise<Record<string, Change>> {
  const { number } = session.phone;
  const own = () => sandbox().createChannel({ owner: number, name: 'Ours' });
  const theirs = (followers: string[] = []) =>
    sandbox().createChannel({ owner: friend.number, name: 'Theirs', followers });
  const when = (id: string, isSo: (channel: SandboxChannel) => boolean) => async () =>
    isSo(await sandbox().channel(id)) ? 1 : 0;
  const [deleted, renamed, unknown, followed, muted] = [
    await own(),
    await own(),
    await theirs(),
    await theirs([number]),
    await theirs([number]),
  ];
  const [edited, emptied, liked] = [await own(), await own(), await theirs([number])];
  const [first, second, third] = [
    await sandbox().postToChannel(edited.id, { text: 'before' }),
    await sandbox().postToChannel(emptied.id, { text: 'before' }),
    await sandbox().postToChannel(liked.id, { text: 'before' }),
  ];
  return {
    'channels.create': {
      method: 'POST',
      path: '/channels',
      json: { name: 'Made once' },
      isSafe: false,
      times: async () => (await sandbox().channels()).filter(({ name }) => name === 'Made once').length,
    },
    'channels.delete': {
      method: 'DELETE',
      path: `/channels/${deleted.id}`,
      isSafe: false,
      times: async () => ((await sandbox().channels()).some(({ id }) => id === deleted.id) ? 0 : 1),
    },
    'channels.update': {
      method: 'PATCH',
      path: `/channels/${renamed.id}`,
      json: { name: 'Renamed' },
      isSafe: true,
      times: when(renamed.id, ({ name }) => name === 'Renamed'),
    },
    'channels.follow': {
      method: 'PUT',
      path: `/channels/${unknown.id}/follow`,
      isSafe: true,
      times: when(unknown.id, ({ roles }) => roles[number] === 'subscriber'),
    },
    'channels.unfollow': {
      method: 'DELETE',
      path: `/channels/${followed.id}/follow`,
      isSafe: true,
      times: when(followed.id, ({ roles }) => roles[number] === undefined),
    },
    'channels.mute': {
      method: 'PUT',
      path: `/channels/${muted.id}/mute`,
      json: { isMuted: true },
      isSafe: true,
      times: when(muted.id, (channel) => channel.muted.includes(number)),
    },
    'channels.editPost': {
      method: 'PATCH',
      path: `/channels/${edited.id}/posts/${first.id}`,
      json: { text: 'after' },
      isSafe: true,
      times: when(edited.id, ({ posts }) => posts[0]?.text === 'after'),
    },
    'channels.deletePost': {
      method: 'DELETE',
      path: `/channels/${emptied.id}/posts/${second.id}`,
      isSafe: false,
      times: when(emptied.id, ({ posts }) => posts[0]?.isDeleted === true),
    },
    'channels.react': {
      method: 'PUT',
      path: `/channels/${liked.id}/posts/${third.serverId}/reaction`,
      json: { emoji: '👍' },
      isSafe: true,
      times: when(liked.id, ({ posts }) => posts[0]?.reactions[number] === '👍'),
    },
  };
}

test('a worker that is killed between request and answer: nothing is done twice, and the caller gets a true word (MR-014)', async () => {
  const changes = Object.entries(await makeChanges());
  const [device] = await sandbox().devices(session.phone.number);
  // WhatsApp does what it is asked for, and its answers are lost.
  const lost = { kind: 'drop', device: `${session.phone.number}:${device!.id}`, count: 1_000 };
  const faults = [
    await sandbox().addFault({ ...lost, stanza: 'iq' }),
    await sandbox().addFault({ ...lost, stanza: 'ack' }),
  ];
  const calls = changes.map(([, { method, path, json }]) => call(path, { method, ...(json && { json }) }));
  for (const [name, { times }] of changes) {
    await waitFor(async () => (await times()) === 1, { what: `${name} to be done` });
  }
  await killOwner();
  for (const fault of faults) await sandbox().cancelFault(fault);
  const answers = await Promise.all(calls);
  await waitForStatus(tenant.api, session.sessionId, 'connected');
  for (const [at, [name, { isSafe, times }]] of changes.entries()) {
    const { status, body } = answers[at]!;
    // What is safe may have been repeated at the next owner, and have succeeded there.
    const word = status === 200 ? 'done' : `${status} ${body.code}`;
    const expected = isSafe ? ['done', '503 SESSION_MOVING'] : ['503 OUTCOME_UNKNOWN'];
    expect(expected, `${name}: ${JSON.stringify(body)}`).toContain(word);
    expect(await times(), name).toBe(1);
  }
});

describe('status updates', () => {
  const to = 'status';

  test('a text with a background reaches those it is for, and nobody else, and tells who has seen it (I8)', async () => {
    const only = [friend.number, `+${other.number}`];
    const looks = { backgroundColor: '#112233', font: 'bold' };
    const sent = await post({ to, message: 'Closed on Friday.', status: { only, except: [other.number], ...looks } });
    expect(sent.status, JSON.stringify(sent.body)).toBe(200);
    const { waMessageId, messageId } = sent.body.data;
    const shown = await shows(friend, waMessageId);
    expect(shown).toMatchObject({ chat: 'status@broadcast', from: session.phone.number, text: 'Closed on Friday.' });
    await shows(session.phone, waMessageId);
    await sandbox().sendReceipt(friend.number, [waMessageId], 'read');
    const seen = await waitFor(
      async () => {
        const shownTo = await session.api.wa.messages.receipts({ id: messageId });
        return shownTo.read > 0 ? shownTo : undefined;
      },
      { what: 'who has seen the status update' },
    );
    expect(seen).toMatchObject({ recipients: 1, read: 1, receipts: [{ jid: expect.stringContaining('@') }] });
    expect([await has(other, waMessageId), await has(stranger, waMessageId)]).toEqual([false, false]);
    const own = await session.api.messages(session.sessionId, 'chat=status@broadcast');
    expect(own.map(({ waMessageId: id }) => id)).toContain(waMessageId);
  });

  test('its deletion goes to the same people, and nothing else can be done to it', async () => {
    const sent = await post({ to, message: 'Too early.', status: { only: [friend.number] } });
    const { waMessageId, messageId } = sent.body.data;
    await shows(friend, waMessageId);
    const edited = await session.api.call<{ code: string }>(`/api/messages/${messageId}`, {
      method: 'PATCH',
      json: { text: 'Later.' },
    });
    expect(edited.body.code).toBe('CHANGE_NOT_POSSIBLE');
    const deleted = await session.api.call(`/api/messages/${messageId}`, { method: 'DELETE' });
    expect(deleted.status, JSON.stringify(deleted.body)).toBe(200);
    await waitFor(async () => (await shows(friend, waMessageId)).changed.isDeleted, { what: 'the deletion' });
  });

  test('a picture, a video and a voice message reach those they are for, and nobody else (MR-011)', async () => {
    for (const { type, bytes, ...rest } of FILES) {
      const media = { base64: bytes.toString('base64') };
      const sent = await post({ to, type, ...rest, media, status: { only: [friend.number] } });
      expect(sent.body.data, JSON.stringify(sent.body)).toMatchObject({ status: 'sent' });
      const { waMessageId } = sent.body.data;
      const shown = await shows(friend, waMessageId);
      expect(shown).toMatchObject({ chat: 'status@broadcast', type, wireCount: 1 });
      const file = await sandbox().file(friend.number, waMessageId);
      if (type === 'audio')
        expect([shown.media, file.subarray(0, 4).toString()]).toMatchObject([{ voice: true }, 'OggS']);
      else expect(file.equals(bytes), type).toBe(true);
      expect(await has(stranger, waMessageId)).toBe(false);
    }
  });

  describe('of others (MR-060)', () => {
    const STATUS = 'status@broadcast';
    const posts = (message: { type: string; [field: string]: unknown }, from = friend) =>
      sandbox().send(from.number, { to: STATUS, audience: [session.phone.number], ...message });
    const stored = async () => await session.api.messages(session.sessionId, `chat=${STATUS}`);
    const takes = (statusUpdates: boolean) =>
      tenant.api.wa.sessions.update({ id: session.sessionId, body: { settings: { statusUpdates } } });

    test('without the setting they are not read, and with it they come with their files, and can be marked as seen', async () => {
      const before = await posts({ type: 'text', text: 'nobody asked' });
      await waitFor(async () => (await sandbox().waitingStanzas(session.phone.number)) === 0, { what: 'its receipt' });
      await takes(true);
      // The key of its author was in the one that was not read: it is asked for once more.
      const isTaken = async () => {
        const { id } = await posts({ type: 'text', text: 'Does the setting count?' });
        const isRead = async () =>
          (await stored()).some(({ waMessageId, type }) => waMessageId === id && type === 'text');
        const read = waitFor(isRead, { what: 'it to be read', timeoutMs: 8_000 });
        return await read.then(
          () => true,
          () => false,
        );
      };
      await waitFor(isTaken, { what: 'the setting to count' });
      const { id: textId } = await posts({ type: 'text', text: 'On holiday' });
      const text = await webhook.waitForEvent('message.received', ({ data }) => data.waMessageId === textId);
      expect(text.data).toMatchObject({ chat: STATUS, text: 'On holiday', fromMe: false });
      expect(text.data.identities).toMatchObject({ from: { phoneNumber: `+${friend.number}` } });
      expect(text.data).not.toHaveProperty('chatAlt');
      for (const { bytes, type, ...rest } of FILES) {
        const { id } = await posts({ type, ...rest, data: bytes.toString('base64') });
        const { data } = await webhook.waitForEvent('media.ready', (event) => event.data.waMessageId === id);
        const { mediaId } = data.media as { mediaId: string };
        const { body } = await session.api.call<Buffer>(`/api/media/${mediaId}/content`);
        expect(bytes.equals(body), type).toBe(true);
      }
      const listed = await stored();
      expect(listed.map(({ waMessageId }) => waMessageId)).not.toContain(before.id);
      const { id: messageId, waMessageId } = listed.find(
        (message) => message.text === 'On holiday' && !message.fromMe,
      )!;
      await session.api.wa.messages.markRead({ id: session.sessionId, body: { messageIds: [messageId] } });
      const device = `${session.phone.number}:`;
      await waitFor(
        async () => (await shows(friend, waMessageId)).receipts.read.some((reader) => reader.startsWith(device)),
        { what: 'the author to see who has seen it' },
      );
    });

    test('one that is deleted is told, one of the own phone is the account’s, and kills lose none', async () => {
      const { id } = await posts({ type: 'text', text: 'Too early' });
      await webhook.waitForEvent('message.received', ({ data }) => data.waMessageId === id);
      await posts({ type: 'revoke', target: id });
      await webhook.waitForEvent('message.revoked', ({ data }) => data.waMessageId === id);
      const own = await posts({ type: 'text', text: 'By hand' }, session.phone);
      const { data } = await webhook.waitForEvent('message.sent', (event) => event.data.waMessageId === own.id);
      expect(data).toMatchObject({ chat: STATUS, fromMe: true, source: 'phone' });
      const sent = await Promise.all(['a', 'b', 'c'].map((text) => posts({ type: 'text', text })));
      await killOwner();
      for (const { id: each } of sent) {
        await webhook.waitForEvent('message.received', (event) => event.data.waMessageId === each);
      }
      await takes(false);
    });
  });

  test('without a list it is for the saved contacts of the session, and with nobody it is refused', async () => {
    const nobody = await post({ to, message: 'For nobody.' });
    expect([nobody.status, (nobody.body as { code?: string }).code]).toEqual([400, 'VALIDATION']);
    const { body } = await post({ to: other.number, message: 'Hello.' });
    const contactId = (body.data as { identities?: { chat?: { contactId?: string } } }).identities?.chat?.contactId;
    await session.api.wa.contacts.update({ id: contactId!, body: { name: 'Other of ours' } });
    const sent = await post({ to, message: 'For those who are saved.' });
    expect(sent.status, JSON.stringify(sent.body)).toBe(200);
    await shows(other, sent.body.data.waMessageId);
    expect(await has(friend, sent.body.data.waMessageId)).toBe(false);
  });

  test('the worker that sends it is killed: it goes out again to the same people, and each phone shows it once (I4, I8)', async () => {
    const only = [friend.number, other.number];
    const { body } = await session.api.send(
      session.sessionId,
      { to, message: 'Once for each.', status: { only } } as never,
      { wait: 'queued' },
    );
    await killOwner();
    const { waMessageId } = body.data;
    for (const phone of [friend, other])
      expect(await shows(phone, waMessageId)).toMatchObject({ text: 'Once for each.' });
    expect((await sandbox().inbox(friend.number)).filter(({ id }) => id === waMessageId)).toHaveLength(1);
    expect(await has(stranger, waMessageId)).toBe(false);
  });
});

expectSoundSystem(system);
