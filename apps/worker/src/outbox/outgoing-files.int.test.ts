import { type Ownership, placeSession, registerWorker, scaleTiming } from '@wa-gate/cluster';
import type { OutboundRequest } from '@wa-gate/contracts';
import { createLogger, newId, systemClock } from '@wa-gate/kit';
import { type AcceptedMessage, acceptMessage, newWaMessageId } from '@wa-gate/messaging';
import { createTestDatabase, seedSession, type TestDatabase, waitFor, workerRegistration } from '@wa-gate/testkit';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ChatTimers } from '../chats/chat-timers.ts';
import type { FileToUpload } from '../content/codec.ts';
import { KeyedLock } from '../keyed-lock.ts';
import { UploadRefusedError } from '../media/upload-errors.ts';
import type { UploadedFile } from '../media/uploaded-file.ts';
import type { UploadContext } from '../media/uploads.ts';
import { FakeConnection } from '../testing/fake-connection.ts';
import { FILE, UPLOADED } from '../testing/files.ts';
import { createChangeWriter } from './change-writer.ts';
import { Dispatcher } from './dispatcher.ts';
import { createOutcomeWriter } from './outcome-writer.ts';

/** An upload that waits for the test. */
interface Asked {
  needed: FileToUpload;
  signal: AbortSignal;
  done: (file: UploadedFile) => void;
  fail: (error: Error) => void;
}

let database: TestDatabase;
let owner: Ownership;
let fake: FakeConnection;
let dispatcher: Dispatcher;
let asked: Asked[];

beforeAll(async () => {
  database = await createTestDatabase();
  await registerWorker(database.pool, workerRegistration('worker-1', { maxSessions: 1_000 }), scaleTiming(60));
});
afterAll(() => database?.drop());
beforeEach(async () => {
  const { sessionId } = await seedSession(database.pool, { state: 'CONNECTED' });
  owner = { sessionId, epoch: (await placeSession(database.pool, sessionId))!.epoch };
  asked = [];
  dispatcher = createDispatcher();
  fake = newConnection();
});
afterEach(() => dispatcher.stop(0));

function createDispatcher(): Dispatcher {
  const { pool } = database;
  const logger = createLogger({ service: 'test', level: 'silent' });
  const quiet = { announce: () => undefined, onStale: () => undefined };
  const writing = { pool, writeLock: new KeyedLock(), clock: systemClock, logger, ...quiet };
  const outcomes = createOutcomeWriter(writing);
  const made = new Dispatcher({
    pool,
    clock: systemClock,
    logger,
    messageKey: Buffer.alloc(32, 7),
    outcomes,
    changes: createChangeWriter({ ...writing, outcomes }),
    timers: new ChatTimers(pool),
    uploads: { upload, giveWay: () => undefined },
    mayStart: () => true,
    onStuck: () => undefined,
    isTimeLocked: async () => false,
    onAcknowledged: () => undefined,
  });
  made.start();
  return made;
}

function newConnection(): FakeConnection {
  const connection = new FakeConnection();
  connection.onRelayed = ({ waMessageId }) => dispatcher.acknowledged(owner, { waMessageId });
  return connection;
}

const upload = ({ signal }: UploadContext, needed: FileToUpload): Promise<UploadedFile> =>
  new Promise((done, fail) => {
    asked.push({ needed, signal, done, fail });
    signal.addEventListener('abort', () => fail(signal.reason as Error));
  });

const picture = (caption: string): OutboundRequest => ({
  type: 'image',
  media: { ...FILE, sha256: Buffer.from(caption).toString('base64') },
  caption,
});

async function accept(request: OutboundRequest, chat = '1') {
  const ids = { messageId: newId(), waMessageId: newWaMessageId() };
  const { sessionId } = owner;
  await acceptMessage(database.pool, { ...ids, sessionId, chatJid: `${chat}@s.whatsapp.net`, request });
  dispatcher.notify(sessionId);
  return ids;
}
const text = (words: string, chat?: string) => accept({ type: 'text', text: words }, chat);
const captions = () =>
  fake.relayed.map(({ message }) => message.imageMessage?.caption ?? message.conversation ?? JSON.stringify(message));
