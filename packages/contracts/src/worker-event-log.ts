import { type Static, type TProperties, Type } from 'typebox';
import { EVENT_PAGE, pageOfEvents } from './event-log.ts';
import { WORKER_PAYLOADS, type WorkerEventType } from './events/index.ts';

/** Days that the log of the workers goes back. */
export const WORKER_EVENT_DAYS = 90;

const filters = {
  events: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 500,
      description: 'Names of events with commas between them. Default: all.',
      examples: ['worker.online,worker.offline'],
    }),
  ),
  workerId: Type.Optional(Type.String({ minLength: 1, maxLength: 64, description: 'Only events of this worker.' })),
};

const begin = (absent: string) => ({
  after: Type.Optional(
    Type.String({
      pattern: '^(?:begin|now|\\d{1,15})$',
      description: `What comes after this cursor. \`begin\`: the oldest event that is kept; \`now\`: the next one. Default: ${absent}.`,
      examples: ['4711'],
    }),
  ),
  last: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: EVENT_PAGE.most,
      description: 'Begin so many events before the end, instead of `after`.',
    }),
  ),
});

const query = <P extends TProperties>(properties: P) => Type.Object(properties, { additionalProperties: false });

export const ListWorkerEventsQuerySchema = query({
  ...begin('`begin`'),
  ...pageOfEvents,
  ...filters,
});
export const WorkerEventStreamQuerySchema = query({ ...begin('`now`'), ...filters });
export type WorkerEventsQuery = Static<typeof WorkerEventStreamQuerySchema>;

/** An event of a worker. */
export type WorkerEvent = Static<(typeof WORKER_PAYLOADS)[WorkerEventType]>;
export const WorkerEventSchema = Type.Unsafe<WorkerEvent>(Type.Union(Object.values(WORKER_PAYLOADS)));

export const ListWorkerEventsResultSchema = Type.Object({
  events: Type.Array(WorkerEventSchema),
  cursor: Type.String({ description: '`after` of the next call, also when there was no event.' }),
  hasMore: Type.Boolean({ description: 'Whether more was there already.' }),
});
