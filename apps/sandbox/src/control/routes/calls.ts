import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { SandboxError } from '../../errors.ts';
import type { ServerContext } from '../../server/context.ts';
import { Call, CallAction, CallRequest, IdParams, Refusal } from '../schemas.ts';

const tags = ['calls'];

/** Calls: signalling only. */
export const callRoutes: FastifyPluginAsyncTypebox<{ context: ServerContext }> = async (app, { context }) => {
  const { directory, calls } = context;
  const found = (id: string) => {
    const call = calls.find(id);
    if (!call) throw new SandboxError(404, 'CALL_NOT_FOUND', `There is no call ${id}; see GET /calls.`);
    return call;
  };

  app.post(
    '/calls',
    { schema: { tags, summary: 'A phone calls', body: CallRequest, response: { 201: Call, 404: Refusal } } },
    async (request, reply) => {
      const { from, to, video = false, ringMs = 10_000 } = request.body;
      return reply.code(201).send(calls.start(directory.get(from), directory.get(to), video, ringMs));
    },
  );

  app.get(
    '/calls',
    { schema: { tags, summary: 'All calls', response: { 200: Type.Object({ calls: Type.Array(Call) }) } } },
    async () => ({
      calls: calls.list(),
    }),
  );

  app.post(
    '/calls/:id/actions',
    {
      schema: {
        tags,
        summary: 'The phone that is called takes or rejects the call, or a phone hangs up',
        params: IdParams,
        body: CallAction,
        response: { 200: Call, 404: Refusal },
      },
    },
    async (request) => {
      const call = found(request.params.id);
      calls.act(call, request.body.action);
      return call;
    },
  );

  app.get(
    '/calls/:id',
    { schema: { tags, summary: 'What became of a call', params: IdParams, response: { 200: Call, 404: Refusal } } },
    async (request) => found(request.params.id),
  );
};
