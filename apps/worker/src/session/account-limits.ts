import type { MessageCapping } from '@wa-gate/contracts';
import type { Clock } from '@wa-gate/kit';
import type { Restriction } from '@wa-gate/messaging';
import type { StateKeeper } from './state-keeper.ts';

/**
 * The limits that WhatsApp sets on the account of a session. Keeps them, writes them to its row and publishes events.
 */
export class AccountLimits {
  readonly #keeper: StateKeeper;
  readonly #clock: Clock;
  #restriction: Restriction | null = null;
  #capping: MessageCapping | null = null;

  constructor(keeper: StateKeeper, clock: Clock) {
    this.#keeper = keeper;
    this.#clock = clock;
  }

  /** The present time-lock: the account may not begin new chats. */
  get restriction(): Restriction | null {
    return this.#restriction && this.#restriction.until.getTime() > this.#clock.now() ? this.#restriction : null;
  }

  get capping(): MessageCapping | null {
    return this.#capping;
  }

  /** Loads the limits from the row of the session. */
  restore(restriction: Restriction | null, capping: MessageCapping | null): void {
    this.#restriction = restriction;
    this.#capping = capping;
  }

  /** Sets or lifts the time-lock. @param restriction `null`: WhatsApp reports none */
  restrict(restriction: Restriction | null): void {
    const before = this.#restriction;
    if (before?.type === restriction?.type && before?.until.getTime() === restriction?.until.getTime()) return;
    this.#restriction = restriction;
    const data = {
      restricted: restriction !== null,
      type: restriction?.type ?? null,
      until: restriction?.until.toISOString() ?? null,
    };
    this.#keeper.publish({ restriction }, [{ type: 'session.restricted', data }]);
  }

  cap(capping: MessageCapping): void {
    if (JSON.stringify(capping) === JSON.stringify(this.#capping)) return;
    this.#capping = capping;
    this.#keeper.publish({ messageCapping: capping }, [{ type: 'session.capped', data: { ...capping } }]);
  }

  /** Ends an expired time-lock: WhatsApp does not always report the end. */
  review(): void {
    if (this.#restriction && !this.restriction) this.restrict(null);
  }
}
