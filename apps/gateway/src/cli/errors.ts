/** The command line is not understood. */
export class UsageError extends Error {
  override name = 'UsageError';
}

/** The command cannot do its work. The sentence says why and what to do; no stack is shown. */
export class CommandError extends Error {
  override name = 'CommandError';
}
