import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { documentedVariables } from './configuration-table.ts';

/**
 * Every process, variable and port of the code has its place in `deploy/`: images, compose, PM2 and their documents.
 * The tables of docs/configuration.md stand for the code, because tests of each process compare them with its schema.
 */

const ROOT = new URL('../../../', import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, ROOT), 'utf8');

interface Program {
  folder: string;
  ports: Record<string, number>;
  health: [variable: string, path: string] | null;
}
const { PROGRAMS } = (await import(new URL('scripts/lib/images/programs.mjs', ROOT).href)) as {
  PROGRAMS: Record<string, Program>;
};
const HEADINGS: Record<string, string> = { gateway: 'Gateway', worker: 'Worker', sandbox: 'Sandbox' };
/** Of the migrations, which have no table of their own. */
const MIGRATE = ['DATABASE_URL'];
const variablesOf = (image: string): string[] =>
  image === 'migrate' ? MIGRATE : [...documentedVariables(HEADINGS[image]!).keys()];

/** What the page says that a process needs, without `SANDBOX_URL`, which depends on the network. */
function neededBy(image: string): string[] {
  if (image === 'migrate') return MIGRATE;
  const section = read('docs/configuration.md')
    .split(/^## /m)
    .find((part) => part.startsWith(`${HEADINGS[image]}\n`))!;
  const [, sentence = ''] = /^Needed: (.*)\.(?:\s|$)/m.exec(section) ?? [];
  return [...sentence.matchAll(/`(\w+)`/g)].map(([, name]) => name!).filter((name) => name !== 'SANDBOX_URL');
}

/** The variable that a setting is about: `NAME_FILE` gives `NAME`. */
const named = (setting: string, variables: readonly string[]): string =>
  variables.includes(setting) ? setting : setting.replace(/_FILE$/, '');

interface Service {
  image: string;
  environment?: Record<string, string | number>;
  env_file?: { path: string; required: boolean }[];
  secrets?: string[];
  volumes?: string[];
  ports?: string[];
  networks?: string[] | Record<string, { aliases?: string[] }>;
  depends_on?: Record<string, { condition: string }>;
  healthcheck?: object;
  profiles?: string[];
  read_only?: boolean;
  stop_grace_period?: string;
  restart: string;
}
interface Compose {
  services: Record<string, Service>;
  volumes: Record<string, object>;
  networks: Record<string, { internal?: boolean }>;
  secrets: Record<string, { file: string }>;
}
const compose = parse(read('deploy/compose.yaml'), { merge: true }) as Compose;
const services = Object.entries(compose.services);
/** The image of ours that a service runs. */
const imageOf = ({ image }: Service): string | undefined => /wa-gate\/(\w+):/.exec(image)?.[1];
const ours = services.filter(([, service]) => imageOf(service) !== undefined);
const namesOn = (network: string): Set<string> =>
  new Set(
    services.flatMap(([name, { networks = [] }]) => {
      if (Array.isArray(networks)) return networks.includes(network) ? [name] : [];
      return network in networks ? [name, ...(networks[network]!.aliases ?? [])] : [];
    }),
  );

describe('the images (MR-181)', () => {
  const dockerfile = read('deploy/docker/Dockerfile');
  const stageOf = (image: string): string =>
    dockerfile.split(/^FROM /m).find((stage) => stage.startsWith(`runtime AS ${image}\n`))!;

  it('there is one for each program of this repository', () => {
    const apps = readdirSync(new URL('apps', ROOT)).filter((app) =>
      existsSync(new URL(`apps/${app}/src/main.ts`, ROOT)),
    );
    const folders = apps.map((app) => `apps/${app}`);
    expect(Object.values(PROGRAMS).map(({ folder }) => folder)).toEqual(expect.arrayContaining(folders));
  });

  it.each(Object.keys(PROGRAMS))('%s: a target with its program, ports and health check', (image) => {
    const { folder, ports, health } = PROGRAMS[image]!;
    const stage = stageOf(image);
    expect(stage).toContain(`ENTRYPOINT ["/app/tini", "--", "node", "/app/${folder}/bundle/main.js"]`);
    const exposed = [...stage.matchAll(/^EXPOSE (.*)$/gm)].flatMap(([, list]) => list!.split(' ').map(Number));
    expect(exposed).toEqual(Object.values(ports));
    const check = health
      ? `HEALTHCHECK --.* CMD \\["node", "/app/healthcheck.mjs", "${health[0]}", "${health[1]}"\\]`
      : 'HEALTHCHECK NONE';
    expect(stage).toMatch(new RegExp(check));
    for (const [, name] of stage.matchAll(/(?:^ENV| )([A-Z][A-Z0-9_]*)=/g)) {
      expect([...variablesOf(image), 'NODE_OPTIONS'], name).toContain(name);
    }
  });

  it('every port of a process is in its image', () => {
    for (const image of Object.keys(HEADINGS)) {
      const variables = documentedVariables(HEADINGS[image]!);
      const ports = [...variables.values()].filter(({ name }) => /^(?:\w+_)?PORT$/.test(name) && name !== 'SMTP_PORT');
      const known = Object.entries(PROGRAMS[image]!.ports);
      expect(known.map(([name]) => name).sort()).toEqual(ports.map(({ name }) => name).sort());
      for (const { name, fallback } of ports.filter((one) => one.fallback !== '')) {
        expect(PROGRAMS[image]!.ports[name], name).toBe(Number(fallback));
      }
    }
  });

  it('a health check asks what the process answers', () => {
    const { paths } = JSON.parse(read('apps/gateway/openapi.json')) as { paths: Record<string, object> };
    expect(paths).toHaveProperty([PROGRAMS.gateway!.health![1]]);
    expect(read('apps/worker/src/live/probe-routes.ts')).toContain(`app.get('${PROGRAMS.worker!.health![1]}'`);
    expect(read('apps/sandbox/src/control/server.ts')).toContain(`'${PROGRAMS.sandbox!.health![1]}'`);
  });

  it('README.md lists each with its program and ports', () => {
    const rows = read('deploy/README.md').split('\n');
    for (const [image, { folder, ports }] of Object.entries(PROGRAMS)) {
      const row = rows.find((line) => line.startsWith(`| \`wa-gate/${image}\` |`)) ?? '';
      expect(row, image).toContain(`\`${folder}/bundle/main.js\``);
      for (const [variable, port] of Object.entries(ports)) {
        expect(row, image).toContain(String(port));
        expect(row, image).toContain(`\`${variable}\``);
      }
    }
  });

  it('no image is built from what is private, or from what was built outside', () => {
    const ignored = read('.dockerignore').split('\n');
    const needed = [
      '.git',
      '**/node_modules',
      '**/dist',
      '**/bundle',
      '.env',
      '.wa-gate',
      'deploy/secrets',
      'deploy/.env',
    ];
    expect(ignored).toEqual(expect.arrayContaining(needed));
  });
});

describe('compose.yaml', () => {
  it('runs every image and every role', () => {
    expect(new Set(ours.map(([, service]) => imageOf(service)))).toEqual(new Set(Object.keys(PROGRAMS)));
    const roles = ours.flatMap(([, { environment = {} }]) => (environment.ROLE ? [environment.ROLE] : []));
    expect(roles.sort()).toEqual(['api', 'api', 'jobs']);
    const networks = ours
      .filter(([, service]) => imageOf(service) === 'worker')
      .map(([, { environment }]) => environment!.NETWORK);
    expect(networks).toEqual(['live', 'live', 'sandbox']);
  });

  it.each(ours)('%s: what it is told are variables of the process, and all that it needs', (_name, service) => {
    const image = imageOf(service)!;
    const variables = variablesOf(image);
    const told = Object.keys(service.environment ?? {}).map((setting) => named(setting, variables));
    expect(told.filter((name) => !variables.includes(name))).toEqual([]);
    expect(neededBy(image).filter((name) => !told.includes(name))).toEqual([]);
    if (service.environment?.NETWORK === 'sandbox') expect(told).toContain('SANDBOX_URL');
  });

  it.each(ours)('%s: may be told everything else in a file of its own', (_name, service) => {
    const image = imageOf(service)!;
    const files: Record<string, string[]> = {
      gateway: ['gateway.env'],
      worker: ['worker.env'],
      sandbox: [],
      migrate: [],
    };
    expect((service.env_file ?? []).map(({ path, required }) => [path, required])).toEqual(
      files[image]!.map((path) => [path, false]),
    );
  });

  it.each(ours)('%s: not root, nothing to write, and time enough for an orderly end', (_name, service) => {
    expect(service).toMatchObject({ read_only: true, cap_drop: ['ALL'], security_opt: ['no-new-privileges:true'] });
    const grace = Number(service.environment?.SHUTDOWN_GRACE_MS ?? 8_000);
    expect(Number.parseInt(service.stop_grace_period!, 10) * 1_000).toBeGreaterThan(grace);
  });

  it.each(ours)('%s: is reached where the others look for it', (name, service) => {
    const { environment = {} } = service;
    const port = Number(/:(\d+)$/.exec(String(environment.WORKER_ENDPOINT ?? ''))?.[1]);
    if (imageOf(service) === 'worker') {
      expect(environment.WORKER_ENDPOINT).toBe(`http://${name}:${PROGRAMS.worker!.ports.PORT}`);
      expect(port).toBe(PROGRAMS.worker!.ports.PORT);
      expect(environment.WORKER_ID).toBe(name);
    }
    for (const [variable, image, portName] of [
      ['GATEWAY_URL', 'gateway', 'PORT'],
      ['SANDBOX_URL', 'sandbox', 'SANDBOX_PORT'],
    ] as const) {
      if (environment[variable] === undefined) continue;
      const { hostname, port: asked } = new URL(String(environment[variable]));
      expect(namesOn('inside')).toContain(hostname);
      expect(Number(asked)).toBe(PROGRAMS[image]!.ports[portName]);
    }
  });

  it('what waits for a health check waits for a service that has one', () => {
    for (const [name, { depends_on: needs = {} }] of services) {
      for (const [other, { condition }] of Object.entries(needs)) {
        const service = compose.services[other];
        expect(service, `${name} needs ${other}`).toBeDefined();
        const image = imageOf(service!);
        const hasCheck = service!.healthcheck !== undefined || (image && PROGRAMS[image]!.health !== null);
        if (condition === 'service_healthy') expect(hasCheck, other).toBeTruthy();
        else expect([condition, image, service!.restart]).toEqual(['service_completed_successfully', 'migrate', 'no']);
      }
    }
  });

  it('secrets, volumes and networks are declared, used, and made', () => {
    const used = new Set(services.flatMap(([, service]) => service.secrets ?? []));
    expect(used).toEqual(new Set(Object.keys(compose.secrets)));
    const made = [...read('deploy/prepare.mjs').matchAll(/^ {2,4}(?:\[)?'([\w.]+)'/gm)].map(([, name]) => name);
    for (const { file } of Object.values(compose.secrets)) expect(made).toContain(file.replace('secrets/', ''));
    for (const [name, { environment = {}, secrets = [] }] of services) {
      for (const value of Object.values(environment)
        .map(String)
        .filter((text) => text.startsWith('/run/secrets/'))) {
        expect(secrets, name).toContain(value.replace('/run/secrets/', ''));
      }
    }
    const mounts = services.flatMap(([, service]) => service.volumes ?? []).map((text) => text.split(':'));
    const volumes = mounts.map(([source]) => source!).filter((source) => !source.startsWith('.'));
    expect(new Set(volumes)).toEqual(new Set(Object.keys(compose.volumes)));
    const networks = services.flatMap(([, { networks: list = [] }]) =>
      Array.isArray(list) ? list : Object.keys(list),
    );
    expect(new Set(networks)).toEqual(new Set(Object.keys(compose.networks)));
  });

  it('what is mounted from here is here', () => {
    const made = ['./nginx/certificates', './nginx/acme'];
    const sources = services
      .flatMap(([, service]) => service.volumes ?? [])
      .map((text) => text.replace(/\$\{\w+:-(\w+)\}/g, '$1').split(':')[0]!)
      .filter((source) => source.startsWith('.') && !made.includes(source));
    expect(sources.length).toBeGreaterThan(1);
    expect(sources.filter((source) => !existsSync(new URL(`deploy/${source.slice(2)}`, ROOT)))).toEqual([]);
  });

  it('databases are reached from inside alone, and what leaves the machine is what has to', () => {
    expect(compose.networks.inside).toEqual({ internal: true });
    const published = services.filter(([, { ports = [] }]) => ports.some((port) => !port.startsWith('127.0.0.1:')));
    expect(published.map(([name]) => name)).toEqual(['nginx']);
    expect(
      services.filter(([, { ports = [] }]) => ports.length > 0).every(([name]) => namesOn('outside').has(name)),
    ).toBe(true);
  });

  it('every image of another maker has a version, and can be replaced', () => {
    const foreign = services.filter(([, service]) => imageOf(service) === undefined).map(([, { image }]) => image);
    for (const image of foreign) expect(image).toMatch(/^\$\{[A-Z0-9]+_IMAGE:-docker\.io\/[\w/.-]+:[\w.-]+\}$/);
  });
});

describe('ecosystem.config.cjs (MR-179)', () => {
  interface App {
    name: string;
    script: string;
    exec_mode: string;
    instances: number;
    kill_timeout: number;
    listen_timeout: number;
    wait_ready: boolean;
    env: Record<string, string>;
  }
  const NEEDED = ['DATABASE_URL', 'REDIS_URL', 'WAG_MASTER_KEY', 'WORKER_AUTH_TOKEN'];
  const { apps } = readEcosystem();

  /** With the needed variables set while it is read, as by the environment of PM2. */
  function readEcosystem(): { apps: App[] } {
    const require = createRequire(import.meta.url);
    const before = { ...process.env };
    try {
      Object.assign(process.env, Object.fromEntries(NEEDED.map((name) => [name, 'x'])), { WAG_ENV_FILE: '/nowhere' });
      for (const name of ['PORT', 'HOST', 'NETWORK', 'WORKER_ID', 'GATEWAY_URL']) delete process.env[name];
      return require(fileURLToPath(new URL('deploy/ecosystem.config.cjs', ROOT))) as { apps: App[] };
    } finally {
      for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
      Object.assign(process.env, before);
    }
  }
  const imageOfApp = ({ script }: App): string =>
    Object.keys(PROGRAMS).find((image) => script === `${PROGRAMS[image]!.folder}/bundle/main.js`)!;

  it('runs both roles of the gateway and two workers', () => {
    expect(
      apps.map(({ name, exec_mode: mode, instances, env }) => [name, mode, instances, env.ROLE ?? env.NETWORK]),
    ).toEqual([
      ['gateway', 'cluster', 2, 'api'],
      ['jobs', 'fork', 1, 'jobs'],
      ['worker-1', 'fork', 1, 'live'],
      ['worker-2', 'fork', 1, 'live'],
    ]);
  });

  it.each(apps)('$name: what it is told are variables of the process, and all that it needs', (app) => {
    const image = imageOfApp(app);
    const variables = variablesOf(image);
    expect(Object.keys(app.env).filter((name) => !variables.includes(name))).toEqual([]);
    const told = [...Object.keys(app.env), ...NEEDED];
    expect(neededBy(image).filter((name) => !told.includes(name))).toEqual([]);
  });

  it.each(apps)('$name: is waited for, and has time for an orderly end', (app) => {
    expect(app.wait_ready).toBe(true);
    expect(app.kill_timeout).toBeGreaterThan(Number(app.env.SHUTDOWN_GRACE_MS));
    // PM2 ends the process before when this time is over, ready or not.
    expect(app.listen_timeout).toBeGreaterThanOrEqual(60_000);
  });

  it('ports are told apart, and workers are reached at theirs', () => {
    const ports = apps.map(({ env }) => env.PORT);
    expect(new Set(ports).size).toBe(apps.length);
    for (const { env } of apps.filter(({ env: { WORKER_ID: id } }) => id)) {
      expect(env.WORKER_ENDPOINT).toBe(`http://${env.HOST}:${env.PORT}`);
      expect(env.GATEWAY_URL).toBe(`http://127.0.0.1:${apps[0]!.env.PORT}`);
    }
  });
});
