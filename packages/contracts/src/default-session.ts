import { Type } from 'typebox';
import { nullable, requestBody } from './schema.ts';

const sessionId = Type.String({ minLength: 1, maxLength: 100, examples: ['user123-personal'] });
const NAMES_SESSION =
  'Which session; also in the header X-Session-Id. Default: the session of the key, else the only session of the workspace, else its default.';

/** `?sessionId=` of the calls that act on the caller's default session. */
export const defaultSessionQuery = {
  sessionId: Type.Optional(Type.String({ ...sessionId, description: NAMES_SESSION })),
};
export const DefaultSessionQuerySchema = Type.Object(defaultSessionQuery);
export const defaultSessionHeaders = { 'x-session-id': Type.Optional(sessionId) };
export const DefaultSessionHeadersSchema = Type.Object(defaultSessionHeaders);
/** The body of calls that need nothing else. */
export const DefaultSessionBodySchema = nullable(requestBody(defaultSessionQuery, { sessionId: 'user123-personal' }));
