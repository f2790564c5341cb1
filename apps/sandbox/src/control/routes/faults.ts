import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { FaultRequest } from '../../faults/faults.ts';
import type { ServerContext } from '../../server/context.ts';
import { cancelFault, injectFault } from '../../server/fault-actions.ts';
import { Fault, IdParams, Refusal } from '../schemas.ts';

const tags = ['faults'];

/** Faults: inject, list, cancel. */
export const faultRoutes: FastifyPluginAsyncTypebox<{ context: ServerContext }> = async (app, { context }) => {
  app.post(
    '/faults',
    {
      schema: {
        tags,
        summary: 'Make something go wrong, now or at the next occasion',
        body: Type.Object(FaultRequest.properties, { additionalProperties: false }),
        response: { 201: Fault, 400: Refusal, 404: Refusal },
      },
    },
    async (request, reply) => reply.code(201).send({ ...injectFault(context, request.body) }),
  );

  app.get(
    '/faults',
    {
      schema: {
        tags,
        summary: 'Faults that wait to strike',
        response: { 200: Type.Object({ faults: Type.Array(Fault) }) },
      },
    },
    async () => ({ faults: context.faults.list().map((fault) => ({ ...fault })) }),
  );

  app.delete(
    '/faults/:id',
    { schema: { tags, summary: 'Cancel a fault', params: IdParams, response: { 200: Fault, 404: Refusal } } },
    async (request) => ({ ...cancelFault(context, request.params.id) }),
  );
};
