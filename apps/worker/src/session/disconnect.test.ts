import { describe, expect, it } from 'vitest';
import { judgeDisconnect, passkeyWanted, QR_ENDED_CODE, staleByMessage, staleBySilence } from './disconnect.ts';

const CONFIRMED = { unlinked: true, unconfirmed: false };
const DOUBTED = { unlinked: true, unconfirmed: true };
const LINKED = { unlinked: false, unconfirmed: false };

describe('a linked session', () => {
  it.each([
    [{ status: 401, detail: 'device_removed' }, 'LOGGED_OUT', 'park', CONFIRMED, /removed on the phone.*QR code/],
    [{ status: 401 }, 'LOGGED_OUT', 'park', DOUBTED, /logged out.*QR code/],
    [{ status: 402 }, 'BANNED', 'park', LINKED, /banned this account for a while/],
    [{ status: 402, detail: '101' }, 'BANNED', 'park', LINKED, /too many people who do not have it/],
    [{ status: 402, detail: '104' }, 'BANNED', 'park', LINKED, /the same message/],
    [{ status: 402, detail: '999' }, 'BANNED', 'park', LINKED, /rules of WhatsApp/],
    [{ status: 403 }, 'BANNED', 'park', LINKED, /locked.*banned.*restart/],
    [{ status: 406 }, 'BANNED', 'park', LINKED, /banned.*restart/],
    [{ status: 405 }, 'ERROR', 'retry-slowly', LINKED, /whatsapp-version.*update wa-gate/],
    [{ status: 408 }, 'RECONNECTING', 'retry', LINKED, /lost.*reconnects by itself/],
    [{ status: 408, detail: 'ENOTFOUND' }, 'RECONNECTING', 'retry', LINKED, /no connection to WhatsApp/],
    [{ status: 408, detail: 'EAI_AGAIN' }, 'RECONNECTING', 'retry', LINKED, /no connection to WhatsApp/],
    [{ status: 408, detail: 'ECONNREFUSED' }, 'RECONNECTING', 'retry', LINKED, /no connection to WhatsApp/],
    [{ status: 408, detail: 'ETIMEDOUT' }, 'RECONNECTING', 'retry', LINKED, /no connection to WhatsApp/],
    [{ status: 408, detail: 'ECONNRESET' }, 'RECONNECTING', 'retry', LINKED, /lost/],
    [{ status: 411 }, 'ERROR', 'park', LINKED, /linked devices.*restart/],
    [{ status: 428 }, 'RECONNECTING', 'retry', LINKED, /lost/],
    [{ status: 429 }, 'RECONNECTING', 'retry-slowly', LINKED, /less often/],
    [{ status: 440, detail: 'replaced' }, 'RECONNECTING', 'yield', LINKED, /Another connection/],
    [{ status: 463 }, 'RECONNECTING', 'retry-slowly', LINKED, /restricts this account/],
    [{ status: 500 }, 'RECONNECTING', 'retry', LINKED, /with an error/],
    [{ status: 500, detail: 'CERT_HAS_EXPIRED' }, 'RECONNECTING', 'retry-slowly', LINKED, /cannot prove who it is/],
    [{ status: 503 }, 'RECONNECTING', 'retry', LINKED, /not available/],
    [{ status: 515 }, 'CONNECTING', 'reconnect', LINKED, /new connection/],
    [{ status: 418 }, 'RECONNECTING', 'retry', LINKED, /ended the connection/],
  ])('%j: %s, %s', (cause, state, next, link, sentence) => {
    const verdict = judgeDisconnect(cause, true);
    expect(verdict).toMatchObject({ state, next, ...link });
    expect(verdict.reason).toMatch(sentence);
  });

  it('is banned for a while, until WhatsApp says, or for good', () => {
    const endsAt = new Date('2026-01-15T10:30:00.000Z');
    const banOf = (cause: object) => judgeDisconnect({ status: 402, ...cause }, true).ban;
    expect(banOf({ detail: '104', endsAt })).toEqual({ isTemporary: true, until: endsAt });
    expect(banOf({ detail: '104' })).toEqual({ isTemporary: true, until: null });
    expect(banOf({ status: 403, endsAt })).toEqual({ isTemporary: false, until: null });
    expect(banOf({ status: 406 })).toEqual({ isTemporary: false, until: null });
    expect(banOf({ status: 463 })).toBeUndefined();
  });

  it('keeps the code of WhatsApp or of the network', () => {
    expect(judgeDisconnect({ status: 401, detail: 'device_removed' }, true).code).toBe('401/device_removed');
    expect(judgeDisconnect({ status: 408, detail: 'ENOTFOUND' }, true).code).toBe('408/ENOTFOUND');
    expect(judgeDisconnect({ status: 503 }, true).code).toBe('503');
  });

  it.each([401, 403, 405, 411, 429, 503])('is not judged by the HTTP %i of a proxy on the way', (status) => {
    const verdict = judgeDisconnect({ status, http: true }, true);
    expect(verdict).toMatchObject({ state: 'RECONNECTING', next: 'retry', code: `http/${status}`, ...LINKED });
  });

  it.each([
    [staleBySilence(true), 'STALE', 'stale/silent'],
    [staleByMessage(true), 'STALE', 'stale/unacknowledged'],
    [staleBySilence(false), 'CONNECTING', 'stale/silent'],
  ])('replaces a connection that is dead: $state', (verdict, state, code) => {
    expect(verdict).toMatchObject({ state, code, next: 'reconnect', unlinked: false });
  });
});

describe('a session that is not linked yet', () => {
  it('is parked when its QR codes have run out, and says how to get new ones', () => {
    const verdict = judgeDisconnect({ status: 408, qrEnded: true }, false);
    expect(verdict).toMatchObject({ state: 'STOPPED', next: 'park', code: QR_ENDED_CODE, unlinked: false });
    expect(verdict.reason).toMatch(/Ask for a new one/);
  });

  it('cannot be logged out: it begins again', () => {
    expect(judgeDisconnect({ status: 401 }, false)).toMatchObject({ next: 'retry', ...LINKED });
  });

  it('says what to do about a passkey', () => {
    expect(passkeyWanted('passkey')).toMatchObject({ state: 'PASSKEY_REQUIRED', next: 'park' });
    expect(passkeyWanted('passkey').reason).toMatch(/Settings, Account, Passkeys/);
    expect(passkeyWanted('confirmation')).toMatchObject({ state: 'PASSKEY_CONFIRMATION_REQUIRED', next: 'park' });
  });
});
