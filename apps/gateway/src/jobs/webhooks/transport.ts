import type { DueDelivery, LeasedWebhook } from '@wa-gate/messaging';
import type { AttemptOutcome } from './attempt-outcome.ts';

/** Takes events to endpoints of one type. The deliverer decides which event goes when, and what follows. */
export interface Transport {
  /**
   * Reads once what is stored of an endpoint. It connects with the first attempt.
   *
   * @throws when that cannot be read; nothing is sent to the endpoint then
   */
  open(endpoint: LeasedWebhook): Channel;
  /** Ends the attempts in flight: they reject with {@link Interrupted}. */
  close(): Promise<void>;
}

/** The way to one endpoint, while this process holds it. */
export interface Channel {
  /** Events that one attempt takes, at most. @default 1 */
  readonly maxEvents?: number;
  /**
   * One attempt with events in order. Returns an outcome for each of them. What is slow to answer is a failure after a
   * time of its own; the deliverer sets no other.
   *
   * @throws {Interrupted} this process stops; the attempt does not count
   */
  send(events: readonly DueDelivery[]): Promise<AttemptOutcome[]>;
  /** Whether there is a connection, without an event. Absent: only an attempt tells. Never rejects. */
  knock?(): Promise<boolean>;
  /** The endpoint is not held any more. */
  close?(): void;
}

/** This process is stopping. */
export class Interrupted extends Error {}
