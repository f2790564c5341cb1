import { Type } from 'typebox';
import { unixSeconds } from '../../clock.ts';
import { plain } from '../description.ts';
import { PROTOCOL_MESSAGE } from '../proto-names.ts';
import { defineKind } from './kind.ts';

/** The timer of disappearing messages of a direct chat. Groups have theirs in their settings. */
export const timer = defineKind({
  request: { seconds: Type.Integer({ minimum: 0, description: '0 turns it off' }) },
  isChange: true,
  compose: ({ seconds }) => ({
    message: {
      protocolMessage: {
        type: PROTOCOL_MESSAGE.EPHEMERAL_SETTING,
        ephemeralExpiration: seconds,
        ephemeralSettingTimestamp: unixSeconds(),
      },
    },
    type: 'text',
  }),
  members: ['protocolMessage'],
  describe({ protocolMessage: part }) {
    if (part?.type !== PROTOCOL_MESSAGE.EPHEMERAL_SETTING) return null;
    return plain('timer', null, { seconds: part.ephemeralExpiration ?? 0 });
  },
});
