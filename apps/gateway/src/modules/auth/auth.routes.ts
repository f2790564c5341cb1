import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import {
  LoginRequestSchema,
  LoginResultSchema,
  MeResultSchema,
  RegisterRequestSchema,
  RegisterResultSchema,
  success,
} from '@wa-gate/contracts';
import { ok } from '../../envelope.ts';
import { type Guards, principalOf, type TokenClaims } from '../../plugins/auth.ts';
import { SESSION_COOKIE } from '../../plugins/credentials.ts';
import { errorResponses } from '../../plugins/error-responses.ts';
import type { Authenticated, AuthService } from './auth.service.ts';

export interface AuthRoutesOptions {
  auth: AuthService;
  guards: Guards;
  /** Life of a token in seconds. */
  tokenSeconds: number;
}

export const authRoutes: FastifyPluginAsyncTypebox<AuthRoutesOptions> = async (app, { auth, guards, tokenSeconds }) => {
  const issueToken = ({ user, workspaceId, loginId }: Authenticated): string =>
    app.jwt.sign({ sub: user.id, ws: workspaceId, sid: loginId } satisfies TokenClaims);

  app.post(
    '/auth/register',
    {
      schema: {
        tags: ['Authentication'],
        summary: 'Register a user',
        description: 'Makes a user with a personal workspace and the key of that workspace.',
        body: RegisterRequestSchema,
        response: { 201: success(RegisterResultSchema), ...errorResponses('EMAIL_TAKEN') },
        security: [],
      },
    },
    async (request, reply) => {
      const { warnings, apiKey, ...registered } = await auth.register(request.body);
      const data = {
        user: registered.user,
        token: issueToken(registered),
        expiresIn: tokenSeconds,
        apiKey,
        ...(warnings.length > 0 && { warnings }),
      };
      return reply.code(201).send(ok(data));
    },
  );

  app.post(
    '/auth/login',
    {
      schema: {
        tags: ['Authentication'],
        summary: 'Log in',
        description: `Also sets the cookie \`${SESSION_COOKIE}\`, for browsers.`,
        body: LoginRequestSchema,
        response: { 200: success(LoginResultSchema), ...errorResponses('INVALID_CREDENTIALS') },
        security: [],
      },
    },
    async (request, reply) => {
      const authenticated = await auth.login(request.body.email, request.body.password);
      const token = issueToken(authenticated);
      reply.setCookie(SESSION_COOKIE, token, {
        path: '/api',
        httpOnly: true,
        sameSite: 'strict',
        secure: request.protocol === 'https',
        maxAge: tokenSeconds,
      });
      return ok({ user: authenticated.user, token, expiresIn: tokenSeconds });
    },
  );

  app.get(
    '/auth/me',
    {
      onRequest: guards({ audience: 'person' }),
      schema: {
        tags: ['Authentication'],
        summary: 'Who am I',
        response: { 200: success(MeResultSchema), ...errorResponses('UNAUTHENTICATED', 'FORBIDDEN') },
      },
    },
    async (request) => ok({ user: await auth.me(principalOf(request).userId) }),
  );
};
