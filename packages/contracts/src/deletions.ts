import { type Static, Type } from 'typebox';
import { nullable, oneOf, timestamp } from './schema.ts';

/** Part of the answers of calls that delete much. */
export const deletionId = Type.String({
  format: 'uuid',
  description: 'GET /api/deletions/{id} shows what is still to be erased.',
});

export const DELETION_STATES = ['requested', 'erasing', 'done'] as const;

export const DeletionParamsSchema = Type.Object({
  id: Type.String({
    minLength: 1,
    maxLength: 100,
    description: '`deletionId` of the answer of the call that deleted.',
  }),
});

export const DeletionSchema = Type.Object({
  deletionId: Type.String({ format: 'uuid' }),
  kind: oneOf(['session', 'workspace', 'user', 'webhook'], 'What was deleted.'),
  resourceId: Type.String({
    description: 'Of a session its sessionId, of the others the id.',
    examples: ['user123-personal'],
  }),
  state: oneOf(
    DELETION_STATES,
    '`requested`: it is still there, and will go. `erasing`: nobody sees anything of it, and its names can be used again; rows and files are being erased. `done`: nothing is left.',
  ),
  rowsErased: Type.Integer({ description: 'After the first answer. Rows that went with others are not counted.' }),
  requestedAt: timestamp(),
  removedAt: nullable(timestamp('Since when nobody sees anything of it.')),
  doneAt: nullable(timestamp()),
});
export type Deletion = Static<typeof DeletionSchema>;
