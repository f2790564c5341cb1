import type { Reader } from './codec.ts';
import { present } from './fields.ts';

/** A new poll: its question and options. Votes are encrypted with a key of the poll and are not read here. */
export const poll: Reader = {
  members: ['pollCreationMessage', 'pollCreationMessageV2', 'pollCreationMessageV3'],
  read(message) {
    const created = message.pollCreationMessage ?? message.pollCreationMessageV2 ?? message.pollCreationMessageV3;
    if (!created) return null;
    return {
      ...(created.name ? { text: created.name } : {}),
      content: present({
        options: (created.options ?? []).map((option) => option.optionName ?? ''),
        selectableCount: created.selectableOptionsCount,
      }),
    };
  },
};
