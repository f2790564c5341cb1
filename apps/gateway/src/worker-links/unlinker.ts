import { UNLINK_TIMEOUT_MS } from '@wa-gate/contracts';
import { type Logger, newRequestId } from '@wa-gate/kit';
import { Type } from 'typebox';
import { checkOf } from './call-worker.ts';
import type { OwnerLink } from './owner-link.ts';

/**
 * Removes the device of a session at WhatsApp, by a call to its owner; for deletions that are no request for one
 * session.
 */
export interface Unlinker {
  /** `false`: the owner could not do it, or not until the signal; the device has to be removed on the phone. */
  unlink(sessionId: string, signal: AbortSignal): Promise<boolean>;
}

const isUnlinked = checkOf(Type.Union([Type.Null(), Type.Object({ unlinked: Type.Optional(Type.Boolean()) })]));

export function createUnlinker({ owner, logger }: { owner: OwnerLink; logger: Logger }): Unlinker {
  return {
    async unlink(sessionId, signal) {
      if (signal.aborted) return false;
      try {
        const told = await owner.ask(sessionId, {
          method: 'DELETE',
          path: `/session/${sessionId}`,
          headers: { 'x-request-id': newRequestId() },
          timeoutMs: UNLINK_TIMEOUT_MS,
          signal,
          repeat: 'safe',
          answer: isUnlinked,
        });
        return told?.unlinked ?? true;
      } catch (error) {
        logger.warn({ err: error, sessionId }, 'device not unlinked, its owner was not reached');
        return false;
      }
    },
  };
}
