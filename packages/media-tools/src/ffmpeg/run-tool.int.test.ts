import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { runTool, type ToolFailedError, type ToolLimits } from './run-tool.ts';

/** Node plays the tool: what is tested are the limits. */
const LIMITS: ToolLimits = { timeoutMs: 30_000, memoryBytes: 64 * 1024 ** 3, fileBytes: 1024 ** 3 };
const IS_LINUX = process.platform === 'linux' && existsSync('/usr/bin/prlimit') && existsSync('/usr/bin/setpriv');
const NEVER = new AbortController().signal;

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wag-run-tool-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function run(code: string, limits: Partial<ToolLimits> = {}, signal = NEVER): Promise<string> {
  const chunks: Buffer[] = [];
  await runTool({
    program: process.execPath,
    args: ['--input-type=module', '--eval', code],
    limits: { ...LIMITS, ...limits },
    signal,
    onOutput: (chunk) => chunks.push(chunk),
  });
  return Buffer.concat(chunks).toString();
}

/** Whether a process is there. A zombie, which only waits for its parent, is not. */
async function isAlive(pid: number): Promise<boolean> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return text !== '' && !/\) [ZX]/.test(text);
}

describe('a program on the files of strangers', () => {
  it('gives its output, with nothing of our environment', async () => {
    const names = JSON.parse(await run('process.stdout.write(JSON.stringify(Object.keys(process.env)))')) as string[];
    expect(names.filter((name) => !['PATH', 'LC_ALL', 'AV_LOG_FORCE_NOCOLOR', '_'].includes(name))).toEqual([]);
  });

  it('that fails tells what it wrote last', async () => {
    const failed = run('console.error("no such codec"); process.exit(3)');
    await expect(failed).rejects.toMatchObject({ isTimeout: false, stderr: 'no such codec' });
    await expect(failed).rejects.toThrow(/ended with 3/);
  });

  it('that does not end is ended', async () => {
    await expect(run('setInterval(() => {}, 1e6)', { timeoutMs: 300 })).rejects.toMatchObject({ isTimeout: true });
  });

  it('is ended when its caller gives up', async () => {
    const controller = new AbortController();
    const running = run('setInterval(() => {}, 1e6)', {}, controller.signal);
    controller.abort(new Error('gone'));
    await expect(running).rejects.toThrow('gone');
  });

  it('is ended when its output cannot be used', async () => {
    const running = runTool({
      program: process.execPath,
      args: ['--eval', 'setInterval(() => console.log("x"), 5)'],
      limits: LIMITS,
      signal: NEVER,
      onOutput: () => {
        throw new Error('too much');
      },
    });
    await expect(running).rejects.toThrow('too much');
  });

  it('that is not there is an error', async () => {
    const missing = runTool({ program: join(folder, 'ffmpeg'), args: [], limits: LIMITS, signal: NEVER });
    await expect(missing).rejects.toThrow(/ended with 127|ENOENT/);
  });

  it.runIf(IS_LINUX)('has the lowest priority, and is the first to go when memory ends', async () => {
    const code = `
      import { readFileSync } from 'node:fs';
      setTimeout(() => {
        const nice = readFileSync('/proc/self/stat', 'utf8').replace(/.*\\) /s, '').split(' ')[16];
        process.stdout.write(nice + ' ' + readFileSync('/proc/self/oom_score_adj', 'utf8').trim());
      }, 200);`;
    expect(await run(code)).toBe('19 1000');
  });

  it.runIf(IS_LINUX)('cannot write larger files than allowed', async () => {
    const path = join(folder, 'large');
    const code = `
      import { openSync, writeSync } from 'node:fs';
      const file = openSync(${JSON.stringify(path)}, 'w');
      for (;;) writeSync(file, Buffer.alloc(65536));`;
    const failed = (await run(code, { fileBytes: 1_000_000 }).catch((error: unknown) => error)) as ToolFailedError;
    expect(`${failed.message} ${failed.stderr}`).toMatch(/SIGXFSZ|EFBIG/);
    expect((await stat(path)).size).toBeLessThanOrEqual(1_000_000);
  });

  it.runIf(IS_LINUX)('cannot take more memory than allowed', async () => {
    // Python and others would do as well: a process whose address space is small from the beginning.
    const running = runTool({
      program: '/bin/dd',
      args: ['if=/dev/zero', 'of=/dev/null', 'bs=512M', 'count=1'],
      limits: { ...LIMITS, memoryBytes: 128 * 1024 ** 2 },
      signal: NEVER,
    });
    await expect(running).rejects.toMatchObject({ stderr: expect.stringContaining('memory') });
  });

  it.runIf(IS_LINUX)('ends with the process that has started it, however that ends', async () => {
    const note = join(folder, 'pid');
    const program = join(folder, 'parent.mjs');
    const own = pathToFileURL(join(import.meta.dirname, '../../dist/ffmpeg/run-tool.js')).href;
    const child = `require('node:fs').writeFileSync(${JSON.stringify(note)}, String(process.pid)); setInterval(() => {}, 1e6)`;
    await writeFile(
      program,
      `import { runTool } from ${JSON.stringify(own)};
       await runTool({ program: process.execPath, args: ['--eval', ${JSON.stringify(child)}],
         limits: ${JSON.stringify(LIMITS)}, signal: new AbortController().signal });`,
    );
    const parent: ChildProcess = spawn(process.execPath, [program], { stdio: 'inherit' });
    const pid = await vi.waitFor(async () => {
      const text = await readFile(note, 'utf8');
      if (text === '') throw new Error('It is being written.');
      return Number(text);
    }, 20_000);
    expect(await isAlive(pid)).toBe(true);
    parent.kill('SIGKILL');
    await once(parent, 'exit');
    await vi.waitFor(async () => expect(await isAlive(pid)).toBe(false), 10_000);
  });
});
