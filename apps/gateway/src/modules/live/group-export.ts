import { groupName, operationOf, SessionParamsSchema } from '@wa-gate/contracts';
import { stringify } from 'csv-stringify/sync';
import type { FastifyPluginAsync } from 'fastify';
import { type Static, Type } from 'typebox';
import { errorResponses } from '../../plugins/openapi/error-responses.ts';
import type { Guards } from '../../plugins/route-access.ts';
import { principalOf } from '../../principal.ts';
import type { OwnerLink } from '../../worker-links/owner-link.ts';
import { type GroupsService, jidOfGroup } from '../groups/index.ts';
import type { SessionDirectory } from '../sessions/index.ts';
import { callOperation } from './operation-call.ts';

export interface GroupExportOptions {
  owner: OwnerLink;
  groups: GroupsService;
  directory: SessionDirectory;
  guards: Guards;
}

/** The columns of the table. The contacts can import the first two. */
const COLUMNS = ['phoneNumber', 'name', 'role', 'contactId', 'lid', 'jid'];

const ParamsSchema = Type.Object({ ...SessionParamsSchema.properties, group: groupName });

/** The participants of a group for spreadsheets. */
export const groupExport: FastifyPluginAsync<GroupExportOptions> = async (app, options) => {
  const { owner, groups, directory, guards } = options;
  app.get(
    '/sessions/:id/groups/:group/participants/export',
    {
      onRequest: guards({ audience: 'caller', permission: 'logs.view' }),
      schema: {
        tags: ['Groups'],
        operationId: 'groups.exportParticipants',
        summary: 'The participants of a group as a table (CSV)',
        description: `Columns: ${COLUMNS.join(', ')}. The contacts can import it. From our own table, as \`GET /api/sessions/{id}/groups/{group}\`.`,
        params: ParamsSchema,
        response: {
          200: {
            description: 'The table.',
            content: { 'text/csv': { schema: Type.Unsafe<never>({ type: 'string' }) } },
          },
          ...errorResponses(...operationOf('groups.get').errors),
        },
      },
    },
    async (request, reply) => {
      const { id, group } = request.params as Static<typeof ParamsSchema>;
      const session = await directory.resolve(principalOf(request), id);
      const jid = jidOfGroup(group);
      const { participants } = await groups.get(session, jid, undefined, () =>
        callOperation(owner, 'groups.get', session.id, { group: jid }, request),
      );
      return reply
        .code(200)
        .type('text/csv; charset=utf-8')
        .header('content-disposition', `attachment; filename="${jid.split('@')[0]}.csv"`)
        .send(stringify(participants, { header: true, columns: COLUMNS, escape_formulas: true }));
    },
  );
};
