import { placeSession, registerWorker, scaleTiming } from '@wa-gate/cluster';
import { newId } from '@wa-gate/kit';
import {
  createTestDatabase,
  type SeededSession,
  seedSession,
  type TestDatabase,
  workerRegistration,
} from '@wa-gate/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { eraseContact } from '../contacts/erase.ts';
import { learnContacts } from '../contacts/learn.ts';
import { storeInbound } from '../inbound/inbound.ts';
import { eraseAll } from '../testing/erase-all.ts';
import { concludeDownloads } from './conclude-downloads.ts';
import {
  claimDownloads,
  findLostMedia,
  inspectDownloads,
  postponeDownload,
  relocateMedia,
  requestDownload,
} from './downloads.ts';
import type { WhatsAppFile } from './whatsapp-file.ts';

const ANN = '15550001@s.whatsapp.net';
const REFERENCE = { mediaType: 'image', directPath: '/v/x', mediaKey: 'a2V5', fileSha256: 'aGFzaA==', fileLength: 5 };
const FILE: WhatsAppFile = {
  mimetype: 'image/jpeg',
  size: 5,
  fileName: 'a.jpg',
  facts: { width: 3, height: 4 },
  reference: REFERENCE,
};

let database: TestDatabase;
let session: SeededSession;
let owner: { sessionId: string; epoch: number };

beforeAll(async () => {
  database = await createTestDatabase();
  await registerWorker(database.pool, workerRegistration('worker-1', { maxSessions: 1_000 }), scaleTiming(60));
});
afterAll(() => database?.drop());
beforeEach(async () => {
  session = await seedSession(database.pool, { state: 'CONNECTED' });
  const placed = await placeSession(database.pool, session.sessionId);
  owner = { sessionId: session.sessionId, epoch: placed!.epoch };
});

/** A message with a file comes. */
async function receive(waMessageId: string, file: Partial<WhatsAppFile> = {}, type = 'image' as const) {
  const mediaId = newId();
  const message = {
    ...owner,
    id: newId(),
    waMessageId,
    chatJid: ANN,
    fromJid: ANN,
    fromMe: false,
    type,
    waTimestamp: new Date(1_700_000_000_000),
    file: { ...FILE, ...file, mediaId },
  };
  const { events } = await storeInbound(database.pool, [message]);
  return { mediaId, messageId: message.id, events };
}
const claim = (room = 5, inHand: string[] = [], limit = 100) =>
  claimDownloads(database.pool, [{ ...owner, room }], inHand, limit);
const ready = (mediaId: string, sha256 = Buffer.alloc(32, 1), storageKey = `files/${newId()}`) => ({
  ...owner,
  mediaId,
  status: 'ready' as const,
  file: { fileId: newId(), storageKey, sha256, size: 5 },
});
async function row(mediaId: string) {
  const { rows } = await database.pool.query('SELECT * FROM media WHERE id = $1', [mediaId]);
  return rows[0];
}

describe('a message with a file (MR-060)', () => {
  it('makes its media and the download with it, and shows what is known in the event', async () => {
    const { mediaId, messageId, events } = await receive('M1');
    expect(await row(mediaId)).toMatchObject({
      workspace_id: session.workspaceId,
      session_id: owner.sessionId,
      message_id: messageId,
      direction: 'inbound',
      status: 'pending',
      size: 5,
      mimetype: 'image/jpeg',
      file_name: 'a.jpg',
      facts: FILE.facts,
      wa: REFERENCE,
    });
    expect(events[0]!.data.media).toEqual({
      mediaId,
      status: 'pending',
      mimetype: 'image/jpeg',
      size: 5,
      fileName: 'a.jpg',
      ...FILE.facts,
    });
    expect(JSON.stringify(events)).not.toContain(REFERENCE.mediaKey);
  });

  it('that comes again makes neither of them', async () => {
    await receive('M1');
    const again = await receive('M1');
    expect(again.events).toEqual([]);
    expect(await row(again.mediaId)).toBeUndefined();
  });

  it('a stub gets its file when it can be read', async () => {
    const stub = { ...owner, id: newId(), waMessageId: 'S1', chatJid: ANN, fromJid: ANN, fromMe: false };
    const content = { kind: 'undecryptable' };
    await storeInbound(database.pool, [{ ...stub, type: 'unknown', content, isStub: true, waTimestamp: new Date() }]);
    const { mediaId } = await receive('S1');
    expect(await row(mediaId)).toMatchObject({ message_id: stub.id });
    expect((await claim()).map((download) => download.mediaId)).toEqual([mediaId]);
  });

  it.each<[string, object, boolean]>([
    ['without the setting', {}, true],
    ['auto', { auto: true }, true],
    ['not auto', { auto: false }, false],
    ['of this type', { auto: ['image'] }, true],
    ['of other types', { auto: ['audio'] }, false],
    ['small enough', { auto: true, maxBytes: 5 }, true],
    ['too large', { auto: true, maxBytes: 4 }, false],
  ])('%s: is fetched at arrival, or not', async (_, mediaDownload, isFetched) => {
    const settings = Object.keys(mediaDownload).length > 0 ? { mediaDownload } : {};
    await database.pool.query('UPDATE sessions SET settings = $2 WHERE id = $1', [owner.sessionId, settings]);
    const { mediaId } = await receive('M1');
    expect(await inspectDownloads(database.pool, [owner.sessionId], [])).toEqual(isFetched ? [owner.sessionId] : []);
    expect(await requestDownload(database.pool, mediaId)).toBe(owner.sessionId);
    expect((await claim()).map((download) => download.mediaId)).toEqual([mediaId]);
  });
});

