import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { runCommand, runToEnd } from './commands.mjs';
import { LaunchError, StoppedError } from './errors.mjs';
import { identify } from './process-identity.mjs';
import { useTempDirs } from './temp-dir.testing.ts';

const tempDir = useTempDirs();
const context = { env: process.env };
const shell = (script: string) => ({ title: 'The tool', command: 'sh', args: ['-c', script], cwd: '/' });

test('gives back the lines of both outputs', async () => {
  expect(await runCommand(shell('echo one; echo two >&2'), context)).toEqual(expect.arrayContaining(['one', 'two']));
});

test('a failure carries the last words of the tool', async () => {
  const failure: unknown = await runCommand(shell('echo what happened; exit 7'), context).catch((error) => error);
  expect(failure).toBeInstanceOf(LaunchError);
  expect(failure).toMatchObject({
    message: 'The tool failed (exit code 7).',
    details: expect.stringContaining('what happened'),
  });
});

test('a failure of the surroundings is said in a sentence', async () => {
  const script = 'echo "ENOSPC: no space left on device, write"; exit 1';
  await expect(runCommand(shell(script), context)).rejects.toMatchObject({ message: 'The disk is full.' });
});

test('a program that is not there is named', async () => {
  const missing = { title: 'The tool', command: '/nowhere/tool', args: [] };
  await expect(runCommand(missing, context)).rejects.toThrow('The tool failed: /nowhere/tool cannot be run.');
});

test('is ended with all that it started', async () => {
  const file = join(tempDir(), 'pid');
  const stop = new AbortController();
  const run = runToEnd(shell(`sleep 300 & echo $! > ${file}.new; mv ${file}.new ${file}; wait`), {
    ...context,
    signal: stop.signal,
  });
  while (!existsSync(file)) await sleep(10);
  const grandchild = Number(readFileSync(file, 'utf8'));
  expect(identify(grandchild)).toBeDefined();
  stop.abort();
  await expect(run).rejects.toThrow(StoppedError);
  while (identify(grandchild)) await sleep(10);
});

const autogroup = '/proc/self/autogroup';
test.runIf(existsSync(autogroup))('yields to other sessions too, with all that it starts', async () => {
  const seen = `cut -d ' ' -f 19 /proc/self/stat; cat ${autogroup}`;
  // Both are set right after the start.
  const seenWhenSet = `n=0; until grep -q 'nice 10' ${autogroup} || [ $((n += 1)) -gt 1000 ]; do sleep 0.01; done; ${seen}`;
  const inner = `import('${join(import.meta.dirname, 'commands.mjs')}').then(async ({ runCommand }) => {
    const script = ${JSON.stringify(seenWhenSet)};
    const lines = await runCommand({ title: 'inner', command: 'sh', args: ['-c', script] }, { env: process.env });
    console.log(lines.join('\\n'));
  })`;
  const outer = { title: 'outer', command: process.execPath, args: ['-e', inner] };
  const lowered = ['10', expect.stringMatching(/ nice 10$/)];
  expect(await runCommand({ ...shell(seenWhenSet), yielding: true }, context)).toEqual(lowered);
  expect(await runCommand({ ...outer, yielding: true }, context)).toEqual(lowered);
  expect(await runCommand(shell(seen), context)).toEqual(['0', expect.stringMatching(/ nice 0$/)]);
});

test('is not even begun after the wish to stop', async () => {
  await expect(runToEnd(shell('exit 0'), { ...context, signal: AbortSignal.abort() })).rejects.toThrow(StoppedError);
});
