import type { proto } from '../whatsapp/baileys.ts';
import { type Content, present } from './content.ts';

/** A new poll: its question and options. Votes are encrypted under a key of the poll and are not read here. */
export function readPoll(message: proto.IMessage): Content | null {
  const poll = message.pollCreationMessage ?? message.pollCreationMessageV2 ?? message.pollCreationMessageV3;
  if (!poll) return null;
  return {
    type: 'POLL',
    ...(poll.name ? { text: poll.name } : {}),
    content: present({
      options: (poll.options ?? []).map((option) => option.optionName ?? ''),
      selectableCount: poll.selectableOptionsCount,
    }),
  };
}
