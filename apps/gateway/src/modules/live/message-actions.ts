import type { ActedOnMessage } from '@wa-gate/contracts';
import type { FastifyRequest } from 'fastify';
import type { OwnerLink } from '../../worker-links/owner-link.ts';
import { type MessageReferences, presentActed, refuseOwn, refuseUnsent } from './message-references.ts';
import { callOperation } from './operation-call.ts';

/** What is done to one message for the account itself. */
export interface MessageActions {
  markRead(message: Named, request: FastifyRequest): Promise<ActedOnMessage>;
  markPlayed(message: Named, request: FastifyRequest): Promise<ActedOnMessage>;
  star(message: Named, isStarred: boolean, request: FastifyRequest): Promise<ActedOnMessage>;
  deleteForMe(message: Named, request: FastifyRequest): Promise<ActedOnMessage>;
}

/** A message that the caller may see. */
interface Named {
  id: string;
  sessionId: string;
}

export function createMessageActions(deps: { owner: OwnerLink; references: MessageReferences }): MessageActions {
  const { owner, references } = deps;
  const find = async ({ id, sessionId }: Named) => {
    const found = await references.of({ id: sessionId }, [id]);
    refuseUnsent(found);
    return { found, messages: found.map(({ reference }) => reference), acted: presentActed(found[0]!) };
  };
  const receipt =
    (name: 'messages.markRead' | 'messages.markPlayed') => async (named: Named, request: FastifyRequest) => {
      const { found, messages, acted } = await find(named);
      refuseOwn(found);
      await callOperation(owner, name, named.sessionId, { messages }, request);
      await references.wereRead({ id: named.sessionId }, [acted.messageId]);
      return acted;
    };
  return {
    markRead: receipt('messages.markRead'),
    markPlayed: receipt('messages.markPlayed'),
    async star(named, isStarred, request) {
      const { messages, acted } = await find(named);
      await callOperation(owner, 'messages.star', named.sessionId, { messages, isStarred }, request);
      return acted;
    },
    async deleteForMe(named, request) {
      const { messages, acted } = await find(named);
      await callOperation(owner, 'messages.deleteForMe', named.sessionId, { messages }, request);
      return acted;
    },
  };
}
