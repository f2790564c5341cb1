import type { Ownership } from '@wa-gate/cluster';
import type { BackoffOptions } from '@wa-gate/kit';
import type { Appended } from '@wa-gate/messaging';
import type { SessionConnectionDependencies } from './session-connection.ts';

export type RecycleReason = 'silent' | 'unacknowledged';

/** A step of the connection to WhatsApp, for the metrics. */
export type ConnectionStep =
  /** A linked session has logged in; milliseconds since the attempt began. */
  | { name: 'opened'; afterMs: number }
  /** It ended, or could not be made: the code of the verdict. */
  | { name: 'closed'; code: string }
  /** A code was shown, a passkey is wanted, the phone has linked the device. */
  | { name: 'code' | 'passkey' | 'linked' };

export interface SessionActorDependencies extends SessionConnectionDependencies {
  /** Why the session was placed here; a move from another worker makes an event. */
  arrival: { reason: string };
  /** Pauses between attempts to connect. */
  retry: BackoffOptions;
  /** Takes a turn to reconnect. Returns 0, or the milliseconds until the next turn. */
  reconnectTurn: () => number;
  /** A stale connection was cut. */
  onRecycled: (reason: RecycleReason) => void;
  onStep?: (step: ConnectionStep) => void;
  onAppended: (appended: Appended) => void;
  /** Asks PostgreSQL whether this process still owns the session. */
  stillOwned: (owner: Ownership) => Promise<boolean>;
  /** The actor found that it no longer owns its session. It has ended. */
  onFenced: (owner: Ownership) => void;
}
