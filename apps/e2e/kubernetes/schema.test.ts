// biome-ignore-all lint/suspicious/noAssignInExpressions: each mistake is one assignment in a table
import { beforeAll, describe, expect, test } from 'vitest';
import { type KubernetesObject, need } from './objects.ts';
import { renderOverlay } from './render.ts';
import { schemaProblems } from './schema.ts';

let rendered: KubernetesObject[];
beforeAll(async () => {
  rendered = await renderOverlay('production');
});

// biome-ignore lint/suspicious/noExplicitAny: mistakes are made in places that types would not allow
type Loose = any;

const MISTAKES: [what: string, kind: string, name: string, make: (spec: Loose) => void, sentence: RegExp][] = [
  ['a wrong type', 'Deployment', 'jobs', (spec) => void (spec.replicas = 'two'), /Deployment\/jobs: .*replicas/],
  [
    'a missing field',
    'Deployment',
    'jobs',
    (spec) => void delete spec.template.spec.containers[0].name,
    /Deployment\/jobs: .*name/,
  ],
  [
    'a quantity that is none',
    'Deployment',
    'jobs',
    (spec) => void (spec.template.spec.containers[0].resources.limits.memory = '256MB'),
    /Deployment\/jobs: .*memory/,
  ],
  [
    'a misspelled key',
    'Deployment',
    'jobs',
    (spec) => void (spec.template.spec.containers[0].prts = []),
    /does not know spec\.template\.spec\.containers\[0\]\.prts/,
  ],
  [
    'a key at the wrong depth',
    'StatefulSet',
    'worker',
    (spec) => void (spec.terminationGracePeriodSeconds = 90),
    /does not know spec\.terminationGracePeriodSeconds/,
  ],
  [
    'a misspelled key of KEDA',
    'ScaledObject',
    'worker',
    (spec) => void (spec.minReplicas = 2),
    /does not know spec\.minReplicas/,
  ],
  [
    'a misspelled key of the Prometheus operator',
    'ServiceMonitor',
    'worker',
    (spec) => void (spec.endpoints[0].intervall = '15s'),
    /does not know spec\.endpoints\[0\]\.intervall/,
  ],
  [
    'a duration that is none',
    'ServiceMonitor',
    'worker',
    (spec) => void (spec.endpoints[0].interval = 'often'),
    /ServiceMonitor\/worker: .*interval/,
  ],
];

describe('schemas (MR-182)', () => {
  test.each(MISTAKES)('find %s', async (_what, kind, name, make, sentence) => {
    const object = structuredClone(need(rendered, kind, name));
    make(object.spec);
    expect((await schemaProblems([object])).join('\n')).toMatch(sentence);
  });

  test('an object without a schema is no object that is right', async () => {
    const object = { ...need(rendered, 'Deployment', 'jobs'), apiVersion: 'apps/v1beta1' };
    expect(await schemaProblems([object])).toEqual(['Deployment/jobs: there is no schema of apps/v1beta1 Deployment']);
  });
});
