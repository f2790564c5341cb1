import type { ToldEvent } from '@wa-gate/messaging';
import type { ControlStreams } from '../../worker-links/control-streams.ts';

/** Events that are not kept, of all sessions of the workers whose control streams this gateway has. */
export interface LiveEvents {
  listen(listener: (event: ToldEvent) => void): void;
  leave(listener: (event: ToldEvent) => void): void;
}

export function createLiveEvents(streams: Pick<ControlStreams, 'onTold'>): LiveEvents {
  const listeners = new Set<(event: ToldEvent) => void>();
  streams.onTold((event) => {
    for (const listener of listeners) listener(event);
  });
  return {
    listen: (listener) => void listeners.add(listener),
    leave: (listener) => void listeners.delete(listener),
  };
}
