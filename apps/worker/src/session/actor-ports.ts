import type { Ownership } from '@wa-gate/cluster';
import type { BackoffOptions } from '@wa-gate/kit';
import type { Appended } from '@wa-gate/messaging';
import type { SessionConnectionDependencies } from './session-connection.ts';

export type RecycleReason = 'silent' | 'unacknowledged';

export interface SessionActorDependencies extends SessionConnectionDependencies {
  /** Why the placement is here: a session that comes from elsewhere tells its user so. */
  arrival: { reason: string };
  /** Pauses between tries. */
  retry: BackoffOptions;
  /** Milliseconds to wait before a connection may be tried again by itself; 0 takes the turn. */
  reconnectTurn: () => number;
  /** A connection that was open and dead has been given up. */
  onRecycled: (reason: RecycleReason) => void;
  onAppended: (appended: Appended) => void;
  /** Asks PostgreSQL whether this process still owns the session. */
  stillOwned: (owner: Ownership) => Promise<boolean>;
  /** The actor has found that it does not own the session any more. It is of no use after this. */
  onFenced: (owner: Ownership) => void;
}
