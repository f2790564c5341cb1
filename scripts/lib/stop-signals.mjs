/** The user's wish to stop, as an AbortSignal. */

const SIGNALS = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']);

const LOOK_FOR_PARENT_MS = 250;

/**
 * One signal stops in order. More of them change nothing: npm passes Ctrl-C on although the terminal has sent it
 * already, and stopping is bounded in time. The end of npm is such a wish too: who kills `npm start` with a signal
 * that npm cannot pass on wants no process left. A launcher that was started without npm goes on when its shell is
 * closed.
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
