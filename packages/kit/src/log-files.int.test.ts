import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ConfigError } from './env.ts';
import { type LogFiles, openLogFiles } from './log-files.ts';
import { createLogger } from './logger.ts';

const KIT = fileURLToPath(new URL('../dist/index.js', import.meta.url));
/** Milliseconds. Far above what a disk needs. */
const WITHIN = 20_000;
let folder: string;
let open: LogFiles[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wag-logs-'));
  open = [];
});
afterEach(() => {
  for (const files of open) files.close();
  // A file that was being opened may appear in the folder while it is removed.
  rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 20 });
});

function logTo(options: { maxBytes?: number; keep?: number; path?: string } = {}) {
  const { path = folder, ...rest } = options;
  const files = openLogFiles({ folder: path, ...rest });
  open.push(files);
  const destination = { write: () => undefined };
  const { sinks } = files;
  return {
    files,
    logger: createLogger({ service: 'test', level: 'debug', destination, sinks, secrets: ['hunter22'] }),
  };
}

const lines = (name: string, path = folder) =>
  readFileSync(join(path, name), 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as { msg: string; level: string; security?: string });
const messages = (name: string, path = folder) => lines(name, path).map(({ msg }) => msg);

describe('log files (MR-178)', () => {
  it('has every line in one file, errors in another, what is about security in a third', async () => {
    const { logger, files } = logTo();
    logger.debug('one');
    logger.info({ security: 'RL_IP' }, 'two');
    logger.error({ err: new Error('no') }, 'three');
    logger.warn({ text: '"security":"no"' }, 'four');
    logger.fatal({ security: 'x' }, 'five');
    await vi.waitFor(() => expect(messages('combined.log')).toHaveLength(5), WITHIN);
    files.close();
    expect(messages('combined.log')).toEqual(['one', 'two', 'three', 'four', 'five']);
    expect(messages('error.log')).toEqual(['three', 'five']);
    expect(messages('security.log')).toEqual(['two', 'five']);
  });

  it('is for the user alone, and free of secrets as stdout is', () => {
    const { logger, files } = logTo();
    logger.info({ password: 'a secret', note: 'hunter22' }, 'said');
    files.close();
    const text = readFileSync(join(folder, 'combined.log'), 'utf8');
    expect(text).toContain('said');
    expect(text).not.toMatch(/a secret|hunter22/);
    expect((statSync(join(folder, 'combined.log')).mode & 0o777).toString(8)).toBe('600');
  });

  it('loses no line at the end, and none that is said after it', () => {
    const { logger, files } = logTo();
    const expected = Array.from({ length: 2_000 }, (_, index) => `line ${index}`);
    for (const line of expected) logger.info(line);
    files.close();
    logger.info('stopped');
    // Lines that were being written may be there twice.
    expect([...new Set(messages('combined.log'))]).toEqual([...expected, 'stopped']);
  });

  it('loses none when the process ends by itself', () => {
    const source = `import { createLogger, openLogFiles } from ${JSON.stringify(KIT)};
      const { sinks } = openLogFiles({ folder: ${JSON.stringify(join(folder, 'logs'))} });
      const logger = createLogger({ service: 'x', sinks });
      for (let index = 0; index < 500; index += 1) logger.info('line ' + index);
      process.exit(3);`;
    const node = spawnSync(process.execPath, ['--input-type=module', '-e', source], { encoding: 'utf8' });
    expect(node.status, node.stderr).toBe(3);
    expect(new Set(messages('combined.log', join(folder, 'logs'))).size).toBe(500);
  });

  it('begins a new file when one is full, and keeps a few of before', async () => {
    const { logger, files } = logTo({ maxBytes: 4_000, keep: 2 });
    await vi.waitFor(() => {
      for (let index = 0; index < 20; index += 1) logger.info({ padding: 'x'.repeat(100) }, `line ${index}`);
      expect(existsSync(join(folder, 'combined.log.2'))).toBe(true);
    }, WITHIN);
    files.close();
    const names = readdirSync(folder).filter((name) => name.startsWith('combined'));
    expect(names.sort()).toEqual(['combined.log', 'combined.log.1', 'combined.log.2']);
  });

  it('refuses at the start a folder that cannot be, by the name of the setting', () => {
    writeFileSync(join(folder, 'file'), '');
    expect(() => logTo({ path: join(folder, 'file', 'logs') })).toThrow(ConfigError);
    expect(() => logTo({ path: join(folder, 'file', 'logs') })).toThrow(/LOG_FILE_PATH: the folder .*logs cannot/);
  });

  it('goes on without the files when the disk fails later', async () => {
    const { logger, files } = logTo();
    logger.info('before');
    await vi.waitFor(() => expect(existsSync(join(folder, 'combined.log'))).toBe(true), WITHIN);
    files.close();
    rmSync(folder, { recursive: true, force: true });
    expect(() => logger.info('after')).not.toThrow();
  });
});
