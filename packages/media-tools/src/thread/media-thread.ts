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
    const { message, stack, errno } = error as NodeJS.ErrnoException;
    // Libraries fail at what is in a file in many ways. What the system refuses is not the file's fault.
    const isUnreadable = error instanceof UnreadableError || errno === undefined;
    return { failure: { isUnreadable, message: isUnreadable ? message : (stack ?? message) } };
  }
}

// From here on, whatever ends the thread is the file's fault.
parentPort?.postMessage({ isLoaded: true } satisfies TaskAnswer);
parentPort?.postMessage(await answer());
