import { type Static, Type } from 'typebox';
import { line, timestamp } from './schema.ts';

export const labelName = line({ minLength: 1, maxLength: 100, pattern: '\\S', examples: ['New customer'] });
export const labelColor = Type.Integer({
  minimum: 0,
  maximum: 19,
  description: 'One of the 20 colours of WhatsApp Business, by its number.',
  examples: [3],
});

/** A label of WhatsApp Business. */
export const LabelSchema = Type.Object({
  labelId: Type.String({ description: 'As WhatsApp counts them.', examples: ['1'] }),
  name: Type.String({ examples: ['New customer'] }),
  color: Type.Integer({ minimum: 0, description: 'The number of the colour.', examples: [3] }),
});
export type Label = Static<typeof LabelSchema>;

export const ListedLabelSchema = Type.Object({
  ...LabelSchema.properties,
  chatCount: Type.Integer({ minimum: 0, description: 'Chats that have it.' }),
  messageCount: Type.Integer({ minimum: 0, description: 'Messages that have it.' }),
  updatedAt: timestamp('When it was last changed.'),
});
export type ListedLabel = Static<typeof ListedLabelSchema>;

export const ListLabelsResultSchema = Type.Object({ labels: Type.Array(ListedLabelSchema) });
export type ListLabelsResult = Static<typeof ListLabelsResultSchema>;
