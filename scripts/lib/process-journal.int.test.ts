import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { endLeftovers, openJournal } from './process-journal.mjs';
import { useTempDirs } from './temp-dir.testing.ts';

const tempDir = useTempDirs();
const GRACE = { graceMs: 200 };

/** A process that runs this code on SIGTERM. */
async function startProcess(onTerm = 'process.exit()'): Promise<ChildProcess & { pid: number }> {
  const script = `process.on('SIGTERM', () => { ${onTerm} }); console.log('up'); setInterval(() => {}, 1000)`;
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  return child as ChildProcess & { pid: number };
}

/** A script that prints whether a process runs, and ends. A zombie counts as ended. */
const witnessOf = (pid: number) => `
  let state = 'Z';
  try { state = /\\) (\\w)/.exec(require('fs').readFileSync('/proc/${pid}/stat', 'utf8'))[1]; } catch {}
  console.log(state === 'Z' || state === 'X' ? 'it has ended' : 'it runs');
  process.exit();`;

test('ends what is recorded, those first that use the others, by force when asking does not help', async () => {
  const path = join(tempDir(), 'processes.json');
  const journal = openJournal(path, (text) => expect.fail(text));
  const service = await startProcess('');
  const database = await startProcess(witnessOf(service.pid));
  journal.started(database.pid, { name: 'database', stopSignal: 'SIGTERM', stage: 3 });
  journal.started(service.pid, { name: 'service', stopSignal: 'SIGTERM', stage: 0 });

  let said = '';
  database.stdout!.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  const closed = Promise.all([once(service, 'close'), once(database, 'close')]);
  // The service takes all of it. The database needs some: on a busy machine its answer to the signal takes time.
  const { ended, damaged } = await endLeftovers(path, { graceMs: 2_000 });
  await closed;
  expect(ended.sort()).toEqual(['database', 'service']);
  expect(damaged).toBe(false);
  expect([service.signalCode, database.exitCode, said.trim()]).toEqual(['SIGKILL', 0, 'it has ended']);
});

test('leaves a process alone that has the number, but not the start time', async () => {
  const path = join(tempDir(), 'processes.json');
  const stranger = await startProcess();
  openJournal(path, (text) => expect.fail(text)).started(stranger.pid, {
    name: 'ours',
    stopSignal: 'SIGTERM',
    stage: 0,
  });
  const record = JSON.parse(readFileSync(path, 'utf8'));
  record.processes[0].startTime = '1';
  writeFileSync(path, JSON.stringify(record));

  expect(await endLeftovers(path, GRACE)).toEqual({ ended: [], damaged: false });
  expect([stranger.exitCode, stranger.signalCode]).toEqual([null, null]);
  stranger.kill('SIGKILL');
});

test('forgets a process that ended in order', () => {
  const path = join(tempDir(), 'processes.json');
  const journal = openJournal(path, (text) => expect.fail(text));
  journal.started(process.pid, { name: 'ours', stopSignal: 'SIGTERM', stage: 0 });
  journal.ended(process.pid);
  expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual({ processes: [] });
});

test.each(['{"processes": [', ''])('says that a record is damaged: %j', async (content) => {
  const path = join(tempDir(), 'processes.json');
  writeFileSync(path, content);
  expect(await endLeftovers(path, GRACE)).toEqual({ ended: [], damaged: true });
});

test.each(['{"processes": 7}', '{"processes": [null, {"pid": 1, "startTime": "1", "name": "init"}, {"pid": "12"}]}'])(
  'takes nothing for a process that is none: %s',
  async (content) => {
    const path = join(tempDir(), 'processes.json');
    writeFileSync(path, content);
    expect(await endLeftovers(path, GRACE)).toEqual({ ended: [], damaged: false });
  },
);

test('a record that cannot be written is said once and stops nothing', () => {
  const path = join(tempDir(), 'processes.json');
  mkdirSync(path); // nothing can be renamed over a folder
  const said: string[] = [];
  const journal = openJournal(path, (text) => said.push(text));
  journal.started(process.pid, { name: 'ours', stopSignal: 'SIGTERM', stage: 0 });
  journal.ended(process.pid);
  expect(said).toEqual([expect.stringContaining('cannot be written')]);
});
