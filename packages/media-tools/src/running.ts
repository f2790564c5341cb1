/** What runs, so that it can be ended. */
export interface Running {
  /** Runs a task with a signal that aborts with the caller's, or when everything ends. */
  run<T>(signal: AbortSignal | undefined, task: (signal: AbortSignal) => Promise<T>): Promise<T>;
  /** Aborts all tasks, refuses new ones, and waits for their end. */
  end(): Promise<void>;
}

export function createRunning(): Running {
  const controllers = new Set<AbortController>();
  const tasks = new Set<Promise<unknown>>();
  let isEnding = false;
  const ending = (): Error => new DOMException('The process ends.', 'AbortError');

  return {
    async run(given, task) {
      if (isEnding) throw ending();
      given?.throwIfAborted();
      // `AbortSignal.any` would keep an entry in a signal that lives as long as the process, for each task.
      const controller = new AbortController();
      const follow = (): void => controller.abort(given?.reason);
      given?.addEventListener('abort', follow, { once: true });
      controllers.add(controller);
      const promise = task(controller.signal);
      tasks.add(promise);
      try {
        return await promise;
      } finally {
        tasks.delete(promise);
        controllers.delete(controller);
        given?.removeEventListener('abort', follow);
      }
    },

    async end() {
      isEnding = true;
      for (const controller of controllers) controller.abort(ending());
      await Promise.allSettled(tasks);
    },
  };
}
