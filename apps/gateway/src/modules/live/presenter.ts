import type { AnswerOf, InputOf, OperationName } from '@wa-gate/contracts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { SessionRef } from '../../principal.ts';
import type { CallsService } from '../calls/index.ts';
import type { ContactProfiles, NumberChecks, Persons } from '../contacts/index.ts';
import type { GroupPeople, GroupsService } from '../groups/index.ts';
import type { ProfilePictures } from '../media/index.ts';
import type { SessionsService } from '../sessions/index.ts';
import type { MessageReferences } from './message-references.ts';

/** What presenters use of the other modules. */
export interface PresenterServices {
  sessions: SessionsService;
  numberChecks: NumberChecks;
  contactProfiles: ContactProfiles;
  persons: Persons;
  calls: CallsService;
  profilePictures: ProfilePictures;
  references: MessageReferences;
  groupPeople: GroupPeople;
  groups: GroupsService;
}

/** A request for an operation, on its way to the owner of the session. */
export interface LiveCall<N extends OperationName> extends PresenterServices {
  request: FastifyRequest;
  reply: FastifyReply;
  session: SessionRef;
  /** Asks the owner. */
  ask: (input: InputOf<N>) => Promise<AnswerOf<N>>;
}

export interface Presenter<N extends OperationName> {
  /** The `data` of our answer, or the reply when it is something else than JSON. */
  present(call: LiveCall<N>): Promise<unknown>;
  /** The `response` entry of the description, where it is not JSON alone. */
  response?: object;
  /** It writes the action into the audit log itself. */
  writesAudit?: true;
}
