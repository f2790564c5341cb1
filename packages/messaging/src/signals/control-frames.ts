import type { LiveEvent } from '@wa-gate/contracts';
import type { AcceptedMessage } from '../outbox/acceptance.ts';
import type { SessionHint } from './hints.ts';

/** How busy a worker is, each second. */
export interface WorkerLoadReport {
  cpuUsage: number;
  memoryUsage: number;
  eventLoopDelayMs: number;
  sessionCount: number;
}

/*
 * The kinds of frames keep the names of the first version: during a rolling upgrade old and new processes talk to each
 * other.
 */

/** A message as it is offered: {@link AcceptedMessage} in JSON. */
export type OfferedMessage = Omit<AcceptedMessage, 'idempotency'> & {
  idempotency?: Omit<NonNullable<AcceptedMessage['idempotency']>, 'requestHash'> & { requestHash: string };
};

export function toOffer({ idempotency, ...message }: AcceptedMessage): OfferedMessage {
  if (!idempotency) return message;
  return { ...message, idempotency: { ...idempotency, requestHash: idempotency.requestHash.toString('base64') } };
}

export function fromOffer({ idempotency, ...message }: OfferedMessage): AcceptedMessage {
  if (!idempotency) return message;
  return { ...message, idempotency: { ...idempotency, requestHash: Buffer.from(idempotency.requestHash, 'base64') } };
}

/** A call of an operation that is answered from memory. The number is the asker's, within its stream. */
export interface Question {
  number: number;
  sessionId: string;
  epoch: number;
  operation: string;
}

/** Without an answer the gateway makes the call by HTTP, which says why. */
export interface Answer {
  number: number;
  answer?: unknown;
}

/** An event that is not kept, for open streams. */
export type ToldEvent = LiveEvent & {
  /** The same at every gateway. */
  id: string;
  sessionId: string;
  epoch: number;
  /** Milliseconds since 1970. */
  createdAt: number;
};

/**
 * What a worker sends on the control stream of a gateway. `goodbye`: its sockets are closed, and it holds no session
 * any more. `strays`: misrouted doorbells, for sessions that it does not host. `declined`: offered messages that the
 * gateway accepts itself.
 * `answers`: of questions, in any order. `told`: an event that is not kept.
 */
export type WorkerFrame =
  | { type: 'hello'; workerId: string; incarnation: number; takesOffers?: boolean; takesQuestions?: boolean }
  | { type: 'load'; load: WorkerLoadReport }
  | { type: 'hints'; hints: SessionHint[] }
  | { type: 'strays'; sessionIds: string[] }
  | { type: 'declined'; messageIds: string[] }
  | { type: 'answers'; answers: Answer[] }
  | { type: 'told'; event: ToldEvent }
  | { type: 'goodbye'; incarnation: number };

/**
 * What a gateway sends to a worker. `bell`: these outboxes have something new. `look`: the placements have changed.
 * `offer`: checked requests for the owner to accept. `withdraw`: the gateway accepts these offered messages itself.
 * `ask`: questions, which change nothing.
 */
export type GatewayFrame =
  | { type: 'bell'; sessionIds: string[] }
  | { type: 'look' }
  | { type: 'offer'; messages: OfferedMessage[] }
  | { type: 'withdraw'; messages: Pick<OfferedMessage, 'sessionId' | 'messageId'>[] }
  | { type: 'ask'; questions: Question[] };

/** Far more than any frame of ours. */
export const MAX_CONTROL_FRAME_BYTES = 1024 * 1024;

/**
 * Reads a frame. Both ends have proved who they are, so only the kind is checked. An unknown kind comes from another
 * version of the software, and is ignored.
 *
 * @throws {SyntaxError} when it is not JSON
 */
export function readFrame<Frame extends { type: string }>(
  text: string,
  types: ReadonlySet<Frame['type']>,
): Frame | undefined {
  const frame = JSON.parse(text) as Partial<Frame> | null;
  return frame?.type !== undefined && types.has(frame.type) ? (frame as Frame) : undefined;
}

export const WORKER_FRAMES: ReadonlySet<WorkerFrame['type']> = new Set([
  'hello',
  'load',
  'hints',
  'strays',
  'declined',
  'answers',
  'told',
  'goodbye',
]);
export const GATEWAY_FRAMES: ReadonlySet<GatewayFrame['type']> = new Set(['bell', 'look', 'offer', 'withdraw', 'ask']);
