import { setImmediate } from 'node:timers/promises';
import { waitFor } from '@wa-gate/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type LinkedSession, type RunWorld, type SessionRun, startRunWorld } from '../testing/session-runs.ts';
import { holdFrames } from './outgoing-frames.ts';

/** Frames of a real connection to the sandbox. */
let world: RunWorld;
let session: LinkedSession;
let run: SessionRun;
beforeAll(async () => {
  world = await startRunWorld();
  session = await world.link();
});
afterAll(() => world?.stop());

/** A step that the test settles. */
function createStep() {
  let settle: () => void = () => undefined;
  let refuse: (error: Error) => void = () => undefined;
  const settled = new Promise<void>((resolve, reject) => {
    [settle, refuse] = [resolve, reject];
  });
  settled.catch(() => undefined);
  return { settled, isWaiting: false, settle, refuse };
}

/** Sends a receipt of a message with this id. Resolves as Baileys does. */
const receipt = (id: string): Promise<void> =>
  run.sock.sendReceipt('15550009999@s.whatsapp.net', undefined, [id], undefined);
const left = () =>
  run.gate.steps
    .flatMap((step) => /^before receipt (\S+) leaves$/.exec(step)?.[1] ?? [])
    .filter((id) => id.startsWith('H'));

it('frames leave in their order, each when the steps before it are durable (I4, I5)', async () => {
  run = await session.open();
  const frames = holdFrames(run.sock);
  const [one, two] = [createStep(), createStep()];
  frames.holdFor(one);
  const first = receipt('H1');
  frames.holdFor(two);
  const second = receipt('H2');
  two.settle();
  await setImmediate();
  expect(left()).toEqual([]);
  one.settle();
  await Promise.all([first, second, frames.left()]);
  expect(left()).toEqual(['H1', 'H2']);
  await receipt('H3');
  expect(left()).toEqual(['H1', 'H2', 'H3']);
  run.kill();
});

it('Baileys goes on at once while it may make a message of what it has read, and else when the frame has left', async () => {
  run = await session.open();
  const frames = holdFrames(run.sock);
  const step = createStep();
  step.isWaiting = true;
  frames.holdFor(step);
  await receipt('H4');
  step.isWaiting = false;
  let isTold = false;
  const told = receipt('H5').then(() => {
    isTold = true;
  });
  await setImmediate();
  expect([isTold, left()]).toEqual([false, []]);
  step.settle();
  await told;
  expect(left()).toEqual(['H4', 'H5']);
  run.kill();
});

it('what waits when the connection ends never leaves, and its sender is told', async () => {
  run = await session.open();
  const frames = holdFrames(run.sock);
  const step = createStep();
  frames.holdFor(step);
  const lost = receipt('H6').then(
    () => 'left',
    () => 'lost',
  );
  step.refuse(new Error('not durable'));
  run.connection.terminate();
  expect(await lost).toBe('lost');
  await waitFor(async () => (await world.sandbox.devices(session.number))[0]?.connected === false);
  expect(left()).toEqual([]);
  run.kill();
});
