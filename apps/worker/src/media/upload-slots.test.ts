import { expect, it } from 'vitest';
import { createSendWindow } from '../outbox/send-window.ts';
import type { Connection } from '../whatsapp/connection.ts';
import { UploadSlots } from './upload-slots.ts';

const never = new AbortController().signal;
const settled = () => new Promise((resolve) => setImmediate(resolve));

function start(slots: UploadSlots, session: string, started: string[], signal = never) {
  let end: () => void = () => undefined;
  const running = new Promise<void>((resolve) => {
    end = resolve;
  });
  const done = slots.take(session, signal, async () => {
    started.push(session);
    await running;
  });
  return { end, done };
}

it('runs so many at the same time, fewer of one session, and those that wait in their order (MR-011)', async () => {
  const slots = new UploadSlots({ total: 3, perSession: 2 });
  const started: string[] = [];
  const [first, second, third, fourth, fifth] = ['a', 'a', 'a', 'b', 'c'].map((session) =>
    start(slots, session, started),
  );
  await settled();
  expect(started).toEqual(['a', 'a', 'b']);
  fourth!.end();
  await settled();
  expect(started).toEqual(['a', 'a', 'b', 'c']);
  first!.end();
  await settled();
  expect(started).toEqual(['a', 'a', 'b', 'c', 'a']);
  for (const { end } of [second!, third!, fifth!]) end();
  await Promise.all([first, second, third, fourth, fifth].map((each) => each!.done));
});

it('gives the slot of one that failed, or that was not wanted any more, to the next', async () => {
  const slots = new UploadSlots({ total: 1, perSession: 1 });
  const started: string[] = [];
  const abandoned = new AbortController();
  const failing = slots.take('a', never, async () => {
    throw new Error('no');
  });
  const dropped = start(slots, 'b', started, abandoned.signal);
  abandoned.abort(new Error('moved'));
  const last = start(slots, 'c', started);
  last.end();
  await expect(failing).rejects.toThrow('no');
  await expect(dropped.done).rejects.toThrow('moved');
  await last.done;
  expect(started).toEqual(['c']);
  await expect(slots.take('d', abandoned.signal, async () => undefined)).rejects.toThrow('moved');
});

it('does not warn of the many files of a session that wait for their turn (MR-011)', async () => {
  const warnings: Error[] = [];
  const hear = (warning: Error) => warnings.push(warning);
  process.on('warning', hear);
  try {
    const { uploads } = createSendWindow({ sessionId: 'a', epoch: 1 }, {} as Connection);
    const slots = new UploadSlots({ total: 1, perSession: 1 });
    const started: string[] = [];
    const files = Array.from({ length: 50 }, () => start(slots, 'a', started, uploads.signal));
    await settled();
    for (const { end } of files) end();
    await Promise.all(files.map(({ done }) => done));
    expect(started).toHaveLength(50);
    expect(warnings).toEqual([]);
  } finally {
    process.off('warning', hear);
  }
});
