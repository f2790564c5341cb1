import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Type } from 'typebox';
import { afterAll, describe, expect, it } from 'vitest';
import { backoffDelay } from './backoff.ts';
import { systemClock } from './clock.ts';
import { ConfigError, readConfig } from './env.ts';
import { describeFolderFailure } from './folder-failure.ts';
import { firstIdAt, newId, newToken } from './ids.ts';
import { internalToken, tokensEqual } from './internal-auth.ts';
import { createLogger } from './logger.ts';
import { createSingleFlight } from './single-flight.ts';

describe('configuration (MR-176)', () => {
  const schema = Type.Object({
    PORT: Type.Integer({ default: 8_000, minimum: 0, maximum: 65_535 }),
    NETWORK: Type.Union([Type.Literal('live'), Type.Literal('sandbox')]),
    VERBOSE: Type.Boolean({ default: false }),
  });

  it('applies defaults, converts types, drops what it does not know, and is frozen', () => {
    const config = readConfig(schema, { PORT: '0', NETWORK: 'live', VERBOSE: 'true', HOME: '/somewhere' });
    expect(config).toEqual({ PORT: 0, NETWORK: 'live', VERBOSE: true });
    expect(Object.isFrozen(config)).toBe(true);
  });

  it('takes an empty variable as absent', () => {
    expect(readConfig(schema, { PORT: '', NETWORK: 'sandbox' }).PORT).toBe(8_000);
  });

  it('names every variable that is missing or wrong, in one error', () => {
    const read = () => readConfig(schema, { PORT: 'eighty' });
    expect(read).toThrow(ConfigError);
    expect(read).toThrow(/NETWORK is missing/);
    expect(read).toThrow(/PORT must be integer/);
  });
});

describe('a variable that is a file (MR-176)', () => {
  const schema = Type.Object({ TOKEN: Type.String({ minLength: 3 }), PORT: Type.Integer({ default: 1 }) });
  const folder = mkdtempSync(join(tmpdir(), 'wag-secrets-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const file = (content: string): string => {
    const path = join(folder, 'token');
    writeFileSync(path, content);
    return path;
  };

  it('has its content, without the line break at the end', () => {
    expect(readConfig(schema, { TOKEN_FILE: file('sesame\n') }).TOKEN).toBe('sesame');
    expect(readConfig(schema, { TOKEN_FILE: file(' two\nlines \r\n'), TOKEN: '' }).TOKEN).toBe(' two\nlines ');
    expect(readConfig(schema, { TOKEN_FILE: '', TOKEN: 'plain' }).TOKEN).toBe('plain');
  });

  it('is judged as the variable is', () => {
    expect(() => readConfig(schema, { TOKEN_FILE: file('x') })).toThrow(/TOKEN must/);
  });

  it.each([
    [() => ({ TOKEN_FILE: join(folder, 'nothing') }), /^TOKEN_FILE names .*nothing, which does not exist\. Create/],
    [
      () => ({ TOKEN_FILE: folder }),
      /which is a folder\. A container engine makes one where the file to mount is missing/,
    ],
    [() => ({ TOKEN_FILE: file('\n') }), /which is empty\. Write the value into it\.$/],
    [() => ({ TOKEN_FILE: file('a secret'), TOKEN: 'b' }), /^TOKEN and TOKEN_FILE are both set\. Keep one of them\.$/],
  ])('that cannot be used is a sentence (%#)', (env, sentence) => {
    expect(() => readConfig(schema, env())).toThrow(ConfigError);
    expect(() => readConfig(schema, env())).toThrow(sentence);
  });

  it('is for texts: numbers have none', () => {
    expect(readConfig(schema, { TOKEN: 'sesame', PORT_FILE: '/nowhere' }).PORT).toBe(1);
  });
});

describe('a folder that cannot be written', () => {
  const failure = (code: string) => Object.assign(new Error('no'), { code });

  it('is a sentence that names the variable, the owner and the remedy', () => {
    expect(describeFolderFailure(failure('EACCES'), 'DATA', '/usr/bin/none')).toBe(
      `DATA: user ${process.getuid?.()} cannot write into /usr/bin/none. It belongs to user 0. ` +
        `Give it to this user: chown -R ${process.getuid?.()} /usr/bin/none.`,
    );
    expect(describeFolderFailure(failure('EROFS'), 'DATA', '/x')).toMatch(/^DATA: \/x .* Mount a volume there\.$/);
    expect(describeFolderFailure(failure('ENOSPC'), 'DATA', '/x')).toBeNull();
  });
});

describe('backoff', () => {
  it('grows to its ceiling and stays between half and all of it', () => {
    const options = { initialMs: 1_000, maxMs: 60_000 };
    expect(backoffDelay(0, options, () => 0)).toBe(500);
    expect(backoffDelay(0, options, () => 1)).toBe(1_000);
    expect(backoffDelay(3, options, () => 1)).toBe(8_000);
    expect(backoffDelay(500, options, () => 1)).toBe(60_000);
  });
});

describe('the clock', () => {
  it('ends a sleep with the reason of its signal', async () => {
    const abort = new AbortController();
    const sleeping = systemClock.sleep(60_000, abort.signal);
    abort.abort(new Error('stopping'));
    await expect(sleeping).rejects.toThrow('stopping');
  });
});

describe('tokens', () => {
  it('have 256 random bits behind a part that may be shown', () => {
    const { token, displayPrefix } = newToken('wag_test_');
    expect(token).toMatch(/^wag_test_[A-Za-z0-9]{8}_[A-Za-z0-9]{43}$/);
    expect(token.startsWith(`${displayPrefix}_`)).toBe(true);
  });

  it('of a worker die with its incarnation', () => {
    const master = Buffer.alloc(32, 7);
    expect(internalToken(master, 'worker-1', 1)).not.toBe(internalToken(master, 'worker-1', 2));
    expect(tokensEqual(internalToken(master, 'worker-1', 1), internalToken(master, 'worker-1', 1n))).toBe(true);
    expect(tokensEqual('a', 'abc')).toBe(false);
  });

  it('ids sort by time', () => {
    const ids = Array.from({ length: 100 }, newId);
    expect([...ids].sort()).toEqual(ids);
  });

  it('ids lie between the first ids of the times around them', () => {
    const [before, id] = [firstIdAt(new Date()), newId()];
    expect(before < id && id < firstIdAt(new Date(Date.now() + 2))).toBe(true);
    expect(firstIdAt(new Date(-1))).toBe('00000000-0000-0000-0000-000000000000');
    expect(firstIdAt(new Date(8.64e15))).toBe(firstIdAt(new Date(2 ** 48 - 1)));
  });
});

describe('logs (MR-163)', () => {
  it('never show a secret field, at the top or inside an object', () => {
    const lines: string[] = [];
    const logger = createLogger({ service: 'test', destination: { write: (line: string) => void lines.push(line) } });
    logger.info(
      { apiKey: 'leak-1', user: { password: 'leak-2' }, request: { headers: { authorization: 'leak-3' } } },
      'event',
    );
    expect(lines.join()).not.toContain('leak');
    expect(JSON.parse(lines[0]!)).toMatchObject({ service: 'test', level: 'info', msg: 'event', apiKey: '[redacted]' });
  });
});

describe('single flight', () => {
  it('shares one run among calls that come while it runs, and runs again afterwards', async () => {
    const flight = createSingleFlight<number>();
    let runs = 0;
    const run = async () => ++runs;
    expect(await Promise.all([flight('a', run), flight('a', run), flight('b', run)])).toEqual([1, 1, 2]);
    expect(await flight('a', run)).toBe(3);
  });
});
