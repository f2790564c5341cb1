import type { Mail } from '../mail/index.ts';

/** The mails about accounts. A token is alone on its line, so that people and programs find it. */
const signature = '\n\n-- \nwa-gate\n';

export const verificationMail = (to: string, token: string): Mail => ({
  to,
  subject: 'Confirm your e-mail address',
  text: `Somebody, probably you, gave this address to wa-gate. To confirm it, send this token to POST /api/auth/verify-email:

${token}

It is good for 48 hours. If this was not you, do nothing.${signature}`,
});

export const resetMail = (to: string, token: string): Mail => ({
  to,
  subject: 'Set a new password',
  text: `Somebody, probably you, asked for a new password for this address at wa-gate. To set one, send this token with it to
POST /api/auth/reset-password:

${token}

It is good once, for one hour. If this was not you, do nothing: your password stays as it is.${signature}`,
});

export const passwordChangedMail = (to: string): Mail => ({
  to,
  subject: 'Your password was changed',
  text: `The password of your wa-gate account was changed, and all other logins were ended. If this was not you, ask for a new password
(POST /api/auth/forgot-password) and tell your administrator.${signature}`,
});

export const emailChangedMail = (to: string, changedTo: string): Mail => ({
  to,
  subject: 'Your e-mail address was changed',
  text: `The e-mail address of your wa-gate account was changed to ${changedTo}. If this was not you, tell your administrator.${signature}`,
});
