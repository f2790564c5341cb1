import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import {
  ChangePasswordRequestSchema,
  DoneSchema,
  EndedLoginsSchema,
  ForgotPasswordRequestSchema,
  ResetPasswordRequestSchema,
  success,
  VerifyEmailRequestSchema,
} from '@wa-gate/contracts';
import { ok } from '../../http/envelope.ts';
import { errorResponses } from '../../plugins/openapi/error-responses.ts';
import type { Limiter } from '../../plugins/rate-limit/index.ts';
import type { Guards } from '../../plugins/route-access.ts';
import { actorOf } from '../audit/index.ts';
import type { AccountService } from './account.service.ts';
import { limitGuesses } from './login-limits.ts';
import { ownLogin, personOf } from './own-login.ts';

const MAIL_IS_ON_ITS_WAY = 'If an account has this address, a mail with a token is on its way to it.';
const VERIFICATION_SENT = 'A mail with a token is on its way to your address.';
const VERIFICATION_NOT_SENT =
  'Nothing was sent: the address is confirmed already, or mails were sent to it a moment ago.';

export interface PasswordsRoutesOptions {
  account: AccountService;
  guards: Guards;
  limiter: Limiter;
}

/** New passwords, and addresses that are proved: what goes by mail. */
export const passwordsRoutes: FastifyPluginAsyncTypebox<PasswordsRoutesOptions> = async (app, options) => {
  const { account, guards, limiter } = options;
  const tags = ['Authentication'];

  app.post(
    '/auth/password',
    {
      onRequest: guards({ audience: 'person' }),
      config: { audit: 'password.changed' },
      schema: {
        tags,
        operationId: 'auth.changePassword',
        summary: 'Change my password',
        description: 'Ends all other logins of mine. Keys stay.',
        body: ChangePasswordRequestSchema,
        response: { 200: success(EndedLoginsSchema), ...errorResponses('INVALID_CREDENTIALS') },
      },
    },
    async (request, reply) => {
      const { email } = personOf(request);
      const endedLogins = await limitGuesses(limiter, { request, reply, email }, () =>
        account.changePassword(ownLogin(request), request.body, actorOf(request)),
      );
      return ok({ endedLogins });
    },
  );

  app.post(
    '/auth/forgot-password',
    {
      onRequest: guards({ audience: 'public' }),
      config: { audit: 'password.reset_requested' },
      schema: {
        tags,
        operationId: 'auth.forgotPassword',
        summary: 'Ask for a new password',
        description: 'Sends a token by mail. The answer is the same whether an account has this address or not.',
        body: ForgotPasswordRequestSchema,
        response: { 200: success(DoneSchema), ...errorResponses('MAIL_OFF') },
        security: [],
      },
    },
    async (request) => {
      await account.forgotPassword(request.body.email, actorOf(request));
      return { ...ok({}), message: MAIL_IS_ON_ITS_WAY };
    },
  );

  app.post(
    '/auth/reset-password',
    {
      onRequest: guards({ audience: 'public' }),
      config: { audit: 'password.reset' },
      schema: {
        tags,
        operationId: 'auth.resetPassword',
        summary: 'Set a new password with a token from a mail',
        description: 'Ends all logins of the user. Keys stay.',
        body: ResetPasswordRequestSchema,
        response: { 200: success(EndedLoginsSchema), ...errorResponses('MAIL_TOKEN_INVALID') },
        security: [],
      },
    },
    async (request) => {
      const { token, newPassword } = request.body;
      return ok({ endedLogins: await account.resetPassword(token, newPassword, actorOf(request)) });
    },
  );

  app.post(
    '/auth/verify-email',
    {
      onRequest: guards({ audience: 'public' }),
      config: { audit: 'email.verified' },
      schema: {
        tags,
        operationId: 'auth.verifyEmail',
        summary: 'Prove an address with a token from a mail',
        body: VerifyEmailRequestSchema,
        response: { 200: success(DoneSchema), ...errorResponses('MAIL_TOKEN_INVALID') },
        security: [],
      },
    },
    async (request) => {
      await account.verifyEmail(request.body.token, actorOf(request));
      return ok({});
    },
  );

  app.post(
    '/auth/verify-email/resend',
    {
      onRequest: guards({ audience: 'person' }),
      config: { audit: 'email.verification_requested' },
      schema: {
        tags,
        operationId: 'auth.resendVerification',
        summary: 'Send the mail again that proves my address',
        response: { 200: success(DoneSchema), ...errorResponses('MAIL_OFF') },
      },
    },
    async (request) => {
      const isSent = await account.resendVerification(personOf(request).userId, actorOf(request));
      return { ...ok({}), message: isSent ? VERIFICATION_SENT : VERIFICATION_NOT_SENT };
    },
  );
};
