import { apiUrl } from './base-path.ts';

/**
 * Keeps the login of this browser alive. The cookies are out of reach of scripts; a refresh token is good once, so that
 * one tab refreshes at a time and the others take over its result.
 */
const LOCK = 'wag-refresh';
const STAMP = 'wag.refreshed';
/** Seconds before the end of the access token at which it is renewed. */
const EARLY_SECONDS = 60;
/** Milliseconds within which the refresh of another tab counts for this one. */
const FRESH_MS = 10_000;
const FALLBACK_WAIT_MS = 80;

export type RefreshOutcome = 'refreshed' | 'ended' | 'away';

let timer: ReturnType<typeof setTimeout> | undefined;
let running: Promise<RefreshOutcome> | undefined;

/** One tab at a time. Pages without TLS have no locks, so that a mark in the storage stands in for one. */
async function alone<T>(work: () => Promise<T>): Promise<T> {
  if (navigator.locks) return navigator.locks.request(LOCK, work);
  const own = crypto.getRandomValues(new Uint32Array(2)).join('.');
  for (let turn = 0; turn < 50; turn++) {
    const [holder, since] = (localStorage.getItem(LOCK) ?? '').split('@');
    if (!holder || Date.now() - Number(since) > FRESH_MS) {
      localStorage.setItem(LOCK, `${own}@${Date.now()}`);
      await new Promise((resolve) => setTimeout(resolve, FALLBACK_WAIT_MS));
      if (localStorage.getItem(LOCK)?.startsWith(own)) break;
    }
    await new Promise((resolve) => setTimeout(resolve, FALLBACK_WAIT_MS));
  }
  try {
    return await work();
  } finally {
    localStorage.removeItem(LOCK);
  }
}

const lastRefresh = (): number => Number(localStorage.getItem(STAMP) ?? 0);

async function refresh(): Promise<RefreshOutcome> {
  // Another tab may have done it while this one waited.
  if (Date.now() - lastRefresh() < FRESH_MS) return 'refreshed';
  try {
    const response = await fetch(apiUrl('/api/auth/refresh'), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{}',
    });
    if (response.ok) {
      const { data } = (await response.json()) as { data: { expiresIn: number } };
      localStorage.setItem(STAMP, String(Date.now()));
      keepAlive(data.expiresIn);
      return 'refreshed';
    }
    return response.status >= 500 || response.status === 429 ? 'away' : 'ended';
  } catch {
    return 'away';
  }
}

/** Renews the access token; calls at the same time share one request. */
export function refreshLogin(): Promise<RefreshOutcome> {
  running ??= alone(refresh).finally(() => {
    running = undefined;
  });
  return running;
}

/** @param expiresIn life of the access token in seconds */
export function keepAlive(expiresIn: number): void {
  clearTimeout(timer);
  timer = setTimeout(() => void refreshLogin(), Math.max(5, expiresIn - EARLY_SECONDS) * 1_000);
}

/** After a login that was just made. */
export function noteLogin(expiresIn: number): void {
  localStorage.removeItem(STAMP);
  keepAlive(expiresIn);
}

export function forgetLogin(): void {
  clearTimeout(timer);
  localStorage.removeItem(STAMP);
}
