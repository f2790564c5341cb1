import { expect, it } from 'vitest';
import { KeyedLock } from './keyed-lock.ts';

function gate() {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open, opened };
}

it('runs the holders of one key one after the other, in their order, also after a failure', async () => {
  const lock = new KeyedLock();
  const order: string[] = [];
  const first = gate();
  const a = lock.run('k', async () => {
    await first.opened;
    order.push('a');
    throw new Error('a failed');
  });
  const b = lock.run('k', async () => order.push('b'));
  const other = lock.run('x', async () => order.push('other'));
  await other;
  first.open();
  await expect(a).rejects.toThrow('a failed');
  await b;
  expect(order).toEqual(['other', 'a', 'b']);
  expect(lock.isTaken('k')).toBe(false);
});

it('takes several keys without a deadlock, whatever the order they are named in', async () => {
  const lock = new KeyedLock();
  let inside = 0;
  let most = 0;
  const work = async () => {
    inside += 1;
    most = Math.max(most, inside);
    await new Promise((resolve) => setImmediate(resolve));
    inside -= 1;
  };
  await Promise.all([lock.runAll(['a', 'b'], work), lock.runAll(['b', 'a'], work), lock.runAll(['b', 'b'], work)]);
  expect(most).toBe(1);
});
