import type { ChangePasswordRequest, UpdateMeRequest, User } from '@wa-gate/contracts';
import { inTransaction, isUniqueViolation, type Pool, type PoolClient } from '@wa-gate/db';
import { newId } from '@wa-gate/kit';
import { ApiError } from '../../http/api-error.ts';
import type { Revocations, Revoke } from '../../revocations/revocations.ts';
import { type Actor, writeAudit } from '../audit/index.ts';
import type { MailQueue } from '../mail/index.ts';
import type { OwnLogin } from './auth.service.ts';
import { normaliseEmail } from './email.ts';
import { endLogins } from './logins.repository.ts';
import { dropMailTokens, issueMailToken, takeMailToken } from './mail-tokens.ts';
import { emailChangedMail, passwordChangedMail, resetMail, verificationMail } from './mails.ts';
import { checkPassword, hashPassword } from './passwords.ts';
import { findUser, findUserByEmail, presentUser, type UserWithPassword } from './users.repository.ts';

export interface AccountDependencies {
  pool: Pool;
  revocations: Revocations;
  mail: MailQueue;
}

/** What people do about their own account. */
export interface AccountService {
  update(userId: string, changes: UpdateMeRequest, actor: Actor): Promise<User>;
  /** Ends all other logins; returns how many. */
  changePassword(own: OwnLogin, request: ChangePasswordRequest, actor: Actor): Promise<number>;
  /** Sends a token to the address if it belongs to a user. The answer does not reveal whether it does. */
  forgotPassword(email: string, actor: Actor): Promise<void>;
  /** Sets a new password with a token from a mail, and ends all logins; returns how many. */
  resetPassword(token: string, newPassword: string, actor: Actor): Promise<number>;
  /** Sends the mail again that proves the address; false when it is proved, or was sent often enough. */
  resendVerification(userId: string, actor: Actor): Promise<boolean>;
  verifyEmail(token: string, actor: Actor): Promise<void>;
}

const WRONG_PASSWORD = 'The current password is wrong.';