describe('a claim (I2)', () => {
  it('takes what is due and not in hand, with room and order, and counts the attempts', async () => {
    const ids = [];
    for (const name of ['M1', 'M2', 'M3']) ids.push((await receive(name)).mediaId);
    expect((await claim(2)).map(({ mediaId, attempts }) => [mediaId, attempts])).toEqual([
      [ids[0], 1],
      [ids[1], 1],
    ]);
    const [third, ...none] = await claim(5, ids.slice(0, 2));
    expect(none).toEqual([]);
    expect(third).toMatchObject({
      ...owner,
      mediaId: ids[2],
      workspaceId: session.workspaceId,
      reference: REFERENCE,
      maxBytes: 104_857_600,
      waMessageId: 'M3',
      chatJid: ANN,
      fromJid: ANN,
      fromMe: false,
    });
    // What a crash has left in hand is due at once.
    expect((await claim()).map(({ attempts }) => attempts)).toEqual([2, 2, 2]);
  });

  it('by who does not own the session any more takes nothing', async () => {
    await receive('M1');
    const stale = { ...owner, epoch: owner.epoch - 1 };
    expect(await claimDownloads(database.pool, [{ ...stale, room: 5 }], [], 5)).toEqual([]);
    await postponeDownload(database.pool, { ...stale, mediaId: newId() }, { delayMs: 1, counts: true });
  });

  it('finds nothing that was postponed, until its time', async () => {
    const { mediaId } = await receive('M1');
    await claim();
    await postponeDownload(database.pool, { ...owner, mediaId }, { delayMs: 60_000, counts: false });
    expect(await claim()).toEqual([]);
    await postponeDownload(database.pool, { ...owner, mediaId }, { delayMs: 0, counts: true });
    expect(await claim()).toMatchObject([{ mediaId, attempts: 1 }]);
  });
});

