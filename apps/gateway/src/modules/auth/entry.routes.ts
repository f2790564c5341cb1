import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import {
  CsrfResultSchema,
  DoneSchema,
  LoginLinkRequestSchema,
  LoginRequestSchema,
  LoginResultSchema,
  RefreshRequestSchema,
  RefreshResultSchema,
  RegisterRequestSchema,
  RegisterResultSchema,
  success,
} from '@wa-gate/contracts';
import type { FastifyReply } from 'fastify';
import { ApiError } from '../../http/api-error.ts';
import { ok } from '../../http/envelope.ts';
import type { AccessTokens } from '../../plugins/access-tokens.ts';
import { isSameOrigin, SESSION_COOKIE } from '../../plugins/credentials.ts';
import type { Csrf } from '../../plugins/csrf.ts';
import { errorResponses } from '../../plugins/openapi/error-responses.ts';
import type { Limiter } from '../../plugins/rate-limit/index.ts';
import type { Guards } from '../../plugins/route-access.ts';
import { actorOf } from '../audit/index.ts';
import type { AuthService, RefreshableGrant } from './auth.service.ts';
import { clientOf } from './client.ts';
import { clearCookies, REFRESH_COOKIE, setRefreshCookie, setSessionCookie } from './cookies.ts';
import { limitGuesses } from './login-limits.ts';
import { ownLogin } from './own-login.ts';

export interface EntryRoutesOptions {
  auth: AuthService;
  guards: Guards;
  limiter: Limiter;
  tokens: AccessTokens;
  csrf: Csrf;
  /** Life of an access token in seconds. */
  tokenSeconds: number;
  corsOrigins: string[] | true;
}

/** Coming in and going out. */
export const entryRoutes: FastifyPluginAsyncTypebox<EntryRoutesOptions> = async (app, options) => {
  const { auth, guards, limiter, tokens, csrf, tokenSeconds, corsOrigins } = options;

  /** The tokens of a grant, for the body of the answer and in the cookies. */
  function hand(reply: FastifyReply, grant: RefreshableGrant) {
    const { userId, workspaceId, loginId, workspaceRole, refreshToken, refreshSeconds } = grant;
    const token = tokens.issue({ sub: userId, ws: workspaceId, sid: loginId });
    setSessionCookie(reply, token, tokenSeconds);
    setRefreshCookie(reply, refreshToken, refreshSeconds);
    return { token, refreshToken, expiresIn: tokenSeconds, workspaceId, workspaceRole };
  }

  app.post(
    '/auth/register',
    {
      onRequest: guards({ audience: 'public' }),
      config: { audit: 'user.registered' },
      schema: {
        tags: ['Authentication'],
        operationId: 'auth.register',
        summary: 'Register a user',
        description: 'Makes a user with a personal workspace and the key of that workspace.',
        body: RegisterRequestSchema,
        response: { 201: success(RegisterResultSchema), ...errorResponses('EMAIL_TAKEN') },
        security: [],
      },
    },
    async (request, reply) => {
      const registered = await auth.register(request.body, clientOf(request), actorOf(request));
      const { user, apiKey, warnings } = registered;
      const data = { user, ...hand(reply, registered), apiKey, ...(warnings.length > 0 && { warnings }) };
      return reply.code(201).send(ok(data));
    },
  );

  app.post(
    '/auth/login',
    {
      onRequest: guards({ audience: 'public' }),
      config: { audit: 'login.created' },
      schema: {
        tags: ['Authentication'],
        operationId: 'auth.login',
        summary: 'Log in',
        description: `Also sets the cookies \`${SESSION_COOKIE}\` and \`${REFRESH_COOKIE}\`, for browsers. Five wrong passwords of one account in 15 minutes, or five accounts with a wrong password from one address, and no more are taken until \`Retry-After\` is over. Whoever was deactivated is told so, when the password is right.`,
        body: LoginRequestSchema,
        response: { 200: success(LoginResultSchema), ...errorResponses('INVALID_CREDENTIALS', 'ACCOUNT_DISABLED') },
        security: [],
      },
    },
    async (request, reply) => {
      const { email, password } = request.body;
      const login = await limitGuesses(limiter, { request, reply, email }, () =>
        auth.login(email, password, clientOf(request), actorOf(request)),
      );
      return ok({ user: login.user, ...hand(reply, login) });
    },
  );

  app.post(
    '/auth/login-link',
    {
      onRequest: guards({ audience: 'public' }),
      config: { audit: 'login.created' },
      schema: {
        tags: ['Authentication'],
        operationId: 'auth.loginByLink',
        summary: 'Log in by a link',
        description: `With the token of a link that the operator has made (\`wag admin login-link\`, \`npm start\`). It is good once, for an hour. Sets the cookies as logging in does.`,
        body: LoginLinkRequestSchema,
        response: { 200: success(LoginResultSchema), ...errorResponses('MAIL_TOKEN_INVALID') },
        security: [],
      },
    },
    async (request, reply) => {
      const login = await auth.enterByLink(request.body.token, clientOf(request), actorOf(request));
      return ok({ user: login.user, ...hand(reply, login) });
    },
  );

  app.post(
    '/auth/refresh',
    {
      onRequest: guards({ audience: 'public' }),
      config: { audit: 'login.refreshed' },
      // The cookie alone is enough.
      preValidation: async (request) => {
        request.body ??= {};
      },
      schema: {
        tags: ['Authentication'],
        operationId: 'auth.refresh',
        summary: 'Get a new access token',
        description: `Takes the refresh token, from the body or the cookie \`${REFRESH_COOKIE}\`, and gives a new one. Each is good once: one that comes a second time, also at the same time as the first, ends the login, because somebody may have copied it.`,
        body: RefreshRequestSchema,
        response: {
          200: success(RefreshResultSchema),
          ...errorResponses('REFRESH_TOKEN_INVALID', 'REFRESH_TOKEN_REUSED'),
        },
        security: [],
      },
    },
    async (request, reply) => {
      const given = request.body?.refreshToken;
      const refreshToken = given ?? request.cookies[REFRESH_COOKIE];
      if (!refreshToken) throw new ApiError('REFRESH_TOKEN_INVALID');
      if (given === undefined && !isSameOrigin(request, corsOrigins)) throw new ApiError('CSRF');
      const { refreshToken: next, ...shown } = hand(reply, await auth.refresh(refreshToken, actorOf(request)));
      return ok({ ...shown, ...(given !== undefined && { refreshToken: next }) });
    },
  );

  app.post(
    '/auth/logout',
    {
      onRequest: guards({ audience: 'person' }),
      config: { audit: 'login.ended' },
      schema: {
        tags: ['Authentication'],
        operationId: 'auth.logout',
        summary: 'Log out',
        description: 'Ends the login of the token, with its refresh tokens, within a second on all gateways.',
        response: { 200: success(DoneSchema), ...errorResponses() },
      },
    },
    async (request, reply) => {
      await auth.logout(ownLogin(request), actorOf(request));
      clearCookies(reply);
      return ok({});
    },
  );

  app.get(
    '/auth/csrf',
    {
      onRequest: guards({ audience: 'person' }),
      schema: {
        tags: ['Authentication'],
        operationId: 'auth.csrfToken',
        summary: 'Token against cross-site requests',
        description: `Requests that change something and are made with the cookie \`${SESSION_COOKIE}\` need it in the header \`X-CSRF-Token\`.`,
        response: { 200: success(CsrfResultSchema), ...errorResponses() },
      },
    },
    async (request) => ok({ csrfToken: csrf.issue(ownLogin(request).loginId) }),
  );
};
