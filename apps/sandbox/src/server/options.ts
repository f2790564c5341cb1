import type { Addressing } from '../accounts/group.ts';

export interface ServerOptions {
  /** Milliseconds between `ib offline` and the first key share and history. @default 20 */
  historyDelayMs: number;
  /**
   * Sends a backlog as the real server does: a few stanzas first, then batches that the client requests with
   * `offline_batch`. @default false (all at once)
   */
  offlineBatches: boolean;
  /** The addressing of members in groups that companions create. @default lid */
  groupAddressing: Addressing;
  /** Whether numbers that a client looks up become phones; otherwise they are not on WhatsApp. @default false */
  autoCreatePhones: boolean;
  /**
   * A companion is told that its pool holds more one-time prekeys than it does. A new one uploads its least number
   * (Baileys: 5) instead of its first stock (812, which is most of the CPU time of linking). @default false
   */
  fewPreKeys: boolean;
  /**
   * Milliseconds that each stanza takes in each direction, in order. On one machine answers come sooner than over any
   * network, and races of clients show or hide by that. @default 0
   */
  latencyMs: number;
}
