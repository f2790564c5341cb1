import type { FastifyPluginAsync } from 'fastify';
import { type EntryRoutesOptions, entryRoutes } from './entry.routes.ts';
import { type MeRoutesOptions, meRoutes } from './me.routes.ts';
import { type PasswordsRoutesOptions, passwordsRoutes } from './passwords.routes.ts';

export interface AuthRoutesOptions extends EntryRoutesOptions, MeRoutesOptions, PasswordsRoutesOptions {}

/** Everything below `/auth`. What it answers is for the caller alone. */
export const authRoutes: FastifyPluginAsync<AuthRoutesOptions> = async (app, options) => {
  app.addHook('onRequest', async (_request, reply) => {
    reply.header('cache-control', 'no-store');
  });
  await app.register(entryRoutes, options);
  await app.register(meRoutes, options);
  await app.register(passwordsRoutes, options);
};
