import { proto } from '../whatsapp/baileys.ts';
import type { Codec } from './codec.ts';
import { present } from './fields.ts';

const { PollType } = proto.Message;

/** A poll. Votes are changes of it. */
export const poll: Codec<'poll'> = {
  members: ['pollCreationMessage', 'pollCreationMessageV2', 'pollCreationMessageV3', 'pollCreationMessageV5'],
  build({ name, options, selectableCount = 1, announcement = false }, { secret }) {
    const messageContextInfo = { messageSecret: secret };
    const created: proto.Message.IPollCreationMessage = {
      name,
      options: options.map((optionName) => ({ optionName })),
      selectableOptionsCount: selectableCount,
    };
    // As WhatsApp's clients do: a form of its own for announcement groups, and one for a single answer.
    if (announcement) return { pollCreationMessageV2: created, messageContextInfo };
    if (selectableCount === 1) return { pollCreationMessageV3: created, messageContextInfo };
    return { pollCreationMessage: created, messageContextInfo };
  },
  read(message) {
    const { pollCreationMessage: many, pollCreationMessageV2: announced, pollCreationMessageV3: single } = message;
    const created = many ?? announced ?? single ?? message.pollCreationMessageV5;
    const options = (created?.options ?? []).flatMap(({ optionName }) => (optionName ? [optionName] : []));
    if (!created || options.length === 0) return null;
    return {
      ...(created.name ? { text: created.name } : {}),
      content: present({
        options,
        selectableCount: created.selectableOptionsCount ?? 0,
        announcement: announced ? (true as const) : undefined,
        quiz: created.pollType === PollType.QUIZ ? (true as const) : undefined,
        correctAnswer: created.correctAnswer?.optionName,
      }),
    };
  },
};
