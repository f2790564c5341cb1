/** The stop signals of the user as an AbortSignal. */

const SIGNALS = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']);

const LOOK_FOR_PARENT_MS = 250;

/**
 * Aborts at the first signal, for an orderly stop. Further signals change nothing: npm passes Ctrl-C on although the
 * terminal has sent it already, and the stop is bounded in time. The end of npm counts as a signal, too: a signal that
 * npm cannot pass on must leave no process behind. A launcher without npm keeps running when its shell is closed.
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {AbortSignal}
 */
export function stopOnSignals(env = process.env) {
  const controller = new AbortController();
  for (const signal of SIGNALS) process.on(signal, () => controller.abort());
  if (env.npm_lifecycle_event !== undefined) {
    const npm = process.ppid;
    const timer = setInterval(() => {
      if (process.ppid === npm) return;
      clearInterval(timer);
      controller.abort();
    }, LOOK_FOR_PARENT_MS);
    timer.unref();
  }
  return controller.signal;
}
