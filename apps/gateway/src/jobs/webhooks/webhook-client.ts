import { connect } from 'node:net';
import { addressOf, isPublicAddress, PrivateAddressError, publicLookup } from '@wa-gate/egress';
import { Agent, type Dispatcher } from 'undici';
import type { AttemptOutcome } from './attempt-outcome.ts';
import { type HttpAnswer, judgeAnswer, judgeError } from './http-outcome.ts';
import { Interrupted } from './transport.ts';
import type { WebhookRequestParts } from './webhook-request.ts';

/** Where a webhook is, read from its URL once. */
export interface Endpoint {
  origin: string;
  path: string;
  hostname: string;
  port: number;
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
  post(endpoint: Endpoint, parts: WebhookRequestParts): Promise<AttemptOutcome>;
  /** Whether a connection is accepted. It is closed at once, and nothing is sent. */
  knock(endpoint: Endpoint): Promise<boolean>;
  close(): Promise<void>;
}

export interface WebhookClientOptions {
  allowPrivate: boolean;
  /** Resolves names. @default the system's resolver */
  resolve?: Parameters<typeof publicLookup>[1];
}

const TIMEOUT_MS = 10_000;
const CONNECT_TIMEOUT_MS = 5_000;
const KNOCK_TIMEOUT_MS = 2_000;
/** Enough of the answer to reuse the connection; a receiver that sends more loses it. */
const MAX_READ_BYTES = 65_536;
/**
 * Of the answer to a failed attempt. Whoever stores a part of it removes secrets first, also one that the cut would
 * halve.
 */
const MAX_KEPT_BYTES = 8_192;

const refusal = (hostname: string) =>
  new PrivateAddressError(`${hostname} is a private address; set WEBHOOK_ALLOW_PRIVATE=true to deliver there.`);

/**
 * One attempt as the handler of its request. It takes no stream and no abort signal, which cost as much as the rest of
 * a small request.
 */
class Attempt implements Dispatcher.DispatchHandler {
  readonly outcome: Promise<AttemptOutcome>;
  readonly #timer: NodeJS.Timeout;
  #settle!: (outcome: AttemptOutcome) => void;
  #fail!: (error: Interrupted) => void;
  #controller: Dispatcher.DispatchController | undefined;
  #isOver = false;
  #answer: HttpAnswer | undefined;
  #bytes = 0;
  /** The beginning of an answer that is not 2xx. */
  readonly #kept: Buffer[] = [];
  #keptBytes = 0;

  constructor() {
    this.outcome = new Promise((resolve, reject) => {
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
    this.#answer = { statusCode, retryAfter: Array.isArray(retryAfter) ? retryAfter[0] : retryAfter };
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#bytes += chunk.length;
    if (this.#answer && this.#answer.statusCode >= 300 && this.#keptBytes < MAX_KEPT_BYTES) {
      const kept = chunk.subarray(0, MAX_KEPT_BYTES - this.#keptBytes);
      this.#kept.push(kept);
      this.#keptBytes += kept.length;
    }
    if (this.#bytes > MAX_READ_BYTES) controller.abort(new Error('the answer is too long'));
  }

  onResponseEnd(): void {
    // Without an error where there is an answer, as nearly always: an error looks at the whole stack.
    this.#finish(this.#answer ? undefined : new Error('The request failed.'));
  }

  /** After the head of an answer it counts as answered: nobody reads its body. */
  onResponseError(_controller: Dispatcher.DispatchController | undefined, error: Error): void {
    this.#finish(error);
  }

  /** @param error what counts where there is no answer */
  #finish(error: Error | undefined): void {
    if (this.#isOver) return;
    this.#end();
    this.#settle(
      this.#answer
        ? judgeAnswer({ ...this.#answer, text: readable(Buffer.concat(this.#kept)) })
        : judgeError(error, this.#controller !== undefined),
    );
  }

  #end(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
  }
}

export function createWebhookClient({ allowPrivate, resolve }: WebhookClientOptions): WebhookClient {
  const lookup = allowPrivate ? resolve : publicLookup(refusal, resolve);
  const agent = new Agent({
    connect: { timeout: CONNECT_TIMEOUT_MS, ...(lookup && { lookup }) },
    headersTimeout: TIMEOUT_MS,
    bodyTimeout: TIMEOUT_MS,
    keepAliveTimeout: 10_000,
  });
  const attempts = new Set<Attempt>();

  return {
    endpoint(url) {
      const { origin, protocol, pathname, search, hostname, port } = new URL(url);
      // An address in the URL is never looked up, so that it is checked here.
      const address = addressOf(hostname);
      const isRefused = !allowPrivate && address && !isPublicAddress(address);
      return {
        origin,
        path: pathname + search,
        hostname: address ?? hostname,
        port: Number(port) || (protocol === 'https:' ? 443 : 80),
        refusal: isRefused ? refusal(hostname) : undefined,
      };
    },
    async post({ origin, path, refusal: why }, { body, headers }) {
      if (why) return judgeError(why, false);
      const attempt = new Attempt();
      attempts.add(attempt);
      try {
        agent.dispatch({ origin, path, method: 'POST', headers, body }, attempt);
      } catch (error) {
        attempt.onResponseError(undefined, error as Error);
      }
      try {
        return await attempt.outcome;
      } finally {
        attempts.delete(attempt);
      }
    },
    knock({ hostname, port, refusal: why }) {
      if (why) return Promise.resolve(false);
      return new Promise((done) => {
        const socket = connect({ host: hostname, port, ...(lookup && { lookup }) });
        const end = (isThere: boolean) => {
          clearTimeout(timer);
          socket.destroy();
          done(isThere);
        };
        const timer = setTimeout(end, KNOCK_TIMEOUT_MS, false).unref();
        socket.once('connect', () => end(true)).on('error', () => end(false));
      });
    },
    async close() {
      for (const attempt of attempts) attempt.interrupt();
      await agent.close();
    },
  };
}

/** PostgreSQL stores no NUL in a text; a character that was cut in two goes. */
const readable = (bytes: Buffer): string =>
  bytes
    .toString('utf8')
    .replace(/\uFFFD$/, '')
    .replaceAll('\0', '');
