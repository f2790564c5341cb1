import { randomBytes } from 'node:crypto';
import { Type } from 'typebox';
import { plain } from '../description.ts';
import { defineKind } from './kind.ts';

export const poll = defineKind({
  request: {
    name: Type.String({ minLength: 1 }),
    options: Type.Array(Type.String({ minLength: 1 }), { minItems: 2, maxItems: 12 }),
    selectable: Type.Optional(Type.Integer({ minimum: 0, description: '0: any number; default 1' })),
  },
  compose({ name, options, selectable = 1 }, { context }) {
    const asked = options.map((optionName) => ({ optionName }));
    return {
      message: {
        pollCreationMessageV3: { name, options: asked, selectableOptionsCount: selectable, ...context },
        messageContextInfo: { messageSecret: randomBytes(32) },
      },
      type: 'poll',
    };
  },
  members: ['pollCreationMessage', 'pollCreationMessageV2', 'pollCreationMessageV3'],
  describe(message) {
    const created = message.pollCreationMessage ?? message.pollCreationMessageV2 ?? message.pollCreationMessageV3;
    if (!created) return null;
    const options = (created.options ?? []).map((option) => option.optionName ?? '');
    return plain('poll', created.name ?? '', { options, selectable: created.selectableOptionsCount ?? 0 });
  },
});
