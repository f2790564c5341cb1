import { Type } from 'typebox';
import { CallSchema } from '../calls.ts';
import { CONNECTION_ERRORS, definePresented } from './operation.ts';
import { EXAMPLE_JID } from './person.ts';

const call = Type.String({
  pattern: '^[A-Za-z0-9._:-]{4,128}$',
  description: 'The `callId` of the event `call.received`.',
  examples: ['5A0C2D6A5F8E4B1D9C3B7F6E2A1D0C9B'],
});

/** Calls that ring at the account. */
export const calls = {
  'calls.reject': definePresented({
    method: 'POST',
    path: '/sessions/:id/calls/:call/reject',
    tag: 'Calls',
    summary: 'Reject a call',
    description:
      'The phone and the other devices of the account stop ringing, and the caller sees that it was declined.',
    permission: 'messages.send',
    unaudited: 'the log of calls says who has rejected it',
    input: { call, from: Type.String({ pattern: '@(s\\.whatsapp\\.net|lid)$' }) },
    params: { call },
    answer: Type.Object({ callId: Type.String() }),
    data: Type.Pick(CallSchema, ['callId', 'chat', 'caller']),
    errors: [...CONNECTION_ERRORS, 'CALL_NOT_FOUND'],
    // A call that was rejected does not ring any more.
    repeat: 'safe',
    cost: 1,
    examples: [{ call: '5A0C2D6A5F8E4B1D9C3B7F6E2A1D0C9B', from: EXAMPLE_JID }],
  }),
};