export function createAccountService({ pool, revocations, mail }: AccountDependencies): AccountService {
  /** @throws {ApiError} `INVALID_CREDENTIALS`, `UNAUTHENTICATED` */
  async function provePassword(userId: string, password: string): Promise<UserWithPassword> {
    const user = await findUser(pool, userId);
    if (!user) throw new ApiError('UNAUTHENTICATED');
    if (await checkPassword(user.passwordHash, password)) return user;
    throw new ApiError('INVALID_CREDENTIALS', { message: WRONG_PASSWORD });
  }

  async function endAllBut(tx: PoolClient, revoke: Revoke, userId: string, except: string | null): Promise<number> {
    const ended = await endLogins(tx, userId, { except, reason: 'password' });
    for (const loginId of ended) await revoke('login', loginId);
    return ended.length;
  }

  async function sendVerification(tx: PoolClient, { id, email }: { id: string; email: string }): Promise<boolean> {
    const token = mail.isOn ? await issueMailToken(tx, id, 'VERIFY_EMAIL') : null;
    if (token) await mail.enqueue(tx, verificationMail(email, token));
    return token !== null;
  }

  return {
    async update(userId, changes, actor) {
      const email = changes.email === undefined ? undefined : normaliseEmail(changes.email);
      const present = await findUser(pool, userId);
      if (!present) throw new ApiError('UNAUTHENTICATED');
      const isMoving = email !== undefined && email !== present.email;
      if (isMoving) {
        if (changes.currentPassword === undefined) {
          throw new ApiError('VALIDATION', { message: 'To change the e-mail, give `currentPassword` too.' });
        }
        await provePassword(userId, changes.currentPassword);
      }
      try {
        return await revocations.inTransaction(async (tx, revoke) => {
          await tx.query(
            `UPDATE users SET name = COALESCE($2, name), email = COALESCE($3, email), updated_at = now(),
               email_verified_at = CASE WHEN email = COALESCE($3, email) THEN email_verified_at END WHERE id = $1`,
            [userId, changes.name ?? null, email ?? null],
          );
          const after = await findUser(tx, userId);
          if (!after) throw new ApiError('UNAUTHENTICATED');
          await revoke('user', userId);
          if (isMoving && mail.isOn) {
            await mail.enqueue(tx, emailChangedMail(present.email, after.email));
            await sendVerification(tx, after);
          }
          await writeAudit(tx, actor, {
            action: 'user.updated',
            resourceType: 'user',
            resourceId: userId,
            before: { name: present.name, email: present.email },
            after: { name: after.name, email: after.email },
          });
          return presentUser(after);
        });
      } catch (error) {
        if (isUniqueViolation(error, 'users_email_key')) throw new ApiError('EMAIL_TAKEN');
        throw error;
      }
    },
    async changePassword({ userId, loginId }, { currentPassword, newPassword }, actor) {
      const user = await provePassword(userId, currentPassword);
      const passwordHash = await hashPassword(newPassword);
      return revocations.inTransaction(async (tx, revoke) => {
        const { rowCount } = await tx.query(
          'UPDATE users SET password_hash = $3, updated_at = now() WHERE id = $1 AND password_hash = $2',
          [userId, user.passwordHash, passwordHash],
        );
        // Another request has changed it in the meantime.
        if (rowCount === 0) throw new ApiError('INVALID_CREDENTIALS', { message: WRONG_PASSWORD });
        const endedLogins = await endAllBut(tx, revoke, userId, loginId);
        await dropMailTokens(tx, userId, 'RESET_PASSWORD');
        if (mail.isOn) await mail.enqueue(tx, passwordChangedMail(user.email));
        await writeAudit(tx, actor, {
          action: 'password.changed',
          resourceType: 'user',
          resourceId: userId,
          after: { endedLogins },
        });
        return endedLogins;
      });
    },
    async forgotPassword(given, actor) {
      if (!mail.isOn) throw new ApiError('MAIL_OFF');
      const email = normaliseEmail(given);
      const user = await findUserByEmail(pool, email);
      await inTransaction(pool, async (tx) => {
        // An unknown address runs the same statements, which find nothing.
        const token = await issueMailToken(tx, user?.id ?? newId(), 'RESET_PASSWORD');
        if (user && token) await mail.enqueue(tx, resetMail(user.email, token));
        else await tx.query('DELETE FROM mails WHERE id = $1', [newId()]);
        await writeAudit(tx, actor, {
          action: 'password.reset_requested',
          resourceType: 'user',
          resourceId: user?.id,
          after: { email },
        });
      });
    },
    async resetPassword(token, newPassword, actor) {
      const passwordHash = await hashPassword(newPassword);
      const endedLogins = await revocations.inTransaction(async (tx, revoke) => {
        const taken = await takeMailToken(tx, token, 'RESET_PASSWORD');
        if (!taken) return null;
        const { userId, email } = taken;
        // The token came by mail, so it proves the address too.
        await tx.query(
          `UPDATE users SET password_hash = $2, email_verified_at = COALESCE(email_verified_at, now()), updated_at = now() WHERE id = $1`,
          [userId, passwordHash],
        );
        const ended = await endAllBut(tx, revoke, userId, null);
        await dropMailTokens(tx, userId, 'RESET_PASSWORD');
        if (mail.isOn) await mail.enqueue(tx, passwordChangedMail(email));
        await writeAudit(tx, actor, {
          action: 'password.reset',
          resourceType: 'user',
          resourceId: userId,
          after: { email, endedLogins: ended },
        });
        return ended;
      });
      if (endedLogins === null) throw new ApiError('MAIL_TOKEN_INVALID');
      return endedLogins;
    },
    async resendVerification(userId, actor) {
      if (!mail.isOn) throw new ApiError('MAIL_OFF');
      const user = await findUser(pool, userId);
      if (!user) throw new ApiError('UNAUTHENTICATED');
      if (user.emailVerifiedAt) return false;
      return inTransaction(pool, async (tx) => {
        const isSent = await sendVerification(tx, user);
        await writeAudit(tx, actor, {
          action: 'email.verification_requested',
          resourceType: 'user',
          resourceId: userId,
          after: { email: user.email, isSent },
        });
        return isSent;
      });
    },
    async verifyEmail(token, actor) {
      const isVerified = await inTransaction(pool, async (tx) => {
        const taken = await takeMailToken(tx, token, 'VERIFY_EMAIL');
        if (!taken) return false;
        const { userId, email } = taken;
        await tx.query('UPDATE users SET email_verified_at = now(), updated_at = now() WHERE id = $1', [userId]);
        await dropMailTokens(tx, userId, 'VERIFY_EMAIL');
        await writeAudit(tx, actor, {
          action: 'email.verified',
          resourceType: 'user',
          resourceId: userId,
          after: { email },
        });
        return true;
      });
      if (!isVerified) throw new ApiError('MAIL_TOKEN_INVALID');
    },
  };
}
