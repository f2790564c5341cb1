import { createParser } from 'eventsource-parser';
import { authorizedFetch } from '../api/authorized-fetch.ts';
import { apiUrl } from '../api/base-path.ts';

/** An event as streams and webhooks have it. */
export interface LiveEvent {
  id: string;
  event: string;
  timestamp: number;
  sessionId: string;
  seq: number;
  data: Record<string, unknown>;
}

export type ConnectionState = 'connecting' | 'live' | 'broken';

interface Handlers {
  onEvent(event: LiveEvent): void;
  onState(state: ConnectionState): void;
  /** The stream is there again after a gap that it could not be resumed over. */
  onGap(): void;
}

const FIRST_PAUSE_MS = 250;
const MAX_PAUSE_MS = 1_000;
/** The gateway says something every 20 s: a connection that is silent for longer is dead. */
const SILENCE_MS = 45_000;
/** A tab that nobody sees gives its connection to those that somebody sees: a browser has six for each server. */
const HIDDEN_MS = 30_000;

/**
 * The stream of events of the workspace. It comes back by itself, with the id of the last event, whatever ended it: a
 * gateway that was killed, an answer of a proxy, a network that went away. An `EventSource` gives up for good after an
 * answer that is no stream.
 *
 * @returns ends the connection
 */
export function openEventConnection({ onEvent, onState, onGap }: Handlers): () => void {
  let lastId: string | undefined;
  let pauseMs = FIRST_PAUSE_MS;
  let current: AbortController | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let hiddenTimer: ReturnType<typeof setTimeout> | undefined;
  let hasBeenLive = false;
  let isClosed = false;

  async function read(controller: AbortController): Promise<void> {
    const { signal } = controller;
    const query = lastId === undefined ? '' : `?after=${encodeURIComponent(lastId)}`;
    const response = await authorizedFetch(new Request(apiUrl(`/api/events/stream${query}`), { signal }));
    if (!response.ok || !response.headers.get('content-type')?.startsWith('text/event-stream') || !response.body) {
      // A cursor that is too old, or of another workspace.
      if (response.status === 400 || response.status === 410) lastId = undefined;
      throw new Error(`The stream was answered with ${response.status}`);
    }
    const isResumed = lastId !== undefined;
    const parser = createParser({
      onEvent({ id, data }) {
        if (id !== undefined && id !== '') lastId = id;
        onEvent(JSON.parse(data) as LiveEvent);
      },
    });
    pauseMs = FIRST_PAUSE_MS;
    onState('live');
    if (hasBeenLive && !isResumed) onGap();
    hasBeenLive = true;
    let silence: ReturnType<typeof setTimeout> | undefined;
    const watch = () => {
      clearTimeout(silence);
      silence = setTimeout(() => controller.abort(), SILENCE_MS);
    };
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    try {
      for (;;) {
        watch();
        const { done, value } = await reader.read();
        if (done) return;
        parser.feed(value);
      }
    } finally {
      clearTimeout(silence);
    }
  }

  function connect(): void {
    clearTimeout(timer);
    if (isClosed || current) return;
    const controller = new AbortController();
    current = controller;
    onState('connecting');
    read(controller)
      .catch(() => undefined)
      .finally(() => {
        if (current === controller) current = undefined;
        if (isClosed || controller.signal.reason === 'hidden') return;
        onState('broken');
        timer = setTimeout(connect, pauseMs * (0.75 + Math.random() / 2));
        pauseMs = Math.min(pauseMs * 2, MAX_PAUSE_MS);
      });
  }

  const onVisibility = () => {
    clearTimeout(hiddenTimer);
    if (document.visibilityState === 'visible') connect();
    else hiddenTimer = setTimeout(() => current?.abort('hidden'), HIDDEN_MS);
  };
  document.addEventListener('visibilitychange', onVisibility);
  window.addEventListener('online', connect);
  connect();

  return () => {
    isClosed = true;
    clearTimeout(timer);
    clearTimeout(hiddenTimer);
    document.removeEventListener('visibilitychange', onVisibility);
    window.removeEventListener('online', connect);
    current?.abort();
  };
}
