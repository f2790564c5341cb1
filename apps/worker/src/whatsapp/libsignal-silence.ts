/**
 * libsignal prints whole session records, private ratchet keys included, with `console.info` when a session is
 * replaced. This drops the output of that library only. Import it before Baileys.
 */
const METHODS = ['log', 'info', 'warn', 'error', 'debug', 'trace', 'dir'] as const;
const LIBRARY = /[\\/]libsignal[\\/]/;

/**
 * Whether the caller of `wrapper` is in libsignal. It captures only that one frame, because it runs for every console
 * call.
 */
function calledByLibrary(wrapper: (...args: unknown[]) => void): boolean {
  const limit = Error.stackTraceLimit;
  const holder: { stack?: string } = {};
  Error.stackTraceLimit = 1;
  Error.captureStackTrace(holder, wrapper);
  Error.stackTraceLimit = limit;
  return LIBRARY.test(holder.stack ?? '');
}

for (const method of METHODS) {
  const original = console[method].bind(console) as (...args: unknown[]) => void;
  const wrapper = (...args: unknown[]): void => {
    if (!calledByLibrary(wrapper)) original(...args);
  };
  console[method] = wrapper;
}
