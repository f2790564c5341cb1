import type { EventType, LiveEventType } from '@wa-gate/contracts';
import type { SecretBox } from '@wa-gate/kit';
import { ApiError } from '../http/api-error.ts';
import type { Credential } from './credentials.ts';

/** What a ticket allows, of all that its caller may do. */
export interface StreamGrant {
  /** Public id of the only session. */
  sessionId?: string | undefined;
  events?: readonly (EventType | LiveEventType)[] | undefined;
}

/**
 * Tickets for streams that browsers open: a URL ends up in logs, so it holds neither key nor token, and what it holds
 * is of no use after a minute. Nothing is stored: a ticket is the sealed credential of its caller.
 */
export interface StreamTickets {
  issue(credential: Credential, grant: StreamGrant, seconds: number): { ticket: string; expiresAt: Date };
  /** @throws {ApiError} UNAUTHENTICATED */
  open(ticket: string): { credential: Credential; grant: StreamGrant };
}

export const TICKET_BOX = 'stream-tickets';
const CONTEXT = 'ticket';
const REFUSED = 'The ticket is not valid or has expired. Get another one with POST /api/events/tickets.';

interface Sealed {
  kind: Credential['kind'];
  value: string;
  grant: StreamGrant;
  /** Milliseconds since 1970. */
  until: number;
}

export function createStreamTickets(box: Pick<SecretBox, 'seal' | 'open'>, now = Date.now): StreamTickets {
  function read(ticket: string): Sealed | null {
    try {
      return JSON.parse(box.open(Buffer.from(ticket, 'base64url'), CONTEXT).toString()) as Sealed;
    } catch {
      return null;
    }
  }

  return {
    issue({ kind, value }, grant, seconds) {
      const until = now() + seconds * 1_000;
      const sealed: Sealed = { kind, value, grant, until };
      const ticket = box.seal(Buffer.from(JSON.stringify(sealed)), CONTEXT).toString('base64url');
      return { ticket, expiresAt: new Date(until) };
    },
    open(ticket) {
      const sealed = read(ticket);
      if (!sealed || now() >= sealed.until) throw new ApiError('UNAUTHENTICATED', { message: REFUSED });
      const { kind, value, grant } = sealed;
      return { credential: { kind, value, place: 'header' }, grant };
    },
  };
}
