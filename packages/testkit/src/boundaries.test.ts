import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseSync } from 'oxc-parser';
import { describe, expect, it } from 'vitest';

/**
 * The allowed imports between packages, checked for every source file. The folder on the left may import these
 * workspace packages and no others. No app imports an app, but for the tests of the system.
 */
const MAY_IMPORT: Record<string, readonly string[]> = {
  'packages/contracts': [],
  'packages/kit': ['contracts'],
  'packages/db': ['contracts', 'kit'],
  'packages/egress': ['kit'],
  'packages/media': ['kit'],
  'packages/cluster': ['contracts', 'kit', 'db'],
  'packages/media-tools': ['kit'],
  'packages/messaging': ['contracts', 'kit', 'db', 'cluster'],
  'packages/testkit': ['contracts', 'kit', 'db'],
  'packages/observability': ['kit', 'messaging'],
  'packages/sdk': [],
  'apps/gateway': ['contracts', 'kit', 'db', 'cluster', 'egress', 'media', 'media-tools', 'messaging'],
  'apps/worker': ['contracts', 'kit', 'db', 'cluster', 'egress', 'media', 'messaging'],
  'apps/sandbox': ['kit'],
  'apps/e2e': [
    'contracts',
    'kit',
    'db',
    'cluster',
    'egress',
    'media',
    'media-tools',
    'messaging',
    'observability',
    'sdk',
    'testkit',
    // For the model of its spam detector, which needs no process.
    'sandbox',
  ],
  'apps/dashboard': ['sdk'],
};

const BAILEYS = '@whiskeysockets/baileys';
/** The data that the sandbox may take from Baileys: the protobuf schema and the token dictionary, no behaviour. */
const BAILEYS_DATA = /^@whiskeysockets\/baileys\/(WAProto|lib\/WABinary\/constants\.js)/;

interface Rule {
  what: string;
  package: RegExp;
  allowed: (file: string, specifier: string) => boolean;
}

const isTest = (file: string): boolean => /\.test\.ts$|\/testing\//.test(file) || file.startsWith('apps/e2e/');

/** Clients of the brokers of customers. */
const isSink = (file: string): boolean => file.startsWith('apps/gateway/src/jobs/sinks/');

