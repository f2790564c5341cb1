/**
 * Tests the replacement of the native engine with the real Prisma CLI and a real PostgreSQL: the usual migration
 * commands work, and nothing is downloaded (the CLI gets the path of its engine).
 */
import { spawn } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { applyMigrations } from './engine/apply-migrations.mjs';

const HERE = import.meta.dirname;
const PACKAGE = join(HERE, '..');
const ENGINE = join(HERE, 'schema-engine.mjs');
const PRISMA = join(PACKAGE, 'node_modules', '.bin', 'prisma');

const FIRST_SCHEMA = `
generator client {
  provider = "prisma-client"
  output   = "./generated"
}

datasource db {
  provider = "postgresql"
}

model Account {
  id    String   @id @default(uuid()) @db.Uuid
  email String   @unique
  tags  String[]
}
`;
const SECOND_SCHEMA = FIRST_SCHEMA.replace('tags  String[]', 'tags  String[]\n  balance BigInt @default(0)');

/** Milliseconds. A command takes a second of CPU time, which is long on a busy machine. A test runs up to five. */
const CLI_MS = 300_000;

/** Semicolons inside a function body and a literal: a script that is split at semicolons fails on them. */
const FUNCTION_SQL = `
CREATE FUNCTION touch() RETURNS trigger AS $$
BEGIN
  NEW.email := lower(NEW.email); -- a statement; and another
  RETURN NEW;
END;
$$ LANGUAGE plpgsql;
CREATE TRIGGER touch BEFORE INSERT ON "Account" FOR EACH ROW EXECUTE FUNCTION touch();
INSERT INTO "Account" (id, email) VALUES ('00000000-0000-7000-8000-000000000001', 'A;B@EXAMPLE.COM');
`;

interface Result {
  code: number | null;
  output: string;
}

/** A Prisma project in a folder of its own, with a database of its own. */
class Project {
  readonly folder = mkdtempSync(join(PACKAGE, 'node_modules', '.schema-engine-test-'));
  readonly database = `engine_${randomUUID().slice(0, 8)}`;
  readonly url = this.urlOf(this.database);
  readonly migrations = join(this.folder, 'migrations');

  constructor(schema: string) {
    this.write('schema.prisma', schema);
    this.write(
      'prisma.config.ts',
      `import { defineConfig } from 'prisma/config';
       export default defineConfig({
         schema: 'schema.prisma', migrations: { path: 'migrations' }, datasource: { url: process.env.DATABASE_URL! },
       });`,
    );
  }

  urlOf(database: string): string {
    const url = new URL(process.env.TEST_DATABASE_URL ?? '');
    url.pathname = `/${database}`;
    return url.href;
  }

  write(path: string, content: string): void {
    const file = join(this.folder, path);
    mkdirSync(join(file, '..'), { recursive: true });
    writeFileSync(file, content);
  }

