/** JSON over HTTP, for the public APIs the demonstration uses. */

const ANSWER_MS = 30_000;

export class ApiError extends Error {
  name = 'ApiError';

  /**
   * @param {string} message
   * @param {{ status: number, code?: string | undefined }} answer
   */
  constructor(message, { status, code }) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/**
 * @param {string} baseUrl
 * @param {{ token?: string | undefined, signal: AbortSignal }} options
 */
export function createApi(baseUrl, { token, signal }) {
  /**
   * @param {string} method
   * @param {string} path
   * @param {unknown} [body]
   * @returns {Promise<any>} the answer, without the gateway's envelope
   */
  return async (method, path, body) => {
    const response = await fetch(baseUrl + path, {
      method,
      headers: {
        accept: 'application/json',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)]),
    });
    /** @type {any} */
    const answer = await response.json().catch(() => undefined);
    if (response.ok) return answer?.data ?? answer;
    const reason = answer?.error ?? answer?.message ?? response.statusText;
    throw new ApiError(`${method} ${path} was answered ${response.status}: ${reason}`, {
      status: response.status,
      code: answer?.code,
    });
  };
}

/** @typedef {ReturnType<typeof createApi>} Api */
