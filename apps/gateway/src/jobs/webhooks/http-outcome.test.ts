import { describe, expect, it } from 'vitest';
import { judgeAnswer, judgeError } from './http-outcome.ts';

describe('an answer (MR-099)', () => {
  it.each([200, 201, 204, 299])('of %i delivers', (statusCode) => {
    expect(judgeAnswer({ statusCode })).toEqual({ kind: 'delivered', statusCode });
  });

  it.each([
    ['endpoint', [408, 429, 502, 503, 504]],
    ['unclear', [300, 301, 302, 307, 401, 403, 404, 405, 407, 500, 501, 599]],
    ['event', [400, 402, 409, 413, 415, 418, 422, 451]],
    ['gone', [410]],
  ] as const)('that is about the %s: %j', (scope, statuses) => {
    for (const statusCode of statuses) {
      expect(judgeAnswer({ statusCode, text: 'why' })).toMatchObject({
        kind: 'failed',
        scope,
        statusCode,
        error: `The receiver answered ${statusCode}.`,
        answer: 'why',
      });
    }
  });

  it('asks for patience with 429 and 503, in seconds or as a date, and with nothing else', () => {
    const asked = (statusCode: number, retryAfter: string) => {
      const outcome = judgeAnswer({ statusCode, retryAfter }, 0);
      return outcome.kind === 'failed' ? outcome.retryAfterMs : 'delivered';
    };
    expect(asked(429, '120')).toBe(120_000);
    expect(asked(503, 'Thu, 01 Jan 1970 01:00:00 GMT')).toBe(3_600_000);
    expect(asked(500, '120')).toBeUndefined();
    expect(asked(429, 'soon')).toBeUndefined();
  });
});

describe('no answer', () => {
  const error = (code: string) => Object.assign(new Error(`it was ${code}`), { code });

  it('without a connection is about the endpoint, and a knock tells when it is back', () => {
    expect(judgeError(error('ECONNREFUSED'), false)).toMatchObject({ scope: 'endpoint', isUnreachable: true });
  });

  it('after a reset or a time-out is about the endpoint', () => {
    expect(judgeError(error('UND_ERR_SOCKET'), true)).toMatchObject({ scope: 'endpoint', isUnreachable: false });
  });

  it('that is garbage may be about the event', () => {
    const outcome = judgeError(Object.assign(new Error('Expected HTTP/'), { name: 'HTTPParserError' }), true);
    expect(outcome).toMatchObject({ scope: 'unclear', error: expect.stringContaining('is no HTTP') });
  });

  it('has words that PostgreSQL can store', () => {
    expect(judgeError(new Error(`a\0b${'x'.repeat(900)}`), true)).toMatchObject({ error: `ab${'x'.repeat(498)}` });
  });
});
