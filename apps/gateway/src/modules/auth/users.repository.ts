import type { Database, UserRole, UserTier } from '@wa-gate/db';

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

export interface UsersRepository {
  find(userId: string): Promise<UserRecord | null>;
  findByEmail(email: string): Promise<UserWithSecrets | null>;
  recordLogin(userId: string, newHash: string | undefined): Promise<void>;
  countAdministrators(): Promise<number>;
}

const PUBLIC = { id: true, email: true, name: true, role: true, tier: true, isActive: true, createdAt: true } as const;

export function createUsersRepository(prisma: Database): UsersRepository {
  return {
    find: (userId) => prisma.user.findUnique({ where: { id: userId }, select: PUBLIC }),
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
