import { EventEmitter } from 'node:events';
import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import { internalToken, lazily, newNonce, PROOF_HEADERS, provenIncarnation } from '@wa-gate/kit';
import type { Static, TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { type Dispatcher, request } from 'undici';

/** One process life of a worker, at its address. */
export interface WorkerLife {
  workerId: string;
  endpoint: string;
  incarnation: number;
}

/** A request whose answer is read whole: small JSON. */
export interface WorkerRequest {
  method: 'GET' | 'POST' | 'DELETE';
  path: string;
  /** Sent as JSON. */
  body?: object | undefined;
  headers?: Readonly<Record<string, string>>;
  /** For everything, from connecting to the last byte. */
  timeoutMs: number;
  /** Ends the request earlier. */
  signal?: AbortSignal | undefined;
  /** @default 1 MB */
  maxAnswerBytes?: number;
}

export interface WorkerCall<A> extends WorkerRequest {
  answer: AnswerCheck<A>;
}

/**
 * Whether an answer is of a shape; compiled, because the status of sessions is asked for thousands of times a second.
 */
export type AnswerCheck<A> = (said: unknown) => said is A;

export function checkOf<Schema extends TSchema>(schema: Schema): AnswerCheck<Static<Schema>> {
  const validator = lazily(() => Compile(schema));
  return (said): said is Static<Schema> => validator().Check(said);
}

/** What has become of a call. */
export type Outcome<A> =
  | { kind: 'answered'; answer: A }
  /** The worker answered with a status of 300 or more. */
  | { kind: 'declined'; status: number; body: unknown }
  /**
   * Nothing was done. No connection was made (`error`), or the worker says that another life of it or another
   * worker is meant.
   */
  | { kind: 'refused'; error?: unknown }
  /** The answer has no proof to come from this worker. Something in between may have sent it. */
  | { kind: 'unproven' }
  | { kind: 'not-understood'; reason: 'answer too large' | 'answer not understood' }
  /** The connection ended before the answer did: the worker may have done it. */
  | { kind: 'broken'; error: unknown }
  /** The call timed out or was given up: the worker may still be working on it. */
  | { kind: 'late'; error: unknown };

/** An answer that was read whole; its origin is not checked yet. */
export interface Exchange {
  status: number;
  /** The JSON; `null` for what is none. */
  body: unknown;
  /** As {@link provenIncarnation}. */
  provenAs: (workerId: string) => ReturnType<typeof provenIncarnation>;
}

export type CallWorker = <A>(life: WorkerLife, call: WorkerCall<A>) => Promise<Outcome<A>>;

export interface CallWorkerDependencies {
  /** Connects to nothing but allowed addresses. */
  dispatcher: Dispatcher;
  /** The first one signs; a worker may prove itself with any. */
  masterKeys: readonly Uint8Array[];
}

const MAX_ANSWER_BYTES = 1024 * 1024;
/** 421: not the owner. 401: the token of another incarnation, so the route is from before the worker's restart. */
const WRONG_OWNER: ReadonlySet<number> = new Set([401, 421]);
export const isWrongOwner = (status: number): boolean => WRONG_OWNER.has(status);

/**
 * Makes the one way to ask a worker: token, nonce, proof of identity, limit of the answer, time-out, shape of the
 * answer.
 */
export function createCallWorker({ dispatcher, masterKeys }: CallWorkerDependencies): CallWorker {
  return async (life, call) => {
    let exchanged: Exchange;
    try {
      exchanged = await exchange(dispatcher, masterKeys, life.endpoint, {
        ...call,
        headers: { ...call.headers, authorization: authorization(masterKeys, life) },
      });
    } catch (error) {
      return failureOf(error);
    }
    const { status, body } = exchanged;
    const proven = exchanged.provenAs(life.workerId);
    if (proven === undefined) return { kind: 'unproven' };
    // Another incarnation of the worker has refused the token of this one.
    if (proven !== life.incarnation || isWrongOwner(status)) return { kind: 'refused' };
    if (status >= 300) return { kind: 'declined', status, body };
    return call.answer(body)
      ? { kind: 'answered', answer: body }
      : { kind: 'not-understood', reason: 'answer not understood' };
  };
}

/** The token of a life, which no other life accepts. */
export function authorization([key]: readonly Uint8Array[], { workerId, incarnation }: WorkerLife): string {
  if (!key) throw new Error('Calls to workers need a master key.');
  return `Bearer ${internalToken(key, workerId, incarnation)}`;
}

/**
 * Sends one request and reads its answer, whoever answers. Follows no redirect. @throws whatever the connection throws
 */
export async function exchange(
  dispatcher: Dispatcher,
  masterKeys: readonly Uint8Array[],
  endpoint: string,
  { method, path, body, headers, timeoutMs, signal, maxAnswerBytes = MAX_ANSWER_BYTES }: WorkerRequest,
): Promise<Exchange> {
  const nonce = newNonce();
  const ending = new Ending();
  const giveUp = (): void => ending.abort(signal?.reason);
  const timer = setTimeout(() => ending.abort(new LateError(timeoutMs)), timeoutMs);
  signal?.addEventListener('abort', giveUp, { once: true });
  if (signal?.aborted) giveUp();
  try {
    const given = await request(`${endpoint}${path}`, {
      method,
      dispatcher,
      signal: ending,
      headers: {
        ...headers,
        ...(body && { 'content-type': 'application/json' }),
        [PROOF_HEADERS.nonce]: nonce,
      },
      ...(body && { body: JSON.stringify(body) }),
    });
    const read = await readJson(given.body, maxAnswerBytes);
    return {
      status: given.statusCode,
      body: read,
      provenAs: (workerId) => provenIncarnation(masterKeys, workerId, nonce, given.headers as IncomingHttpHeaders),
    };
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', giveUp);
  }
}

/** What undici takes for a signal as well: an `AbortController` for each call would cost several times as much. */
class Ending extends EventEmitter {
  aborted = false;
  reason: unknown;

  abort(reason: unknown): void {
    this.aborted = true;
    this.reason = reason;
    this.emit('abort');
  }
}

class LateError extends Error {
  override name = 'TimeoutError';

  constructor(timeoutMs: number) {
    super(`No answer within ${timeoutMs} ms.`);
  }
}

class TooLargeError extends Error {
  override name = 'TooLargeError';
}

/** The JSON of an answer; `null` for what is none. @throws {TooLargeError} */
export async function readJson(stream: Readable, maxBytes = MAX_ANSWER_BYTES): Promise<unknown> {
  const bytes = await readWhole(stream, maxBytes);
  try {
    return JSON.parse(bytes.toString());
  } catch {
    return null;
  }
}

/** By its events, because every live call comes through here: an iterator over a stream costs several times as much. */
function readWhole(stream: Readable, maxBytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    stream.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > maxBytes) {
        reject(new TooLargeError(`The answer has more than ${maxBytes} bytes.`));
        stream.destroy();
      } else chunks.push(chunk);
    });
    stream.once('end', () => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)));
    stream.once('error', reject);
    // After its end this emits nothing.
    stream.once('close', () => reject(Object.assign(new Error('the answer broke off'), { code: 'UND_ERR_SOCKET' })));
  });
}

function failureOf(error: unknown): Exclude<Outcome<never>, { kind: 'answered' }> {
  if (error instanceof TooLargeError) return { kind: 'not-understood', reason: 'answer too large' };
  const { name, code } = error as { name?: string; code?: string };
  if (wasNotSent(error)) return { kind: 'refused', error };
  if (name === 'TimeoutError' || name === 'AbortError' || LATE.has(code ?? '')) return { kind: 'late', error };
  return { kind: 'broken', error };
}

/** The limits of the dispatcher itself. */
const LATE: ReadonlySet<string> = new Set(['UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT', 'UND_ERR_ABORTED']);
const CONNECTING: ReadonlySet<string | undefined> = new Set(['connect', 'getaddrinfo']);

/** Whether there was no connection: then no byte of the request has left. */
function wasNotSent(error: unknown): boolean {
  if (error instanceof AggregateError) return error.errors.length > 0 && error.errors.every(wasNotSent);
  const { name, code, syscall } = error as NodeJS.ErrnoException;
  return CONNECTING.has(syscall) || code === 'UND_ERR_CONNECT_TIMEOUT' || name === 'WorkerAddressError';
}
