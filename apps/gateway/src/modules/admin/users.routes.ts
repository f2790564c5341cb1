import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import {
  AdminUserDetailSchema,
  CreateUserRequestSchema,
  DeleteUserResultSchema,
  EndLoginsResultSchema,
  LIMITS,
  ListUsersQuerySchema,
  ListUsersResultSchema,
  success,
  UpdateUserRequestSchema,
  UserParamsSchema,
} from '@wa-gate/contracts';
import { ok, pagination } from '../../http/envelope.ts';
import { errorResponses } from '../../plugins/openapi/error-responses.ts';
import type { Guards } from '../../plugins/route-access.ts';
import { actorOf } from '../audit/index.ts';
import type { UsersService } from './users.service.ts';

export interface UsersRoutesOptions {
  users: UsersService;
  guards: Guards;
}

const tags = ['Administration'];
const path = '/admin/users/:id';

export const usersRoutes: FastifyPluginAsyncTypebox<UsersRoutesOptions> = async (app, { users, guards }) => {
  const onRequest = guards({ audience: 'administrator' });

  app.get(
    '/admin/users',
    {
      onRequest,
      schema: {
        tags,
        operationId: 'users.list',
        summary: 'All users',
        description: 'Newest first.',
        querystring: ListUsersQuerySchema,
        response: { 200: success(ListUsersResultSchema), ...errorResponses() },
      },
    },
    async (request) => {
      const { page = 1, limit = LIMITS.pageDefault, ...filter } = request.query;
      const { users: found, total } = await users.list({ ...filter, page, limit });
      return ok({ users: found, pagination: pagination(total, page, limit) });
    },
  );

  app.post(
    '/admin/users',
    {
      onRequest,
      config: { audit: 'user.created' },
      schema: {
        tags,
        operationId: 'users.create',
        summary: 'Make a user',
        description: 'With a personal workspace, as registering does. Keys are made by the user.',
        body: CreateUserRequestSchema,
        response: { 201: success(AdminUserDetailSchema), ...errorResponses('EMAIL_TAKEN') },
      },
    },
    async (request, reply) => {
      const user = await users.create(actorOf(request), request.body);
      return reply.code(201).send(ok(user));
    },
  );

  app.get(
    path,
    {
      onRequest,
      schema: {
        tags,
        operationId: 'users.get',
        summary: 'One user',
        params: UserParamsSchema,
        response: { 200: success(AdminUserDetailSchema), ...errorResponses('USER_NOT_FOUND') },
      },
    },
    async (request) => ok(await users.get(request.params.id)),
  );

  app.patch(
    path,
    {
      onRequest,
      config: { audit: 'user.updated' },
      schema: {
        tags,
        operationId: 'users.update',
        summary: 'Change a user',
        description:
          'In force on every gateway within a second. Deactivating (`isActive: false`) ends the logins and stops the keys of the user, and nobody can do anything in the workspaces that are theirs: members and their keys are answered 403 `ACCOUNT_DISABLED`. Sessions stay connected and go on receiving, and webhooks are still delivered: log them out, or delete the user, to end that. Activated again, the keys work again. A new e-mail is unproved.',
        params: UserParamsSchema,
        body: UpdateUserRequestSchema,
        response: {
          200: success(AdminUserDetailSchema),
          ...errorResponses('USER_NOT_FOUND', 'EMAIL_TAKEN', 'LAST_ADMINISTRATOR'),
        },
      },
    },
    async (request) => ok(await users.update(actorOf(request), request.params.id, request.body)),
  );

  app.delete(
    path,
    {
      onRequest,
      config: { audit: 'user.deleted' },
      schema: {
        tags,
        operationId: 'users.delete',
        summary: 'Delete a user with everything that is theirs',
        description:
          'Workspaces with their sessions, messages and keys, logins and usage. Devices are unlinked where their workers can do it soon. Keys that the user made in workspaces of others go over to the owners of these; what is in the audit log stays.',
        params: UserParamsSchema,
        response: {
          200: success(DeleteUserResultSchema),
          ...errorResponses('USER_NOT_FOUND', 'LAST_ADMINISTRATOR', 'DELETION_GOES_ON'),
        },
      },
    },
    async (request) => ok(await users.delete(actorOf(request), request.params.id)),
  );

  app.delete(
    `${path}/logins`,
    {
      onRequest,
      config: { audit: 'user.logins_ended' },
      schema: {
        tags,
        operationId: 'users.endLogins',
        summary: 'End all logins of a user',
        description: 'Their tokens stop on every gateway within a second. Keys work on.',
        params: UserParamsSchema,
        response: { 200: success(EndLoginsResultSchema), ...errorResponses('USER_NOT_FOUND') },
      },
    },
    async (request) => ok({ ended: await users.endLogins(actorOf(request), request.params.id) }),
  );
};