const uploading = (count: number) => waitFor(() => asked.length >= count, { what: `${count} uploads` });
const relayed = (count: number) => waitFor(() => fake.relayed.length >= count, { what: `${count} relayed` });

async function read(messageId: string) {
  const { rows } = await database.pool.query(
    `SELECT m.state AS message, o.state AS outbox, m.error_code AS error, o.attempts, o.payload
     FROM messages m JOIN outbox o ON o.message_id = m.id WHERE m.id = $1`,
    [messageId],
  );
  return rows[0];
}
const inOutbox = (messageId: string, state: string) =>
  waitFor(async () => (await read(messageId)).outbox === state, { what: state });

describe('while a file is being uploaded (MR-011)', () => {
  it('its chat waits in order, and the other chats of the session go on', async () => {
    dispatcher.opened(owner, fake);
    await accept(picture('first'));
    await uploading(1);
    await text('behind');
    await accept(picture('second'));
    await text('elsewhere', '2');
    await relayed(1);
    expect(captions()).toEqual(['elsewhere']);
    // The second file is on its way while the first one is.
    await uploading(2);
    asked[1]!.done(UPLOADED);
    await text('still elsewhere', '2');
    await relayed(2);
    expect(captions()).toEqual(['elsewhere', 'still elsewhere']);
    asked[0]!.done(UPLOADED);
    await relayed(5);
    expect(captions().slice(2)).toEqual(['first', 'behind', 'second']);
  });

  it('the bytes of the message are stored before it leaves (I8)', async () => {
    dispatcher.opened(owner, fake);
    let stored: Buffer | null = null;
    fake.beforeRelay = async () => {
      stored = (await read(messageId)).payload;
    };
    const { messageId } = await accept(picture('first'));
    await uploading(1);
    expect((await read(messageId)).outbox).toBe('SENDING');
    asked[0]!.done(UPLOADED);
    await inOutbox(messageId, 'SENT');
    expect(stored).toEqual(expect.any(Buffer));
  });

  it('an offer of a message with a file is declined: its caller would wait for the upload', async () => {
    dispatcher.opened(owner, fake);
    const sent = await text('nothing waits after this');
    await inOutbox(sent.messageId, 'SENT');
    const ids = { messageId: newId(), waMessageId: newWaMessageId(), sessionId: owner.sessionId };
    const message: AcceptedMessage = { ...ids, chatJid: '1@s.whatsapp.net', request: picture('offered') };
    await new Promise<void>((declined) => dispatcher.offer(message, declined));
    expect(asked).toEqual([]);
  });
});

describe('an upload that fails', () => {
  it('fails its own message, with the reason, and those behind it go', async () => {
    dispatcher.opened(owner, fake);
    const { messageId } = await accept(picture('refused'));
    await uploading(1);
    await text('behind');
    asked[0]!.fail(new UploadRefusedError('MEDIA_UPLOAD_REFUSED', 'WhatsApp refused it (HTTP 413).'));
    await relayed(1);
    expect(captions()).toEqual(['behind']);
    await inOutbox(messageId, 'FAILED');
    expect(await read(messageId)).toMatchObject({ message: 'FAILED', error: 'MEDIA_UPLOAD_REFUSED', payload: null });
  });
});

