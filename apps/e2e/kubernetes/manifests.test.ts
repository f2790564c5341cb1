import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { metricsFrom } from '@wa-gate/kit';
import { QUEUE_NAMES } from '@wa-gate/messaging';
import { documentedVariables } from '@wa-gate/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { repositoryFile } from '../harness/repository.ts';
import { checkManifests, type Facts, readFacts } from './check/index.ts';
import {
  containersOf,
  environmentOf,
  isWorkload,
  type KubernetesObject,
  nameOf,
  ofKind,
  programOfImage,
  splitImage,
} from './objects.ts';
import { manifestsFolder, OVERLAYS, render, renderOverlay } from './render.ts';
import { schemaProblems } from './schema.ts';

const root = fileURLToPath(repositoryFile('./'));
const { PROGRAMS } = (await import(repositoryFile('scripts/lib/images/programs.mjs').href)) as {
  PROGRAMS: Record<string, { ports: Record<string, number> }>;
};
/** What is rendered: each overlay, and `production` with the Gateway API, and with a bucket for files. */
const VARIANTS = [...OVERLAYS, 'gateway-api', 'media-s3'] as const;
let rendered: Map<string, KubernetesObject[]>;
let facts: Facts;
const copy = mkdtempSync(join(tmpdir(), 'wa-gate-k8s-'));

beforeAll(async () => {
  facts = readFacts();
  rendered = new Map();
  for (const overlay of OVERLAYS) rendered.set(overlay, await renderOverlay(overlay));
  rendered.set(
    'gateway-api',
    await renderChanged((text) => text.replace('- ../../components/ingress', '- ../../components/gateway-api')),
  );
  rendered.set(
    'media-s3',
    await renderChanged((text) => text.replace('components:\n', 'components:\n  - ../../components/media-s3\n')),
  );
});
afterAll(() => rmSync(copy, { recursive: true, force: true }));

/** As docs/kubernetes.md says: another component in the overlay. */
async function renderChanged(change: (text: string) => string): Promise<KubernetesObject[]> {
  await cp(manifestsFolder, copy, { recursive: true });
  const file = join(copy, 'overlays/production/kustomization.yaml');
  const text = readFileSync(file, 'utf8');
  const changed = change(text);
  expect(changed).not.toBe(text);
  writeFileSync(file, changed);
  return render(join(copy, 'overlays/production'));
}

const objectsOf = (variant: string): KubernetesObject[] => rendered.get(variant)!;
/** The containers of all variants, with the objects that they are among. */
const everyContainer = () =>
  [...rendered.values()].flatMap((objects) =>
    objects.filter(isWorkload).flatMap((workload) =>
      containersOf(workload.spec.template).map((container) => ({
        program: programOfImage(container.image),
        container,
        environment: environmentOf(container, objects),
        workload,
      })),
    ),
  );

