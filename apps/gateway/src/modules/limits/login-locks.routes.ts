import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import {
  LiftedLoginLockSchema,
  ListLoginLocksQuerySchema,
  ListLoginLocksResultSchema,
  LoginLockParamsSchema,
  success,
} from '@wa-gate/contracts';
import { ok } from '../../http/envelope.ts';
import { errorResponses } from '../../plugins/openapi/error-responses.ts';
import type { Guards } from '../../plugins/route-access.ts';
import { actorOf } from '../audit/index.ts';
import type { LoginLocks } from './login-locks.ts';

export interface LoginLocksRoutesOptions {
  loginLocks: LoginLocks;
  guards: Guards;
}

const administrator = { audience: 'administrator' } as const;

export const loginLocksRoutes: FastifyPluginAsyncTypebox<LoginLocksRoutesOptions> = async (app, options) => {
  const { loginLocks, guards } = options;

  app.get(
    '/admin/login-locks',
    {
      onRequest: guards(administrator),
      schema: {
        tags: ['Administration'],
        operationId: 'loginLocks.list',
        summary: 'Who cannot log in because of wrong passwords',
        description:
          'Somebody may be kept out by two locks: of the account, and of the network address. While Redis is away, the locks of the gateway that answers.',
        querystring: ListLoginLocksQuerySchema,
        response: { 200: success(ListLoginLocksResultSchema), ...errorResponses() },
      },
    },
    async (request) => ok({ loginLocks: await loginLocks.list(request.query) }),
  );

  app.delete(
    '/admin/login-locks/:id',
    {
      onRequest: guards(administrator),
      config: { audit: 'login_lock.lifted' },
      schema: {
        tags: ['Administration'],
        operationId: 'loginLocks.lift',
        summary: 'Lift one lock',
        description: 'Holds at once, on every gateway. Other locks stay.',
        params: LoginLockParamsSchema,
        response: { 200: success(LiftedLoginLockSchema), ...errorResponses('LOGIN_LOCK_NOT_FOUND') },
      },
    },
    async (request) => {
      const { id } = request.params;
      await loginLocks.lift(actorOf(request), id);
      return ok({ id, lifted: true as const });
    },
  );
};