/** Packages that only some folders may touch. */
const RESTRICTED: readonly Rule[] = [
  {
    what: 'Baileys',
    package: /^@whiskeysockets\/baileys/,
    allowed: (file, specifier) =>
      /^apps\/worker\/src\/(whatsapp|content)\//.test(file) ||
      isTest(file) ||
      (file.startsWith('apps/sandbox/') && BAILEYS_DATA.test(specifier)),
  },
  {
    what: 'libsignal',
    package: /^libsignal/,
    allowed: (file) => file.startsWith('apps/worker/src/whatsapp/') || isTest(file),
  },
  { what: 'the Prisma client', package: /^@prisma\//, allowed: (file) => file.startsWith('packages/db/') },
  { what: 'pg', package: /^pg$/, allowed: (file) => file.startsWith('packages/db/') || isTest(file) },
  {
    what: 'ioredis',
    package: /^ioredis$/,
    allowed: (file) => /^packages\/(kit|messaging)\//.test(file) || isSink(file),
  },
  {
    what: 'the client of a broker',
    package: /^(amqplib|@nats-io\/.*|@platformatic\/kafka)$/,
    allowed: (file) => isSink(file) || isTest(file),
  },
  {
    what: 'OpenTelemetry',
    package: /^@opentelemetry\//,
    allowed: (file) => file.startsWith('packages/kit/src/tracing/'),
  },
  {
    what: 'a library of media',
    package: /^(sharp|mediabunny|file-type|@libav\.js\/.*)$/,
    allowed: (file) => file.startsWith('packages/media-tools/') || isTest(file),
  },
  {
    what: 'the SDK of AWS',
    package: /^@aws-sdk\//,
    allowed: (file) => file.startsWith('packages/media/') || isSink(file),
  },
  { what: 'prom-client', package: /^prom-client$/, allowed: (file) => file.startsWith('packages/kit/') },
  { what: 'the test tools', package: /^(vitest|fast-check|@wa-gate\/testkit)$/, allowed: isTest },
];

/** Entries of packages beside their index: for the first lines of a program, which load nothing else. */
const ENTRIES_BESIDE = new Set(['@wa-gate/kit/engine']);

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const ownerOf = (file: string): string => file.split('/', 2).join('/');

/** The violation by one import, or `undefined`. */
function violation(file: string, specifier: string): string | undefined {
  const owner = ownerOf(file);
  const restricted = RESTRICTED.find((rule) => rule.package.test(specifier) && !rule.allowed(file, specifier));
  if (restricted) return `${restricted.what} may not be imported here`;
  const workspace = /^@wa-gate\/([^/]+)(.*)/.exec(specifier);
  if (workspace) {
    const [, name = '', inside] = workspace;
    if (inside && !ENTRIES_BESIDE.has(specifier)) return 'only the entry of a package may be imported';
    const isAllowed = MAY_IMPORT[owner]?.includes(name) || (name === 'testkit' && isTest(file));
    return isAllowed ? undefined : `${owner} may not import ${name}`;
  }
  if (owner === 'packages/contracts' && !isTest(file) && !/^(\.|typebox(\/format)?$)/.test(specifier)) {
    return 'contracts depends on typebox only';
  }
  return specifier.startsWith('.') ? relativeViolation(file, specifier) : undefined;
}

const MODULE = /^(apps\/[^/]+\/src\/modules\/[^/]+)\//;

function relativeViolation(file: string, specifier: string): string | undefined {
  const target = normalize(join(dirname(file), specifier));
  if (ownerOf(target) !== ownerOf(file)) return 'a relative import may not leave its package';
  if (!/\.(tsx?|mjs|json|css|svg)$/.test(specifier)) return 'a relative import names the file, with its extension';
  const [from, to] = [MODULE.exec(file)?.[1], MODULE.exec(target)?.[1]];
  // The index of a module exports no routes: they need the guards, which need other modules. Only `app.ts` registers
  // them.
  const isRegistered = file === 'apps/gateway/src/app.ts' && target.endsWith('.routes.ts');
  if (to && to !== from && !target.endsWith('/index.ts') && !isRegistered) return 'a module is imported by its index';
  if (file.endsWith('.routes.ts') && target.endsWith('.repository.ts'))
    return 'routes talk to services, not to repositories';
  return undefined;
}

const NOT_OURS = new Set(['node_modules', 'dist', 'bundle', 'generated']);

/** Source files below a folder, as paths from the root of the repository. */
function sourceFiles(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return NOT_OURS.has(entry.name) ? [] : sourceFiles(path);
    return /\.tsx?$/.test(entry.name) ? [path] : [];
  });
}
const allSources = (): string[] => [...sourceFiles('apps'), ...sourceFiles('packages')];