describe('the end of a download', () => {
  it('makes the file, the event with its seq, and no more work', async () => {
    const { mediaId, messageId } = await receive('M1');
    await claim();
    const { events, spare, stale } = await concludeDownloads(database.pool, [ready(mediaId)]);
    expect([spare, stale]).toEqual([[], []]);
    expect(events).toMatchObject([
      {
        type: 'media.ready',
        sessionId: owner.sessionId,
        data: {
          messageId,
          waMessageId: 'M1',
          chat: ANN,
          type: 'image',
          media: { mediaId, status: 'ready', size: 5, width: 3 },
        },
      },
    ]);
    expect(await row(mediaId)).toMatchObject({ status: 'ready', expires_at: expect.any(Date) });
    expect(await claim()).toEqual([]);
    expect(await requestDownload(database.pool, mediaId)).toBeNull();
    // A second end of the same, as of two owners that overlap, is none.
    expect((await concludeDownloads(database.pool, [ready(mediaId)])).events).toEqual([]);
  });

  it('names the copy of bytes that the workspace has already, also within one batch', async () => {
    const [one, two, three] = [await receive('M1'), await receive('M2'), await receive('M3')];
    const sha256 = Buffer.alloc(32, 9);
    const first = [ready(one.mediaId, sha256, 'files/first'), ready(two.mediaId, sha256, 'files/second')];
    expect((await concludeDownloads(database.pool, first)).spare).toEqual(['files/second']);
    const more = await concludeDownloads(database.pool, [ready(three.mediaId, sha256, 'files/third')]);
    expect(more.spare).toEqual(['files/third']);
    const files = await Promise.all([one, two, three].map(async ({ mediaId }) => (await row(mediaId)).file_id));
    expect(new Set(files).size).toBe(1);
  });

  it('says why there is no file', async () => {
    const { mediaId } = await receive('M1');
    const error = { code: 'MEDIA_EXPIRED', message: 'It is gone.' };
    const { events } = await concludeDownloads(database.pool, [{ ...owner, mediaId, status: 'expired', error }]);
    expect(events).toMatchObject([{ type: 'media.failed', data: { media: { status: 'expired', error } } }]);
  });

  it('of a file that is not wanted any more has no event, and the bytes are spare', async () => {
    const { mediaId, messageId } = await receive('M1');
    await database.pool.query('DELETE FROM messages WHERE id = $1', [messageId]);
    const end = ready(mediaId, Buffer.alloc(32, 4), 'files/unwanted');
    expect(await concludeDownloads(database.pool, [end])).toMatchObject({ events: [], spare: ['files/unwanted'] });
  });

  it('by who does not own the session any more is refused', async () => {
    const { mediaId } = await receive('M1');
    const late = { ...ready(mediaId), epoch: owner.epoch - 1 };
    expect(await concludeDownloads(database.pool, [late])).toMatchObject({
      events: [],
      stale: [owner.sessionId],
      spare: [],
    });
    expect(await row(mediaId)).toMatchObject({ status: 'pending' });
  });
});

it('a file that was uploaded again has another place; who is not the owner cannot say so', async () => {
  const { mediaId } = await receive('M1');
  expect(await relocateMedia(database.pool, { ...owner, mediaId }, '/v/new')).toEqual({
    ...REFERENCE,
    directPath: '/v/new',
  });
  expect(await relocateMedia(database.pool, { ...owner, epoch: 0, mediaId }, '/v/x')).toBeNull();
  const named = { sessionId: owner.sessionId, chatJid: ANN, fromMe: false, waMessageId: 'M1' };
  expect(await findLostMedia(database.pool, named)).toBeNull();
  const error = { code: 'MEDIA_EXPIRED', message: '' };
  await concludeDownloads(database.pool, [{ ...owner, mediaId, status: 'expired', error }]);
  expect(await findLostMedia(database.pool, named)).toMatchObject({ mediaId, reference: { directPath: '/v/new' } });
});

it('a message without keys for its file cannot be fetched by anybody', async () => {
  const { mediaId } = await receive('M1', { reference: undefined });
  expect(await claim()).toMatchObject([{ mediaId, reference: null }]);
  expect(await requestDownload(database.pool, mediaId)).toBeNull();
});

it('an erased person takes its files along, and what events say of them', async () => {
  await learnContacts(database.pool, [{ ...owner, jid: ANN, at: new Date() }]);
  const { mediaId } = await receive('M1');
  await concludeDownloads(database.pool, [ready(mediaId)]);
  const { rows } = await database.pool.query<{ id: string }>('SELECT id FROM contacts WHERE workspace_id = $1', [
    session.workspaceId,
  ]);
  const contact = { workspaceId: session.workspaceId, contactId: rows[0]!.id, jids: [ANN] };
  expect(await eraseContact(database.pool, contact, { messages: true })).toBe(1);
  expect(await row(mediaId)).toBeUndefined();
  const { rows: events } = await database.pool.query(
    `SELECT data FROM events WHERE session_id = $1 AND data ? 'media' ORDER BY seq`,
    [owner.sessionId],
  );
  expect(events.map(({ data }) => data.media)).toEqual([
    { mediaId, status: 'expired' },
    { mediaId, status: 'expired' },
  ]);
});

it('a deleted session takes its files and downloads along', async () => {
  const { mediaId } = await receive('M1');
  await database.pool.query('DELETE FROM sessions WHERE id = $1', [owner.sessionId]);
  await eraseAll(database.pool);
  expect(await row(mediaId)).toBeUndefined();
  const { rowCount } = await database.pool.query('SELECT 1 FROM media_downloads WHERE media_id = $1', [mediaId]);
  expect(rowCount).toBe(0);
});
