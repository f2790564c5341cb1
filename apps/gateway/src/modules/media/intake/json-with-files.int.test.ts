import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { createWorkFolder, type WorkFolder } from '@wa-gate/media';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { readJsonWithFiles } from './json-with-files.ts';
import type { SpooledFile } from './spooled-file.ts';

let base: string;
let workFolder: WorkFolder;
let kept: SpooledFile[] = [];
beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), 'wag-json-'));
  workFolder = await createWorkFolder(base);
});
afterEach(async () => {
  for (const file of kept) await file[Symbol.asyncDispose]();
  kept = [];
  expect(await readdir(workFolder.path)).toEqual([]);
});
afterAll(() => rm(base, { recursive: true, force: true }));

function read(text: string, piece: number, maxFileBytes = 100_000): Promise<string> {
  const bytes = Buffer.from(text);
  const pieces = Array.from({ length: Math.ceil(bytes.length / piece) }, (_, index) =>
    bytes.subarray(index * piece, (index + 1) * piece),
  );
  return readJsonWithFiles(Readable.from(pieces), {
    workFolder,
    maxFileBytes,
    maxTextLength: 1_000,
    maxFiles: 3,
    keep: (file) => `file-${kept.push(file) - 1}`,
  });
}

it.each([1, 2, 5, 64, 100_000])('takes files out of JSON that comes in pieces of %i bytes', async (piece) => {
  const [one, two] = [randomBytes(1_000), randomBytes(3)];
  const request = {
    to: 'ümlaut "base64":"x" \\',
    media: { base64: one.toString('base64'), fileName: 'é.png' },
    items: [{ media: { base64: two.toString('base64') } }, { base64x: 'QUJD', value: 'base64' }],
  };
  const escaped = JSON.stringify(request, null, 1).replaceAll('/', '\\/');
  for (const text of [JSON.stringify(request), escaped]) {
    kept = [];
    const left = JSON.parse(await read(text, piece)) as typeof request;
    expect(left).toEqual({
      ...request,
      media: { ...request.media, base64: 'file-0' },
      items: [{ media: { base64: 'file-1' } }, request.items[1]],
    });
    expect((await readFile(kept[0]!.path)).equals(one)).toBe(true);
    expect((await readFile(kept[1]!.path)).equals(two)).toBe(true);
    for (const file of kept) await file[Symbol.asyncDispose]();
  }
});

it.each([
  ['a file that is too large', `{"base64":"${'A'.repeat(200_000)}"}`, { code: 'MEDIA_TOO_LARGE' }],
  ['a file that is none', `{"base64":"${'A'.repeat(100)}!${'A'.repeat(5_000)}"}`, { code: 'MEDIA_UNREADABLE' }],
  ['an empty file', '{"base64":""}', { code: 'MEDIA_EMPTY' }],
  ['a text that is too long', `{"text":"${'x'.repeat(2_000)}"}`, { code: 'BODY_TOO_LARGE' }],
  ['too many files', `[${'{"base64":"AAAA"},'.repeat(4)}0]`, { code: 'VALIDATION' }],
])('refuses %s, and leaves nothing', async (_what, text, error) => {
  for (const piece of [7, 100_000]) {
    await expect(read(text, piece)).rejects.toMatchObject(error);
    for (const file of kept) await file[Symbol.asyncDispose]();
    kept = [];
  }
});

it('leaves what is no JSON to the parser', async () => {
  for (const text of ['', '{', '"base64', '{"base64" "AAAA"}', '{"base64":7}', '[1, 2']) {
    expect(await read(text, 3)).toBe(text);
  }
});
