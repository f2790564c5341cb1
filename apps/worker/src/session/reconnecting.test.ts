import { describe, expect, it, vi } from 'vitest';
import { judgeDisconnect } from './disconnect.ts';
import { Reconnecting } from './reconnecting.ts';

const lost = judgeDisconnect({ status: 428 }, true);
const replaced = judgeDisconnect({ status: 440, detail: 'replaced' }, true);

/** The pauses last a millisecond, but a busy machine may delay them. */
const become = (steps: string[], expected: string[]) =>
  vi.waitFor(() => expect(steps).toEqual(expected), { timeout: 4_000, interval: 5 });

function plan(answers: { owned?: (boolean | Error)[]; turns?: number[] }) {
  const steps: string[] = [];
  const { owned = [], turns = [] } = answers;
  const reconnecting = new Reconnecting({
    retry: { initialMs: 1, maxMs: 1 },
    reconnectTurn: () => {
      steps.push('turn');
      return turns.shift() ?? 0;
    },
    stillOwned: async () => {
      steps.push('ask');
      const answer = owned.shift();
      if (typeof answer !== 'boolean') throw answer ?? new Error('Asked too often.');
      return answer;
    },
    begin: () => steps.push('begin'),
    fence: () => steps.push('fence'),
  });
  return { steps, reconnecting };
}

describe('after somebody else has connected as this device', () => {
  it('a session that is not ours any more is given up, without a login', async () => {
    const { steps, reconnecting } = plan({ owned: [false] });
    reconnecting.plan(replaced, 1);
    await become(steps, ['ask', 'fence']);
  });

  it('nothing is tried before the database has answered', async () => {
    const { steps, reconnecting } = plan({ owned: [new Error('The database is away.'), true] });
    reconnecting.plan(replaced, 1);
    await become(steps, ['ask', 'ask', 'turn', 'begin']);
  });
});

describe('after other ends', () => {
  it('the session waits for its turn, as often as it has to', async () => {
    const { steps, reconnecting } = plan({ turns: [1, 1] });
    reconnecting.plan(lost, 1);
    await become(steps, ['turn', 'turn', 'turn', 'begin']);
  });

  it('a plan that is cancelled, or replaced by another, is not carried out', async () => {
    const { steps, reconnecting } = plan({});
    reconnecting.plan(lost, 1);
    reconnecting.cancel();
    reconnecting.plan(replaced, 1);
    reconnecting.in(1, () => steps.push('other'));
    await become(steps, ['other']);
  });
});
