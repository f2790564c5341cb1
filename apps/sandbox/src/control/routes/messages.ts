import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { SandboxError } from '../../errors.ts';
import type { ServerContext } from '../../server/context.ts';
import {
  Chat,
  Label,
  Message,
  MessageRequest,
  MessagesQuery,
  NumberParams,
  ReceiptsRequest,
  Refusal,
} from '../schemas.ts';
import { chatViews, labelViews, messageView } from '../views.ts';

const tags = ['messages'];
/** A file of 64 MB as base64, and the fields around it. */
const MAX_MESSAGE_BYTES = 90 * 1024 * 1024;

/** Messages: send as a phone, read its list. */
export const messageRoutes: FastifyPluginAsyncTypebox<{ context: ServerContext }> = async (app, { context }) => {
  const { directory, phones } = context;

  app.post(
    '/phones/:number/messages',
    {
      bodyLimit: MAX_MESSAGE_BYTES,
      schema: {
        tags,
        summary: 'Send as this phone',
        params: NumberParams,
        body: MessageRequest,
        response: { 201: Message, 400: Refusal, 403: Refusal, 404: Refusal },
      },
    },
    async (request, reply) => {
      const phone = phones.of(directory.get(request.params.number));
      return reply.code(201).send(messageView(await phone.outbox.send(request.body)));
    },
  );

  app.get(
    '/phones/:number/messages',
    {
      schema: {
        tags,
        summary: 'What this phone shows: received and own messages, oldest first',
        params: NumberParams,
        querystring: MessagesQuery,
        response: {
          200: Type.Object({
            messages: Type.Array(Message),
            lastSeq: Type.Integer({ description: 'Pass it as `after` next time' }),
          }),
          404: Refusal,
        },
      },
    },
    async (request) => {
      const { inbox } = phones.of(directory.get(request.params.number));
      const { after = 0, limit = 1000 } = request.query;
      const messages = inbox.after(after, limit).map(messageView);
      return { messages, lastSeq: messages.at(-1)?.seq ?? after };
    },
  );

  app.get(
    '/phones/:number/chats',
    {
      schema: {
        tags,
        summary: 'Chats that a device of the account has archived, pinned, muted, marked, cleared, deleted or labelled',
        params: NumberParams,
        response: { 200: Type.Object({ chats: Type.Array(Chat) }), 404: Refusal },
      },
    },
    async (request) => ({ chats: chatViews(phones.of(directory.get(request.params.number))) }),
  );

  app.get(
    '/phones/:number/labels',
    {
      schema: {
        tags,
        summary: 'Labels of WhatsApp Business of the account',
        params: NumberParams,
        response: { 200: Type.Object({ labels: Type.Array(Label) }), 404: Refusal },
      },
    },
    async (request) => ({ labels: labelViews(phones.of(directory.get(request.params.number))) }),
  );

  app.get(
    '/phones/:number/messages/:id/media',
    {
      schema: {
        tags,
        summary: 'The decrypted file of a message',
        params: Type.Object({ ...NumberParams.properties, id: Type.String() }),
        response: {
          200: Type.Unsafe<Buffer>({ type: 'string', format: 'binary' }),
          404: Refusal,
          409: Refusal,
          410: Refusal,
          422: Refusal,
        },
      },
    },
    async (request, reply) => {
      const { number, id } = request.params;
      const phone = phones.of(directory.get(number));
      const entry = phone.inbox.findById(id);
      if (!entry) throw messageNotFound(number, id);
      const file = await phone.openMedia(entry);
      return reply.type(entry.media?.mimetype ?? 'application/octet-stream').send(file);
    },
  );

  app.post(
    '/phones/:number/receipts',
    {
      schema: {
        tags,
        summary: 'Confirm messages now, whatever the phone would do by itself',
        params: NumberParams,
        body: ReceiptsRequest,
        response: { 204: Type.Null({ description: 'Done' }), 404: Refusal },
      },
    },
    async (request, reply) => {
      const { number } = request.params;
      const phone = phones.of(directory.get(number));
      const entries = request.body.ids.map((id) => {
        const entry = phone.inbox.findById(id);
        if (!entry || entry.fromMe) throw messageNotFound(number, id);
        return entry;
      });
      phone.receipts.give(entries, request.body.type);
      return reply.code(204).send(null);
    },
  );
};

const messageNotFound = (number: string, id: string) =>
  new SandboxError(
    404,
    'MESSAGE_NOT_FOUND',
    `Phone ${number} has received no message ${id}; see GET /phones/${number}/messages.`,
  );
