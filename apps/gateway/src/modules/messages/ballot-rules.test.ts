import { expect, it } from 'vitest';
import { refusalOfAnswer, refusalOfVote } from './ballot-rules.ts';

const poll = { type: 'poll', content: { options: ['Yes', 'No', 'Later'], selectableCount: 1 } } as const;
const event = { type: 'event', content: { extraGuests: true } } as const;

it('a vote is for options of a poll, and for as many as it allows', () => {
  expect(refusalOfVote({ options: ['Yes'] }, poll)).toBeUndefined();
  expect(refusalOfVote({ options: [] }, poll)).toBeUndefined();
  expect(refusalOfVote({ options: ['Maybe'] }, poll)).toBe(
    'The poll has no option "Maybe". It has: "Yes", "No", "Later".',
  );
  expect(refusalOfVote({ options: ['Yes', 'No'] }, poll)).toContain('may choose 1 of the options');
  const many = { ...poll, content: { ...poll.content, selectableCount: 0 } };
  expect(refusalOfVote({ options: ['Yes', 'No'] }, many)).toBeUndefined();
  expect(refusalOfVote({ options: ['Yes'] }, { type: 'text', content: null })).toContain('`text`');
});

it('an answer is to an event that takes place, with guests where they are allowed', () => {
  expect(refusalOfAnswer({ response: 'going', extraGuests: 2 }, event)).toBeUndefined();
  expect(refusalOfAnswer({ response: 'notGoing', extraGuests: 2 }, event)).toContain('brings no guests');
  expect(refusalOfAnswer({ response: 'maybe', extraGuests: 1 }, { ...event, content: {} })).toContain('no guests');
  expect(refusalOfAnswer({ response: 'going' }, { ...event, content: { canceled: true } })).toContain('called off');
  expect(refusalOfAnswer({ response: 'going' }, poll)).toContain('`poll`');
});
