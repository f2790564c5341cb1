import type { RegisterRequest, User } from '@wa-gate/contracts';
import {
  inTransaction,
  isUniqueViolation,
  type Network,
  type Pool,
  type Queryable,
  type UserRole,
  type UserTier,
} from '@wa-gate/db';
import { newId } from '@wa-gate/kit';
import { ApiError } from '../../api-error.ts';
import type { KeyStore } from '../api-keys/index.ts';
import { checkPassword, hashPassword } from './passwords.ts';
import type { UserRecord, UsersRepository } from './users.repository.ts';

export interface AuthDependencies {
  pool: Pool;
  users: UsersRepository;
  keys: KeyStore;
  defaultNetwork: Network;
  allowTierSelfSelect: boolean;
}

/** A person who has proved who it is. */
export interface Authenticated {
  user: User;
  workspaceId: string;
  /** The login that begins with it. */
  loginId: string;
}

export interface AuthService {
  /** Makes the user, a personal workspace and its key. */
  register(request: RegisterRequest): Promise<Authenticated & { apiKey: string; warnings: string[] }>;
  login(email: string, password: string): Promise<Authenticated>;
  me(userId: string): Promise<User>;
  /** Makes the first administrator of an installation; does nothing when there is one. True when it was made. */
  ensureAdministrator(email: string, password: string): Promise<boolean>;
}

const ROLE_WORDS: Record<UserRole, User['role']> = { USER: 'customer', ADMINISTRATOR: 'administrator' };

const presentUser = (user: UserRecord): User => ({
  id: user.id,
  email: user.email,
  name: user.name,
  role: ROLE_WORDS[user.role],
  tier: user.tier.toLowerCase() as User['tier'],
  createdAt: user.createdAt.toISOString(),
});

const normalise = (email: string): string => email.trim().toLowerCase();

interface NewUser {
  email: string;
  name: string;
  password: string;
  role: UserRole;
  tier: UserTier;
}

async function beginLogin(db: Queryable, userId: string, workspaceId: string): Promise<string> {
  const id = newId();
  await db.query(
    `INSERT INTO logins (id, user_id, workspace_id, expires_at) VALUES ($1, $2, $3, now() + interval '7 days')`,
    [id, userId, workspaceId],
  );
  return id;
}

export function createAuthService(deps: AuthDependencies): AuthService {
  const { pool, users, keys } = deps;

  async function insert({ email, name, password, role, tier }: NewUser) {
    const passwordHash = await hashPassword(password);
    const ids = { userId: newId(), workspaceId: newId() };
    return inTransaction(pool, async (tx) => {
      const { rows } = await tx.query<{ created_at: Date }>(
        `INSERT INTO users (id, email, name, password_hash, role, tier) VALUES ($1, $2, $3, $4, $5, $6)
         RETURNING created_at`,
        [ids.userId, email, name, passwordHash, role, tier],
      );
      await tx.query('INSERT INTO workspaces (id, name, owner_user_id) VALUES ($1, $2, $3)', [
        ids.workspaceId,
        name,
        ids.userId,
      ]);
      await tx.query(`INSERT INTO workspace_members (workspace_id, user_id, role) VALUES ($1, $2, 'OWNER')`, [
        ids.workspaceId,
        ids.userId,
      ]);
      const apiKey = await keys.create(tx, { ...ids, name: 'Workspace key', network: deps.defaultNetwork });
      const user = { id: ids.userId, email, name, role, tier, isActive: true, createdAt: rows[0]!.created_at };
      return { user, workspaceId: ids.workspaceId, apiKey };
    });
  }

  function chooseTier(asked: User['tier'] | undefined): { tier: UserTier; warnings: string[] } {
    if (!asked || asked === 'basic') return { tier: 'BASIC', warnings: [] };
    if (deps.allowTierSelfSelect) return { tier: asked.toUpperCase() as UserTier, warnings: [] };
    return {
      tier: 'BASIC',
      warnings: [`The tier "${asked}" was not given: tiers are set by an administrator here. This account is basic.`],
    };
  }

  return {
    async register(request) {
      const email = normalise(request.email);
      const { tier, warnings } = chooseTier(request.tier);
      const name = request.name ?? email.split('@', 1)[0]!;
      try {
        const made = await insert({ email, name, password: request.password, role: 'USER', tier });
        const loginId = await beginLogin(pool, made.user.id, made.workspaceId);
        return { user: presentUser(made.user), workspaceId: made.workspaceId, loginId, apiKey: made.apiKey, warnings };
      } catch (error) {
        if (isUniqueViolation(error)) throw new ApiError('EMAIL_TAKEN');
        throw error;
      }
    },
    async login(email, password) {
      const user = await users.findByEmail(normalise(email));
      const { matches, newHash } = await checkPassword(user?.passwordHash ?? null, password);
      if (!user || !matches || !user.isActive) throw new ApiError('INVALID_CREDENTIALS');
      await users.recordLogin(user.id, newHash);
      const loginId = await beginLogin(pool, user.id, user.workspaceId);
      return { user: presentUser(user), workspaceId: user.workspaceId, loginId };
    },
    async me(userId) {
      const user = await users.find(userId);
      if (!user) throw new ApiError('UNAUTHENTICATED');
      return presentUser(user);
    },
    async ensureAdministrator(email, password) {
      if (await users.countAdministrators()) return false;
      const made = {
        email: normalise(email),
        name: 'Administrator',
        password,
        role: 'ADMINISTRATOR',
        tier: 'MAX',
      } as const;
      try {
        await insert(made);
        return true;
      } catch (error) {
        // Another gateway that starts at the same time was first.
        if (isUniqueViolation(error)) return false;
        throw error;
      }
    },
  };
}
