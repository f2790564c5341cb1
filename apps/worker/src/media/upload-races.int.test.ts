import { createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Ownership, placeSession, registerWorker, releaseSession, scaleTiming } from '@wa-gate/cluster';
import type { FileReference, OutboundRequest } from '@wa-gate/contracts';
import type { Pool } from '@wa-gate/db';
import { createLogger, newId, systemClock } from '@wa-gate/kit';
import { acceptMessage, newWaMessageId } from '@wa-gate/messaging';
import { createTestDatabase, seedSession, type TestDatabase, waitFor, workerRegistration } from '@wa-gate/testkit';
import { fetch } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ChatTimers } from '../chats/chat-timers.ts';
import { KeyedLock } from '../keyed-lock.ts';
import { createChangeWriter } from '../outbox/change-writer.ts';
import { Dispatcher } from '../outbox/dispatcher.ts';
import { createOutcomeWriter } from '../outbox/outcome-writer.ts';
import { FakeConnection } from '../testing/fake-connection.ts';
import { Gate } from '../testing/gate.ts';
import { startTestSandbox, type TestSandbox } from '../testing/sandbox.ts';
import type { proto } from '../whatsapp/baileys.ts';
import { sandboxNetwork, type WhatsAppNetwork } from '../whatsapp/network.ts';
import { mediaKeysOf } from './media-cipher.ts';
import { UPLOAD_PACE, Uploads } from './uploads.ts';

/**
 * Between any two statements of an upload its owner is killed, or loses the session to another one and goes on. The
 * media host of the sandbox takes the files; the next owner continues from the database.
 */
let database: TestDatabase;
let sandbox: TestSandbox;
let network: WhatsAppNetwork;
let folder: string;
let mediaHost: string;
const runs: Run[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
  sandbox = await startTestSandbox();
  network = sandboxNetwork(sandbox.url);
  folder = await mkdtemp(join(tmpdir(), 'wag-upload-races-'));
  ({ mediaHost } = (await (await fetch(sandbox.url)).json()) as { mediaHost: string });
  await registerWorker(database.pool, workerRegistration('worker-1', { maxSessions: 1_000 }), scaleTiming(60));
});
afterAll(async () => {
  for (const run of runs) run.end();
  await network?.close();
  await sandbox?.stop();
  await database?.drop();
  await rm(folder, { recursive: true, force: true });
});

/** The statements of an upload, and the one that stores the bytes of its message. */
const STATEMENTS: ReadonlySet<string> = new Set([
  'find-media-upload',
  'forget-media-upload',
  'record-media-upload',
  'leave-preview-picture-out',
  'store-payload',
]);
const MORE_STEPS_THAN_ANY_CASE_HAS = 20;
const never = <T>(): Promise<T> => new Promise<T>(() => undefined);

/** What happens to an owner at a step. */
type Fate = 'killed' | 'replaced';

interface Run {
  owner: Ownership;
  connection: FakeConnection;
  dispatcher: Dispatcher;
  gate: Gate;
  end(): void;
}

/** @param replace makes another process the owner, and lets this one go on */
async function startRun(owner: Ownership, fate: Fate, replace: () => Promise<unknown>, freshMs: number): Promise<Run> {
  const gate = new Gate();
  let isReplaced = false;
  const pass = async (step: string): Promise<boolean> => {
    if (isReplaced || gate.pass(step)) return true;
    if (fate === 'killed') return false;
    isReplaced = true;
    await replace();
    return true;
  };
  const ask = database.pool.query.bind(database.pool) as (statement: { name?: string }) => Promise<unknown>;
  const query = async (statement: { name?: string }): Promise<unknown> => {
    const { name = '' } = statement;
    if (gate.isDead && fate === 'killed') return never();
    if (STATEMENTS.has(name) && !(await pass(`before ${name}`))) return never();
    const result = await ask(statement);
    if (STATEMENTS.has(name) && !(await pass(`after ${name}`))) return never();
    return gate.isDead && fate === 'killed' ? never() : result;
  };
  const pool = { query } as unknown as Pool;
  const logger = createLogger({ service: 'test', level: 'silent' });
  const shared = { pool, clock: systemClock, logger };
  const writing = {
    ...shared,
    writeLock: new KeyedLock(),
    announce: () => undefined,
    onStale: () => undefined,
  };
  const outcomes = createOutcomeWriter(writing);
  const store = {
    get: async (key: string) => createReadStream(join(folder, key)),
    stat: async (key: string) => await stat(join(folder, key)).catch(() => null),
  };
  const dispatcher = new Dispatcher({
    ...shared,
    messageKey: Buffer.alloc(32, 7),
    outcomes,
    changes: createChangeWriter({ ...writing, outcomes }),
    timers: new ChatTimers(pool),
    uploads: new Uploads({ ...shared, store, pace: { ...UPLOAD_PACE, freshMs } }),
    mayStart: () => fate === 'replaced' || !gate.isDead,
    onStuck: () => undefined,
    isTimeLocked: async () => false,
    onAcknowledged: () => undefined,
  });
  const { dispatcher: mediaDispatcher } = await network.endpoint();
  const connection = Object.assign(new FakeConnection(), {
    mediaDispatcher,
    mediaConnection: async () => ({ hosts: [{ hostname: mediaHost, maxBytes: 1 << 30 }], auth: 'a', ttl: 60 }),
  }) as FakeConnection;
  connection.onRelayed = ({ waMessageId }) => dispatcher.acknowledged(owner, { waMessageId });
  dispatcher.start();
  dispatcher.opened(owner, connection);
  const end = () => void dispatcher.stop(0);
  const run = { owner, connection, dispatcher, gate, end };
  runs.push(run);
  return run;
}

