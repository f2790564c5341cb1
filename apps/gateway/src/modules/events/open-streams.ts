import { EVENT_STREAMS_OF_WORKSPACE } from '@wa-gate/contracts';
import { ApiError } from '../../http/api-error.ts';

/** `wait`: a call that waits for an event. */
export const STREAM_KINDS = ['sse', 'websocket', 'wait'] as const;
export type StreamKind = (typeof STREAM_KINDS)[number];

/** A stream, or a call that waits for an event. */
export interface OpenStream {
  /** The process stops: what is open ends with a word to come again. */
  readonly isEnding: boolean;
  /** Is called when it does. A signal to abort would cost each stream some kB. */
  onEnding: () => void;
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
  const open = new Set<OpenStream>();
  let isEnding = false;

  function count(kind: StreamKind, by: number): void {
    counts[kind] += by;
    onCount?.(kind, counts[kind]);
  }

  return {
    open(workspaceId, kind) {
      const present = ofWorkspace.get(workspaceId) ?? 0;
      if (present >= most) throw new ApiError('STREAM_LIMIT', { retryAfter: 5 });
      ofWorkspace.set(workspaceId, present + 1);
      count(kind, 1);
      const stream: OpenStream = {
        get isEnding() {
          return isEnding;
        },
        onEnding: () => undefined,
        close() {
          if (!open.delete(stream)) return;
          count(kind, -1);
          const left = ofWorkspace.get(workspaceId)! - 1;
          if (left > 0) ofWorkspace.set(workspaceId, left);
          else ofWorkspace.delete(workspaceId);
        },
      };
      open.add(stream);
      return stream;
    },
    count: (kind) => counts[kind],
    endAll() {
      isEnding = true;
      for (const stream of open) stream.onEnding();
    },
  };
}
