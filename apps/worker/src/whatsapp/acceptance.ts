import { AsyncLocalStorage } from 'node:async_hooks';
import type { Span } from '@wa-gate/kit';
import type { OwnerAcceptance } from '@wa-gate/messaging';

/**
 * `open`: no statement has named it. `asked`: a statement with it runs. `unknown`: PostgreSQL has not answered;
 * the connection ends, and what is stored is found by the next one.
 */
export type AcceptanceState = 'open' | 'asked' | 'accepted' | 'refused' | 'unknown';

/** The message was not accepted: nothing of it is stored, the ratchet included, and nothing of it leaves. */
export class NotAcceptedError extends Error {
  override name = 'NotAcceptedError';
}

/**
 * The acceptance of a message, which rides with the ratchet steps that encrypt it: the first statement that writes one
 * of them accepts the message, and no step returns before. So nothing of a message leaves that is not in PostgreSQL.
 */
export class Acceptance {
  readonly request: OwnerAcceptance;
  state: AcceptanceState = 'open';
  /** Known once it is accepted. */
  failIfUncertain = false;
  /** Of the attempt, while it is traced: the statement that accepts is a part of it, whoever has begun its batch. */
  span: Span | undefined;

  constructor(request: OwnerAcceptance) {
    this.request = request;
  }

  /** Has no effect once a statement names it. */
  withdraw(): void {
    if (this.state === 'open') this.state = 'refused';
  }

  /** No step that rides with it may be written any more. */
  get isRefused(): boolean {
    return this.state === 'refused' || this.state === 'unknown';
  }
}

/** The type under which an acceptance rides in `keys.set`, in the commit of the ratchet step. */
export const ACCEPTANCE_KIND = 'acceptance';

const current = new AsyncLocalStorage<Acceptance>();

/** Runs a send whose ratchet steps accept its message. */
export const sendWithAcceptance = <T>(acceptance: Acceptance, send: () => Promise<T>): Promise<T> =>
  current.run(acceptance, send);

/** The acceptance of the send that this step belongs to. */
export const acceptanceOfSend = (): Acceptance | undefined => current.getStore();
