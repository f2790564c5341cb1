import { proto } from '@whiskeysockets/baileys/WAProto/index.js';
import { Type } from 'typebox';
import { describeContext, plain } from '../description.ts';
import { defineKind } from './kind.ts';

const { PollType } = proto.Message;

/** The forms of a poll, as WhatsApp's clients of different times and chats send them. */
const VERSIONS = [1, 2, 3, 4, 5] as const;

export const poll = defineKind({
  request: {
    name: Type.String({ minLength: 1 }),
    options: Type.Array(Type.String({ minLength: 1 }), { minItems: 2, maxItems: 12 }),
    selectableCount: Type.Optional(Type.Integer({ minimum: 0, description: '0: any number; default 1' })),
    announcement: Type.Optional(Type.Boolean({ description: 'The form for announcement groups' })),
    version: Type.Optional(
      Type.Enum([...VERSIONS], {
        description: 'The form; default 3 for one answer, 1 for several, 2 for announcements',
      }),
    ),
    correctAnswer: Type.Optional(Type.String({ description: 'Makes it a quiz' })),
  },
  compose({ name, options, selectableCount: count = 1, announcement, version, correctAnswer }, { context }) {
    const created: proto.Message.IPollCreationMessage = {
      name,
      options: options.map((optionName) => ({ optionName })),
      selectableOptionsCount: count,
      ...(correctAnswer && { pollType: PollType.QUIZ, correctAnswer: { optionName: correctAnswer } }),
      ...context,
    };
    return { message: formOf(created, version ?? (announcement ? 2 : count === 1 ? 3 : 1)), type: 'poll' };
  },
  members: ['pollCreationMessage', 'pollCreationMessageV2', 'pollCreationMessageV3', 'pollCreationMessageV5'],
  describe(message) {
    const announced = message.pollCreationMessageV2;
    const created =
      message.pollCreationMessage ?? announced ?? message.pollCreationMessageV3 ?? message.pollCreationMessageV5;
    if (!created) return null;
    const details: Record<string, unknown> = {
      options: (created.options ?? []).map((option) => option.optionName ?? ''),
      selectableCount: created.selectableOptionsCount ?? 0,
    };
    if (announced) details.announcement = true;
    if (created.pollType === PollType.QUIZ) details.correctAnswer = created.correctAnswer?.optionName ?? null;
    return plain('poll', created.name ?? '', { ...details, ...describeContext(created.contextInfo) });
  },
});

function formOf(created: proto.Message.IPollCreationMessage, version: (typeof VERSIONS)[number]): proto.IMessage {
  switch (version) {
    case 1:
      return { pollCreationMessage: created };
    case 2:
      return { pollCreationMessageV2: created };
    case 3:
      return { pollCreationMessageV3: created };
    case 4:
      return { pollCreationMessageV4: { message: { pollCreationMessage: created } } };
    case 5:
      return { pollCreationMessageV5: created };
  }
}