async function put(bytes: Buffer): Promise<FileReference> {
  const storageKey = newId();
  await writeFile(join(folder, storageKey), bytes);
  const sha256 = createHash('sha256').update(bytes).digest('base64');
  const picture = { mimetype: 'image/jpeg', width: 4, height: 3 };
  return { mediaId: newId(), storageKey, sha256, size: bytes.length, ...picture };
}

interface Keys {
  directPath?: string | null;
  mediaKey?: Uint8Array | null;
}

/** What a phone gets with the keys of a message. */
async function fetched({ directPath, mediaKey }: Keys, type: 'image' | 'linkThumbnail'): Promise<Buffer> {
  const { dispatcher } = await network.endpoint();
  const response = await fetch(`https://${mediaHost}${directPath}`, { ...(dispatcher && { dispatcher }) });
  const bytes = Buffer.from(await response.arrayBuffer());
  if (!mediaKey?.length) return bytes;
  const { iv, cipherKey } = mediaKeysOf(mediaKey, type);
  const decipher = createDecipheriv('aes-256-cbc', cipherKey, iv);
  return Buffer.concat([decipher.update(bytes.subarray(0, -10)), decipher.final()]);
}

interface Case {
  name: string;
  chat: string;
  request: (file: FileReference) => OutboundRequest;
  /** Before each attempt at a new message. */
  prepare?: (sessionId: string, file: FileReference) => Promise<unknown>;
  /** Milliseconds for which an upload is used again without a look at the host. */
  freshMs?: number;
  /** Steps that must be among those at which it was cut. */
  cutAt: string[];
  judge: (message: proto.IMessage, bytes: Buffer, row: Row) => Promise<void>;
}

interface Row {
  state: string;
  attempts: number;
  request: OutboundRequest;
}

const chat = '15550001@s.whatsapp.net';
const image = (media: FileReference): OutboundRequest => ({ type: 'image', media });
const showsPicture: Case['judge'] = async ({ imageMessage }, bytes) => {
  expect((await fetched(imageMessage!, 'image')).equals(bytes)).toBe(true);
};

const CASES: Case[] = [
  {
    name: 'a new file',
    chat,
    request: image,
    cutAt: ['find-media-upload', 'record-media-upload', 'store-payload'],
    judge: showsPicture,
  },
  {
    name: 'a file that WhatsApp has lost since',
    chat,
    request: image,
    freshMs: 0,
    prepare: async (sessionId, file) => {
      const lost = { url: `https://${mediaHost}/v/t62.7118-24/lost`, directPath: '/v/t62.7118-24/lost' };
      const upload = { ...lost, mediaKey: '', fileSha256: file.sha256, fileEncSha256: '', fileLength: file.size };
      await database.pool.query(
        `INSERT INTO media_uploads (session_id, sha256, media_type, upload) VALUES ($1, $2, 'Image', $3)`,
        [sessionId, Buffer.from(file.sha256, 'base64'), JSON.stringify(upload)],
      );
    },
    cutAt: ['forget-media-upload', 'record-media-upload'],
    judge: showsPicture,
  },
  {
    name: 'a preview whose picture WhatsApp refuses',
    chat,
    request: (picture) => ({
      type: 'text',
      text: 'https://example.com',
      context: { linkPreview: { url: 'https://example.com', title: 'Example', picture } },
    }),
    prepare: () => sandbox.fault({ kind: 'upload-refused', code: 413 }),
    cutAt: ['leave-preview-picture-out', 'store-payload'],
    async judge({ extendedTextMessage: text }, bytes, { request }) {
      expect(text).toMatchObject({ text: 'https://example.com', title: 'Example' });
      const { linkPreview } = request.context!;
      // With the picture, or without it and with the reason: a kill may have spent the one refusal of the host.
      if (text!.thumbnailDirectPath) {
        expect(linkPreview).not.toHaveProperty('pictureRefusal');
        const keys = { directPath: text!.thumbnailDirectPath, mediaKey: text!.mediaKey ?? null };
        expect((await fetched(keys, 'linkThumbnail')).equals(bytes)).toBe(true);
      } else {
        expect(linkPreview).toMatchObject({ pictureRefusal: { code: 'MEDIA_UPLOAD_REFUSED' } });
        expect(linkPreview).not.toHaveProperty('picture');
      }
    },
  },
];

