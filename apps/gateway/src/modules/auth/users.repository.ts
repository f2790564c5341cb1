import type { Database, UserRole, UserTier } from '@wa-gate/db';
import { createSingleFlight } from '@wa-gate/kit';
import { LRUCache } from 'lru-cache';

export interface UserRecord {
  id: string;
  email: string;
  name: string;
  role: UserRole;
  tier: UserTier;
  isActive: boolean;
  createdAt: Date;
}

export interface UserWithSecrets extends UserRecord {
  passwordHash: string;
  workspaceId: string;
}

/** Users by id, remembered for a few seconds: every request with a token asks. */
export interface UserDirectory {
  find(userId: string): Promise<UserRecord | null>;
}

export interface UsersRepository extends UserDirectory {
  findByEmail(email: string): Promise<UserWithSecrets | null>;
  recordLogin(userId: string, newHash: string | undefined): Promise<void>;
  countAdministrators(): Promise<number>;
}

const PUBLIC = { id: true, email: true, name: true, role: true, tier: true, isActive: true, createdAt: true } as const;
const TTL_MS = 10_000;

export function createUsersRepository(prisma: Database): UsersRepository {
  const cache = new LRUCache<string, UserRecord>({ max: 10_000, ttl: TTL_MS });
  const singleFlight = createSingleFlight<UserRecord | null>();
  return {
    async find(userId) {
      const cached = cache.get(userId);
      if (cached) return cached;
      const user = await singleFlight(userId, () => prisma.user.findUnique({ where: { id: userId }, select: PUBLIC }));
      if (user) cache.set(userId, user);
      return user;
    },
    async findByEmail(email) {
      const user = await prisma.user.findUnique({
        where: { email },
        select: {
          ...PUBLIC,
          passwordHash: true,
          workspaces: { select: { id: true }, orderBy: { createdAt: 'asc' }, take: 1 },
        },
      });
      const workspace = user?.workspaces[0];
      return user && workspace ? { ...user, workspaceId: workspace.id } : null;
    },
    async recordLogin(userId, newHash) {
      await prisma.user.update({
        where: { id: userId },
        data: { lastLoginAt: new Date(), ...(newHash && { passwordHash: newHash }) },
        select: { id: true },
      });
    },
    countAdministrators: () => prisma.user.count({ where: { role: 'ADMINISTRATOR' } }),
  };
}
