import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Worker, type WorkerOptions } from 'node:worker_threads';
import type { MediaTask, MediaTaskName, MediaTasks, TaskAnswer } from './tasks.ts';
import { UnreadableError } from './unreadable-error.ts';

/** JavaScript objects of one task; a file that makes a parser collect more ends the task, not the process. */
const HEAP_MB = 192;

export interface ThreadOptions {
  timeoutMs: number;
  signal: AbortSignal;
}

/**
 * Runs a task in a thread of its own, so that no file keeps the event loop busy, and ends the thread afterwards: the
 * memory of WebAssembly does not shrink.
 * @throws {UnreadableError} when the file cannot be decoded, or not in time
 */
export async function runInThread<N extends MediaTaskName>(
  name: N,
  input: MediaTasks[N]['input'],
  { timeoutMs, signal }: ThreadOptions,
): Promise<MediaTasks[N]['output']> {
  signal.throwIfAborted();
  const task = { name, input } as MediaTask;
  const { program, options } = threadProgram();
  const worker = new Worker(program, {
    ...options,
    workerData: task,
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MB },
    name: `media ${name}`,
    stdout: true,
    stderr: true,
  });
  // What the libraries say of the files of strangers is not for our log.
  worker.stdout.resume();
  worker.stderr.resume();
  let timer: NodeJS.Timeout | undefined;
  let onAbort: (() => void) | undefined;
  try {
    return await new Promise<MediaTasks[N]['output']>((resolve, reject) => {
      onAbort = () => reject(signal.reason as Error);
      signal.addEventListener('abort', onAbort, { once: true });
      timer = setTimeout(() => reject(new UnreadableError(`no end after ${timeoutMs / 1000} s`)), timeoutMs);
      let isLoaded = false;
      worker.on('message', (answer: TaskAnswer) => {
        if ('isLoaded' in answer) isLoaded = true;
        else if ('output' in answer) resolve(answer.output as MediaTasks[N]['output']);
        else if (answer.failure.isUnreadable) reject(new UnreadableError(answer.failure.message));
        else reject(new Error(`The media task ${name} failed: ${answer.failure.message}`));
      });
      worker.once('error', (error: Error) => {
        reject(isLoaded ? new UnreadableError(`the decoder failed: ${error.message}`, { cause: error }) : error);
      });
      worker.once('exit', () => {
        reject(
          isLoaded ? new UnreadableError('the decoder ended') : new Error(`The thread for ${name} did not begin.`),
        );
      });
    });
  } finally {
    clearTimeout(timer);
    if (onAbort) signal.removeEventListener('abort', onAbort);
    await worker.terminate();
  }
}

/**
 * The thread's program lies beside this one: in `dist`, in the bundle of an app, and as a source where this process
 * runs TypeScript. A test runs sources in a process that cannot start threads from them: there it is the built one.
 */
function threadProgram(): { program: URL | string; options: WorkerOptions } {
  const own = import.meta.url;
  if (!own.endsWith('.ts')) return { program: new URL('./media-thread.js', own), options: { execArgv: [] } };
  const source = new URL('./media-thread.ts', own);
  if ((process.features as { typescript?: unknown }).typescript) return { program: source, options: {} };
  if (process.execArgv.includes('tsx')) {
    // The loader of tsx is not passed on to threads.
    const [loader, from, at] = ['tsx/esm/api', source.href, own].map((text) => JSON.stringify(text));
    const start = `import(${loader}).then(({ tsImport }) => tsImport(${from}, ${at}))`;
    return { program: start, options: { eval: true, execArgv: [] } };
  }
  const built = new URL('../../dist/thread/media-thread.js', own);
  if (!existsSync(fileURLToPath(built))) throw new Error('packages/media-tools is not built: npx turbo run build.');
  return { program: built, options: { execArgv: [] } };
}
