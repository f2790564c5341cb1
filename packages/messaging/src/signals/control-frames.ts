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

/**
 * What a worker sends on the control stream of a gateway. `goodbye`: its sockets are closed, and it holds no session
 * any more. `strays`: misrouted doorbells, for sessions that it does not host.
 */
export type WorkerFrame =
  | { type: 'hello'; workerId: string; incarnation: number }
  | { type: 'load'; load: WorkerLoadReport }
  | { type: 'hints'; hints: SessionHint[] }
  | { type: 'strays'; sessionIds: string[] }
  | { type: 'goodbye'; incarnation: number };

/** What a gateway sends to a worker. `bell`: these outboxes have something new. `look`: the placements have changed. */
export type GatewayFrame = { type: 'bell'; sessionIds: string[] } | { type: 'look' };

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

export const WORKER_FRAMES: ReadonlySet<WorkerFrame['type']> = new Set(['hello', 'load', 'hints', 'strays', 'goodbye']);
export const GATEWAY_FRAMES: ReadonlySet<GatewayFrame['type']> = new Set(['bell', 'look']);
