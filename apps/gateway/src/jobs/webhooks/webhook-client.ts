import { Agent, type Dispatcher } from 'undici';
import { addressOf, isPublicAddress, PrivateAddressError, publicLookup } from '../../http/public-address.ts';
import type { AttemptResult } from './retry-schedule.ts';
import type { WebhookRequestParts } from './webhook-request.ts';

/** Where a webhook is, read from its URL once. */
export interface Endpoint {
  origin: string;
  path: string;
  /** Why nothing is sent there. */
  refusal?: PrivateAddressError | undefined;
}

/**
 * Sends attempts over connections that are kept. A redirect is not followed: it is an answer that is not 2xx. Closing
 * ends the attempts in flight: they reject with {@link Interrupted}, because that is no failure of the receiver.
 */
export interface WebhookClient {
  endpoint(url: string): Endpoint;
  /** @throws {Interrupted} */
  post(endpoint: Endpoint, parts: WebhookRequestParts): Promise<AttemptResult>;
  close(): Promise<void>;
}

/** This process is stopping. */
export class Interrupted extends Error {}

const TIMEOUT_MS = 10_000;
const CONNECT_TIMEOUT_MS = 5_000;
/** Enough of the answer to reuse the connection; a receiver that sends more loses it. */
const MAX_ANSWER_BYTES = 65_536;

const refusal = (hostname: string) =>
  new PrivateAddressError(`${hostname} is a private address; set WEBHOOK_ALLOW_PRIVATE=true to deliver there.`);

/**
 * One attempt as the handler of its request. It takes no stream and no abort signal, which cost as much as the rest of
 * a small request.
 */
class Attempt implements Dispatcher.DispatchHandler {
  readonly result: Promise<AttemptResult>;
  readonly #timer: NodeJS.Timeout;
  #settle!: (result: AttemptResult) => void;
  #fail!: (error: Interrupted) => void;
  #controller: Dispatcher.DispatchController | undefined;
  #isOver = false;
  #answer: AttemptResult | undefined;
  #bytes = 0;

  constructor() {
    this.result = new Promise((resolve, reject) => {
      this.#settle = resolve;
      this.#fail = reject;
    });
    this.#timer = setTimeout(() => {
      this.onResponseError(undefined, new Error(`No answer within ${TIMEOUT_MS / 1_000} s.`));
      this.#controller?.abort(new Error('timeout'));
    }, TIMEOUT_MS);
  }

  interrupt(): void {
    if (this.#isOver) return;
    this.#end();
    this.#fail(new Interrupted('stopping'));
    this.#controller?.abort(new Error('stopping'));
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#isOver) controller.abort(new Error('too late'));
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    statusCode: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    if (statusCode < 200) return;
    const retryAfter = headers['retry-after'];
    this.#answer = {
      kind: 'answered',
      statusCode,
      retryAfter: Array.isArray(retryAfter) ? retryAfter[0] : retryAfter,
    };
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#bytes += chunk.length;
    if (this.#bytes > MAX_ANSWER_BYTES) controller.abort(new Error('the answer is too long'));
  }

  onResponseEnd(): void {
    this.#finish(this.#answer ?? { kind: 'failed', error: 'The request failed.' });
  }

  /** After the head of an answer it counts as answered: nobody reads its body. */
  onResponseError(_controller: Dispatcher.DispatchController | undefined, error: Error): void {
    this.#finish(this.#answer ?? { kind: 'failed', error: describe(error) });
  }

  #finish(result: AttemptResult): void {
    if (this.#isOver) return;
    this.#end();
    this.#settle(result);
  }

  #end(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
  }
}

export function createWebhookClient({ allowPrivate }: { allowPrivate: boolean }): WebhookClient {
  const agent = new Agent({
    connect: { timeout: CONNECT_TIMEOUT_MS, ...(!allowPrivate && { lookup: publicLookup(refusal) }) },
    headersTimeout: TIMEOUT_MS,
    bodyTimeout: TIMEOUT_MS,
    keepAliveTimeout: 10_000,
  });
  const attempts = new Set<Attempt>();

  return {
    endpoint(url) {
      const { origin, pathname, search, hostname } = new URL(url);
      // An address in the URL is never looked up, so that it is checked here.
      const address = addressOf(hostname);
      const isRefused = !allowPrivate && address && !isPublicAddress(address);
      return { origin, path: pathname + search, refusal: isRefused ? refusal(hostname) : undefined };
    },
    async post({ origin, path, refusal: why }, { body, headers }) {
      if (why) return { kind: 'failed', error: describe(why) };
      const attempt = new Attempt();
      attempts.add(attempt);
      try {
        agent.dispatch({ origin, path, method: 'POST', headers, body }, attempt);
      } catch (error) {
        attempt.onResponseError(undefined, error as Error);
      }
      try {
        return await attempt.result;
      } finally {
        attempts.delete(attempt);
      }
    },
    async close() {
      for (const attempt of attempts) attempt.interrupt();
      await agent.close();
    },
  };
}

function describe(error: unknown): string {
  const { code, message } = error as { code?: string; message?: string };
  // PostgreSQL stores no NUL in a text.
  return (message || code || 'The request failed.').replaceAll('\0', '').slice(0, 500);
}
