import type { Logger } from '@wa-gate/kit';
import type { Directory } from '../accounts/directory.ts';
import type { Addressing, Groups } from '../accounts/group.ts';
import type { Faults } from '../faults/faults.ts';
import type { Recorder } from '../recorder/recorder.ts';
import type { KeyPair } from '../signal/curve.ts';
import type { Journal } from '../store/journal.ts';
import type { Calls } from './calls.ts';
import type { Connection } from './connection.ts';
import type { Delivery } from './delivery.ts';
import type { GroupActions } from './group-actions.ts';
import type { MediaStore } from './media-store.ts';
import type { Pairing } from './pairing.ts';
import type { Presence } from './presence.ts';
import type { Router } from './router.ts';
import type { Scheduler } from './scheduler.ts';

/** What the parts of the server share. It is built once, in `app.ts`. */
export interface ServerContext {
  readonly log: Logger;
  readonly journal: Journal;
  readonly directory: Directory;
  readonly groups: Groups;
  readonly groupActions: GroupActions;
  readonly media: MediaStore;
  readonly recorder: Recorder;
  readonly faults: Faults;
  readonly scheduler: Scheduler;
  readonly delivery: Delivery;
  readonly router: Router;
  readonly pairing: Pairing;
  readonly presence: Presence;
  readonly calls: Calls;
  readonly connections: Set<Connection>;
  readonly noise: { staticKey: KeyPair; certChain: Buffer };
  readonly options: ServerOptions;
  /** `host:port` of the TLS listener. */
  mediaHost: string;
}

export interface ServerOptions {
  /** Milliseconds between `ib offline` and the first key share and history. @default 20 */
  historyDelayMs: number;
  /**
   * Sends a backlog as the real server does: a few stanzas first, then batches that the client asks for with
   * `offline_batch`. @default false (all at once)
   */
  offlineBatches: boolean;
  /** How groups that companions create address their members. @default lid */
  groupAddressing: Addressing;
  /** Numbers that a client asks about become phones; otherwise they are not on WhatsApp. @default false */
  autoCreatePhones: boolean;
}
