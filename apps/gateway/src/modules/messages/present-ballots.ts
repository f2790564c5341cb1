import {
  EVENT_RESPONSES,
  type EventAnswers,
  type EventResponse,
  type EventTotals,
  type PollTotals,
  type PollVotes,
} from '@wa-gate/contracts';
import type { Ballot } from './ballots.repository.ts';
import type { MessageRecord } from './messages.repository.ts';

type Poll = Pick<MessageRecord, 'id' | 'waMessageId' | 'text' | 'content'>;

const optionsOf = ({ content }: Pick<Poll, 'content'>): string[] => (content?.options as string[] | undefined) ?? [];
const chosenIn = ({ data }: Ballot): string[] => (data.options as string[] | undefined) ?? [];

/** A vote for nothing was withdrawn. One for options that are not known here is a vote all the same. */
const counts = (ballot: Ballot): boolean => chosenIn(ballot).length > 0 || 'unknownOptions' in ballot.data;

function personOf({ data: _, ...person }: Ballot) {
  return person;
}

export function presentVotes(record: Poll, ballots: readonly Ballot[]): PollVotes {
  const votes = ballots.filter(counts);
  return {
    messageId: record.id,
    waMessageId: record.waMessageId,
    name: record.text,
    selectableCount: (record.content?.selectableCount as number | undefined) ?? 0,
    voters: votes.length,
    options: optionsOf(record).map((name) => {
      const voters = votes.filter((ballot) => chosenIn(ballot).includes(name)).map(personOf);
      return { name, votes: voters.length, voters };
    }),
  };
}

export function presentAnswers(record: Poll, ballots: readonly Ballot[]): EventAnswers {
  return {
    messageId: record.id,
    waMessageId: record.waMessageId,
    name: record.text,
    answers: EVENT_RESPONSES.map((response) => {
      const from = ballots
        .filter(({ data }) => data.response === response)
        .map((ballot) => {
          const { extraGuests } = ballot.data as { extraGuests?: number };
          return { ...personOf(ballot), ...(extraGuests && { extraGuests }) };
        });
      const extraGuests = from.reduce((sum, { extraGuests: guests = 0 }) => sum + guests, 0);
      return { response, people: from.length, extraGuests, from };
    }),
  };
}

export function presentTotals({ type, content, counted }: Pick<MessageRecord, 'type' | 'content' | 'counted'>): {
  votes?: PollTotals;
  answers?: EventTotals;
} {
  if (!counted) return {};
  const of = (name: string): number => counted.by?.[name] ?? 0;
  if (type === 'poll')
    return {
      votes: { voters: counted.voters, options: optionsOf({ content }).map((name) => ({ name, votes: of(name) })) },
    };
  const answers = EVENT_RESPONSES.map((response): [EventResponse, number] => [response, of(response)]);
  return { answers: Object.fromEntries(answers) as EventTotals };
}
