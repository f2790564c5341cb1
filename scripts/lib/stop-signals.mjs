/** The user's wish to stop, as an AbortSignal. */

const SIGNALS = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']);

/**
 * One signal stops in order. More of them change nothing: npm passes Ctrl-C on although the terminal has sent it already,
 * and stopping is bounded in time.
 * @returns {AbortSignal}
 */
export function stopOnSignals() {
  const controller = new AbortController();
  for (const signal of SIGNALS) process.on(signal, () => controller.abort());
  return controller.signal;
}