/** The imports and re-exports of a source, types included. */
function specifiersIn(file: string, source: string): string[] {
  const { errors, module } = parseSync(file, source);
  if (errors[0]) throw new Error(`${file}: ${errors[0].message}`);
  const exported = module.staticExports.flatMap(({ entries }) =>
    entries.map(({ moduleRequest }) => moduleRequest?.value),
  );
  const dynamic = module.dynamicImports.map(
    ({ moduleRequest: { start, end } }) => /^(['"])(.*)\1$/.exec(source.slice(start, end))?.[2],
  );
  const all = [...module.staticImports.map(({ moduleRequest }) => moduleRequest.value), ...exported, ...dynamic];
  return [...new Set(all.filter((specifier) => specifier !== undefined))];
}

const importsOf = (file: string): string[] => specifiersIn(file, readFileSync(join(ROOT, file), 'utf8'));

/** Files and the files that they import, types included. */
type ImportGraph = ReadonlyMap<string, readonly string[]>;

function importGraph(): ImportGraph {
  return new Map(
    allSources().map((file) => {
      const relative = importsOf(file).filter((specifier) => specifier.startsWith('.'));
      return [file, relative.map((specifier) => normalize(join(dirname(file), specifier)))];
    }),
  );
}

/** A circle for each import that closes one, as `a -> b -> a`. */
function circlesOf(graph: ImportGraph): string[] {
  const circles: string[] = [];
  const finished = new Set<string>();
  function follow(file: string, path: readonly string[]): void {
    const start = path.indexOf(file);
    if (start >= 0) circles.push([...path.slice(start), file].join(' -> '));
    if (start >= 0 || finished.has(file)) return;
    for (const target of graph.get(file) ?? []) follow(target, [...path, file]);
    finished.add(file);
  }
  for (const file of graph.keys()) follow(file, []);
  return circles;
}

describe('circles', () => {
  it.each<[string, Record<string, string[]>, string[]]>([
    ['none in a tree', { a: ['b', 'c'], b: ['c'], c: [] }, []],
    ['a file that imports itself', { a: ['a'] }, ['a -> a']],
    ['a way back', { a: ['b'], b: ['c'], c: ['b'] }, ['b -> c -> b']],
    ['two through one file', { a: ['b', 'c'], b: ['a'], c: ['a'] }, ['a -> b -> a', 'a -> c -> a']],
  ])('are found: %s', (_, graph, expected) => {
    expect(circlesOf(new Map(Object.entries(graph)))).toEqual(expected);
  });

  it('are seen through type imports, re-exports and dynamic imports', () => {
    const source =
      "import type { A } from './a.ts';\nexport { b } from './b.ts';\nexport type * from './c.ts';\nawait import('./d.ts');";
    expect(specifiersIn('x.ts', source).sort()).toEqual(['./a.ts', './b.ts', './c.ts', './d.ts']);
  });
});

describe('imports', () => {
  it('follow the rules everywhere', () => {
    const files = allSources();
    expect(files.length).toBeGreaterThan(200);
    const found = files.flatMap((file) =>
      importsOf(file).flatMap((specifier) => {
        const why = violation(file, specifier);
        return why ? [`${file}: '${specifier}': ${why}`] : [];
      }),
    );
    expect(found).toEqual([]);
  });

  it('go round in no circle, types included', () => {
    expect(circlesOf(importGraph())).toEqual([]);
  });

  it('of packages at run time take the default export, unless the package is an ES module: a bundle gives others no named ones', () => {
    const named = /(?<!typeof )\bimport\('(?!\.|node:|@prisma\/adapter-pg)/;
    const inBundles = allSources().filter((file) => !isTest(file) && /^(apps\/(gateway|worker)|packages)\//.test(file));
    const found = inBundles.flatMap((file) =>
      readFileSync(join(ROOT, file), 'utf8')
        .split('\n')
        .filter((line) => named.test(line) && !line.includes('{ default: '))
        .map((line) => `${file}: ${line.trim()}`),
    );
    expect(found).toEqual([]);
  });

  it('every package and app has its rule', () => {
    const owners = new Set(allSources().map(ownerOf));
    expect([...owners].filter((owner) => !MAY_IMPORT[owner])).toEqual([]);
  });

  it.each([
    ['packages/kit/src/a.ts', '@wa-gate/db'],
    ['packages/cluster/src/a.ts', '@wa-gate/messaging'],
    ['apps/sandbox/src/a.ts', '@wa-gate/cluster'],
    ['apps/gateway/src/a.ts', '@wa-gate/worker'],
    ['apps/gateway/src/a.ts', '../../worker/src/app.ts'],
    ['apps/gateway/src/a.ts', '@wa-gate/kit/dist/index.js'],
    ['apps/gateway/src/a.ts', '@wa-gate/testkit'],
    ['apps/gateway/src/a.ts', 'ioredis'],
    ['apps/gateway/src/a.ts', 'sharp'],
    ['apps/gateway/src/a.ts', './b'],
    ['apps/gateway/src/modules/a/a.ts', '../b/b.service.ts'],
    ['apps/gateway/src/modules/a/a.ts', '../b/b.routes.ts'],
    ['apps/gateway/src/modules/a/a.routes.ts', './a.repository.ts'],
    ['apps/worker/src/outbox/a.ts', BAILEYS],
    ['apps/sandbox/src/wire/a.ts', `${BAILEYS}/lib/Socket/socket.js`],
    ['apps/dashboard/src/a.ts', '@wa-gate/contracts'],
    ['packages/contracts/src/a.ts', 'node:crypto'],
  ])('%s may not import %s', (file, specifier) => {
    expect(violation(file, specifier)).toBeTypeOf('string');
  });

  it.each([
    ['apps/worker/src/whatsapp/a.ts', BAILEYS],
    ['apps/sandbox/src/wire/a.ts', `${BAILEYS}/lib/WABinary/constants.js`],
    ['apps/gateway/src/modules/a/a.ts', '../b/index.ts'],
    ['apps/gateway/src/app.ts', './modules/b/b.routes.ts'],
    ['apps/gateway/src/a.int.test.ts', '@wa-gate/testkit'],
    ['packages/messaging/src/a.ts', '@wa-gate/cluster'],
    ['apps/worker/src/entry.ts', '@wa-gate/kit/engine'],
    ['apps/dashboard/src/a.ts', '@wa-gate/sdk'],
  ])('%s may import %s', (file, specifier) => {
    expect(violation(file, specifier)).toBeUndefined();
  });
});
