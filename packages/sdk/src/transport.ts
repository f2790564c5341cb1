import { errorOf, isWaGateError, WaGateError } from './errors.ts';
import type { CallOptions, OperationEntry } from './operation.ts';
import { mayRepeat, pauseBefore, sleep } from './retry.ts';

type Credential = string | (() => string | Promise<string>);

export interface WaGateOptions {
  /** Where the gateway is: `https://gateway.example.com`, also below a path. */
  url: string;
  /** A key, `wag_live_…` or `wag_test_…`. */
  apiKey?: Credential;
  /** A token of a login, or what gives the present one: it is asked before each attempt. */
  token?: Credential;
  /**
   * Of a page that is logged in by cookie, which has neither key nor token: `same-origin`, or `include` for a gateway
   * of another origin. Changes need an `X-CSRF-Token` too: see `onRequest`.
   */
  credentials?: 'same-origin' | 'include';
  /** How often a call is repeated that may be repeated; 0: never, for who repeats by other means. @default 2 */
  retries?: number;
  /** Of one attempt, in milliseconds; `Infinity`: none. @default 60000 */
  timeoutMs?: number;
  /**
   * The longest pause before a repeat, in milliseconds. A longer `Retry-After` is not waited for: the error is thrown.
   * @default 30000
   */
  maxPauseMs?: number;
  /** Sent with every request. */
  headers?: Record<string, string>;
  /**
   * Called before each attempt, with the headers to complete: a page that is logged in by cookie adds its
   * `X-CSRF-Token` to changes.
   */
  onRequest?: (request: { method: string; url: string; headers: Headers }) => void | Promise<void>;
  /**
   * What sends the requests, such as one that renews a login. What it throws is a `CONNECTION_FAILED`.
   * @default the `fetch` of this environment
   */
  fetch?: typeof fetch;
}

/** One call of the API. */
export interface Call {
  method: string;
  /** From the root of the gateway, with its query. */
  path: string;
  headers?: Record<string, string>;
  body?: string | Blob | FormData | Uint8Array | undefined;
  /** Whether what is done twice is as if done once. */
  isRepeatable: boolean;
}

/** Calls a gateway: credentials, time limits, repeats. Resolves with answers that are 2xx. */
export class Transport {
  private readonly options: WaGateOptions;
  readonly baseUrl: string;

  constructor(options: WaGateOptions) {
    this.options = options;
    this.baseUrl = readUrl(options.url);
    if (options.apiKey !== undefined && options.token !== undefined) {
      throw new TypeError('Give WaGate an `apiKey` or a `token`, not both.');
    }
  }

