import { describe, expect, it } from 'vitest';
import { createSlots } from './slots.ts';

const NEVER = new AbortController().signal;

/** A task that ends when it is told to. */
function gate(): { task: () => Promise<void>; open: () => void; isRunning: () => boolean } {
  let isRunning = false;
  let open = (): void => {};
  const promise = new Promise<void>((resolve) => {
    open = resolve;
  });
  return {
    task: () => {
      isRunning = true;
      return promise;
    },
    open: () => open(),
    isRunning: () => isRunning,
  };
}

describe('slots', () => {
  it('run as many tasks as there are, the others in their order', async () => {
    const slots = createSlots(2);
    const gates = [gate(), gate(), gate(), gate()];
    const runs = gates.map(({ task }) => slots.run(NEVER, task));
    await Promise.resolve();
    expect(gates.map(({ isRunning }) => isRunning())).toEqual([true, true, false, false]);
    gates[1]!.open();
    await runs[1];
    await new Promise(setImmediate);
    expect(gates.map(({ isRunning }) => isRunning())).toEqual([true, true, true, false]);
    for (const { open } of gates) open();
    await Promise.all(runs);
  });

  it('are free again after a failure', async () => {
    const slots = createSlots(1);
    await expect(slots.run(NEVER, () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
    expect(await slots.run(NEVER, () => Promise.resolve('next'))).toBe('next');
  });

  it('forget who gives up while waiting', async () => {
    const slots = createSlots(1);
    const first = gate();
    const running = slots.run(NEVER, first.task);
    const controller = new AbortController();
    const second = gate();
    const waiting = slots.run(controller.signal, second.task);
    controller.abort(new Error('gone'));
    await expect(waiting).rejects.toThrow('gone');
    first.open();
    await running;
    expect(second.isRunning()).toBe(false);
    expect(await slots.run(NEVER, () => Promise.resolve('next'))).toBe('next');
  });
});
