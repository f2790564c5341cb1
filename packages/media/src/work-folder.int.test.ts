import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { MediaStoreError } from './media-store.ts';
import { createWorkFolder } from './work-folder.ts';

let base: string;
beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'wag-work-'));
});
afterEach(() => rm(base, { recursive: true, force: true }));

it('gives paths of its own, removed with their file and with the folder', async () => {
  const folder = await createWorkFolder(base);
  const first = await folder.file('.mp4');
  const second = await folder.file();
  expect(first.path).toMatch(/\.mp4$/);
  await writeFile(first.path, 'x');
  await writeFile(second.path, 'y');
  expect(await readdir(folder.path)).toHaveLength(2);
  await first[Symbol.asyncDispose]();
  await first[Symbol.asyncDispose]();
  expect(await readdir(folder.path)).toHaveLength(1);
  await folder.close();
  expect(await readdir(base)).toEqual([]);
});

it('folders of processes that live stay, those of killed ones go at the next start', async () => {
  const mine = await createWorkFolder(base);
  await writeFile((await mine.file()).path, 'mine');
  const [, host, pid, start] = /^work-(.+)-(\d+)-(\d+)-[0-9a-f-]{36}$/.exec(basename(mine.path))!;
  expect(pid).toBe(String(process.pid));

  const other = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
  await once(other, 'spawn');
  // A number that was used again: the process that lives under it is another one.
  const reused = `work-${host}-${process.pid}-${Number(start) + 1}-0197`;
  const foreign = 'work-another.machine-1-1-0197';
  const gone = `work-${host}-${other.pid}-1-0197`;
  for (const name of [reused, foreign, gone]) await writeFile(join(base, name), '');
  other.kill('SIGKILL');
  await once(other, 'exit');

  const next = await createWorkFolder(base);
  const left = await readdir(base);
  expect(left.sort()).toEqual([foreign, basename(mine.path), basename(next.path)].sort());
  await next.close();
  await mine.close();
});

it('that cannot be made is refused in a sentence', async () => {
  const file = join(base, 'file');
  await writeFile(file, '');
  await expect(createWorkFolder(file)).rejects.toThrow(/^MEDIA_TMP: .*\/file cannot be used \(ENOTDIR\)/);
  await expect(createWorkFolder(file)).rejects.toBeInstanceOf(MediaStoreError);
});
