import { plain } from '../description.ts';
import { defineKind } from './kind.ts';

/** A form of message that a client of today may not know. */
export const unknown = defineKind({
  request: {},
  compose: () => ({ message: { paymentInviteMessage: { serviceType: 3 } }, type: 'text' }),
  members: ['paymentInviteMessage'],
  describe: () => plain('unknown', null),
});
