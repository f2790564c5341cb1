import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import type { ServerContext } from '../../server/context.ts';
import { resetSandbox } from '../../server/reset.ts';
import { RecorderQuery, ResetRequest } from '../schemas.ts';

const tags = ['recorder'];
const Records = Type.Array(Type.Record(Type.String(), Type.Unknown()));

/** The record of events. Everything is bounded; `forgotten` in the summary counts dropped entries. */
export const recorderRoutes: FastifyPluginAsyncTypebox<{ context: ServerContext }> = async (app, { context }) => {
  const { recorder } = context;

  app.get(
    '/recorder/summary',
    {
      schema: {
        tags,
        summary: 'Counts of everything, CPU split, violations',
        response: { 200: Type.Record(Type.String(), Type.Unknown()) },
      },
    },
    async () => ({ ...recorder.summary() }),
  );

  app.get(
    '/recorder/logins',
    {
      schema: {
        tags,
        summary: 'Every connection, and pairs of connections of one device that were open at once',
        querystring: RecorderQuery,
        response: { 200: Type.Object({ streams: Records, overlaps: Records }) },
      },
    },
    async ({ query: { device, limit } }) => ({
      streams: newest(recorder.streams.all(), limit, (stream) => device === undefined || stream.device === device),
      overlaps: newest(recorder.streams.overlaps(), limit, (pair) => device === undefined || pair.device === device),
    }),
  );

  app.get(
    '/recorder/messages',
    {
      schema: {
        tags,
        summary: 'Message ids and how often each came on the wire, sent by a device (up) or delivered to it (down)',
        querystring: Type.Object({
          ...RecorderQuery.properties,
          direction: Type.Optional(Type.Enum(['up', 'down'])),
          id: Type.Optional(Type.String()),
          minWireCount: Type.Optional(Type.Integer({ minimum: 1 })),
        }),
        response: { 200: Type.Object({ messages: Records }) },
      },
    },
    async ({ query: { device, limit, direction, id, minWireCount = 1 } }) => ({
      messages: newest(
        recorder.messages.values(),
        limit,
        (message) =>
          (device === undefined || message.device === device) &&
          (direction === undefined || message.direction === direction) &&
          (id === undefined || message.id === id) &&
          message.wireCount >= minWireCount,
      ),
    }),
  );

  app.get(
    '/recorder/acks',
    {
      schema: {
        tags,
        summary: 'Receipts, acks and nacks that companions sent',
        querystring: Type.Object({ ...RecorderQuery.properties, id: Type.Optional(Type.String()) }),
        response: { 200: Type.Object({ acks: Records }) },
      },
    },
    async ({ query: { device, limit, id } }) => ({
      acks: newest(
        recorder.acks,
        limit,
        (ack) => (device === undefined || ack.device === device) && (id === undefined || ack.id === id),
      ),
    }),
  );

  app.get(
    '/recorder/keys',
    {
      schema: {
        tags,
        summary: 'Message keys used more than once, and all ratchets',
        querystring: RecorderQuery,
        response: {
          200: Type.Object({ ratchets: Type.Integer(), indexes: Type.Integer(), usedTwice: Records, list: Records }),
        },
      },
    },
    async ({ query: { device, limit } }) => ({
      ratchets: recorder.keys.stats.ratchets,
      indexes: recorder.keys.stats.indexes,
      usedTwice: newest(recorder.reuses, limit, (use) => device === undefined || use.device === device),
      list: newest(recorder.keys.ratchets(), limit, (ratchet) => device === undefined || ratchet.device === device),
    }),
  );

  app.get(
    '/recorder/undecryptable',
    {
      schema: {
        tags,
        summary: 'What phones could not read, and whether they could later',
        querystring: RecorderQuery,
        response: { 200: Type.Object({ undecryptable: Records }) },
      },
    },
    async ({ query: { device, limit } }) => ({
      undecryptable: newest(recorder.undecryptable, limit, (entry) => device === undefined || entry.from === device),
    }),
  );

  app.get(
    '/recorder/violations',
    {
      schema: {
        tags,
        summary: 'What clients sent that they must not send',
        querystring: RecorderQuery,
        response: { 200: Type.Object({ violations: Records }) },
      },
    },
    async ({ query: { device, limit } }) => ({
      violations: newest(recorder.violations, limit, (entry) => device === undefined || entry.device === device),
    }),
  );

  app.post(
    '/reset',
    {
      schema: {
        tags: ['sandbox'],
        summary: 'Forget everything, or a part of it',
        body: ResetRequest,
        response: { 204: Type.Null({ description: 'Done' }) },
      },
    },
    async (request, reply) => {
      resetSandbox(context, request.body.scope ?? 'all');
      return reply.code(204).send(null);
    },
  );
};

/** The newest `limit` matching entries, oldest first. Copies, because the originals still change. */
function newest<T extends object>(
  items: Iterable<T>,
  limit = 1000,
  wanted: (item: T) => boolean,
): Record<string, unknown>[] {
  const found: T[] = [];
  for (const item of items) if (wanted(item)) found.push(item);
  return found.slice(-limit).map((item) => ({ ...item }) as Record<string, unknown>);
}
