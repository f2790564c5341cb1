import { newId } from '@wa-gate/kit';
import { concludeDownloads, storeInbound } from '@wa-gate/messaging';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { TestSession, TestUser } from '../../testing/gateway-fixture.ts';
import { useGateway } from '../../testing/use-gateway.ts';

const fixture = useGateway();
const ANN = '15550001@s.whatsapp.net';
const REFERENCE = { mediaType: 'image', directPath: '/v/x', mediaKey: 'c2VjcmV0IGtleQ==', fileLength: 5 };
let user: TestUser;
let session: TestSession;
let mediaId: string;

const owner = () => ({ sessionId: session.id, epoch: 1 });
const get = (id: string) => fixture.call('GET', `/api/messages/${id}`, { as: session.key });
const retry = (id: string, as = session.key) => fixture.call('POST', `/api/messages/${id}/media/retry`, { as });
const queued = async () =>
  (await fixture.database.pool.query('SELECT 1 FROM media_downloads WHERE media_id = $1', [mediaId])).rowCount;

beforeAll(async () => {
  user = await fixture.register();
  await fixture.startWorker('worker-1');
});
beforeEach(async () => {
  session = await fixture.createSession(user);
  await fixture.setState(session, 'CONNECTED');
});

/** A message with a file comes. */
async function receive(reference: typeof REFERENCE | null = REFERENCE): Promise<string> {
  mediaId = newId();
  const file = { mediaId, mimetype: 'image/jpeg', size: 5, facts: { width: 3 }, ...(reference && { reference }) };
  const message = { chatJid: ANN, fromJid: ANN, fromMe: false, type: 'image' as const, waTimestamp: new Date() };
  const id = newId();
  await storeInbound(fixture.database.pool, [{ ...owner(), id, waMessageId: 'M1', ...message, file }]);
  return id;
}
const conclude = (end: object) =>
  concludeDownloads(fixture.database.pool, [
    { ...owner(), mediaId, ...end } as Parameters<typeof concludeDownloads>[1][0],
  ]);

describe('the file of a received message (MR-035, MR-060)', () => {
  it('is in the message, without what opens it', async () => {
    const id = await receive();
    const { data } = (await get(id)).body;
    expect(data.media).toEqual({ mediaId, status: 'pending', mimetype: 'image/jpeg', size: 5, width: 3 });
    expect(JSON.stringify(data)).not.toContain(REFERENCE.mediaKey);
    const listed = await fixture.call('GET', `/api/sessions/${session.slug}/messages`, { as: session.key });
    expect(listed.body.data.messages[0].media).toEqual(data.media);
  });

  it('that was given up is fetched again when somebody asks, and one that is there is not', async () => {
    const id = await receive();
    const error = { code: 'MEDIA_EXPIRED', message: 'It is gone.' };
    await conclude({ status: 'expired', error });
    expect((await get(id)).body.data.media).toMatchObject({ status: 'expired', error });
    expect(await queued()).toBe(0);
    expect(await retry(id)).toMatchObject({ status: 202, body: { data: { mediaId, status: 'pending' } } });
    expect(await queued()).toBe(1);
    const { media } = (await get(id)).body.data;
    expect(media).toMatchObject({ status: 'pending' });
    expect(media).not.toHaveProperty('error');

    const file = { fileId: newId(), storageKey: `files/${newId()}`, sha256: Buffer.alloc(32, 1), size: 5 };
    await conclude({ status: 'ready', file });
    expect(await retry(id)).toMatchObject({ status: 200, body: { data: { mediaId, status: 'ready' } } });
    expect(await queued()).toBe(0);
  });
});

describe('asking for a file that cannot be fetched', () => {
  it('says so where the message has no key for it, and where it has no file', async () => {
    expect(await retry(await receive(null))).toMatchObject({ status: 422, body: { code: 'MEDIA_UNREADABLE' } });
    const id = newId();
    const text = {
      chatJid: ANN,
      fromJid: ANN,
      fromMe: false,
      type: 'text' as const,
      text: 'x',
      waTimestamp: new Date(),
    };
    await storeInbound(fixture.database.pool, [{ ...owner(), id, waMessageId: 'M2', ...text }]);
    expect(await retry(id)).toMatchObject({ status: 404, body: { code: 'MEDIA_NOT_FOUND' } });
    expect(await retry(newId())).toMatchObject({ status: 404, body: { code: 'MESSAGE_NOT_FOUND' } });
  });

  it('is for those who may see the message', async () => {
    const id = await receive();
    const stranger = await fixture.register();
    expect(await retry(id, stranger.token)).toMatchObject({ status: 404, body: { code: 'MESSAGE_NOT_FOUND' } });
  });
});
