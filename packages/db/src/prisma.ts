import type { PrismaClient } from './generated/client.ts';
import type { Pool } from './pool.ts';

export type Database = PrismaClient;

/** The client, which is loaded and made by the first who asks for it: a process that never does, does without. */
export interface LazyDatabase {
  open(): Promise<Database>;
  close(): Promise<void>;
}

/** Prisma on the same pool, for control-plane work. Hot SQL and SQL with locks uses the pool directly. */
export function createPrisma(pool: Pool): LazyDatabase {
  let client: Promise<Database> | undefined;
  async function load(): Promise<Database> {
    const [{ PrismaPg }, { PrismaClient }] = await Promise.all([
      import('@prisma/adapter-pg'),
      import('./generated/client.ts'),
    ]);
    return new PrismaClient({ adapter: new PrismaPg(pool, { disposeExternalPool: false }) });
  }
  return {
    open() {
      client ??= load();
      return client;
    },
    close: async () => (await client)?.$disconnect(),
  };
}
