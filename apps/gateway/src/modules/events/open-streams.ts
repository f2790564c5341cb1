import { EVENT_STREAMS_OF_WORKSPACE } from '@wa-gate/contracts';
import { ApiError } from '../../http/api-error.ts';

/** `wait`: a call that waits for an event. */
export const STREAM_KINDS = ['sse', 'websocket', 'wait'] as const;
export type StreamKind = (typeof STREAM_KINDS)[number];

/** A stream, or a call that waits for an event. */
export interface OpenStream {
  /** Aborted when the process stops: what is open ends with a word to come again. */
  readonly ending: AbortSignal;
  close(): void;
}

/** What is open in this process. */
export interface OpenStreams {
  /** @throws {ApiError} STREAM_LIMIT */
  open(workspaceId: string, kind: StreamKind): OpenStream;
  count(kind: StreamKind): number;
  /** Ends all of them. */
  endAll(): void;
}

export interface OpenStreamsOptions {
  /** Of one workspace. @default {@link EVENT_STREAMS_OF_WORKSPACE} */
  most?: number;
  onCount?: ((kind: StreamKind, count: number) => void) | undefined;
}

export function createOpenStreams({
  most = EVENT_STREAMS_OF_WORKSPACE,
  onCount,
}: OpenStreamsOptions = {}): OpenStreams {
  const ofWorkspace = new Map<string, number>();
  const counts: Record<StreamKind, number> = { sse: 0, websocket: 0, wait: 0 };
  const endings = new Set<AbortController>();
  let isEnding = false;

  function count(kind: StreamKind, by: number): void {
    counts[kind] += by;
    onCount?.(kind, counts[kind]);
  }

  return {
    open(workspaceId, kind) {
      const open = ofWorkspace.get(workspaceId) ?? 0;
      if (open >= most) throw new ApiError('STREAM_LIMIT', { retryAfter: 5 });
      ofWorkspace.set(workspaceId, open + 1);
      count(kind, 1);
      const ending = new AbortController();
      endings.add(ending);
      if (isEnding) ending.abort();
      return {
        ending: ending.signal,
        close() {
          if (!endings.delete(ending)) return;
          count(kind, -1);
          const left = ofWorkspace.get(workspaceId)! - 1;
          if (left > 0) ofWorkspace.set(workspaceId, left);
          else ofWorkspace.delete(workspaceId);
        },
      };
    },
    count: (kind) => counts[kind],
    endAll() {
      isEnding = true;
      for (const ending of endings) ending.abort();
    },
  };
}
