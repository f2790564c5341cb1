import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { backoffDelay, internalToken, type Logger, newNonce, PROOF_HEADERS, provenIncarnation } from '@wa-gate/kit';
import {
  type GatewayFrame,
  MAX_CONTROL_FRAME_BYTES,
  type OfferedMessage,
  type Question,
  readFrame,
  WORKER_FRAMES,
  type WorkerFrame,
} from '@wa-gate/messaging';
import { WebSocket } from 'ws';
import type { WorkerLife } from './call-worker.ts';
import { type Evidence, isRefusal } from './evidence.ts';
import { Questions } from './questions.ts';
import type { WorkerAddresses } from './worker-addresses.ts';

/** `silent`: it was open, and nothing came for some seconds. Logged, but no evidence of anything. */
export type StreamState = 'connecting' | 'open' | 'silent';

export interface WorkerStreamDependencies {
  target: WorkerLife;
  addresses: WorkerAddresses;
  masterKeys: readonly Uint8Array[];
  logger: Logger;
  onFrame: (frame: WorkerFrame) => void;
  /** Nothing is received from now on, until the stream is open again. */
  onLost: () => void;
  /** Rejects when the lease could not be ended; then it is called again. */
  onEvidence: (evidence: Evidence) => Promise<void>;
}

/**
 * Ticks without a frame. Ticks are counted because, after a pause of this process, arrived frames are read before the
 * next tick.
 */
const SILENT_AFTER_TICKS = 5;
const HANDSHAKE_TIMEOUT_MS = 3_000;
const SECOND_TRY_MS = 50;
const REFUSALS_FOR_EVIDENCE = 2;
const RETRY = { initialMs: 100, maxMs: 2_000 };
/** Bytes that may wait in memory for a worker that reads slowly. Its poll finds what a dropped doorbell announced. */
const MAX_BUFFERED_BYTES = 256 * 1024;

/** How an attempt, or an open stream, came to its end. */
interface Ending {
  error?: Error;
  /** The incarnation that refused the connection, when it proved which one it is. */
  refusedBy?: number | undefined;
}

