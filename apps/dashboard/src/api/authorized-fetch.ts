import { apiUrl } from './base-path.ts';
import { refreshLogin } from './login-keeper.ts';
import { noteReachable, noteUnreachable } from './reachability.ts';

const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);
/** Here 401 is about what was typed, not about the login. */
const ENTRIES = /\/api\/auth\/(?:login|register|refresh|forgot-password|reset-password|login-link)$/;
const CSRF_HEADER = 'x-csrf-token';

let csrfToken: Promise<string | undefined> | undefined;
let onEnded: () => void = () => {};

/** @param listener is called when the login of this browser has ended */
export function whenLoginEnds(listener: () => void): void {
  onEnded = listener;
}

/** The token belongs to a login. */
export function forgetCsrfToken(): void {
  csrfToken = undefined;
}

async function send(request: Request): Promise<Response> {
  try {
    const response = await fetch(request);
    if (response.status === 502 || response.status === 504) noteUnreachable();
    else noteReachable();
    return response;
  } catch (error) {
    if (request.signal.aborted) throw error;
    noteUnreachable();
    throw error;
  }
}

async function readCsrfToken(): Promise<string | undefined> {
  const response = await send(new Request(apiUrl('/api/auth/csrf')));
  if (!response.ok) return undefined;
  const { data } = (await response.json()) as { data: { csrfToken: string } };
  return data.csrfToken;
}

async function withToken(request: Request): Promise<Request> {
  if (SAFE.has(request.method) || ENTRIES.test(new URL(request.url).pathname)) return request;
  csrfToken ??= readCsrfToken().catch(() => undefined);
  const token = await csrfToken;
  if (token === undefined) csrfToken = undefined;
  else request.headers.set(CSRF_HEADER, token);
  return request;
}

async function codeOf(response: Response): Promise<unknown> {
  const body: unknown = await response
    .clone()
    .json()
    .catch(() => undefined);
  return (body as { code?: unknown } | undefined)?.code;
}

/** `fetch` with the login of this browser: adds the token against cross-site requests, renews what has run out. */
export async function authorizedFetch(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
  const original = new Request(input, init);
  const again = original.clone();
  const response = await send(await withToken(original));
  if (response.status === 403 && !SAFE.has(original.method) && (await codeOf(response)) === 'CSRF') {
    forgetCsrfToken();
    return send(await withToken(again));
  }
  if (response.status !== 401 || ENTRIES.test(new URL(original.url).pathname)) return response;
  const outcome = await refreshLogin();
  const second = outcome === 'refreshed' ? await send(await withToken(again)) : response;
  if (outcome === 'ended' || (outcome === 'refreshed' && second.status === 401)) onEnded();
  return second;
}
