import type { Login, RegisterRequest, User, WorkspaceRoleName } from '@wa-gate/contracts';
import { inTransaction, isUniqueViolation, type Network, type Pool, type Queryable, type UserTier } from '@wa-gate/db';
import { ApiError } from '../../http/api-error.ts';
import { isUuid } from '../../http/uuid.ts';
import type { Revocations } from '../../revocations/revocations.ts';
import type { KeyStore } from '../api-keys/index.ts';
import { type Actor, writeAudit } from '../audit/index.ts';
import { assertAccountActive, type People } from '../identities/index.ts';
import type { MailQueue } from '../mail/index.ts';
import { createAccount, createWorkspace } from './accounts.ts';
import { ensureAdministrator } from './administrators.ts';
import type { Client } from './client.ts';
import { normaliseEmail, recordableEmail } from './email.ts';
import {
  beginLogin,
  endLogin,
  listLogins,
  REFRESH_SECONDS,
  setWorkspace,
  useRefreshToken,
} from './logins.repository.ts';
import { issueMailToken, takeMailToken } from './mail-tokens.ts';
import { verificationMail } from './mails.ts';
import { checkPassword, hashPassword, isOutdated } from './passwords.ts';
import { findHome, findUser, findUserByEmail, type Home, presentUser, workspacesOf } from './users.repository.ts';

export interface AuthDependencies {
  pool: Pool;
  revocations: Revocations;
  people: People;
  keys: KeyStore;
  mail: MailQueue;
  defaultNetwork: Network;
  allowTierSelfSelect: boolean;
}

/** What an access token is made of, and what goes with it. */
export interface Grant {
  userId: string;
  loginId: string;
  workspaceId: string;
  workspaceRole: WorkspaceRoleName;
}

/** With a refresh token, which is shown once. */
export interface RefreshableGrant extends Grant {
  refreshToken: string;
  /** How long it is valid. */
  refreshSeconds: number;
}

/** A person who has proved who it is. */
export type Authenticated = RefreshableGrant & { user: User };

/** The caller's own login. */
export interface OwnLogin {
  userId: string;
  loginId: string;
}

export interface AuthService {
  /** Makes the user, a personal workspace and its key. */
  register(
    request: RegisterRequest,
    client: Client,
    actor: Actor,
  ): Promise<Authenticated & { apiKey: string; warnings: string[] }>;
  /** Only a caller with the right password learns that the account is deactivated. */
  login(email: string, password: string, client: Client, actor: Actor): Promise<Authenticated>;
  /** Uses up a link that the operator has made. */
  enterByLink(token: string, client: Client, actor: Actor): Promise<Authenticated>;
  /** Uses a refresh token up for a new one. A token that comes a second time ends its login. */
  refresh(refreshToken: string, actor: Actor): Promise<RefreshableGrant>;
  /** Ends a login; every gateway refuses its access tokens within a second. */
  logout(own: OwnLogin, actor: Actor): Promise<void>;
  /** From now on the login's tokens are for another workspace of the person. */
  switchWorkspace(own: OwnLogin, workspaceId: string, actor: Actor): Promise<Grant>;
  me(userId: string): Promise<{ user: User; workspaces: { id: string; name: string; role: WorkspaceRoleName }[] }>;
  listLogins(own: OwnLogin): Promise<Login[]>;
  endLogin(own: OwnLogin, loginId: string, actor: Actor): Promise<void>;
  /** Makes the first administrator of an installation; does nothing when there is one. True when it was made. */
  ensureAdministrator(email: string, password: string): Promise<boolean>;
}

const roleWord = (role: Home['role']): WorkspaceRoleName => role.toLowerCase() as WorkspaceRoleName;

/** The actor of the same request after the login. */
const asUser = (actor: Actor, { id, email }: Pick<User, 'id' | 'email'>, workspaceId: string): Actor => ({
  ...actor,
  kind: 'user',
  userId: id,
  name: email,
  workspaceId,
});

