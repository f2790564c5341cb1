import type { Pool } from '@wa-gate/db';
import { createLogger } from '@wa-gate/kit';
import type { OutboxItem } from '@wa-gate/messaging';
import { expect, it } from 'vitest';
import type { FileToUpload } from '../content/codec.ts';
import { OUTBOUND_CONTENT } from '../content/outbound.ts';
import { UploadRefusedError } from '../media/upload-errors.ts';
import type { UploadedFile } from '../media/uploaded-file.ts';
import { FakeConnection } from '../testing/fake-connection.ts';
import { FILE, UPLOADED } from '../testing/files.ts';
import { OutgoingFiles } from './outgoing-files.ts';
import { SEND_FAILED } from './refusals.ts';
import { createSendWindow, endUploads } from './send-window.ts';

const PICTURE = { type: 'image', media: FILE } as const;
const item = (request: OutboxItem['request'] = PICTURE, more: Partial<OutboxItem> = {}) =>
  ({ messageId: 'm', waMessageId: 'w', chatJid: '1@s.whatsapp.net', payload: null, request, ...more }) as OutboxItem;

/** A window whose uploads the test ends. */
function setUp() {
  const window = createSendWindow({ sessionId: 's', epoch: 1 }, new FakeConnection());
  const asked: FileToUpload[] = [];
  const upload = {} as {
    promise: Promise<UploadedFile>;
    resolve: (file: UploadedFile) => void;
    reject: (error: Error) => void;
  };
  upload.promise = new Promise((resolve, reject) => Object.assign(upload, { resolve, reject }));
  const files = new OutgoingFiles({
    // Nothing here reads or writes a row.
    pool: {} as Pool,
    logger: createLogger({ service: 'test', level: 'silent' }),
    content: OUTBOUND_CONTENT,
    uploads: {
      upload: (_, needed) => {
        asked.push(needed);
        return upload.promise;
      },
    },
  });
  return { window, asked, upload, files };
}
const waits = () => true;

it('a message is missing its file until that is uploaded, and asks for it once (MR-011)', async () => {
  const { window, asked, upload, files } = setUp();
  expect(files.isMissing(window, item())).toBe(true);
  files.begin(window, item());
  files.begin(window, item());
  expect(asked).toHaveLength(1);
  upload.resolve(UPLOADED);
  expect(await files.settled(window, item(), waits)).toEqual({ next: 'send', item: item() });
  expect(files.isMissing(window, item())).toBe(false);
  expect([files.take(window, item()), files.take(window, item())]).toEqual([UPLOADED, undefined]);
});

it('texts, and messages that are kept as bytes, have none to upload; that of a channel stays unencrypted', () => {
  const { window, asked, files } = setUp();
  const without = [item({ type: 'text', text: 'hello' }), item(PICTURE, { payload: Buffer.from('bytes') })];
  expect(without.map((each) => files.isMissing(window, each))).toEqual([false, false]);
  files.begin(window, without[0]!);
  expect(asked).toEqual([]);
  expect(files.fileOf(item())?.isPlain).toBeUndefined();
  expect(files.fileOf(item(PICTURE, { chatJid: '1203@newsletter' }))?.isPlain).toBe(true);
});

it.each([
  [new UploadRefusedError('MEDIA_NOT_FOUND', 'It is gone.'), { code: 'MEDIA_NOT_FOUND', sentence: 'It is gone.' }],
  [new Error('EIO'), SEND_FAILED],
])('a file that cannot be uploaded (%s) fails its message', async (error, refusal) => {
  const { window, upload, files } = setUp();
  files.begin(window, item());
  upload.reject(error);
  expect(await files.settled(window, item(), waits)).toEqual({ next: 'fail', refusal });
});

it('nothing becomes of a message that was given back meanwhile, or whose uploads were ended (I8)', async () => {
  for (const end of ['uploaded', 'refused', 'ended'] as const) {
    const { window, upload, files } = setUp();
    files.begin(window, item());
    if (end === 'uploaded') upload.resolve(UPLOADED);
    else upload.reject(new UploadRefusedError('MEDIA_NOT_FOUND', 'It is gone.'));
    if (end === 'ended') endUploads(window);
    expect(await files.settled(window, item(), () => end === 'ended')).toBeNull();
  }
});
