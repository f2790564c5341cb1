import { fileURLToPath } from 'node:url';
import { defineConfig } from 'prisma/config';

const fromHere = (path: string) => fileURLToPath(new URL(path, import.meta.url));

// Prisma would download its native schema engine. The stand-in is the same engine as WebAssembly, from the registry
// that everything else comes from; who has the native binary may point this variable at it.
process.env.PRISMA_SCHEMA_ENGINE_BINARY ??= fromHere('./bin/schema-engine.mjs');

export default defineConfig({
  schema: fromHere('../../prisma/schema.prisma'),
  migrations: { path: fromHere('../../prisma/migrations') },
  // Nothing listens on that port: `generate` and `validate` need no database, everything else says that it is missing.
  datasource: { url: process.env.DATABASE_URL ?? 'postgresql://127.0.0.1:1/none' },
});
