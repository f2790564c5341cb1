import type { Addressing } from '../accounts/group.ts';

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