  prisma(...args: string[]): Promise<Result> {
    return new Promise((resolve) => {
      const child = spawn(PRISMA, args, {
        cwd: this.folder,
        env: {
          PATH: process.env.PATH,
          DATABASE_URL: this.url,
          PRISMA_SCHEMA_ENGINE_BINARY: ENGINE,
          CHECKPOINT_DISABLE: '1',
          PRISMA_HIDE_UPDATE_MESSAGE: '1',
        },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      let output = '';
      child.stdout.on('data', (chunk: Buffer) => {
        output += chunk.toString('utf8');
      });
      child.stderr.on('data', (chunk: Buffer) => {
        output += chunk.toString('utf8');
      });
      child.once('close', (code) => resolve({ code, output }));
    });
  }

  migrationNames(): string[] {
    return readdirSync(this.migrations).filter((name) => name !== 'migration_lock.toml');
  }

  async query(sql: string, url = this.url): Promise<Record<string, unknown>[]> {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    try {
      return (await client.query(sql)).rows;
    } finally {
      await client.end();
    }
  }

  async remove(): Promise<void> {
    const databases = await this.query(
      `SELECT datname FROM pg_database WHERE datname LIKE '${this.database}%'`,
      this.urlOf('postgres'),
    );
    for (const { datname } of databases) {
      await this.query(`DROP DATABASE "${String(datname)}" WITH (FORCE)`, this.urlOf('postgres'));
    }
    rmSync(this.folder, { recursive: true, force: true });
  }
}

describe('the Prisma CLI over the WebAssembly engine', { timeout: CLI_MS }, () => {
  let project: Project;

  beforeAll(async () => {
    project = new Project(FIRST_SCHEMA);
    await project.query(`CREATE DATABASE ${project.database}`, project.urlOf('postgres'));
    const created = await project.prisma('migrate', 'dev', '--name', 'first');
    expect(created.output).toContain('in sync with your schema');
  }, CLI_MS);

  afterAll(() => project.remove());

  test('creates and applies a migration, and says so afterwards', async () => {
    expect(project.migrationNames()).toEqual([expect.stringMatching(/^\d{14}_first$/)]);
    const status = await project.prisma('migrate', 'status');
    expect(status).toMatchObject({ code: 0, output: expect.stringContaining('Database schema is up to date') });
  });

  test('records the migration as the native engine does: with the SHA-256 of its script', async () => {
    const [name = ''] = project.migrationNames();
    const script = readFileSync(join(project.migrations, name, 'migration.sql'));
    expect(await project.query('SELECT migration_name, checksum, applied_steps_count FROM _prisma_migrations')).toEqual(
      [{ migration_name: name, checksum: createHash('sha256').update(script).digest('hex'), applied_steps_count: 1 }],
    );
  });

  test('finds the difference between the database and a changed schema', async () => {
    project.write('next.prisma', SECOND_SCHEMA);
    const between = ['migrate', 'diff', '--from-config-datasource', '--to-schema'];
    expect(await project.prisma(...between, 'schema.prisma', '--exit-code')).toMatchObject({ code: 0 });
    const changed = await project.prisma(...between, 'next.prisma', '--script', '--exit-code');
    expect(changed.code).toBe(2);
    expect(changed.output).toContain('ADD COLUMN     "balance" BIGINT NOT NULL DEFAULT 0');
  });

  test('finds the difference between the migrations and the schema, through a shadow database that it drops', async () => {
    const args = ['migrate', 'diff', '--from-migrations', 'migrations', '--to-schema', 'schema.prisma', '--exit-code'];
    expect(await project.prisma(...args)).toMatchObject({ code: 0 });
    const shadows = `SELECT datname FROM pg_database WHERE datname LIKE 'prisma_migrate_shadow%'`;
    expect(await project.query(shadows, project.urlOf('postgres'))).toEqual([]);
  });

  test('refuses to go on when the database drifted from the migrations', async () => {
    await project.query('ALTER TABLE "Account" ADD COLUMN sneaked text');
    const drifted = await project.prisma('migrate', 'dev', '--name', 'never');
    expect(drifted.code).not.toBe(0);
    expect(drifted.output).toMatch(/Drift detected/);
    await project.query('ALTER TABLE "Account" DROP COLUMN sneaked');
  });

  test('creates a further migration only', async () => {
    project.write('schema.prisma', SECOND_SCHEMA);
    const created = await project.prisma('migrate', 'dev', '--create-only', '--name', 'second');
    expect(created.code).toBe(0);
    expect(project.migrationNames()).toHaveLength(2);
    const status = await project.prisma('migrate', 'status');
    expect(status).toMatchObject({ code: 1, output: expect.stringMatching(/have not yet been applied/) });
    expect(await project.prisma('migrate', 'deploy')).toMatchObject({ code: 0 });
  });

  test('runs a script with function bodies and semicolons in literals', async () => {
    project.write('migrations/20990101000000_function/migration.sql', FUNCTION_SQL);
    expect(await project.prisma('migrate', 'deploy')).toMatchObject({ code: 0 });
    expect(await project.query('SELECT email FROM "Account"')).toEqual([{ email: 'a;b@example.com' }]);
  });

  test('marks a failing migration, refuses to go on, and lets it be resolved', async () => {
    const name = '20990102000000_broken';
    project.write(`migrations/${name}/migration.sql`, 'CREATE TABLE half (id int); SELECT no_such_function();');
    const failed = await project.prisma('migrate', 'deploy');
    expect(failed.code).toBe(1);
    expect(failed.output).toContain('no_such_function');
    expect(await project.prisma('migrate', 'deploy')).toMatchObject({
      code: 1,
      output: expect.stringContaining('P3009'),
    });

    expect(await project.prisma('migrate', 'resolve', '--rolled-back', name)).toMatchObject({ code: 0 });
    rmSync(join(project.migrations, name), { recursive: true });
    expect(await project.prisma('migrate', 'deploy')).toMatchObject({ code: 0 });
  });

  test('tells a server that is not there from a password that is wrong', async () => {
    const away = new Project(FIRST_SCHEMA);
    away.write('migrations/20990101000000_one/migration.sql', 'SELECT 1;');
    away.write('migrations/migration_lock.toml', 'provider = "postgresql"\n');
    Object.assign(away, { url: 'postgresql://nobody:x@127.0.0.1:1/none' });
    const unreachable = await away.prisma('migrate', 'deploy');
    expect(unreachable).toMatchObject({ code: 1, output: expect.stringMatching(/Can't reach database server/) });
    const wrong = new URL(project.url);
    wrong.password = 'wrong';
    Object.assign(away, { url: wrong.href });
    const refused = await away.prisma('migrate', 'deploy');
    expect(refused).toMatchObject({ code: 1, output: expect.stringMatching(/P1000|Authentication failed/) });
    rmSync(away.folder, { recursive: true, force: true });
  });
});

describe('applying migrations without the CLI', { timeout: CLI_MS }, () => {
  let project: Project;

  beforeAll(() => {
    project = new Project(FIRST_SCHEMA);
    project.write('migrations/migration_lock.toml', 'provider = "postgresql"\n');
    project.write('migrations/20990101000000_one/migration.sql', 'CREATE TABLE one (id int PRIMARY KEY);');
    project.write('migrations/20990102000000_two/migration.sql', 'INSERT INTO one VALUES (2); SELECT pg_sleep(0.3);');
  });

  afterAll(() => project.remove());

  test('three at once on a database that does not exist: each migration is applied once', async () => {
    const runs = await Promise.all(
      Array.from({ length: 3 }, () => applyMigrations({ url: project.url, migrationsDir: project.migrations })),
    );
    expect(runs.flat().sort()).toEqual(['20990101000000_one', '20990102000000_two']);
    expect(await project.query('SELECT id FROM one')).toEqual([{ id: 2 }]);
    expect(await project.query('SELECT count(*)::int AS rows FROM _prisma_migrations')).toEqual([{ rows: 2 }]);
  });

  test('the CLI agrees that nothing is left to do', async () => {
    expect(await project.prisma('migrate', 'deploy')).toMatchObject({
      code: 0,
      output: expect.stringContaining('No pending migrations to apply'),
    });
  });

  test('three CLI deploys at once: one applies, the others find it done', async () => {
    const other = new Project(FIRST_SCHEMA);
    other.write('migrations/migration_lock.toml', 'provider = "postgresql"\n');
    other.write('migrations/20990101000000_one/migration.sql', 'CREATE TABLE one (id int); SELECT pg_sleep(0.3);');
    await other.query(`CREATE DATABASE ${other.database}`, other.urlOf('postgres'));
    const runs = await Promise.all(Array.from({ length: 3 }, () => other.prisma('migrate', 'deploy')));
    expect(runs.map(({ code }) => code)).toEqual([0, 0, 0]);
    expect(await other.query('SELECT count(*)::int AS rows FROM _prisma_migrations')).toEqual([{ rows: 1 }]);
    await other.remove();
  });

  test('a failing script is an error with the words of PostgreSQL', async () => {
    project.write('migrations/20990103000000_broken/migration.sql', 'SELECT no_such_function();');
    await expect(applyMigrations({ url: project.url, migrationsDir: project.migrations })).rejects.toThrow(
      /no_such_function/,
    );
  });

  test('a schema of its own in the URL holds the tables', async () => {
    const url = `${project.urlOf(`${project.database}_tenant`)}?schema=tenant`;
    rmSync(join(project.migrations, '20990103000000_broken'), { recursive: true });
    await applyMigrations({ url, migrationsDir: project.migrations });
    expect(await project.query('SELECT id FROM tenant.one', project.urlOf(`${project.database}_tenant`))).toEqual([
      { id: 2 },
    ]);
  });
});