/** The gateway's end of the control stream to one process life of a worker. It reconnects until it is closed. */
export class WorkerStream {
  readonly target: WorkerLife;
  readonly #deps: WorkerStreamDependencies;
  #state: StreamState = 'connecting';
  #socket: WebSocket | undefined;
  #timer: NodeJS.Timeout | undefined;
  #quietTicks = 0;
  #attempts = 0;
  #refusals = 0;
  #isClosed = false;
  /** The lease is being ended; other events of the connection are no new evidence. */
  #isConcluding = false;
  readonly #doorbells = new Set<string>();
  #offers: OfferedMessage[] = [];
  #takesOffers = false;
  #takesQuestions = false;
  readonly #questions = new Questions((questions) => {
    if (this.#state === 'open') this.#send({ type: 'ask', questions });
  });

  constructor(deps: WorkerStreamDependencies) {
    this.#deps = deps;
    this.target = deps.target;
    this.#connect();
  }

  get state(): StreamState {
    return this.#state;
  }

  /** Ends it; from now on nothing counts as evidence. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#socket?.terminate();
    this.#questions.end();
    if (this.#state === 'open') this.#deps.onLost();
    this.#state = 'connecting';
  }

  /** Once a second: sends a ping, and detects that nothing comes back. */
  tick(): void {
    if (this.#state !== 'open') return;
    this.#quietTicks += 1;
    if (this.#quietTicks <= SILENT_AFTER_TICKS) {
      this.#socket?.ping();
      return;
    }
    this.#deps.logger.warn(this.target, 'control stream is silent, worker is asked anew');
    this.#lose('silent');
    this.#socket?.terminate();
  }

  /** `false`: the stream is not open. Doorbells of one turn of the event loop go in one frame. */
  notifySession(sessionId: string): boolean {
    if (this.#state !== 'open') return false;
    if (this.#doorbells.size === 0) setImmediate(() => this.#flushDoorbells());
    this.#doorbells.add(sessionId);
    return true;
  }

  notifyPlacements(): boolean {
    if (this.#state !== 'open') return false;
    this.#send({ type: 'look' });
    return true;
  }

  /**
   * `false`: the stream is not open, is full, or leads to a version that takes no offers. Offers of one turn of the
   * event loop go in one frame, after the doorbells before them.
   */
  offer(message: OfferedMessage): boolean {
    if (this.#state !== 'open' || !this.#takesOffers || this.#isFull) return false;
    if (this.#offers.length === 0) setImmediate(() => this.#flushOffers());
    this.#offers.push(message);
    return true;
  }

  withdraw(messages: readonly Pick<OfferedMessage, 'sessionId' | 'messageId'>[]): void {
    if (this.#state === 'open') this.#send({ type: 'withdraw', messages: [...messages] });
  }

  /**
   * Resolves with `undefined` when the worker gives no answer. @returns `undefined`: the stream is not open, is full,
   * or leads to a version that takes no questions
   */
  ask(question: Omit<Question, 'number'>): Promise<unknown> | undefined {
    if (this.#state !== 'open' || !this.#takesQuestions || this.#isFull) return undefined;
    return this.#questions.ask(question);
  }

  get #isFull(): boolean {
    return (this.#socket?.bufferedAmount ?? 0) > MAX_BUFFERED_BYTES;
  }

  #flushOffers(): void {
    const messages = this.#offers;
    this.#offers = [];
    if (this.#state === 'open') this.#send({ type: 'offer', messages });
  }

  #flushDoorbells(): void {
    const sessionIds = [...this.#doorbells];
    this.#doorbells.clear();
    if (this.#state === 'open') this.#send({ type: 'bell', sessionIds });
  }

  #send(frame: GatewayFrame): void {
    if (!this.#isFull) this.#socket?.send(JSON.stringify(frame));
  }

  #connect(): void {
    const { addresses, masterKeys, logger } = this.#deps;
    const { workerId, endpoint, incarnation } = this.target;
    const nonce = newNonce();
    try {
      addresses.normalize(endpoint);
    } catch (error) {
      // The endpoint was allowed at registration, and is not any more. No evidence of anything.
      this.#ended({ error: error as Error });
      return;
    }
    const agent = new (endpoint.startsWith('https') ? HttpsAgent : HttpAgent)({ lookup: addresses.lookup });
    const socket = new WebSocket(`${endpoint.replace(/^http/, 'ws')}/control`, {
      agent,
      headers: {
        authorization: `Bearer ${internalToken(masterKeys[0]!, workerId, incarnation)}`,
        [PROOF_HEADERS.nonce]: nonce,
      },
      handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
      maxPayload: MAX_CONTROL_FRAME_BYTES,
      perMessageDeflate: false,
    });
    this.#socket = socket;
    const ending: Ending = {};
    let proven: number | undefined;
    socket.on('upgrade', ({ headers }) => {
      proven = provenIncarnation(masterKeys, workerId, nonce, headers);
    });
    socket.on('unexpected-response', (_request, { headers }) => {
      ending.refusedBy = provenIncarnation(masterKeys, workerId, nonce, headers);
      socket.terminate();
    });
    socket.on('open', () => {
      if (proven === incarnation) return this.#opened();
      logger.warn(this.target, 'what answers at the endpoint does not prove to be this worker');
      socket.terminate();
    });
    socket.on('message', (data) => this.#onMessage((data as Buffer).toString()));
    socket.on('pong', () => {
      this.#quietTicks = 0;
    });
    socket.on('error', (error) => {
      ending.error ??= error;
    });
    socket.on('close', () => this.#ended(ending));
  }

  #opened(): void {
    this.#state = 'open';
    this.#quietTicks = 0;
    this.#attempts = 0;
    this.#refusals = 0;
  }

  #onMessage(text: string): void {
    if (this.#state !== 'open') return;
    this.#quietTicks = 0;
    let frame: WorkerFrame | undefined;
    try {
      frame = readFrame<WorkerFrame>(text, WORKER_FRAMES);
    } catch (error) {
      this.#deps.logger.warn({ err: error, ...this.target }, 'a frame of a worker is not JSON');
    }
    if (!frame) return;
    if (frame.type === 'hello') {
      this.#takesOffers = frame.takesOffers === true;
      this.#takesQuestions = frame.takesQuestions === true;
    } else if (frame.type === 'answers') {
      this.#questions.answered(frame.answers);
    } else if (frame.type === 'goodbye') {
      if (frame.incarnation === this.target.incarnation) this.#conclude('goodbye');
    } else {
      this.#deps.onFrame(frame);
    }
  }

  /** Calls the listeners once when the stream ceases to be open. */
  #lose(next: StreamState): void {
    const wasOpen = this.#state === 'open';
    if (this.#state !== 'silent') this.#state = next;
    this.#questions.end();
    if (wasOpen) this.#deps.onLost();
  }

  #ended({ error, refusedBy }: Ending): void {
    if (this.#isClosed) return;
    const wasOpen = this.#state === 'open';
    this.#lose('connecting');
    if (this.#isConcluding) return;
    this.#deps.logger.debug({ err: error, refusedBy, ...this.target }, 'control stream not open');
    if (refusedBy !== undefined && refusedBy > this.target.incarnation) {
      this.#conclude('newer incarnation');
      return;
    }
    this.#refusals = isRefusal(error) ? this.#refusals + 1 : 0;
    if (this.#refusals >= REFUSALS_FOR_EVIDENCE) {
      this.#conclude('connection refused');
      return;
    }
    if (wasOpen) this.#connectAfter(0);
    else if (this.#refusals > 0) this.#connectAfter(SECOND_TRY_MS);
    else this.#retry();
  }

  #conclude(evidence: Evidence): void {
    this.#isConcluding = true;
    this.#deps.onEvidence(evidence).catch((error: unknown) => {
      this.#isConcluding = false;
      this.#deps.logger.warn({ err: error, ...this.target, evidence }, 'lease not ended yet, trying again');
      // After a goodbye the socket may still be open: then its end leads to the next attempt.
      if (this.#state !== 'open') this.#retry();
    });
  }

  #retry(): void {
    this.#connectAfter(backoffDelay(this.#attempts, RETRY));
    this.#attempts += 1;
  }

  #connectAfter(ms: number): void {
    if (this.#isClosed) return;
    this.#timer = setTimeout(() => this.#connect(), ms);
  }
}
