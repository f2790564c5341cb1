import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import type { ServerContext } from '../../server/context.ts';
import { nullable, Refusal } from '../schemas.ts';

const tags = ['faults'];
const ClientVersions = Type.Object(
  {
    minimum: nullable(
      Type.String({
        pattern: '^\\d{1,9}\\.\\d{1,9}\\.\\d{1,10}$',
        description: 'Logins and pairings of older clients are refused with 405; null: of none',
      }),
    ),
  },
  { additionalProperties: false },
);

/** Which versions of clients are taken. Holds until the sandbox ends. */
export const clientVersionRoutes: FastifyPluginAsyncTypebox<{ context: ServerContext }> = async (app, { context }) => {
  const { clientVersions } = context;

  app.get(
    '/client-versions',
    { schema: { tags, summary: 'The oldest version of a client that is taken', response: { 200: ClientVersions } } },
    async () => ({ minimum: clientVersions.minimum }),
  );

  app.put(
    '/client-versions',
    {
      schema: {
        tags,
        summary: 'Take clients from a version on, as WhatsApp does',
        body: ClientVersions,
        response: { 200: ClientVersions, 400: Refusal },
      },
    },
    async ({ body }) => {
      clientVersions.require(body.minimum);
      return { minimum: clientVersions.minimum };
    },
  );
};
