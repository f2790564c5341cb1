import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { proto } from '../whatsapp/baileys.ts';
import { castAt, encodeAnswer, encodeVote, readAnswer, readVote } from './ballots.ts';

const OPTIONS = ['Yes', 'No', '🍕', 'maybe; later'];

describe('a vote', () => {
  it('says which options of the poll were chosen, in the order of the poll', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray(OPTIONS), (options) => {
        const expected = OPTIONS.filter((option) => options.includes(option));
        expect(readVote(encodeVote({ options }), OPTIONS)).toEqual({ options: expected });
      }),
    );
  });

  it('keeps what the poll has no option for', () => {
    const { options, unknownOptions } = readVote(encodeVote({ options: ['Yes', 'Added later'] }), OPTIONS);
    expect(options).toEqual(['Yes']);
    expect(unknownOptions).toEqual([expect.stringMatching(/^[0-9a-f]{64}$/)]);
  });
});

describe('an answer', () => {
  it.each([
    [{ response: 'going' as const, extraGuests: 2 }],
    [{ response: 'notGoing' as const }],
    [{ response: 'maybe' as const }],
  ])('%o is read as it was encoded', (data) => {
    expect(readAnswer(encodeAnswer(data, 1_700_000_000_123))).toEqual({ data, at: 1_700_000_000_123 });
  });

  it('of a later form is none', () => {
    expect(readAnswer(proto.Message.EventResponseMessage.encode({ response: 0 }).finish())).toBeNull();
  });
});

it('a ballot was cast when its author says, unless that is far from the time of WhatsApp', () => {
  const stanza = new Date(1_700_000_000_000);
  const at = (claimed: number | undefined) => castAt(claimed, stanza).getTime() - stanza.getTime();
  expect([at(undefined), at(stanza.getTime() + 250), at(stanza.getTime() - 86_400_000)]).toEqual([0, 250, -86_400_000]);
  expect([at(stanza.getTime() + 3_600_000), at(0), at(stanza.getTime() - 30 * 86_400_000)]).toEqual([0, 0, 0]);
});