describe.each(VARIANTS)('the manifests of %s (MR-182)', (variant) => {
  test('fit the schemas, without a key that those do not know', async () => {
    const objects = objectsOf(variant);
    expect(objects.length).toBeGreaterThan(20);
    expect(await schemaProblems(objects)).toEqual([]);
  });

  test('fit each other and the code', () => {
    expect(checkManifests(objectsOf(variant), facts)).toEqual([]);
  });

  test('have what they are for', () => {
    const names = objectsOf(variant).map(nameOf);
    const wanted = {
      dev: ['StatefulSet/sandbox', 'StatefulSet/postgres', 'Deployment/redis'],
      production: [
        'Ingress/gateway',
        'HorizontalPodAutoscaler/gateway',
        'ScaledObject/worker',
        'ServiceMonitor/worker',
      ],
      'gateway-api': ['Gateway/wa-gate', 'HTTPRoute/gateway', 'ScaledObject/worker', 'PersistentVolumeClaim/media'],
      'media-s3': ['Ingress/gateway', 'ScaledObject/worker'],
    }[variant];
    expect(names).toEqual(expect.arrayContaining(wanted));
    for (const name of ['NetworkPolicy/default-deny', 'Job/migrate', 'PodDisruptionBudget/worker'])
      expect(names).toContain(name);
  });

  test('keep files in one place for all pods', () => {
    const ours = objectsOf(variant)
      .filter(isWorkload)
      .filter(({ metadata }) => ['gateway', 'jobs', 'worker'].includes(metadata.name));
    const claims = ours.map(({ spec }) =>
      (spec.template.spec.volumes ?? []).flatMap(({ persistentVolumeClaim: claim }) =>
        claim ? [(claim as { claimName: string }).claimName] : [],
      ),
    );
    expect(claims).toEqual(ours.map(() => (variant === 'media-s3' ? [] : ['media'])));
    expect(objectsOf(variant).map(nameOf).includes('PersistentVolumeClaim/media')).toBe(variant !== 'media-s3');
    const stores = ours.map(
      ({ spec }) =>
        environmentOf(spec.template.spec.containers[0]!, objectsOf(variant)).values.get('MEDIA_STORE') ?? 'local',
    );
    expect(stores).toEqual(ours.map(() => (variant === 'media-s3' ? 's3' : 'local')));
  });

  test('wait for the migration before anything of the version starts', () => {
    const ours = objectsOf(variant)
      .filter(isWorkload)
      .filter(
        ({ kind, spec }) =>
          kind !== 'Job' && /wa-gate\/(gateway|worker)$/.test(programOfImage(spec.template.spec.containers[0]!.image)),
      );
    expect(ours.map(({ metadata }) => metadata.name).sort()).toEqual(['gateway', 'jobs', 'worker']);
    for (const { spec } of ours) {
      const [first] = spec.template.spec.initContainers ?? [];
      expect(programOfImage(first!.image)).toBe('wa-gate/migrate');
      expect(first!.args).toEqual(['--wait']);
      expect(splitImage(first!.image).tag).toBe(splitImage(spec.template.spec.containers[0]!.image).tag);
    }
  });
});

