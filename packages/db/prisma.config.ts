import { fileURLToPath } from 'node:url';
import { defineConfig } from 'prisma/config';

const fromHere = (path: string) => fileURLToPath(new URL(path, import.meta.url));

// Without this Prisma downloads its native schema engine. The replacement is the same engine as WebAssembly, from the
// npm registry. The variable may also name a native binary.
process.env.PRISMA_SCHEMA_ENGINE_BINARY ??= fromHere('./bin/schema-engine.mjs');

export default defineConfig({
  schema: fromHere('../../prisma/schema.prisma'),
  migrations: { path: fromHere('../../prisma/migrations') },
  // A URL without a server: `generate` and `validate` need no database, other commands report that it is missing.
  datasource: { url: process.env.DATABASE_DIRECT_URL || process.env.DATABASE_URL || 'postgresql://127.0.0.1:1/none' },
});
