import { CommandError } from './errors.ts';

export interface ApiClient {
  readonly baseUrl: string;
  /** `data` of the envelope. @throws {CommandError} with the sentence of the gateway */
  get<T>(path: string): Promise<T>;
  post<T>(path: string, body?: unknown): Promise<T>;
  /** A body without an envelope, such as that of `/api/health`, whatever its status. */
  plain<T>(path: string): Promise<{ status: number; body: T; date: Date | null }>;
}

interface Envelope<T> {
  data?: T;
  /** What happened and what to do. */
  error?: string;
  code?: string;
}

/** Longer than the gateway takes for anything that it does for a caller. */
const TIMEOUT_MS = 30_000;

/** The API of a gateway, for one credential. */
export function createApiClient({ baseUrl, apiKey }: { baseUrl: string; apiKey: string | null }): ApiClient {
  async function call(method: string, path: string, body?: unknown): Promise<Response> {
    try {
      return await fetch(`${baseUrl}${path}`, {
        method,
        headers: {
          ...(apiKey && { authorization: `Bearer ${apiKey}` }),
          ...(body !== undefined && { 'content-type': 'application/json' }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
    } catch (cause) {
      throw new CommandError(
        `The gateway does not answer at ${baseUrl} (${reasonOf(cause)}). Check that it runs, and WAG_API_URL.`,
        { cause },
      );
    }
  }

  async function data<T>(method: string, path: string, body?: unknown): Promise<T> {
    const response = await call(method, path, body);
    const envelope = (await response.json().catch(() => ({}))) as Envelope<T>;
    if (response.ok && envelope.data !== undefined) return envelope.data;
    if (response.status === 401) {
      throw new CommandError(
        `The gateway at ${baseUrl} does not accept the API key. Give one of the scope admin as WAG_API_KEY.`,
      );
    }
    const { error = `status ${response.status}`, code } = envelope;
    throw new CommandError(`The gateway refused: ${error}${code ? ` (${code})` : ''}`);
  }

  return {
    baseUrl,
    get: (path) => data('GET', path),
    post: (path, body) => data('POST', path, body),
    async plain<T>(path: string) {
      const response = await call('GET', path);
      const date = response.headers.get('date');
      return {
        status: response.status,
        body: (await response.json().catch(() => ({}))) as T,
        date: date === null ? null : new Date(date),
      };
    },
  };
}

/** `fetch` hides the reason in the cause. */
function reasonOf(error: unknown): string {
  const { cause, message, name } = error as Error & { cause?: { code?: string; message?: string } };
  if (name === 'TimeoutError') return `no answer in ${TIMEOUT_MS / 1000} s`;
  return cause?.code ?? cause?.message ?? message;
}
