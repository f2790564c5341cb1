import type { BinaryNode } from './baileys.ts';

/** What linking waits for: the passkey itself, or the confirmation of the link after one was given. */
export type PasskeyStep = 'passkey' | 'confirmation';

/**
 * Some accounts link a device only with a passkey (WebAuthn, since 2026). Baileys knows nothing of it: it acknowledges
 * these notifications and goes on waiting. `passkey_prologue_request` carries the options for the authenticator,
 * `crsc_continuation` the phone's half of the code to compare. Only the type is read, so that other contents do not
 * matter.
 */
const STEPS: Readonly<Record<string, PasskeyStep>> = {
  passkey_prologue_request: 'passkey',
  crsc_continuation: 'confirmation',
};

/** Said by WhatsApp's server, a notification is the next step of linking; `null` when it is about something else. */
export function readPasskeyStep({ tag, attrs }: BinaryNode): PasskeyStep | null {
  const { type, from } = attrs;
  if (tag !== 'notification' || !type || !isServer(from)) return null;
  return STEPS[type] ?? (/passkey/.test(type) ? 'passkey' : null);
}

/** The name of the server, which comes with or without an empty user. */
const isServer = (jid: string | undefined): boolean => jid === undefined || /^@?s\.whatsapp\.net$/.test(jid);
