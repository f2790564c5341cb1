import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, it } from 'vitest';
import { orderlyMs } from './shutdown.ts';

const KIT = fileURLToPath(new URL('../dist/index.js', import.meta.url));
const running: ReturnType<typeof spawn>[] = [];
afterEach(() => {
  for (const child of running.splice(0)) child.kill('SIGKILL');
});

/** Runs a process whose first stage behaves as `step` says. Returns its output and exit code. */
async function program(step: string, { cut = true, graceMs = 60_000 } = {}) {
  const source = `
    import { createLogger, onShutdown } from ${JSON.stringify(KIT)};
    const say = (word) => process.stdout.write(word + '\\n');
    const steps = () => [
      { name: 'one', close: async () => { say('one'); ${step} } },
      { name: 'two', close: () => say('two') },
    ];
    onShutdown(createLogger({ service: 'worker', level: 'silent' }), ${graceMs}, steps, ${cut ? "{ cut: () => say('cut') }" : '{}'});
    setInterval(() => undefined, 1000);
    say('ready');
  `;
  const child = spawn(process.execPath, ['--input-type=module', '-e', source], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  running.push(child);
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  const said = async (word: string) => {
    while (!output.includes(word)) await once(child.stdout, 'data');
  };
  await said('ready');
  // Waits for `close`, not `exit`: output may come after the exit.
  const ended = once(child, 'close') as Promise<[number | null]>;
  return { child, said, ended: async () => ({ code: (await ended)[0], words: output.trim().split('\n').slice(1) }) };
}

const FOR_EVER = 'await new Promise(() => undefined);';

it('closes the steps in order and ends well', async () => {
  const { child, ended } = await program('');
  child.kill('SIGTERM');
  expect(await ended()).toEqual({ code: 0, words: ['one', 'two'] });
});

it('goes on with the next step when one fails', async () => {
  const { child, ended } = await program(`throw new Error('no');`);
  child.kill('SIGINT');
  expect(await ended()).toEqual({ code: 0, words: ['one', 'two'] });
});

it('cuts off the rest at a second signal', async () => {
  const { child, said, ended } = await program(FOR_EVER);
  child.kill('SIGTERM');
  await said('one');
  child.kill('SIGTERM');
  expect(await ended()).toEqual({ code: 1, words: ['one', 'cut'] });
});

it('cuts off the rest when only the reserve of the grace is left', async () => {
  const { child, ended } = await program(FOR_EVER, { graceMs: 1_000 });
  child.kill('SIGTERM');
  expect(await ended()).toEqual({ code: 1, words: ['one', 'cut'] });
});

it('without a second stage a second signal ends it at once', async () => {
  const { child, said, ended } = await program(FOR_EVER, { cut: false });
  child.kill('SIGTERM');
  await said('one');
  child.kill('SIGINT');
  expect(await ended()).toEqual({ code: 1, words: ['one'] });
});

it('reserves ten seconds, of a short grace less', () => {
  expect([orderlyMs(80_000), orderlyMs(8_000)]).toEqual([70_000, 4_800]);
});
