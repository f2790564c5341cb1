import { Agent, type RequestInit, request, fetch as undiciFetch } from 'undici';

export interface HttpAnswer<T = unknown> {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  /** The parsed JSON, else the bytes. */
  body: T;
}

export interface HttpCall {
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Sent as JSON. */
  json?: unknown;
  /** Sent unchanged. */
  raw?: string | Buffer;
  headers?: Record<string, string>;
  timeoutMs?: number;
}

/** An answer with an unexpected status. The message shows the answer. */
export class UnexpectedAnswer extends Error {
  override name = 'UnexpectedAnswer';
  readonly answer: HttpAnswer;

  constructor(what: string, answer: HttpAnswer) {
    const body = Buffer.isBuffer(answer.body) ? `${answer.body.length} bytes` : JSON.stringify(answer.body);
    super(`${what} answered ${answer.status}: ${body}`);
    this.answer = answer;
  }
}

/** An HTTP client with its own keep-alive connections, so that a scenario leaves none behind. */
export class HttpClient {
  readonly url: string;
  private readonly agent: Agent;

  constructor(url: string, { connections = 64 } = {}) {
    this.url = url;
    this.agent = new Agent({ connections, keepAliveTimeout: 5_000, pipelining: 1 });
  }

  async call<T = unknown>(path: string, call: HttpCall = {}): Promise<HttpAnswer<T>> {
    const { method = 'GET', json, raw, headers = {}, timeoutMs = 60_000 } = call;
    const body = json === undefined ? raw : JSON.stringify(json);
    const response = await request(new URL(path, this.url), {
      dispatcher: this.agent,
      method,
      headers: json === undefined ? headers : { 'content-type': 'application/json', ...headers },
      body: body ?? null,
      signal: AbortSignal.timeout(timeoutMs),
    });
    const bytes = Buffer.from(await response.body.arrayBuffer());
    return { status: response.statusCode, headers: response.headers, body: parse(bytes, response.headers) as T };
  }

  /** Like {@link call}, for answers that must be 2xx. */
  async expectOk<T = unknown>(path: string, call: HttpCall = {}): Promise<T> {
    const answer = await this.call<T>(path, call);
    if (answer.status < 200 || answer.status > 299) {
      throw new UnexpectedAnswer(`${call.method ?? 'GET'} ${path}`, answer);
    }
    return answer.body;
  }

  /** `fetch` over the same connections. */
  readonly fetch = ((url: string, init: RequestInit) =>
    undiciFetch(url, { ...init, dispatcher: this.agent })) as unknown as typeof fetch;

  close(): Promise<void> {
    return this.agent.destroy();
  }
}

function parse(bytes: Buffer, headers: HttpAnswer['headers']): unknown {
  const type = String(headers['content-type'] ?? '');
  if (!/[/+]json\b/.test(type)) return bytes;
  return bytes.length === 0 ? undefined : JSON.parse(bytes.toString('utf8'));
}
