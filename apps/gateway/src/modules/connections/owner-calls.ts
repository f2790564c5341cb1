import type { AnswerOf, InputOf } from '@wa-gate/contracts';
import type { FastifyRequest } from 'fastify';
import type { SessionRef } from '../../principal.ts';
import type { OwnerLink } from '../../worker-links/owner-link.ts';
import { callOperation } from '../live/index.ts';

/** What the owner of one session is asked to do. */
export interface OwnerCalls {
  testProxy(input: InputOf<'sessions.testProxy'>): Promise<AnswerOf<'sessions.testProxy'>>;
  /** Has it connect anew, with the same device. `false`: its owner could not be asked. */
  restart(): Promise<boolean>;
  qr(): Promise<AnswerOf<'sessions.qr'>>;
  pairingCode(phoneNumber: string): Promise<AnswerOf<'sessions.pairingCode'>>;
}

export function ownerCalls(owner: OwnerLink, session: SessionRef, request: FastifyRequest): OwnerCalls {
  return {
    testProxy: (input) => callOperation(owner, 'sessions.testProxy', session.id, input, request),
    async restart() {
      try {
        await callOperation(owner, 'sessions.restart', session.id, {}, request);
        return true;
      } catch (error) {
        request.log.warn(
          { err: error, sessionId: session.id },
          'session not reconnected, its next connection is as wanted',
        );
        return false;
      }
    },
    qr: () => callOperation(owner, 'sessions.qr', session.id, {}, request),
    pairingCode: (phoneNumber) => callOperation(owner, 'sessions.pairingCode', session.id, { phoneNumber }, request),
  };
}
