import type { Mail } from '../mail/index.ts';
import type { InvitationRecord } from './invitations.repository.ts';

/** The mail to an invited person. The token is alone on its line, so that people and programs find it. */
export const invitationMail = (
  { email, invitedBy, workspaceName, role, expiresAt }: InvitationRecord,
  token: string,
): Mail => ({
  to: email,
  subject: `Invitation to ${workspaceName}`,
  text: `${invitedBy ?? 'Somebody'} has invited you to the workspace "${workspaceName}" of wa-gate, as ${role.toLowerCase()}. To join, log in (or register) with
this address, and send POST /api/invitations/{token}/accept with this token:

${token}

It is good until ${expiresAt.toISOString()}. If you do not want to join, do nothing.

--${' '}
wa-gate
`,
});
