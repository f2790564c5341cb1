import { type AcceptedMessage, toOffer } from '@wa-gate/messaging';
import type { ControlStreams } from './control-streams.ts';
import type { Doorbells } from './doorbells.ts';

/** A message that the owner of its session has been asked to accept. */
export interface Offer {
  /**
   * Resolves when the gateway has to accept the message itself: the owner declined, its stream ended, or it has not
   * said a word for {@link OFFER_MS}.
   */
  readonly lapsed: Promise<void>;
  /** The outcome is known: nothing lapses any more. */
  settle(): void;
}

/**
 * Offers messages to the owners of their sessions, over the control streams. An owner accepts, encrypts and sends in
 * one commit what takes three over the outbox; that it has accepted is said by the hint of the outcome. An offer is
 * no fact: until it is settled the message may be accepted by both sides, under one id.
 */
export interface Offers {
  /** @returns `undefined` when there is no owner with an open stream that takes offers */
  make(message: AcceptedMessage, patienceMs: number): Promise<Offer | undefined>;
}

export interface OffersDependencies {
  streams: Pick<ControlStreams, 'offer' | 'withdraw' | 'onDeclined' | 'onLost'>;
  doorbells: Pick<Doorbells, 'ownerWithStream'>;
}

/** An owner that needs longer is stuck or overloaded, and its outbox takes the message as well. */
export const OFFER_MS = 1_000;

interface Pending {
  workerId: string;
  lapse(): void;
}

export function createOffers({ streams, doorbells }: OffersDependencies): Offers {
  const pending = new Map<string, Pending>();

  streams.onDeclined((messageIds) => {
    for (const messageId of messageIds) pending.get(messageId)?.lapse();
  });
  streams.onLost((workerId) => {
    for (const offer of pending.values()) if (offer.workerId === workerId) offer.lapse();
  });

  return {
    async make(message, patienceMs) {
      const { messageId, sessionId } = message;
      const workerId = await doorbells.ownerWithStream(sessionId);
      if (workerId === undefined || !streams.offer(workerId, toOffer(message))) return undefined;
      let settle: () => void = () => undefined;
      const lapsed = new Promise<void>((resolve) => {
        const timeout = () => {
          // After a pause the owner reads both in one go, and does not accept what its caller has been refused.
          streams.withdraw(workerId, { messageId, sessionId });
          lapse();
        };
        const timer = setTimeout(timeout, Math.min(patienceMs, OFFER_MS));
        settle = () => {
          clearTimeout(timer);
          pending.delete(messageId);
        };
        const lapse = () => {
          settle();
          resolve();
        };
        pending.set(messageId, { workerId, lapse });
      });
      return { lapsed, settle: () => settle() };
    },
  };
}