  async call(call: Call, options: CallOptions = {}): Promise<Response> {
    const { retries = this.options.retries ?? 2, signal } = options;
    const longestPause = this.options.maxPauseMs ?? 30_000;
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.attempt(call, options);
      } catch (error) {
        if (!isWaGateError(error) || attempt > retries || !mayRepeat(error, call.isRepeatable)) throw error;
        const pause = pauseBefore(attempt, error.retryAfter, longestPause);
        if (pause > longestPause) throw error;
        await sleep(pause, signal);
      }
    }
  }

  /** One attempt. The time limit ends with the headers of the answer when `isStream`. */
  async attempt(call: Call, options: CallOptions = {}, isStream = false): Promise<Response> {
    const { signal, timeoutMs = this.options.timeoutMs ?? 60_000 } = options;
    signal?.throwIfAborted();
    const url = this.baseUrl + call.path;
    const headers = new Headers({
      accept: 'application/json',
      ...this.options.headers,
      ...call.headers,
      ...options.headers,
    });
    await this.authorize(headers);
    await this.options.onRequest?.({ method: call.method, url, headers });

    const limit = new AbortController();
    const timer = Number.isFinite(timeoutMs) ? setTimeout(() => limit.abort(), timeoutMs) : undefined;
    const ends = signal ? AbortSignal.any([signal, limit.signal]) : limit.signal;
    const doFetch = this.options.fetch ?? globalThis.fetch;
    try {
      // Bodies that are given are never streams, so an attempt can be made again.
      const response = await doFetch(url, {
        method: call.method,
        headers,
        signal: ends,
        redirect: 'error',
        ...(this.options.credentials && { credentials: this.options.credentials }),
        ...(call.body !== undefined && { body: call.body as string }),
      });
      if (!response.ok) throw this.explained(await errorOf(response), headers);
      return isStream ? response : await withBody(response);
    } catch (error) {
      if (isWaGateError(error)) throw error;
      if (signal?.aborted) throw signal.reason;
      if (limit.signal.aborted) {
        throw new WaGateError(`${call.method} ${pathOnly(call.path)} was not answered within ${timeoutMs} ms.`, {
          code: 'TIMEOUT',
          isRetryable: true,
          cause: error,
        });
      }
      throw new WaGateError(`${url.split('?')[0]} could not be reached: ${reasonOf(error)}`, {
        code: 'CONNECTION_FAILED',
        isRetryable: true,
        cause: error,
      });
    } finally {
      clearTimeout(timer);
    }
  }

  /** The error, with what the gateway cannot know: this client was made without a credential. */
  private explained(error: WaGateError, headers: Headers): WaGateError {
    const isGiven = headers.has('authorization') || headers.has('x-api-key') || this.options.credentials !== undefined;
    if (error.code !== 'UNAUTHENTICATED' || isGiven) return error;
    return new WaGateError(
      `${error.message} This client was made without an \`apiKey\`, a \`token\` or the \`credentials\` of a cookie.`,
      error,
    );
  }

  private async authorize(headers: Headers): Promise<void> {
    const { apiKey, token } = this.options;
    const credential = apiKey ?? token;
    if (credential === undefined || headers.has('authorization')) return;
    headers.set('authorization', `Bearer ${typeof credential === 'string' ? credential : await credential()}`);
  }
}

/**
 * The answer with its body already here, when that is JSON: a connection that breaks in the middle is then a failure
 * of the attempt. Files are left to be read by the caller.
 */
async function withBody(response: Response): Promise<Response> {
  if (!/json/.test(response.headers.get('content-type') ?? '')) return response;
  const { status, statusText, headers } = response;
  return new Response(await response.text(), { status, statusText, headers });
}

function readUrl(given: string): string {
  let url: URL;
  try {
    url = new URL(given);
  } catch {
    throw new TypeError(
      `\`url\` must be the address of a gateway, such as https://gateway.example.com; it is ${given}.`,
    );
  }
  if (!/^https?:$/.test(url.protocol))
    throw new TypeError(`\`url\` must begin with http:// or https://; it is ${given}.`);
  return url.origin + url.pathname.replace(/\/+$/, '').replace(/\/api(\/v1)?$/, '');
}

const pathOnly = (path: string): string => path.split('?')[0] ?? path;

/** What Node and browsers say: the text of the cause, where there is one. */
function reasonOf(error: unknown): string {
  const { cause, message } = error as { cause?: { message?: string; code?: string }; message?: string };
  return cause?.message || cause?.code || message || String(error);
}

/** Path and query of an operation with its input. What the path does not name is of the query. */
export function addressOf(entry: OperationEntry, input: Record<string, unknown>): string {
  const inPath = new Set<string>();
  const path = entry.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    inPath.add(name);
    const value = input[name];
    if (value === undefined || value === null || value === '') {
      throw new TypeError(`\`${name}\` is missing: ${entry.method} ${entry.path} needs it.`);
    }
    // A URL takes them for steps in its path: the call would be another one.
    if (value === '.' || value === '..') throw new TypeError(`\`${name}\` cannot be "${value}".`);
    return encodeURIComponent(String(value));
  });
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(input)) {
    if (inPath.has(name) || name === 'body' || value === undefined || value === null) continue;
    query.set(name, Array.isArray(value) ? value.join(',') : String(value));
  }
  const text = query.toString();
  return text === '' ? path : `${path}?${text}`;
}

/** A key that no other call has. */
export function newIdempotencyKey(): string {
  // `crypto.randomUUID` is missing on pages that came by plain http.
  const bytes = globalThis.crypto.getRandomValues(new Uint8Array(16));
  return `sdk-${[...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}
