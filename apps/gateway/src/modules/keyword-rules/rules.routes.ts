import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import {
  CreateRuleRequestSchema,
  DeleteRuleResultSchema,
  KeywordRuleSchema,
  ListRulesResultSchema,
  type MessageTemplate,
  type OutboundRequest,
  RuleParamsSchema,
  success,
  TestRuleRequestSchema,
  TestRuleResultSchema,
  UpdateRuleRequestSchema,
} from '@wa-gate/contracts';
import type { FastifyRequest } from 'fastify';
import { ApiError } from '../../http/api-error.ts';
import { ok } from '../../http/envelope.ts';
import { refuseUnstorableBody } from '../../http/stored-text.ts';
import { errorResponses } from '../../plugins/openapi/error-responses.ts';
import type { Guards } from '../../plugins/route-access.ts';
import { principalOf, type SessionRef } from '../../principal.ts';
import { actorOf } from '../audit/index.ts';
import { requestFiles } from '../media/index.ts';
import { TEMPLATE_ERRORS, type Templates, templateValidator } from '../messages/index.ts';
import { reachOf, type SessionDirectory } from '../sessions/index.ts';
import type { RulesService } from './rules.service.ts';

export interface RulesRoutesOptions {
  rules: RulesService;
  templates: Templates;
  directory: SessionDirectory;
  guards: Guards;
}

const tags = ['Keyword rules'];
const manage = { audience: 'workspace', permission: 'broadcasts.manage' } as const;

export const rulesRoutes: FastifyPluginAsyncTypebox<RulesRoutesOptions> = async (app, options) => {
  const { rules, templates, directory, guards } = options;
  const workspaceOf = (request: FastifyRequest): string => principalOf(request).workspaceId;
  app.addHook('preValidation', refuseUnstorableBody);

  const sessionsOf = async (
    request: FastifyRequest,
    slugs: readonly string[] | undefined,
  ): Promise<SessionRef[] | undefined> =>
    slugs && (await Promise.all(slugs.map((slug) => directory.resolve(principalOf(request), slug))));

  /** Has the rule stored with its answer; what was taken in for a rule that is refused goes again. */
  async function withReply<T>(
    request: FastifyRequest,
    given: string | MessageTemplate | null | undefined,
    work: (reply: OutboundRequest | null | undefined) => Promise<T>,
  ): Promise<T> {
    if (given === undefined || given === null) return await work(given);
    const principal = principalOf(request);
    const call = { reach: reachOf(principal), files: requestFiles(request) };
    const taken = await templates.take(principal.workspaceId, given, call, 'reply');
    try {
      return await work(taken.request);
    } catch (error) {
      if (error instanceof ApiError) await taken.discard();
      throw error;
    }
  }

  app.get(
    '/rules',
    {
      onRequest: guards(manage),
      schema: {
        tags,
        operationId: 'rules.list',
        summary: 'Keyword rules, in the order in which they are looked at',
        response: { 200: success(ListRulesResultSchema), ...errorResponses() },
      },
    },
    async (request) => ok({ rules: await rules.list(workspaceOf(request)) }),
  );

  app.post(
    '/rules',
    {
      onRequest: guards(manage),
      config: { audit: 'rule.created' },
      validatorCompiler: templateValidator,
      schema: {
        tags,
        operationId: 'rules.create',
        summary: 'Make a keyword rule',
        description: [
          'A message that comes with one of the patterns is answered, told by `keyword.matched`, labelled, or all of that. The first rule that fits fires, once for a',
          'message. The account’s own messages, those of other sessions of the workspace, and groups (unless `inGroups`) set off nothing.',
        ].join(' '),
        body: CreateRuleRequestSchema,
        response: { 201: success(KeywordRuleSchema), ...errorResponses('SESSION_NOT_FOUND', ...TEMPLATE_ERRORS) },
      },
    },
    async (request, reply) => {
      const { reply: given, sessionIds, ...fields } = request.body;
      const sessions = await sessionsOf(request, sessionIds);
      const rule = await withReply(request, given, (taken) =>
        rules.create(actorOf(request), workspaceOf(request), { request: fields, sessions, reply: taken }),
      );
      return reply.code(201).send(ok(rule));
    },
  );

  app.get(
    '/rules/:id',
    {
      onRequest: guards(manage),
      schema: {
        tags,
        operationId: 'rules.get',
        summary: 'One keyword rule',
        params: RuleParamsSchema,
        response: { 200: success(KeywordRuleSchema), ...errorResponses('RULE_NOT_FOUND') },
      },
    },
    async (request) => ok(await rules.get(workspaceOf(request), request.params.id)),
  );

  app.patch(
    '/rules/:id',
    {
      onRequest: guards(manage),
      config: { audit: 'rule.updated' },
      validatorCompiler: templateValidator,
      schema: {
        tags,
        operationId: 'rules.update',
        summary: 'Change a keyword rule',
        params: RuleParamsSchema,
        body: UpdateRuleRequestSchema,
        response: {
          200: success(KeywordRuleSchema),
          ...errorResponses('RULE_NOT_FOUND', 'SESSION_NOT_FOUND', ...TEMPLATE_ERRORS),
        },
      },
    },
    async (request) => {
      const { reply: given, sessionIds, ...fields } = request.body;
      const workspaceId = workspaceOf(request);
      const { id } = request.params;
      // Before files are taken in for a rule that there is not.
      await rules.get(workspaceId, id);
      const sessions = await sessionsOf(request, sessionIds);
      return ok(
        await withReply(request, given, (taken) =>
          rules.update(actorOf(request), workspaceId, id, { request: fields, sessions, reply: taken }),
        ),
      );
    },
  );

  app.delete(
    '/rules/:id',
    {
      onRequest: guards(manage),
      config: { audit: 'rule.deleted' },
      schema: {
        tags,
        operationId: 'rules.delete',
        summary: 'Delete a keyword rule',
        params: RuleParamsSchema,
        response: { 200: success(DeleteRuleResultSchema), ...errorResponses('RULE_NOT_FOUND') },
      },
    },
    async (request) => ok(await rules.remove(actorOf(request), workspaceOf(request), request.params.id)),
  );

  app.post(
    '/rules/test',
    {
      onRequest: guards(manage),
      schema: {
        tags,
        operationId: 'rules.test',
        summary: 'Which rule a message would set off',
        description: 'Nothing is sent. With `rule` one that is not stored is tried.',
        body: TestRuleRequestSchema,
        response: { 200: success(TestRuleResultSchema), ...errorResponses('SESSION_NOT_FOUND') },
      },
    },
    async (request) => {
      const { sessionId } = request.body;
      const session = sessionId === undefined ? null : await directory.resolve(principalOf(request), sessionId);
      return ok(await rules.test(workspaceOf(request), request.body, session?.id ?? null));
    },
  );
};
