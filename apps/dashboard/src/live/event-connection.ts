import type { EventStream, StreamedEvent } from '@wa-gate/sdk';
import { api } from '../api/client.ts';

/** An event as streams have it. What its data has depends on its name. */
export type LiveEvent = Pick<StreamedEvent, 'id' | 'event' | 'timestamp' | 'sessionId'> & {
  data: Record<string, unknown>;
};

export type ConnectionState = 'connecting' | 'live' | 'broken';

interface Handlers {
  onEvent(event: LiveEvent): void;
  onState(state: ConnectionState): void;
  /** The stream is there again after a gap that it could not be resumed over. */
  onGap(): void;
}

/** Somebody looks at a page that must be true again soon. */
const MAX_PAUSE_MS = 1_000;
/** A tab that nobody sees gives its connection to those that somebody sees: a browser has six for each server. */
const HIDDEN_MS = 30_000;

/**
 * The stream of events of the workspace, while somebody sees this tab. It comes back by itself, whatever ended it: a
 * gateway that was killed, an answer of a proxy, a login that is being renewed.
 *
 * @returns ends the connection
 */
export function openEventConnection({ onEvent, onState, onGap }: Handlers): () => void {
  let after: string | undefined;
  let current: { stream: EventStream; end: AbortController } | undefined;
  let hiddenTimer: ReturnType<typeof setTimeout> | undefined;
  let hasBeenLive = false;

  function open(): void {
    // Nothing is known of where the stream was when the tab was left.
    let hasGap = hasBeenLive && after === undefined;
    const end = new AbortController();
    const stream = api.stream({
      after,
      signal: end.signal,
      maxPauseMs: MAX_PAUSE_MS,
      mayReconnect: () => true,
      onGap,
      onState(state) {
        onState(state === 'open' ? 'live' : 'broken');
        if (state !== 'open') return;
        if (hasGap) onGap();
        hasGap = false;
        hasBeenLive = true;
      },
    });
    current = { stream, end };
    onState('connecting');
    void read(stream, end.signal);
  }

  async function read(stream: EventStream, signal: AbortSignal): Promise<void> {
    try {
      for await (const event of stream) {
        try {
          onEvent(event);
        } catch (error) {
          // One event that a page cannot show is no reason to miss those after it.
          reportError(error);
        }
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  function close(): void {
    after = current?.stream.cursor ?? after;
    current?.end.abort();
    current = undefined;
  }

  const lookAgain = () => {
    if (current) current.stream.retryNow();
    else open();
  };
  const onVisibility = () => {
    clearTimeout(hiddenTimer);
    if (document.visibilityState === 'visible') lookAgain();
    else hiddenTimer = setTimeout(close, HIDDEN_MS);
  };
  document.addEventListener('visibilitychange', onVisibility);
  window.addEventListener('online', lookAgain);
  open();

  return () => {
    clearTimeout(hiddenTimer);
    document.removeEventListener('visibilitychange', onVisibility);
    window.removeEventListener('online', lookAgain);
    close();
  };
}
