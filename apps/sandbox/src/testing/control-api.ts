/** A refusal of the control API. */
export class ControlApiError extends Error {
  override readonly name = 'ControlApiError';
  readonly status: number;
  readonly body: unknown;

  constructor(method: string, path: string, status: number, body: unknown) {
    super(`${method} ${path}: ${status} ${JSON.stringify(body)}`);
    this.status = status;
    this.body = body;
  }
}

/** The control API as the tests of users call it: plain HTTP and JSON, without access to the process. */
export class ControlApi {
  readonly url: string;

  constructor(url: string) {
    this.url = url;
  }

  get<T = unknown>(path: string): Promise<T> {
    return this.#call('GET', path);
  }

  post<T = unknown>(path: string, body: unknown = {}): Promise<T> {
    return this.#call('POST', path, body);
  }

  patch<T = unknown>(path: string, body: unknown): Promise<T> {
    return this.#call('PATCH', path, body);
  }

  delete<T = unknown>(path: string): Promise<T> {
    return this.#call('DELETE', path);
  }

  async #call<T>(method: string, path: string, body?: unknown): Promise<T> {
    const response = await fetch(this.url + path, {
      method,
      ...(body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    });
    const answer = await response.text();
    const parsed: unknown = answer === '' ? undefined : JSON.parse(answer);
    if (!response.ok) throw new ControlApiError(method, path, response.status, parsed);
    return parsed as T;
  }
}
