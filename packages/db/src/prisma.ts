import { PrismaPg } from '@prisma/adapter-pg';
import { PrismaClient } from './generated/client.ts';
import type { Pool } from './pool.ts';

export type Database = PrismaClient;

/** Prisma on the same pool, for control-plane work. Hot SQL and SQL with locks uses the pool directly. */
export function createPrisma(pool: Pool): Database {
  return new PrismaClient({ adapter: new PrismaPg(pool, { disposeExternalPool: false }) });
}
