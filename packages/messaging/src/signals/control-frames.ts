import type { SessionHint } from './hints.ts';

/** How busy a worker is, each second. */
export interface WorkerLoadReport {
  cpuUsage: number;
  memoryUsage: number;
  eventLoopDelayMs: number;
  sessionCount: number;
}

/**
 * What a worker says on the control stream of a gateway. `goodbye`: its sockets are closed, and it holds no session any more. `strays`: doorbells for sessions
 * which it does not host (misrouted ones).
 */
export type WorkerFrame =
  | { type: 'hello'; workerId: string; incarnation: number }
  | { type: 'load'; load: WorkerLoadReport }
  | { type: 'hints'; hints: SessionHint[] }
  | { type: 'strays'; sessionIds: string[] }
  | { type: 'goodbye'; incarnation: number };

/** What a gateway says to a worker. Doorbells only: look into these outboxes, look at your placements. */
export type GatewayFrame = { type: 'bell'; sessionIds: string[] } | { type: 'look' };

/** Far more than any frame of ours. */
export const MAX_CONTROL_FRAME_BYTES = 1024 * 1024;

/**
 * Reads a frame. Both ends have proved who they are, so only the kind is looked at; a kind that is not known here comes from another version of the software, and is
 * passed over.
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

export const WORKER_FRAMES: ReadonlySet<WorkerFrame['type']> = new Set(['hello', 'load', 'hints', 'strays', 'goodbye']);
export const GATEWAY_FRAMES: ReadonlySet<GatewayFrame['type']> = new Set(['bell', 'look']);
