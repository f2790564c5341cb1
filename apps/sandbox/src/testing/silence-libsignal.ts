/**
 * libsignal, a dependency of Baileys, writes private ratchet keys to the console when a session is replaced. Tests that
 * run Baileys call this first. Other output still reaches the console.
 */
const ITS_WORDS =
  /^(Closing |Opening |Removing old |Session |Failed to decrypt|Decrypted message with|Migrating session|Duplicate PreKey|Unhandled bucket|Running )/;

let silenced = false;

export function silenceLibsignal(): void {
  if (silenced) return;
  silenced = true;
  for (const method of ['info', 'warn', 'error', 'log'] as const) {
    const original = console[method].bind(console);
    console[method] = (...args: unknown[]): void => {
      if (typeof args[0] !== 'string' || !ITS_WORDS.test(args[0])) original(...args);
    };
  }
}
