import { createHash } from 'node:crypto';
import { proto } from '@whiskeysockets/baileys/WAProto/index.js';
import { Type } from 'typebox';
import { SandboxError } from '../../errors.ts';
import type { PhoneCore } from '../core.ts';
import { describeKey, plain } from '../description.ts';
import { defineKind } from './kind.ts';
import { keyFor, known, target, unseen } from './references.ts';
import { namedBy, seal } from './sealed.ts';

const { EventResponseType } = proto.Message.EventResponseMessage;

/** How a vote names an option. */
export const hashOption = (option: string): Buffer => createHash('sha256').update(option, 'utf8').digest();

function checkOptions(phone: PhoneCore, id: string, chosen: readonly string[]): void {
  const { type, details } = known(phone, id);
  const options = (details.options as string[] | undefined) ?? [];
  const wrong = chosen.find((option) => !options.includes(option));
  if (type === 'poll' && wrong === undefined) return;
  const reason = type === 'poll' ? `has no option "${wrong}"` : `is no poll but of type ${type}`;
  throw new SandboxError(400, 'NO_SUCH_OPTION', `Message ${id} ${reason}; see GET /phones/{number}/messages.`);
}

/** A vote in a poll: everything that this phone chooses now. */
export const vote = defineKind({
  request: {
    target,
    options: Type.Array(Type.String(), { description: 'Empty withdraws the vote' }),
    unseen,
    namedBy,
    at: Type.Optional(Type.Integer({ description: 'When this phone says it was cast, in milliseconds; default now' })),
  },
  isChange: true,
  compose(request, { phone, chat }) {
    if (!request.unseen) checkOptions(phone, request.target, request.options);
    const selectedOptions = request.options.map(hashOption);
    const plainVote = proto.Message.PollVoteMessage.encode({ selectedOptions }).finish();
    const pollUpdateMessage = {
      pollCreationMessageKey: keyFor(phone, chat, request),
      vote: seal(phone, chat, request, 'Poll Vote', plainVote),
      senderTimestampMs: request.at ?? Date.now(),
    };
    return { message: { pollUpdateMessage }, type: 'poll' };
  },
  members: ['pollUpdateMessage'],
  describe: ({ pollUpdateMessage: part }) =>
    part ? plain('vote', null, { target: describeKey(part.pollCreationMessageKey) }) : null,
});

const RESPONSES = {
  going: EventResponseType.GOING,
  notGoing: EventResponseType.NOT_GOING,
  maybe: EventResponseType.MAYBE,
} as const;
type Response = keyof typeof RESPONSES;
export const RESPONSE_NAMES = Object.keys(RESPONSES) as Response[];
export const responseNamed = (name: Response): number => RESPONSES[name];

/** An answer to an event. */
export const answer = defineKind({
  request: {
    target,
    response: Type.Enum(RESPONSE_NAMES),
    extraGuests: Type.Optional(Type.Integer({ minimum: 1 })),
    unseen,
    namedBy,
  },
  isChange: true,
  compose(request, { phone, chat }) {
    const plainAnswer = proto.Message.EventResponseMessage.encode({
      response: RESPONSES[request.response],
      timestampMs: Date.now(),
      ...(request.extraGuests && { extraGuestCount: request.extraGuests }),
    }).finish();
    const encEventResponseMessage = {
      eventCreationMessageKey: keyFor(phone, chat, request),
      ...seal(phone, chat, request, 'Event Response', plainAnswer),
    };
    return { message: { encEventResponseMessage }, type: 'event' };
  },
  members: ['encEventResponseMessage'],
  describe: ({ encEventResponseMessage: part }) =>
    part ? plain('answer', null, { target: describeKey(part.eventCreationMessageKey) }) : null,
});
