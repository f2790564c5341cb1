import { newId } from '@wa-gate/kit';
import { expect, it } from 'vitest';
import type { SessionRef } from '../../principal.ts';
import { SYSTEM_ACTOR } from '../audit/index.ts';
import { createSessionRemover } from './session-remover.ts';

const refs = (count: number): SessionRef[] =>
  Array.from({ length: count }, (_, n) => ({ id: newId(), slug: `s-${n}`, network: 'SANDBOX', workspaceId: 'w' }));

it('deletes all, a few at a time, and says of each whether its device was unlinked', async () => {
  const deleted: string[] = [];
  let atOnce = 0;
  let most = 0;
  const remover = createSessionRemover({
    unlinker: {
      async unlink(sessionId) {
        atOnce += 1;
        most = Math.max(most, atOnce);
        await Promise.resolve();
        atOnce -= 1;
        return sessionId === all[0]!.id;
      },
    },
    sessions: {
      async delete(_actor, { slug }, { unlinked }) {
        deleted.push(`${slug} ${unlinked}`);
      },
    },
  });
  const all = refs(12);
  const removed = await remover.remove(SYSTEM_ACTOR, all);
  expect(removed).toEqual(all.map(({ slug }, n) => ({ slug, unlinked: n === 0 })));
  expect(deleted.sort()).toEqual(all.map(({ slug }, n) => `${slug} ${n === 0}`).sort());
  expect(most).toBe(5);
});

it('does not wait longer for owners that are silent than its time, over all sessions', async () => {
  const begun = performance.now();
  let deleted = 0;
  const remover = createSessionRemover({
    unlinker: {
      unlink: (_sessionId, signal) =>
        new Promise((resolve) => {
          if (signal.aborted) resolve(false);
          else signal.addEventListener('abort', () => resolve(false));
        }),
    },
    sessions: {
      async delete() {
        deleted += 1;
      },
    },
    unlinkWithinMs: 500,
  });
  const removed = await remover.remove(SYSTEM_ACTOR, refs(40));
  expect(removed.every(({ unlinked }) => !unlinked)).toBe(true);
  expect(deleted).toBe(40);
  // Eight groups, and one time for all.
  expect(performance.now() - begun).toBeLessThan(8 * 500);
});
