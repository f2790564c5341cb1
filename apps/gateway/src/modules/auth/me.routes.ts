import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import {
  DoneSchema,
  ListLoginsResultSchema,
  LoginParamsSchema,
  MeResultSchema,
  SwitchRequestSchema,
  SwitchResultSchema,
  success,
  UpdateMeRequestSchema,
  UpdateMeResultSchema,
  type WorkspaceRoleName,
} from '@wa-gate/contracts';
import { ok } from '../../http/envelope.ts';
import type { AccessTokens } from '../../plugins/access-tokens.ts';
import { SESSION_COOKIE } from '../../plugins/credentials.ts';
import { errorResponses } from '../../plugins/openapi/error-responses.ts';
import type { Limiter } from '../../plugins/rate-limit/index.ts';
import type { Guards } from '../../plugins/route-access.ts';
import { actorOf } from '../audit/index.ts';
import type { AccountService } from './account.service.ts';
import type { AuthService } from './auth.service.ts';
import { setSessionCookie } from './cookies.ts';
import { limitGuesses } from './login-limits.ts';
import { ownLogin, personOf } from './own-login.ts';

export interface MeRoutesOptions {
  auth: AuthService;
  account: AccountService;
  guards: Guards;
  limiter: Limiter;
  tokens: AccessTokens;
  /** Life of an access token in seconds. */
  tokenSeconds: number;
}

/** A person's own account and logins. */
export const meRoutes: FastifyPluginAsyncTypebox<MeRoutesOptions> = async (app, options) => {
  const { auth, account, guards, limiter, tokens, tokenSeconds } = options;
  const tags = ['Authentication'];

  app.get(
    '/auth/me',
    {
      onRequest: guards({ audience: 'person' }),
      schema: {
        tags,
        operationId: 'me.get',
        summary: 'Who am I',
        response: { 200: success(MeResultSchema), ...errorResponses() },
      },
    },
    async (request) => {
      const { userId, workspaceId, role } = personOf(request);
      const { user, workspaces } = await auth.me(userId);
      return ok({ user, workspaceId, workspaceRole: role.toLowerCase() as WorkspaceRoleName, workspaces });
    },
  );

  app.patch(
    '/auth/me',
    {
      onRequest: guards({ audience: 'person' }),
      config: { audit: 'user.updated' },
      schema: {
        tags,
        operationId: 'me.update',
        summary: 'Change my name or e-mail',
        description: 'A new e-mail needs the current password, and has to be proved again.',
        body: UpdateMeRequestSchema,
        response: {
          200: success(UpdateMeResultSchema),
          ...errorResponses('EMAIL_TAKEN', 'INVALID_CREDENTIALS'),
        },
      },
    },
    async (request, reply) => {
      const { userId, email } = personOf(request);
      const update = () => account.update(userId, request.body, actorOf(request));
      const guesses = request.body.currentPassword !== undefined;
      return ok({ user: await (guesses ? limitGuesses(limiter, { request, reply, email }, update) : update()) });
    },
  );

  app.post(
    '/auth/switch',
    {
      onRequest: guards({ audience: 'person' }),
      config: { audit: 'login.switched' },
      schema: {
        tags,
        operationId: 'auth.switchWorkspace',
        summary: 'Work in another workspace',
        description:
          'Gives a token for another workspace that the user is a member of. Later refreshes are for that workspace too.',
        body: SwitchRequestSchema,
        response: { 200: success(SwitchResultSchema), ...errorResponses('WORKSPACE_NOT_FOUND') },
      },
    },
    async (request, reply) => {
      const grant = await auth.switchWorkspace(ownLogin(request), request.body.workspaceId, actorOf(request));
      const { userId, workspaceId, loginId, workspaceRole } = grant;
      const token = tokens.issue({ sub: userId, ws: workspaceId, sid: loginId });
      if (request.cookies[SESSION_COOKIE]) setSessionCookie(reply, token, tokenSeconds);
      return ok({ token, expiresIn: tokenSeconds, workspaceId, workspaceRole });
    },
  );

  app.get(
    '/auth/logins',
    {
      onRequest: guards({ audience: 'person' }),
      schema: {
        tags,
        operationId: 'logins.list',
        summary: 'My logins',
        description: 'Those that have not ended, the last used first.',
        response: { 200: success(ListLoginsResultSchema), ...errorResponses() },
      },
    },
    async (request) => ok({ logins: await auth.listLogins(ownLogin(request)) }),
  );

  app.delete(
    '/auth/logins/:id',
    {
      onRequest: guards({ audience: 'person' }),
      config: { audit: 'login.ended' },
      schema: {
        tags,
        operationId: 'logins.end',
        summary: 'End one of my logins',
        params: LoginParamsSchema,
        response: { 200: success(DoneSchema), ...errorResponses('LOGIN_NOT_FOUND') },
      },
    },
    async (request) => {
      await auth.endLogin(ownLogin(request), request.params.id, actorOf(request));
      return ok({});
    },
  );
};
