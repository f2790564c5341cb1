import { describe, expect, it } from 'vitest';
import { judgeDisconnect, QR_ENDED_CODE } from './disconnect.ts';

describe('a linked session', () => {
  it.each([
    [{ status: 401, detail: 'device_removed' }, 'LOGGED_OUT', 'rest', true],
    [{ status: 401 }, 'LOGGED_OUT', 'rest', true],
    [{ status: 403 }, 'RESTRICTED', 'rest', false],
    [{ status: 405 }, 'ERROR', 'retry-slowly', false],
    [{ status: 411 }, 'ERROR', 'rest', false],
    [{ status: 408 }, 'RECONNECTING', 'retry', false],
    [{ status: 408, detail: 'ENOTFOUND' }, 'RECONNECTING', 'retry', false],
    [{ status: 428 }, 'RECONNECTING', 'retry', false],
    [{ status: 429 }, 'RECONNECTING', 'retry-slowly', false],
    [{ status: 440, detail: 'replaced' }, 'RECONNECTING', 'yield', false],
    [{ status: 500 }, 'RECONNECTING', 'retry', false],
    [{ status: 503 }, 'RECONNECTING', 'retry', false],
    [{ status: 515 }, 'CONNECTING', 'reconnect', false],
    [{ status: 418 }, 'RECONNECTING', 'retry', false],
  ])('%j: %s, %s', (cause, state, next, unlinked) => {
    const verdict = judgeDisconnect(cause, true);
    expect(verdict).toMatchObject({ state, next, unlinked });
    expect(verdict.reason.length).toBeGreaterThan(20);
  });

  it('keeps the code of WhatsApp or of the network', () => {
    expect(judgeDisconnect({ status: 401, detail: 'device_removed' }, true).code).toBe('401/device_removed');
    expect(judgeDisconnect({ status: 408, detail: 'ENOTFOUND' }, true).code).toBe('408/ENOTFOUND');
    expect(judgeDisconnect({ status: 503 }, true).code).toBe('503');
  });

  it('is told that the network is down, not that WhatsApp has left', () => {
    expect(judgeDisconnect({ status: 408, detail: 'EAI_AGAIN' }, true).reason).toMatch(/no connection to WhatsApp/);
  });
});

describe('a session that is not linked yet', () => {
  it('rests when its QR codes have run out, and says how to get new ones', () => {
    const verdict = judgeDisconnect({ status: 408, qrEnded: true }, false);
    expect(verdict).toMatchObject({ state: 'STOPPED', next: 'rest', code: QR_ENDED_CODE, unlinked: false });
    expect(verdict.reason).toMatch(/Ask for a new one/);
  });

  it('cannot be logged out: it begins again', () => {
    expect(judgeDisconnect({ status: 401 }, false)).toMatchObject({ next: 'retry', unlinked: false });
  });
});
