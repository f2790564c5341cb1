import { PrismaPg } from '@prisma/adapter-pg';
import { PrismaClient } from './generated/client.ts';
import type { Pool } from './pool.ts';

export type Database = PrismaClient;

/** Prisma over our own pool, for control-plane work. Hot and lock-bearing SQL goes to the pool directly. */
export function createPrisma(pool: Pool): Database {
  return new PrismaClient({ adapter: new PrismaPg(pool, { disposeExternalPool: false }) });
}