describe('what the code has has a place in the manifests (MR-182)', () => {
  /** The files that list every variable, set or as a comment with its default. */
  test.each([
    ['Gateway', 'k8s/base/gateway.env', 'wa-gate/gateway'],
    ['Worker', 'k8s/base/worker.env', 'wa-gate/worker'],
    ['Sandbox', 'k8s/components/sandbox/sandbox.env', 'wa-gate/sandbox'],
  ])('each variable of the %s, in %s or in its containers', (heading, file, program) => {
    const lines = readFileSync(join(root, file), 'utf8').split('\n');
    const listed = new Map(
      lines.flatMap((line) => {
        const [, comment, name, value = ''] = /^(#?)([A-Z][A-Z0-9_]+)=(.*)$/.exec(line) ?? [];
        return name === undefined ? [] : [[name, { isComment: comment === '#', value }] as const];
      }),
    );
    const inContainers = new Set(
      everyContainer()
        .filter((one) => one.program === program)
        .flatMap(({ environment: { values, secrets, fields } }) => [
          ...values.keys(),
          ...secrets.keys(),
          ...fields.keys(),
        ]),
    );
    const documented = documentedVariables(heading);
    const missing = [...documented.keys()].filter((name) => !listed.has(name) && !inContainers.has(name));
    expect(missing, `add them to ${file}, as #NAME=default when nothing has to be set`).toEqual([]);
    const others = [...listed.keys()].filter((name) => !documented.has(name) && name !== 'NODE_OPTIONS');
    expect(others, `${file} lists what docs/configuration.md does not know`).toEqual([]);
    const wrong = [...listed].filter(
      ([name, { isComment, value }]) => isComment && documented.get(name)?.fallback !== value,
    );
    expect(
      wrong.map(([name]) => name),
      `the defaults of ${file} are not those of docs/configuration.md`,
    ).toEqual([]);
  });

  test('each process, in each role', () => {
    const apps = readdirSync(join(root, 'apps')).filter((app) => existsSync(join(root, 'apps', app, 'src/main.ts')));
    const programs = new Set(everyContainer().map(({ program }) => program));
    expect(
      apps.filter((app) => !programs.has(`wa-gate/${app}`)),
      'apps without a workload',
    ).toEqual([]);
    const made = [...programs].filter((program) => program.startsWith('wa-gate/'));
    expect(made.sort(), 'workloads and images').toEqual(
      Object.keys(PROGRAMS)
        .map((image) => `wa-gate/${image}`)
        .sort(),
    );
    const row = readFileSync(join(root, 'docs/configuration.md'), 'utf8').match(/^\| `ROLE` \|.*$/m)![0];
    const roles = [...row.matchAll(/`(\w+)`/g)].map(([, role = '']) => role).slice(2);
    expect(roles).toEqual(['api', 'jobs', 'all']);
    const played = new Set(everyContainer().map(({ environment }) => environment.values.get('ROLE')));
    // `all` is both in one process, for one machine.
    expect(
      roles.filter((role) => role !== 'all' && !played.has(role)),
      'roles without a workload',
    ).toEqual([]);
  });

  test('each port that a process listens on', () => {
    for (const [heading, program] of [
      ['Gateway', 'wa-gate/gateway'],
      ['Worker', 'wa-gate/worker'],
      ['Sandbox', 'wa-gate/sandbox'],
    ] as const) {
      const ports = [...documentedVariables(heading).values()].filter(
        ({ name, fallback }) => /^(?!SMTP).*PORT$/.test(name) && fallback !== '',
      );
      expect(ports.map(({ name }) => name).sort(), 'a new port needs its line in check/facts.ts').toEqual(
        [...facts.programs[program]!.ports].sort(),
      );
      const open = everyContainer()
        .filter((one) => one.program === program)
        .flatMap(({ container }) => container.ports ?? []);
      for (const { fallback } of ports)
        expect(open.map(({ containerPort }) => String(containerPort))).toContain(fallback);
    }
    for (const [image, { ports }] of Object.entries(PROGRAMS)) {
      for (const { container } of everyContainer().filter(({ program }) => program === `wa-gate/${image}`)) {
        const open = (container.ports ?? []).map(({ containerPort }) => containerPort);
        expect(new Set(open), `the ports of the image ${image}`).toEqual(new Set(Object.values(ports)));
      }
    }
  });

  test('each probe: those for orchestrators are asked, and those for scrapers are scraped', () => {
    const asked = (program: string) =>
      everyContainer()
        .filter((one) => one.program === program)
        .flatMap(({ container: { startupProbe, readinessProbe, livenessProbe } }) =>
          [startupProbe, readinessProbe, livenessProbe].map((probe) => probe?.httpGet?.path),
        );
    for (const program of ['wa-gate/gateway', 'wa-gate/worker']) {
      expect(facts.programs[program]!.probePaths).toEqual(expect.arrayContaining(['/livez', '/readyz', '/metrics']));
      expect(asked(program)).toEqual(expect.arrayContaining(['/livez', '/readyz']));
    }
    const scraped = ofKind(objectsOf('production'), 'ServiceMonitor').map(({ metadata }) => metadata.name);
    expect(scraped.sort()).toEqual(['gateway', 'jobs', 'worker']);
  });

  test('each queue has a scaler, or is emptied by what has one', () => {
    /** Lanes of the outbox: the owners of the sessions empty them. Mails: few, and the jobs have a scaler. */
    const emptiedByOthers: string[] = [QUEUE_NAMES.messages, QUEUE_NAMES.broadcasts, QUEUE_NAMES.mails];
    const queries = ofKind(objectsOf('production'), 'ScaledObject').flatMap(({ spec }) =>
      (spec as { triggers: { metadata: { query: string } }[] }).triggers.map(({ metadata }) => metadata.query),
    );
    const without = Object.values(QUEUE_NAMES).filter(
      (queue) => !emptiedByOthers.includes(queue) && !queries.some((query) => query.includes(`queue="${queue}"`)),
    );
    expect(without).toEqual([]);
    const metrics = queries.map((query) => /\((\w+)/.exec(query)![1]!);
    const served: string[] = metricsFrom('gateway', 'jobs');
    expect(metrics.filter((name) => !served.includes(name))).toEqual([]);
    expect(metrics).toContain('wag_autoscaling_desired_workers');
  });
});
