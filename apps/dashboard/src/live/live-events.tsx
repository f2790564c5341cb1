import { createContext, type ReactNode, useContext, useEffect, useMemo, useRef, useState } from 'react';
import { queryClient } from '../api/query-client.ts';
import { applyEvent, applyGap } from './apply-event.ts';
import { type ConnectionState, type LiveEvent, openEventConnection } from './event-connection.ts';

interface Live {
  state: ConnectionState;
  subscribe(listener: (event: LiveEvent) => void): () => void;
}

const LiveContext = createContext<Live>({ state: 'connecting', subscribe: () => () => {} });

/** One stream for all pages of a workspace. What it tells goes into the cached answers of the API. */
export function LiveEvents({ workspaceId, children }: { workspaceId: string; children: ReactNode }) {
  const [state, setState] = useState<ConnectionState>('connecting');
  const listeners = useRef(new Set<(event: LiveEvent) => void>());

  useEffect(() => {
    if (!workspaceId) return;
    return openEventConnection({
      onState: setState,
      onGap: () => applyGap(queryClient),
      onEvent: (event) => {
        applyEvent(queryClient, event);
        for (const listener of listeners.current) listener(event);
      },
    });
  }, [workspaceId]);

  const live = useMemo<Live>(
    () => ({
      state,
      subscribe(listener) {
        listeners.current.add(listener);
        return () => listeners.current.delete(listener);
      },
    }),
    [state],
  );
  return <LiveContext value={live}>{children}</LiveContext>;
}

export const useConnectionState = (): ConnectionState => useContext(LiveContext).state;

/**
 * Calls the listener for each event while the component is shown.
 *
 * @public
 */
export function useLiveEvent(listener: (event: LiveEvent) => void): void {
  const { subscribe } = useContext(LiveContext);
  const latest = useRef(listener);
  useEffect(() => {
    latest.current = listener;
  });
  useEffect(() => subscribe((event) => latest.current(event)), [subscribe]);
}
