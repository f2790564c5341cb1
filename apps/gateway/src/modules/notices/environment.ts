import { Type } from 'typebox';

/** The part of the environment that is about notices. */
export const NOTICE_ENVIRONMENT = {
  /** How long an incident lasts before it is told, where a workspace has not set its own. */
  NOTICE_DELAY: Type.String({ pattern: '^[0-9]{1,8}[smhd]?$', default: '5m' }),
  /** Where people reach this installation; links in mails and events begin with it. */
  PUBLIC_URL: Type.Optional(Type.String({ pattern: '^https?://[^\\s?#]+$' })),
};
