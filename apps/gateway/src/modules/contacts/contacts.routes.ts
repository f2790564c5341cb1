import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import {
  ContactParamsSchema,
  ContactSchema,
  DeleteContactQuerySchema,
  DeleteContactResultSchema,
  IMPORT_MAX_BYTES,
  ImportContactsResultSchema,
  LabelContactRequestSchema,
  LidParamsSchema,
  LidSchema,
  ListContactsQuerySchema,
  ListContactsResultSchema,
  SaveContactRequestSchema,
  success,
  UpdateContactRequestSchema,
} from '@wa-gate/contracts';
import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { ok } from '../../http/envelope.ts';
import { errorResponses } from '../../plugins/openapi/error-responses.ts';
import type { Guards } from '../../plugins/route-access.ts';
import { principalOf } from '../../principal.ts';
import { actorOf } from '../audit/index.ts';
import { type Reach, reachOf, type SessionDirectory } from '../sessions/index.ts';
import { readContactsCsv } from './contact-csv.ts';
import type { ContactsService } from './contacts.service.ts';

export interface ContactsRoutesOptions {
  contacts: ContactsService;
  directory: SessionDirectory;
  guards: Guards;
}

const tags = ['Contacts'];

export const contactsRoutes: FastifyPluginAsyncTypebox<ContactsRoutesOptions> = async (app, options) => {
  const { contacts, directory, guards } = options;
  const reach = (request: FastifyRequest): Reach => reachOf(principalOf(request));

  app.get(
    '/contacts',
    {
      onRequest: guards({ audience: 'caller', permission: 'logs.view' }),
      schema: {
        tags,
        operationId: 'contacts.list',
        summary: 'Contacts, by name',
        description:
          'Everybody with whom a session of the workspace has exchanged messages, and the address books of linked phones. With a session key only whom its session has met.',
        querystring: ListContactsQuerySchema,
        response: { 200: success(ListContactsResultSchema), ...errorResponses('UNAUTHENTICATED', 'SESSION_NOT_FOUND') },
      },
    },
    async (request) => {
      const { sessionId, ...query } = request.query;
      if (sessionId === undefined) return ok(await contacts.list(reach(request), query));
      const { id, workspaceId } = await directory.resolve(principalOf(request), sessionId);
      return ok(await contacts.list({ workspaceId, sessionId: id }, query));
    },
  );

  app.get(
    '/contacts/export',
    {
      onRequest: guards({ audience: 'caller', permission: 'logs.view' }),
      schema: {
        tags,
        operationId: 'contacts.export',
        summary: 'All contacts as CSV',
        response: {
          200: {
            description: 'The contacts.',
            content: { 'text/csv': { schema: Type.Unsafe<never>({ type: 'string' }) } },
          },
          ...errorResponses('UNAUTHENTICATED'),
        },
      },
    },
    async (request, reply) => {
      const csv = await contacts.exportCsv(reach(request));
      return reply
        .type('text/csv; charset=utf-8')
        .header('content-disposition', 'attachment; filename="contacts.csv"')
        .send(csv as never);
    },
  );

  app.post(
    '/contacts',
    {
      onRequest: guards({ audience: 'caller', permission: 'messages.send' }),
      config: { audit: 'contact.saved' },
      schema: {
        tags,
        operationId: 'contacts.save',
        summary: 'Save a contact',
        description: 'Gives the person a name here. It is not written to the address book of a phone.',
        body: SaveContactRequestSchema,
        response: {
          200: success(ContactSchema),
          201: success(ContactSchema),
          ...errorResponses('UNAUTHENTICATED', 'FORBIDDEN', 'INVALID_RECIPIENT', 'CONTACT_NOT_FOUND'),
        },
      },
    },
    async (request, reply) => {
      const { phoneNumber, name } = request.body;
      const { contact, isNew } = await contacts.save(actorOf(request), reach(request), phoneNumber, name);
      return reply.code(isNew ? 201 : 200).send(ok(contact));
    },
  );

  app.get(
    '/contacts/:id',
    {
      onRequest: guards({ audience: 'caller', permission: 'logs.view' }),
      schema: {
        tags,
        operationId: 'contacts.get',
        summary: 'One contact',
        description: 'Also by its number in any spelling, by its LID, or by an id that was merged into it.',
        params: ContactParamsSchema,
        response: {
          200: success(ContactSchema),
          ...errorResponses('UNAUTHENTICATED', 'CONTACT_NOT_FOUND', 'INVALID_RECIPIENT'),
        },
      },
    },
    async (request) => ok(await contacts.get(reach(request), request.params.id)),
  );

  app.patch(
    '/contacts/:id',
    {
      onRequest: guards({ audience: 'caller', permission: 'messages.send' }),
      config: { audit: 'contact.updated' },
      schema: {
        tags,
        operationId: 'contacts.update',
        summary: 'Change the saved name of a contact',
        params: ContactParamsSchema,
        body: UpdateContactRequestSchema,
        response: {
          200: success(ContactSchema),
          ...errorResponses('UNAUTHENTICATED', 'FORBIDDEN', 'CONTACT_NOT_FOUND', 'INVALID_RECIPIENT'),
        },
      },
    },
    async (request) =>
      ok(await contacts.rename(actorOf(request), reach(request), request.params.id, request.body.name)),
  );

  app.put(
    '/contacts/:id/labels',
    {
      onRequest: guards({ audience: 'caller', permission: 'messages.send' }),
      config: { audit: 'contact.labelled' },
      schema: {
        tags,
        operationId: 'contacts.label',
        summary: 'Label a contact',
        description:
          'The labels of the workspace, by which broadcasts choose their recipients. They are not those of WhatsApp Business.',
        params: ContactParamsSchema,
        body: LabelContactRequestSchema,
        response: {
          200: success(ContactSchema),
          ...errorResponses('UNAUTHENTICATED', 'FORBIDDEN', 'CONTACT_NOT_FOUND', 'INVALID_RECIPIENT'),
        },
      },
    },
    async (request) =>
      ok(await contacts.label(actorOf(request), reach(request), request.params.id, request.body.labels)),
  );

  app.delete(
    '/contacts/:id',
    {
      onRequest: guards({ audience: 'workspace', permission: 'system.manage' }),
      config: { audit: 'contact.deleted' },
      schema: {
        tags,
        operationId: 'contacts.delete',
        summary: 'Delete a contact, or everything of a person',
        description:
          'Without `erase` the messages stay, and the person is a new contact when it writes again. With it everything is deleted that the workspace has of the person; the phones keep theirs.',
        params: ContactParamsSchema,
        querystring: DeleteContactQuerySchema,
        response: {
          200: success(DeleteContactResultSchema),
          ...errorResponses('UNAUTHENTICATED', 'FORBIDDEN', 'CONTACT_NOT_FOUND', 'INVALID_RECIPIENT'),
        },
      },
    },
    async (request) =>
      ok(await contacts.remove(actorOf(request), reach(request), request.params.id, request.query.erase ?? false)),
  );

  app.get(
    '/sessions/:id/lids/:lid',
    {
      onRequest: guards({ audience: 'caller', permission: 'logs.view' }),
      schema: {
        tags,
        operationId: 'contacts.ofLid',
        summary: 'The phone number of a LID',
        description: 'WhatsApp cannot be asked for it: it is known once a message, a group or the phone has told it.',
        params: LidParamsSchema,
        response: {
          200: success(LidSchema),
          ...errorResponses('UNAUTHENTICATED', 'SESSION_NOT_FOUND', 'CONTACT_NOT_FOUND'),
        },
      },
    },
    async (request) => {
      const { workspaceId } = await directory.resolve(principalOf(request), request.params.id);
      return ok(await contacts.ofLid(workspaceId, `${request.params.lid.replace('@lid', '')}@lid`));
    },
  );

  await app.register(async (scope) => {
    scope.addContentTypeParser('text/csv', { parseAs: 'string' }, (_request, body, done) => done(null, body));
    scope.post(
      '/contacts/import',
      {
        onRequest: guards({ audience: 'caller', permission: 'messages.send' }),
        config: { audit: 'contacts.imported' },
        bodyLimit: IMPORT_MAX_BYTES,
        schema: {
          tags,
          operationId: 'contacts.import',
          summary: 'Save contacts from CSV',
          description:
            'The body is the file, `Content-Type: text/csv`. Its first line names the columns: `phoneNumber` and `name`, or what spreadsheets and address books call them. Fields may be separated by commas, semicolons or tabs. An export can be imported.',
          consumes: ['text/csv'],
          body: Type.String({
            minLength: 1,
            maxLength: IMPORT_MAX_BYTES,
            examples: ['phoneNumber,name\n+6281234567890,Ann\n'],
          }),
          response: {
            200: success(ImportContactsResultSchema),
            ...errorResponses('UNAUTHENTICATED', 'FORBIDDEN'),
          },
        },
      },
      async (request) =>
        ok(await contacts.importRows(actorOf(request), reach(request), readContactsCsv(request.body as string))),
    );
  });
};
