/** The program of the thread: one task, one answer. It imports nothing of the workspace but this package. */
import { parentPort, workerData } from 'node:worker_threads';
import { encodeOpus } from './encode-opus.ts';
import { measureOpus } from './measure-opus.ts';
import { probeContainer } from './probe-container.ts';
import type { MediaTask, TaskAnswer } from './tasks.ts';
import { UnreadableError } from './unreadable-error.ts';

async function perform(task: MediaTask): Promise<unknown> {
  switch (task.name) {
    case 'probe':
      return probeContainer(task.input.path);
    case 'measureOpus':
      return measureOpus(task.input.path);
    case 'encodeOpus':
      return encodeOpus(task.input);
  }
}

async function answer(): Promise<TaskAnswer> {
  try {
    return { output: await perform(workerData as MediaTask) };
  } catch (error) {
    const { message, stack } = error as Error;
    const isUnreadable = error instanceof UnreadableError;
    return { failure: { isUnreadable, message: isUnreadable ? message : (stack ?? message) } };
  }
}

parentPort?.postMessage(await answer());
