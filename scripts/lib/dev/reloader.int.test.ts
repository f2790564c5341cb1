import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { isHealthy } from '../health.mjs';
import { ROOT } from '../paths.mjs';
import { findFreePort } from '../ports.mjs';
import { openJournal } from '../process-journal.mjs';
import { STAGES } from '../stages.mjs';
import { Supervisor } from '../supervisor.mjs';
import { useTempDirs } from '../temp-dir.testing.ts';
import { Reloader } from './reloader.mjs';
import { sourceFlags } from './source-runtime.mjs';

const tempDir = useTempDirs();
const WITHIN_MS = 60_000;

let folder: string;
let url: string;
let supervisor: Supervisor;
let reloader: Reloader;
let said: string[];

/** An app of two TypeScript files: a server and its answer. */
beforeEach(async () => {
  folder = tempDir();
  mkdirSync(join(folder, 'src'));
  const port = await findFreePort();
  url = `http://127.0.0.1:${port}`;
  save('answer.ts', "export const answer: string = 'first';");
  save(
    'main.ts',
    `import { createServer } from 'node:http';
     import { answer } from './answer.ts';
     createServer((request, response) => response.end(answer)).listen(${port}, '127.0.0.1');`,
  );
  said = [];
  const progress = {
    say: (text: string) => void said.push(text),
    warn: (text: string) => void said.push(text),
    step: async <T>(_title: string, work: (note: (text: string) => void) => Promise<T>) => work(() => {}),
  };
  supervisor = new Supervisor({
    journal: openJournal(join(folder, 'processes.json'), progress.warn),
    progress,
    onChange: () => {},
    onFatal: () => {},
  });
  reloader = new Reloader({ supervisor, progress, inspect: false, foldersOf: () => [join(folder, 'src')] });
  const spec = {
    name: 'app',
    kind: 'service' as const,
    command: process.execPath,
    args: [...sourceFlags(), join(folder, 'src', 'main.ts')],
    cwd: ROOT,
    env: process.env,
    logFile: join(folder, 'app.log'),
    url,
    stage: STAGES.services,
    stopSignal: 'SIGTERM' as const,
    readyMs: WITHIN_MS,
    isReady: () => isHealthy(url),
  };
  await supervisor.start(reloader.adopt('app', spec));
  reloader.watch();
});

afterEach(async () => {
  reloader.stop();
  await supervisor.stop();
});

const save = (name: string, text: string) => writeFileSync(join(folder, 'src', name), text);
const ask = () => fetch(url).then((response) => response.text());

async function becomes<T>(read: () => Promise<T> | T, wanted: T): Promise<void> {
  const deadline = performance.now() + WITHIN_MS;
  for (;;) {
    const found = await Promise.resolve(read()).catch(() => undefined);
    if (found === wanted) return;
    if (performance.now() > deadline) expect(found).toEqual(wanted);
    await sleep(20);
  }
}

test('what is saved is answered by a new process; other files change nothing', async () => {
  const [before] = supervisor.processes;
  save('answer.test.ts', 'no source');
  save('answer.ts', "export const answer: string = 'second';");
  await becomes(ask, 'second');
  const [after] = supervisor.processes;
  expect(after?.pid).not.toBe(before?.pid);
  expect(said.filter((line) => line.endsWith('has changed.'))).toHaveLength(1);
});

test('also when an editor replaces the file, again and again, and in a folder that is new', async () => {
  for (const answer of ['second', 'third']) {
    save('answer.tmp', `export const answer: string = '${answer}';`);
    renameSync(join(folder, 'src', 'answer.tmp'), join(folder, 'src', 'answer.ts'));
    await becomes(ask, answer);
  }
  mkdirSync(join(folder, 'src', 'deep'));
  await sleep(200);
  save('deep/answer.ts', "export const answer: string = 'deep';");
  save('answer.ts', "export { answer } from './deep/answer.ts';");
  await becomes(ask, 'deep');
  save('deep/answer.ts', "export const answer: string = 'deeper';");
  await becomes(ask, 'deeper');
});

test('code that does not start is reported once, and waits for the change that mends it', async () => {
  save('answer.ts', 'export const answer: string = ;');
  await becomes(() => said.some((line) => line.endsWith('It waits for the next change.')), true);
  expect(supervisor.processes).toEqual([]);
  expect(readFileSync(join(folder, 'app.log'), 'utf8')).toContain('answer.ts');
  save('answer.ts', "export const answer: string = 'mended';");
  await becomes(ask, 'mended');
});

test('a process that is killed comes back by itself, with the present code', async () => {
  const [before] = supervisor.processes;
  process.kill(before?.pid ?? 0, 'SIGKILL');
  await becomes(() => supervisor.processes.some(({ pid }) => pid !== before?.pid), true);
  await becomes(ask, 'first');
});
