/** A `fetch` that answers by a list, and keeps what it was asked. */
export interface Asked {
  method: string;
  url: string;
  headers: Headers;
  body: unknown;
}

type Answer = Response | Error | ((asked: Asked) => Response);

export function answering(...answers: Answer[]): { fetch: typeof fetch; asked: Asked[] } {
  const asked: Asked[] = [];
  const answer = async (url: string, init: RequestInit): Promise<Response> => {
    init.signal?.throwIfAborted();
    const request = { method: init.method ?? 'GET', url, headers: new Headers(init.headers), body: init.body };
    asked.push(request);
    const next = answers.shift();
    if (next === undefined) throw new Error(`Nothing was prepared for ${request.method} ${url}`);
    if (next instanceof Error) throw next;
    return typeof next === 'function' ? next(request) : next;
  };
  return { fetch: answer as typeof fetch, asked };
}

export const success = (data: unknown, init: ResponseInit = {}): Response =>
  Response.json({ success: true, status: 'success', data }, init);

export function refusal(
  status: number,
  code: string,
  { retryable = true, retryAfter, ...more }: { retryable?: boolean; retryAfter?: number; details?: object } = {},
): Response {
  const body = { success: false, status: 'error', error: `A sentence about ${code}.`, code, retryable, ...more };
  return Response.json(
    { ...body, ...(retryAfter !== undefined && { retryAfter }), requestId: 'req_1', docs: '/d' },
    { status },
  );
}

/** What `fetch` throws when a connection breaks. */
export const brokenConnection = (): TypeError =>
  new TypeError('fetch failed', { cause: Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }) });
