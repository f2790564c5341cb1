import type { ChangeData } from '@wa-gate/contracts';
import type { MessageRecord } from './messages.repository.ts';

type Asked = Pick<MessageRecord, 'type' | 'content'>;

/** Why a vote cannot be cast, in one sentence; `undefined`: it can. */
export function refusalOfVote({ options }: ChangeData<'vote'>, { type, content }: Asked): string | undefined {
  if (type !== 'poll') return `Votes are cast in polls alone; this is \`${type}\`.`;
  const { options: known = [], selectableCount = 0 } = (content ?? {}) as {
    options?: string[];
    selectableCount?: number;
  };
  const wrong = options.find((option) => !known.includes(option));
  if (wrong !== undefined)
    return `The poll has no option "${wrong.slice(0, 100)}". It has: ${known.map((option) => `"${option}"`).join(', ')}.`;
  if (selectableCount > 0 && options.length > selectableCount)
    return `One person may choose ${selectableCount} of the options of this poll, not ${options.length}.`;
  return undefined;
}

/** Why an event cannot be answered, in one sentence; `undefined`: it can. */
export function refusalOfAnswer(
  { response, extraGuests }: ChangeData<'answer'>,
  { type, content }: Asked,
): string | undefined {
  if (type !== 'event') return `Only events are answered; this is \`${type}\`.`;
  if (content?.canceled) return 'The event was called off.';
  if (extraGuests === undefined) return undefined;
  if (response === 'notGoing') return 'Who does not come brings no guests: leave out `extraGuests`.';
  return content?.extraGuests ? undefined : 'This event allows no guests: leave out `extraGuests`.';
}