describe('a text with a large picture in its link preview (MR-011)', () => {
  const preview = { url: 'https://example.com/offer', title: 'Our offer', thumbnail: FILE.thumbnail! };
  const offer = (): OutboundRequest => ({
    type: 'text',
    text: 'See https://example.com/offer',
    context: { linkPreview: { ...preview, picture: FILE } },
  });
  const requestOf = async (messageId: string) =>
    (await database.pool.query('SELECT request FROM outbox WHERE message_id = $1', [messageId])).rows[0].request;
  const refused = new UploadRefusedError('MEDIA_NOT_FOUND', 'The file is not in the media store any more.');

  it.each([
    ['gone', refused, { code: refused.code, message: refused.message }],
    ['not to be read', new Error('EIO'), { code: 'SEND_FAILED', message: expect.any(String) }],
  ])('that is %s goes without it, before those behind it, and the row says why', async (_, error, refusal) => {
    dispatcher.opened(owner, fake);
    const { messageId } = await accept(offer());
    await uploading(1);
    await text('behind');
    asked[0]!.fail(error);
    await relayed(2);
    const shown = fake.relayed[0]!.message.extendedTextMessage!;
    expect(shown).toMatchObject({ text: 'See https://example.com/offer', title: 'Our offer' });
    expect(shown.jpegThumbnail).toHaveLength(Buffer.from(FILE.thumbnail!, 'base64').length);
    expect(shown.thumbnailDirectPath ?? '').toBe('');
    expect(fake.relayed[1]!.message.conversation).toBe('behind');
    await inOutbox(messageId, 'SENT');
    const linkPreview = { ...preview, pictureRefusal: { ...refusal, at: expect.any(String) } };
    expect((await requestOf(messageId)).context).toEqual({ linkPreview });
    expect(asked).toHaveLength(1);
  });

  it('goes with it when it is uploaded', async () => {
    dispatcher.opened(owner, fake);
    await accept(offer());
    await uploading(1);
    asked[0]!.done(UPLOADED);
    await relayed(1);
    expect(fake.relayed[0]!.message.extendedTextMessage!.thumbnailDirectPath).toBe(UPLOADED.directPath);
  });

  it('of a connection that ends meanwhile keeps it for the next one (I8)', async () => {
    dispatcher.opened(owner, fake);
    const { messageId } = await accept(offer());
    await uploading(1);
    dispatcher.closed(owner);
    await inOutbox(messageId, 'QUEUED');
    expect((await requestOf(messageId)).context.linkPreview.picture).toEqual(FILE);
  });
});

describe('a connection that ends during an upload', () => {
  it('ends the upload and gives the rows back; the next one uploads, and sends once and in order', async () => {
    dispatcher.opened(owner, fake);
    const first = await accept(picture('first'));
    await uploading(1);
    const second = await text('behind');
    await inOutbox(second.messageId, 'SENDING');
    dispatcher.closed(owner);
    expect(asked[0]!.signal.aborted).toBe(true);
    await inOutbox(first.messageId, 'QUEUED');
    await inOutbox(second.messageId, 'QUEUED');
    expect((await read(first.messageId)).attempts).toBe(0);

    fake = newConnection();
    dispatcher.opened(owner, fake);
    await uploading(2);
    asked[1]!.done(UPLOADED);
    await relayed(2);
    expect(captions()).toEqual(['first', 'behind']);
  });

  it('a move of the session does not wait for the upload', async () => {
    dispatcher.opened(owner, fake);
    const { messageId } = await accept(picture('first'));
    await uploading(1);
    await dispatcher.drain(owner, 5_000);
    expect(asked[0]!.signal.aborted).toBe(true);
    expect((await read(messageId)).outbox).toBe('QUEUED');
    expect(fake.relayed).toEqual([]);
  });

  it('after the relay no file is uploaded again: the stored bytes go out', async () => {
    fake.onRelayed = () => dispatcher.closed(owner);
    dispatcher.opened(owner, fake);
    const { messageId } = await accept(picture('first'));
    await uploading(1);
    asked[0]!.done(UPLOADED);
    await inOutbox(messageId, 'QUEUED');
    const [before] = fake.relayed;

    fake = newConnection();
    dispatcher.opened(owner, fake);
    await inOutbox(messageId, 'SENT');
    expect(asked).toHaveLength(1);
    expect(fake.relayed.map(({ message }) => message)).toEqual([before!.message]);
  });
});