describe.each<Fate>(['killed', 'replaced'])('an owner that is %s between two statements of an upload', (fate) => {
  it.each(CASES)(
    '$name: the message goes out under one id with one content, and its file is the one that was given (MR-011, I2, I8)',
    { timeout: 120_000 },
    async ({ chat: chatJid, request, prepare, freshMs = UPLOAD_PACE.freshMs, cutAt, judge }) => {
      const cuts: string[] = [];
      for (let count = 1; count < MORE_STEPS_THAN_ANY_CASE_HAS; count += 1) {
        const { sessionId } = await seedSession(database.pool, { state: 'CONNECTED' });
        const place = async () => ({ sessionId, epoch: (await placeSession(database.pool, sessionId))!.epoch });
        const moved = { done: false };
        const replace = async () => {
          await releaseSession(database.pool, sessionId, 'test');
          moved.done = true;
        };
        const bytes = randomBytes(40_000);
        const file = await put(bytes);
        await prepare?.(sessionId, file);
        const first = await startRun(await place(), fate, replace, freshMs);
        first.gate.arm(count);
        const ids = { messageId: newId(), waMessageId: newWaMessageId() };
        await acceptMessage(database.pool, { ...ids, sessionId, chatJid, request: request(file) });
        first.dispatcher.notify(sessionId);
        const rowOf = async () => {
          const { rows } = await database.pool.query<Row>(
            'SELECT state, attempts, request FROM outbox WHERE message_id = $1',
            [ids.messageId],
          );
          return rows[0]!;
        };
        const isSent = async () => (await rowOf()).state === 'SENT';
        const step = await Promise.race([
          first.gate.killed,
          waitFor(isSent, { what: 'sent without a cut' }).then(() => null),
        ]);
        const relayed = [first.connection.relayed];
        if (step !== null) {
          cuts.push(step);
          if (fate === 'killed') await replace();
          await waitFor(() => moved.done, { what: 'the end of the first owner' });
          const next = await startRun(await place(), fate, async () => undefined, freshMs);
          next.dispatcher.notify(sessionId);
          await waitFor(isSent, { what: `sent after a cut ${step}` });
          relayed.push(next.connection.relayed);
        }
        const sent = relayed.flat();
        expect(new Set(sent.map(({ waMessageId }) => waMessageId))).toEqual(new Set([ids.waMessageId]));
        // Of an owner that is none any more nothing leaves: its ratchet step is refused. Here both relay the same.
        for (const { message } of sent) expect(message).toEqual(sent[0]!.message);
        await judge(sent.at(-1)!.message, bytes, await rowOf());
        const { rows: kept } = await database.pool.query<{ upload: Keys }>(
          'SELECT upload FROM media_uploads WHERE session_id = $1',
          [sessionId],
        );
        for (const { upload } of kept) {
          const mediaKey = upload.mediaKey ? Buffer.from(upload.mediaKey as unknown as string, 'base64') : null;
          const type = (await rowOf()).request.type === 'text' ? 'linkThumbnail' : 'image';
          expect((await fetched({ ...upload, mediaKey }, type)).equals(bytes)).toBe(true);
        }
        for (const run of runs.splice(0)) run.end();
        if (step === null) {
          for (const name of cutAt) expect(cuts).toEqual(expect.arrayContaining([`before ${name}`, `after ${name}`]));
          return;
        }
      }
      throw new Error('The case has no end.');
    },
  );
});
