import type { FastifyPluginAsync } from 'fastify';
import type { AccessTokens } from '../../plugins/access-tokens.ts';
import type { Guards } from '../../plugins/auth.ts';
import type { Csrf } from '../../plugins/csrf.ts';
import type { Limiter } from '../../plugins/rate-limit/index.ts';
import type { AccountService } from './account.service.ts';
import type { AuthService } from './auth.service.ts';
import { entryRoutes } from './entry.routes.ts';
import { meRoutes } from './me.routes.ts';
import { passwordsRoutes } from './passwords.routes.ts';

export interface AuthRoutesOptions {
  auth: AuthService;
  account: AccountService;
  guards: Guards;
  limiter: Limiter;
  tokens: AccessTokens;
  csrf: Csrf;
  /** Life of an access token in seconds. */
  tokenSeconds: number;
  corsOrigins: string[] | true;
}

/** Everything below `/auth`. What it answers is for the caller alone. */
export const authRoutes: FastifyPluginAsync<AuthRoutesOptions> = async (app, options) => {
  app.addHook('onRequest', async (_request, reply) => {
    reply.header('cache-control', 'no-store');
  });
  await app.register(entryRoutes, options);
  await app.register(meRoutes, options);
  await app.register(passwordsRoutes, options);
};
