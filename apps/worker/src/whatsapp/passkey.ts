import type { BinaryNode } from './baileys.ts';

/** The missing step of a link: the passkey, or the confirmation after it. */
export type PasskeyStep = 'passkey' | 'confirmation';

/**
 * Some accounts link a device only with a passkey (WebAuthn, since 2026). Baileys does not support it: it acknowledges
 * these notifications and keeps waiting. `passkey_prologue_request` has the options for the authenticator,
 * `crsc_continuation` the half of the phone of the code to compare. Only the type is read, so that other contents do
 * not matter.
 */
const STEPS: Readonly<Record<string, PasskeyStep>> = {
  passkey_prologue_request: 'passkey',
  crsc_continuation: 'confirmation',
};

/** Reads the step from a notification of the server; `null` for other notifications and senders. */
export function readPasskeyStep({ tag, attrs }: BinaryNode): PasskeyStep | null {
  const { type, from } = attrs;
  if (tag !== 'notification' || !type || !isServer(from)) return null;
  return STEPS[type] ?? (/passkey/.test(type) ? 'passkey' : null);
}

/** Matches the jid of the server, which comes with or without an empty user. */
const isServer = (jid: string | undefined): boolean => jid === undefined || /^@?s\.whatsapp\.net$/.test(jid);
