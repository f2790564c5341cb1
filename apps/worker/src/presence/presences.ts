import type { Ownership } from '@wa-gate/cluster';
import type { LiveEvent } from '@wa-gate/contracts';
import { newId } from '@wa-gate/kit';
import type { ControlPort } from '../control/control-stream.ts';

/** What watched people do, for the streams that ask for it. */
export interface Presences {
  told(owner: Ownership, data: LiveEvent['data']): void;
}

export function createPresences(control: Pick<ControlPort, 'tell'>): Presences {
  return {
    told({ sessionId, epoch }, data) {
      control.tell({ id: newId(), sessionId, epoch, createdAt: Date.now(), type: 'presence.update', data });
    },
  };
}
