import { type Static, Type } from 'typebox';
import { DASHBOARD_SCOPES } from './dashboard.ts';
import { nullable, oneOf } from './schema.ts';

/** The public names of the queues. */
export const QUEUES = ['message-queue', 'broadcast-queue', 'webhook-queue'] as const;

const count = (description: string) => Type.Integer({ minimum: 0, description });

export const QueueSchema = Type.Object({
  name: oneOf(
    QUEUES,
    '`message-queue`: single, scheduled and bulk messages. `broadcast-queue`: broadcasts and messages of low priority. `webhook-queue`: deliveries.',
  ),
  waiting: count('Their time has come; they wait for their turn, for their session or for its pacing.'),
  active: count('Being sent now. Of `webhook-queue` the endpoints that a process delivers to at present.'),
  delayed: count('Their time has not come: scheduled messages, retries of deliveries.'),
  failed: count('Given up in the last 24 hours.'),
  oldestSeconds: Type.Number({
    minimum: 0,
    description: 'For how long the first of the waiting ones has waited; 0: none does.',
  }),
  attempts: Type.Integer({ description: 'How often each is tried before it is given up.' }),
  gapMs: nullable(
    Type.Integer({ description: 'Between two paced messages of a session, by default; null: not paced.' }),
  ),
  chunk: nullable(Type.Integer({ description: 'How many recipients become messages at a time; null: one by one.' })),
});

export const ListQueuesResultSchema = Type.Object({ queues: Type.Array(QueueSchema) });
export type ListQueuesResult = Static<typeof ListQueuesResultSchema>;

export const ListQueuesQuerySchema = Type.Object({
  scope: Type.Optional(
    oneOf(
      DASHBOARD_SCOPES,
      '`platform`: of all workspaces, for administrators. Default: of the workspace of the caller.',
    ),
  ),
});
