import { describe, expect, it } from 'vitest';
import { inSteps } from './steps.ts';

type Item = Parameters<typeof inSteps>[0][number] & { name: string };

const message = (name: string, sessionId = 'a'): Item => ({ name, sessionId, message: {}, change: null });
const nothing = (name: string, sessionId = 'a'): Item => ({ name, sessionId, message: null, change: null });
const change = (
  name: string,
  kind: 'edit' | 'reaction',
  waMessageId: string,
  fromJid = 'ann',
  sessionId = 'a',
): Item => ({
  name,
  sessionId,
  message: null,
  change: { kind, fromJid, target: { waMessageId, fromMe: false }, data: {} },
});
const namesOf = (batch: Item[]) => inSteps(batch).map((step) => step.map(({ name }) => name));

describe('a batch is written in the order in which each session got it', () => {
  it('messages alone are one step, with what only ends journal rows', () => {
    expect(namesOf([message('m1'), nothing('n1'), message('m2'), message('m3', 'b')])).toEqual([
      ['m1', 'n1', 'm2', 'm3'],
    ]);
  });

  it('a change follows the message before it, and a message the change before it', () => {
    expect(namesOf([message('m1'), change('e1', 'edit', 'M1'), nothing('n1'), message('m2')])).toEqual([
      ['m1'],
      ['e1', 'n1'],
      ['m2'],
    ]);
  });

  it('two changes of one message are two steps, those of two messages one', () => {
    const batch = [change('e1', 'edit', 'M1'), change('e2', 'edit', 'M2'), change('e3', 'edit', 'M1')];
    expect(namesOf(batch)).toEqual([['e1', 'e2'], ['e3']]);
  });

  it('reactions of two people to one message are one step, two of one person are two', () => {
    const batch = [
      change('r1', 'reaction', 'M1'),
      change('r2', 'reaction', 'M1', 'bob'),
      change('r3', 'reaction', 'M1'),
    ];
    expect(namesOf(batch)).toEqual([['r1', 'r2'], ['r3']]);
  });

  it('sessions do not wait for each other', () => {
    const batch = [
      message('m1'),
      change('e1', 'edit', 'M1'),
      change('f1', 'edit', 'M1', 'bob', 'b'),
      message('m2', 'b'),
    ];
    expect(namesOf(batch)).toEqual([
      ['m1', 'f1'],
      ['e1', 'm2'],
    ]);
  });
});
