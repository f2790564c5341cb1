import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { newToken } from './ids.ts';
import { createLogger } from './logger.ts';

const MASTER_KEY = randomBytes(32).toString('base64');
const PASSWORD = 'correct "horse" battery';
const JWT = 'eyJhbGciOiJIUzI1NiIsImtpZCI6ImEifQ.eyJzdWIiOiIwMTkwIn0.c2lnbmF0dXJlLW9mLTI1Ni1iaXRz';
const WEBHOOK_SECRET = `whsec_${randomBytes(32).toString('base64')}`;
const token = (prefix: string) => newToken(prefix).token;

/** Each secret, and the part of it that must not be seen. */
const SECRETS: [name: string, secret: string][] = [
  ['a JWT', JWT],
  ['a live key', token('wag_live_')],
  ['a test key', token('wag_test_')],
  ['a worker token', token('wag_wk_')],
  ['a refresh token', token('wag_rt_')],
  ['a webhook secret', WEBHOOK_SECRET],
  ['the master key', MASTER_KEY],
  ['a configured password', PASSWORD],
];

function write(fields: object, message = 'event'): string {
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  createLogger({ service: 'test', secrets: [MASTER_KEY, PASSWORD, undefined], destination }).info(fields, message);
  expect(lines).toHaveLength(1);
  JSON.parse(lines[0]!);
  return lines[0]!;
}

/** Checks that the secret is not in the censored line. */
function expectCensored(line: string, secret: string): void {
  const inside = JSON.stringify(secret).slice(1, -1);
  expect(line).not.toContain(inside);
  expect(line).not.toContain(inside.slice(-16));
  expect(line).toContain('[redacted]');
}

describe('secrets in log lines (MR-163)', () => {
  describe.each(SECRETS)('%s', (_name, secret) => {
    it.each([
      ['a field of a name that says nothing', { value: secret }],
      ['a deep field', { a: { b: { c: { d: [secret] } } } }],
      ['a URL', { url: `/api/sessions?x=1&apiKey=${secret}` }],
      ['the message and stack of an error', { err: new Error(`refused: ${secret}`) }],
      ['a text of several lines', { text: `first\n${secret}\nlast` }],
      ['a header', { headers: [`Authorization: Bearer ${secret}`] }],
    ])('is not seen in %s', (_where, fields) => {
      expectCensored(write(fields), secret);
    });

    it('is not seen in the message, nor bound by a child logger', () => {
      expectCensored(write({}, `got ${secret} from somebody`), secret);
      const lines: string[] = [];
      const options = { service: 'test', secrets: [MASTER_KEY, PASSWORD] };
      const logger = createLogger({ ...options, destination: { write: (line: string) => void lines.push(line) } });
      logger.child({ note: secret }).warn('event');
      expectCensored(lines.join(), secret);
    });
  });

  it.each([
    ['the password of a URL', 'postgresql://wag:s3cret-of-db@db:5432/wag', 's3cret-of-db'],
    ['a token in a query', 'https://app.example/reset?token=Zx81hyQ0pPl3&next=/', 'Zx81hyQ0pPl3'],
    ['basic authentication', 'Authorization: Basic dXNlcjpwYXNzd29yZA==', 'dXNlcjpwYXNzd29yZA'],
    ['the join token', 'Bearer join-token-of-the-tests', 'join-token-of-the-tests'],
    ['a cookie', 'a=b; wag_refresh=wag_rt_abcdefgh_ABCDEFGHIJKLMNOPQRSTUVWX', 'ABCDEFGHIJKLMNOPQRSTUVWX'],
  ])('%s is not seen in a text', (_what, text, secret) => {
    expect(write({ text })).not.toContain(secret);
  });

  it('keeps what a key is recognised by, and everything that is no secret', () => {
    const { token: key, displayPrefix } = newToken('wag_live_');
    expect(write({ text: `key ${key}` })).toContain(`${displayPrefix}_[redacted]`);
    const text = 'wag_http_request_duration_seconds of http://gateway:8000/x?limit=1: BASIC tier, basic needs, eyJ.';
    expect(JSON.parse(write({ text })).text).toBe(text);
  });

  it('is taken out of what every sink gets, by its level', () => {
    const [out, sink]: [string[], string[]] = [[], []];
    const logger = createLogger({
      service: 'test',
      level: 'debug',
      destination: { write: (line: string) => void out.push(line) },
      sinks: [{ level: 'warn', stream: { write: (line: string) => void sink.push(line) } }],
    });
    logger.debug('one');
    logger.child({ sessionId: 's' }).warn({ note: JWT }, 'two');
    logger.error('three');
    expect(out.map((line) => JSON.parse(line).msg)).toEqual(['one', 'two', 'three']);
    expect(sink.map((line) => JSON.parse(line).msg)).toEqual(['two', 'three']);
    expect(sink.join()).not.toContain(JWT);
  });
});
