import { Type } from 'typebox';
import { describe, expect, it } from 'vitest';
import { backoffDelay } from './backoff.ts';
import { systemClock } from './clock.ts';
import { ConfigError, readConfig } from './env.ts';
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