export function createAuthService(deps: AuthDependencies): AuthService {
  const { pool, revocations, people, keys, mail } = deps;

  async function begin(tx: Queryable, user: User, home: Home, client: Client): Promise<Authenticated> {
    const { workspaceId, role } = home;
    const login = await beginLogin(tx, { userId: user.id, workspaceId, client });
    return {
      user,
      userId: user.id,
      workspaceId,
      workspaceRole: roleWord(role),
      refreshSeconds: REFRESH_SECONDS,
      ...login,
    };
  }

  function chooseTier(asked: User['tier'] | undefined): { tier: UserTier; warnings: string[] } {
    if (!asked || asked === 'basic') return { tier: 'BASIC', warnings: [] };
    if (deps.allowTierSelfSelect) return { tier: asked.toUpperCase() as UserTier, warnings: [] };
    return {
      tier: 'BASIC',
      warnings: [`The tier "${asked}" was not given: tiers are set by an administrator here. This account is basic.`],
    };
  }

  /**
   * The active user whose password was just verified; `null` when it was changed, or the user deactivated, meanwhile.
   */
  async function enter(
    { id, passwordHash }: { id: string; passwordHash: string },
    password: string,
    client: Client,
    actor: Actor,
  ): Promise<Authenticated | null> {
    const newHash = isOutdated(passwordHash) ? await hashPassword(password) : passwordHash;
    return inTransaction(pool, async (tx) => {
      // Locks the row: a change of the password ends the logins that exist, so no login with the old password may begin
      // after it.
      const { rowCount } = await tx.query(
        'UPDATE users SET last_login_at = now(), password_hash = $3 WHERE id = $1 AND password_hash = $2 AND is_active',
        [id, passwordHash, newHash],
      );
      if (rowCount === 0) return null;
      const user = (await findUser(tx, id))!;
      const home = (await findHome(tx, id)) ?? (await createWorkspace(tx, id, user.name));
      const authenticated = await begin(tx, presentUser(user), home, client);
      await writeAudit(tx, asUser(actor, user, home.workspaceId), {
        action: 'login.created',
        resourceType: 'login',
        resourceId: authenticated.loginId,
        after: { userAgent: client.userAgent?.slice(0, 300) },
      });
      return authenticated;
    });
  }

  return {
    async register(request, client, actor) {
      const email = normaliseEmail(request.email);
      const { tier, warnings } = chooseTier(request.tier);
      const name = request.name ?? email.split('@', 1)[0]!;
      const passwordHash = await hashPassword(request.password);
      try {
        return await inTransaction(pool, async (tx) => {
          const account = await createAccount(tx, { email, name, passwordHash, role: 'USER', tier });
          const user = presentUser(account.user);
          const owned = { userId: user.id, workspaceId: account.home.workspaceId };
          const apiKey = await keys.create(tx, { ...owned, name: 'Workspace key', network: deps.defaultNetwork });
          const authenticated = await begin(tx, user, account.home, client);
          if (mail.isOn) {
            const token = await issueMailToken(tx, user.id, 'VERIFY_EMAIL');
            if (token) await mail.enqueue(tx, verificationMail(email, token));
          }
          await writeAudit(tx, asUser(actor, user, owned.workspaceId), {
            action: 'user.registered',
            resourceType: 'user',
            resourceId: user.id,
            after: { email, name, tier: user.tier },
          });
          return { ...authenticated, apiKey, warnings };
        });
      } catch (error) {
        if (isUniqueViolation(error, 'users_email_key')) throw new ApiError('EMAIL_TAKEN');
        throw error;
      }
    },
    async login(given, password, client, actor) {
      const email = normaliseEmail(given);
      const user = await findUserByEmail(pool, email);
      const matches = await checkPassword(user?.passwordHash ?? null, password);
      const isDisabled = matches && user?.isActive === false;
      const authenticated = user && matches && !isDisabled ? await enter(user, password, client, actor) : null;
      if (authenticated) return authenticated;
      await writeAudit(pool, actor, {
        action: 'user.login_failed',
        resourceType: 'user',
        resourceId: user?.id,
        after: { email: recordableEmail(email), ...(isDisabled && { reason: 'deactivated' }) },
      });
      throw new ApiError(isDisabled ? 'ACCOUNT_DISABLED' : 'INVALID_CREDENTIALS');
    },
    async enterByLink(token, client, actor) {
      const authenticated = await inTransaction(pool, async (tx) => {
        const taken = await takeMailToken(tx, token, 'LOG_IN');
        if (!taken) return null;
        await tx.query('UPDATE users SET last_login_at = now() WHERE id = $1', [taken.userId]);
        const user = (await findUser(tx, taken.userId))!;
        const home = (await findHome(tx, user.id)) ?? (await createWorkspace(tx, user.id, user.name));
        const begun = await begin(tx, presentUser(user), home, client);
        await writeAudit(tx, asUser(actor, user, home.workspaceId), {
          action: 'login.created',
          resourceType: 'login',
          resourceId: begun.loginId,
          after: { by: 'link', userAgent: client.userAgent?.slice(0, 300) },
        });
        return begun;
      });
      if (!authenticated) throw new ApiError('MAIL_TOKEN_INVALID');
      return authenticated;
    },
    async refresh(refreshToken, actor) {
      const outcome = await revocations.inTransaction(async (tx, revoke) => {
        const used = await useRefreshToken(tx, refreshToken);
        if (used.kind === 'invalid') return used;
        const { loginId, userId, workspaceId } = used.login;
        if (used.kind === 'reused') {
          if (await endLogin(tx, loginId, userId, 'reuse')) {
            await revoke('login', loginId);
            const entry = { resourceType: 'login', resourceId: loginId, workspaceId };
            await writeAudit(tx, actor, { ...entry, action: 'login.ended', after: { reason: 'reuse' } });
          }
          return used;
        }
        const home = await findHome(tx, userId, workspaceId);
        if (!home) return { kind: 'invalid' as const };
        if (home.workspaceId !== workspaceId) await setWorkspace(tx, loginId, home.workspaceId);
        await writeAudit(tx, asUser(actor, { id: userId, email: used.login.email }, home.workspaceId), {
          action: 'login.refreshed',
          resourceType: 'login',
          resourceId: loginId,
        });
        return { ...used, home };
      });
      if (outcome.kind === 'invalid') throw new ApiError('REFRESH_TOKEN_INVALID');
      if (outcome.kind === 'reused') throw new ApiError('REFRESH_TOKEN_REUSED');
      const { login, home } = outcome;
      return {
        userId: login.userId,
        loginId: login.loginId,
        workspaceId: home.workspaceId,
        workspaceRole: roleWord(home.role),
        refreshToken: login.refreshToken,
        refreshSeconds: login.secondsLeft,
      };
    },
    async logout({ userId, loginId }, actor) {
      await revocations.inTransaction(async (tx, revoke) => {
        if (!(await endLogin(tx, loginId, userId, 'logout'))) return;
        await revoke('login', loginId);
        await writeAudit(tx, actor, {
          action: 'login.ended',
          resourceType: 'login',
          resourceId: loginId,
          after: { reason: 'logout' },
        });
      });
    },
    async switchWorkspace({ userId, loginId }, workspaceId, actor) {
      const there = await people.find(userId, workspaceId.toLowerCase());
      if (!there) throw new ApiError('WORKSPACE_NOT_FOUND');
      assertAccountActive(there);
      await inTransaction(pool, async (tx) => {
        await setWorkspace(tx, loginId, there.workspaceId);
        await writeAudit(tx, actor, {
          action: 'login.switched',
          resourceType: 'login',
          resourceId: loginId,
          before: { workspaceId: actor.workspaceId },
          after: { workspaceId: there.workspaceId },
        });
      });
      return { userId, loginId, workspaceId: there.workspaceId, workspaceRole: roleWord(there.role) };
    },
    async me(userId) {
      const user = await findUser(pool, userId);
      if (!user) throw new ApiError('UNAUTHENTICATED');
      const workspaces = await workspacesOf(pool, userId);
      return {
        user: presentUser(user),
        workspaces: workspaces.map(({ id, name, role }) => ({ id, name, role: roleWord(role) })),
      };
    },
    async listLogins({ userId, loginId }) {
      const logins = await listLogins(pool, userId);
      return logins.map(({ id, ip, userAgent, createdAt, lastUsedAt, expiresAt }) => ({
        id,
        isCurrent: id === loginId,
        ip,
        userAgent,
        createdAt: createdAt.toISOString(),
        lastUsedAt: lastUsedAt.toISOString(),
        expiresAt: expiresAt.toISOString(),
      }));
    },
    async endLogin({ userId }, loginId, actor) {
      const isEnded = await revocations.inTransaction(async (tx, revoke) => {
        if (!isUuid(loginId) || !(await endLogin(tx, loginId, userId, 'ended'))) return false;
        await revoke('login', loginId.toLowerCase());
        await writeAudit(tx, actor, {
          action: 'login.ended',
          resourceType: 'login',
          resourceId: loginId.toLowerCase(),
          after: { reason: 'ended' },
        });
        return true;
      });
      if (!isEnded) throw new ApiError('LOGIN_NOT_FOUND');
    },
    ensureAdministrator: (email, password) => ensureAdministrator(pool, { email, password }),
  };
}
