import type { Ownership } from '@wa-gate/cluster';
import type { LiveEvent } from '@wa-gate/contracts';
import { newId } from '@wa-gate/kit';
import type { ControlPort } from './control-stream.ts';

/** Events that are not kept, for the streams that ask for them. */
export interface LiveEvents {
  tell(owner: Ownership, event: LiveEvent): void;
}

export function createLiveEvents(control: Pick<ControlPort, 'tell'>): LiveEvents {
  return {
    tell({ sessionId, epoch }, event) {
      control.tell({ id: newId(), sessionId, epoch, createdAt: Date.now(), ...event });
    },
  };
}
