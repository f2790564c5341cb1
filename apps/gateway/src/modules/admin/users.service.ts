import type {
  AdminUser,
  AdminUserDetail,
  CreateUserRequest,
  DeleteUserResult,
  ListUsersQuery,
  UpdateUserRequest,
} from '@wa-gate/contracts';
import { isUniqueViolation } from '@wa-gate/db';
import { ApiError } from '../../http/api-error.ts';
import { isUuid } from '../../http/uuid.ts';
import { type Actor, writeAudit } from '../audit/index.ts';
import { createAccount, hashPassword, normaliseEmail } from '../auth/index.ts';
import { changeUser, endAllLogins, lockUser, USER_RESOURCE } from './user-changes.ts';
import { createUserRemoval, type UserRemovalDependencies } from './user-removal.ts';
import { storedRole, storedTier, type UsersRepository } from './users.repository.ts';

export interface UsersDependencies extends UserRemovalDependencies {
  users: UsersRepository;
}

/** Users as administrators manage them. Everything that stops with a change stops on every gateway within a second. */
export interface UsersService {
  list(filter: ListUsersQuery & { page: number; limit: number }): Promise<{ users: AdminUser[]; total: number }>;
  /** @throws {ApiError} USER_NOT_FOUND */
  get(id: string): Promise<AdminUserDetail>;
  /** @throws {ApiError} EMAIL_TAKEN */
  create(actor: Actor, request: CreateUserRequest): Promise<AdminUserDetail>;
  /** @throws {ApiError} USER_NOT_FOUND, EMAIL_TAKEN, LAST_ADMINISTRATOR */
  update(actor: Actor, id: string, request: UpdateUserRequest): Promise<AdminUserDetail>;
  /** @throws {ApiError} USER_NOT_FOUND, LAST_ADMINISTRATOR, DELETION_GOES_ON */
  delete(actor: Actor, id: string): Promise<DeleteUserResult>;
  /** Makes a deletion to its end that was requested before. */
  finishDeletion(actor: Actor, id: string): Promise<void>;
  /** Ends all logins of a user, and says how many. @throws {ApiError} USER_NOT_FOUND */
  endLogins(actor: Actor, id: string): Promise<number>;
}

/** Text that is no id belongs to no user. */
function assertId(id: string): void {
  if (!isUuid(id)) throw new ApiError('USER_NOT_FOUND');
}

export function createUsersService(deps: UsersDependencies): UsersService {
  const { users, revocations } = deps;
  const removal = createUserRemoval(deps);

  async function get(id: string): Promise<AdminUserDetail> {
    assertId(id);
    const user = await users.find(id);
    if (!user) throw new ApiError('USER_NOT_FOUND');
    return user;
  }

  async function make(actor: Actor, request: CreateUserRequest): Promise<string> {
    const email = normaliseEmail(request.email);
    const account = {
      email,
      name: request.name ?? email.split('@', 1)[0]!,
      role: storedRole(request.role ?? 'customer'),
      tier: storedTier(request.tier ?? 'basic'),
    };
    const passwordHash = await hashPassword(request.password);
    return revocations.inTransaction(async (tx) => {
      const { user } = await createAccount(tx, { ...account, passwordHash });
      const entry = { action: 'user.created', ...USER_RESOURCE, resourceId: user.id, after: account };
      await writeAudit(tx, actor, entry);
      return user.id;
    });
  }

  return {
    get,
    list: ({ page, limit, ...filter }) => users.list(filter, { offset: (page - 1) * limit, limit }),
    async create(actor, request) {
      try {
        return await get(await make(actor, request));
      } catch (error) {
        if (isUniqueViolation(error, 'users_email_key')) throw new ApiError('EMAIL_TAKEN');
        throw error;
      }
    },
    async update(actor, id, request) {
      assertId(id);
      await revocations.inTransaction((tx, revoke) => changeUser(tx, revoke, { actor, id, request }));
      return get(id);
    },
    async delete(actor, id) {
      assertId(id);
      return removal.remove(actor, id);
    },
    finishDeletion: removal.finish,
    async endLogins(actor, id) {
      assertId(id);
      return revocations.inTransaction(async (tx, revoke) => {
        await lockUser(tx, id);
        const ended = await endAllLogins(tx, revoke, id, 'administrator');
        const entry = { action: 'user.logins_ended', ...USER_RESOURCE, resourceId: id, after: { ended } };
        await writeAudit(tx, actor, entry);
        return ended;
      });
    },
  };
}
