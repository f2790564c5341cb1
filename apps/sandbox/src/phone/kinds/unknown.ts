import { Type } from 'typebox';
import { plain } from '../description.ts';
import { defineKind } from './kind.ts';

/** A form of message that a client of today may not know. */
export const unknown = defineKind({
  request: {
    newer: Type.Optional(
      Type.Boolean({
        description: 'Of a form that the protobuf of today has no name for: nothing is left when it is decoded',
      }),
    ),
  },
  compose: ({ newer }) => ({ message: newer ? {} : { paymentInviteMessage: { serviceType: 3 } }, type: 'text' }),
  members: ['paymentInviteMessage', 'messageContextInfo'],
  describe(message) {
    const members = Object.keys(message).filter((member) => message[member as keyof typeof message] != null);
    const isNewer = members.every((member) => member === 'messageContextInfo');
    return message.paymentInviteMessage || isNewer ? plain('unknown', null) : null;
  },
});
