// biome-ignore-all lint/suspicious/noAssignInExpressions: each mistake is one assignment in a table
import { beforeAll, describe, expect, test } from 'vitest';
import { checkManifests, type Facts, readFacts } from './check/index.ts';
import { type Container, find, type KubernetesObject, need, type PodSpec, type Workload } from './objects.ts';
import { renderOverlay } from './render.ts';

/** The check itself: each mistake in manifests that are right otherwise has its sentence. */

let rendered: KubernetesObject[];
let facts: Facts;
beforeAll(async () => {
  rendered = await renderOverlay('production');
  facts = readFacts();
});

type Objects = KubernetesObject[];
// biome-ignore lint/suspicious/noExplicitAny: mistakes are made in places that types would not allow
type Loose = any;

const workload = (objects: Objects, kind: string, name: string) => need(objects, kind, name) as Workload;
const podOf = (objects: Objects, kind = 'Deployment', name = 'gateway'): Loose =>
  workload(objects, kind, name).spec.template.spec;
const containerOf = (objects: Objects, kind = 'Deployment', name = 'gateway'): Loose =>
  podOf(objects, kind, name).containers[0]!;
const specOf = (objects: Objects, kind: string, name: string): Loose => need(objects, kind, name).spec;
const setVariable = (container: Container, name: string, value: string) => {
  container.env = [...(container.env ?? []).filter((one) => one.name !== name), { name, value }];
};
const configOf = (objects: Objects, start: string): Record<string, string> =>
  objects.find(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name.startsWith(start))!.data!;

const MISTAKES: [what: string, make: (objects: Objects) => void, sentence: RegExp][] = [
  // Names.
  ['no name', (o) => void delete (need(o, 'Service', 'jobs').metadata as Loose).name, /a Service has no metadata.name/],
  ['a bad name', (o) => void (need(o, 'Job', 'migrate').metadata.name = 'Migrate_1'), /"Migrate_1" is no name/],
  [
    'an object twice',
    (o) => void o.push(structuredClone(need(o, 'Service', 'gateway'))),
    /Service\/gateway: is there twice/,
  ],
  ['no namespace', (o) => void delete need(o, 'Service', 'gateway').metadata.namespace, /has no namespace/],
  [
    'another namespace',
    (o) => void (need(o, 'Service', 'gateway').metadata.namespace = 'default'),
    /its namespace default/,
  ],
  ['no containers', (o) => void (podOf(o).containers = []), /Deployment\/gateway: has no container/],
  [
    'two containers of one name',
    (o) => void (podOf(o).containers[0]!.name = 'schema'),
    /two containers are called schema/,
  ],
  ['a long port name', (o) => void (containerOf(o).ports![0]!.name = 'http-of-the-gateway'), /longer than 15/],
  // Selectors.
  [
    'a selector that misses its pods',
    (o) => void (specOf(o, 'Deployment', 'gateway').selector.matchLabels = { a: 'b' }),
    /its selector does not take its own pods/,
  ],
  [
    'a selector that takes others',
    (o) => void delete specOf(o, 'Deployment', 'gateway').selector.matchLabels['app.kubernetes.io/component'],
    /takes the pods of .*too/,
  ],
  [
    'a Service that selects nothing',
    (o) => void (specOf(o, 'Service', 'gateway').selector = { a: 'b' }),
    /Service\/gateway: selects no pods/,
  ],
  [
    'a Service over two workloads',
    (o) => void delete specOf(o, 'Service', 'gateway').selector['app.kubernetes.io/component'],
    /selects the pods of/,
  ],
  [
    'a target port that is not there',
    (o) => void (specOf(o, 'Service', 'gateway').ports[0].targetPort = 'htpp'),
    /leads to htpp, which Deployment\/gateway does not have/,
  ],
  [
    'a governing Service that is not there',
    (o) => void (specOf(o, 'StatefulSet', 'worker').serviceName = 'workers'),
    /its Service workers is not there/,
  ],
  [
    'a governing Service with an address',
    (o) => void delete specOf(o, 'Service', 'worker').clusterIP,
    /is not headless/,
  ],
  [
    'a budget about nobody',
    (o) => void (specOf(o, 'PodDisruptionBudget', 'worker').selector.matchLabels = { a: 'b' }),
    /is about no pods/,
  ],
  [
    'a spread of others',
    (o) => void (podOf(o).topologySpreadConstraints[0].labelSelector.matchLabels = { a: 'b' }),
    /does not count its own pods/,
  ],
  [
    'a policy for nobody',
    (o) => void (specOf(o, 'NetworkPolicy', 'worker').podSelector.matchLabels = { a: 'b' }),
    /NetworkPolicy\/worker: is about no pods/,
  ],
  [
    'a policy from nobody',
    (o) => void (specOf(o, 'NetworkPolicy', 'gateway').ingress[0].from[0].podSelector.matchLabels = { a: 'b' }),
    /names pods that nothing makes/,
  ],
  [
    'a policy for a port that is not there',
    (o) => void (specOf(o, 'NetworkPolicy', 'worker').ingress[0].ports[0].port = 'grpc'),
    /names the port grpc/,
  ],
  [
    'a monitor of nothing',
    (o) => void (specOf(o, 'ServiceMonitor', 'worker').selector.matchLabels = { a: 'b' }),
    /ServiceMonitor\/worker: finds no Service/,
  ],
  [
    'a monitor of a port that is not there',
    (o) => void (specOf(o, 'ServiceMonitor', 'worker').endpoints[0].port = 'scrapes'),
    /scrapes the port scrapes/,
  ],
  // References.
  [
    'a ServiceAccount that is not there',
    (o) => void (podOf(o).serviceAccountName = 'api'),
    /the ServiceAccount api is not there/,
  ],
  [
    'a volume that is not there',
    (o) => void (containerOf(o).volumeMounts![0]!.name = 'temp'),
    /mounts the volume temp, which is not there/,
  ],
  [
    'a volume that nobody mounts',
    (o) => void podOf(o).volumes!.push({ name: 'data', emptyDir: {} }),
    /nobody mounts the volume data/,
  ],
  [
    'a ConfigMap that is not there',
    (o) => void (containerOf(o).envFrom![0]!.configMapRef!.name = 'gateway'),
    /the ConfigMap gateway is not there/,
  ],
  [
    'a Secret that nobody knows',
    (o) =>
      void (containerOf(o).env!.find(({ name }: { name: string }) => name === 'REDIS_URL')!.valueFrom!
        .secretKeyRef!.name = 'redis'),
    /the Secret redis is neither rendered nor documented/,
  ],
  [
    'a key that is not documented',
    (o) =>
      void (containerOf(o).env!.find(({ name }: { name: string }) => name === 'REDIS_URL')!.valueFrom!
        .secretKeyRef!.key = 'REDIS'),
    /the key REDIS of the Secret wa-gate is not documented/,
  ],
  [
    'a whole Secret',
    (o) => void containerOf(o).envFrom!.push({ secretRef: { name: 'wa-gate' } }),
    /takes all of the Secret wa-gate/,
  ],
  [
    'a value and a source',
    (o) => void (containerOf(o).env!.find(({ name }: { name: string }) => name === 'REDIS_URL')!.value = 'x'),
    /REDIS_URL has a value and a source/,
  ],
  [
    'an Ingress to nowhere',
    (o) => void (specOf(o, 'Ingress', 'gateway').rules[0].http.paths[1].backend.service.name = 'api'),
    /the Service api is not there/,
  ],
  [
    'an Ingress to a port that is not there',
    (o) => void (specOf(o, 'Ingress', 'gateway').rules[0].http.paths[1].backend.service.port.name = 'https'),
    /has no port https/,
  ],
  [
    'metrics for everybody',
    (o) => void (specOf(o, 'Ingress', 'gateway').rules[0].http.paths[0].pathType = 'Prefix'),
    /lets the outside reach \/metrics/,
  ],
  [
    'a scaler of nothing',
    (o) => void (specOf(o, 'ScaledObject', 'worker').scaleTargetRef.name = 'workers'),
    /scales StatefulSet\/workers, which is not there/,
  ],
  [
    'a scaler and a number',
    (o) => void (specOf(o, 'Deployment', 'gateway').replicas = 3),
    /has a number of replicas too/,
  ],
  [
    'two scalers',
    (o) => void (specOf(o, 'ScaledObject', 'jobs').scaleTargetRef.name = 'gateway'),
    /is scaled by .* too/,
  ],
  // Numbers.
  [
    'a minimum above the maximum',
    (o) => void (specOf(o, 'HorizontalPodAutoscaler', 'gateway').minReplicas = 30),
    /minReplicas 30 is more than maxReplicas 12/,
  ],
  [
    'the same of KEDA',
    (o) => void (specOf(o, 'ScaledObject', 'worker').minReplicaCount = 30),
    /minReplicaCount 30 is more than/,
  ],
  ['a port above all', (o) => void (specOf(o, 'Service', 'gateway').ports[0].port = 99_999), /port is 99999/],
  ['fewer than no replicas', (o) => void (specOf(o, 'Deployment', 'gateway').replicas = -1), /replicas is -1/],
  [
    'a budget with both',
    (o) => void (specOf(o, 'PodDisruptionBudget', 'worker').minAvailable = 1),
    /needs one of minAvailable and maxUnavailable/,
  ],
  [
    'a budget for nothing',
    (o) => void (specOf(o, 'PodDisruptionBudget', 'worker').maxUnavailable = 0),
    /allows no disruption/,
  ],
  ['no tag', (o) => void (containerOf(o).image = 'wa-gate/gateway'), /the image of gateway has no tag/],
  [
    'a request above the limit',
    (o) => void (containerOf(o).resources!.requests!.memory = '2Gi'),
    /requests more memory/,
  ],
  ['no limit of memory', (o) => void delete containerOf(o).resources!.limits, /has no limit of memory/],
  ['a limit of CPU', (o) => void (containerOf(o).resources!.limits!.cpu = '1'), /has a limit of cpu/],
  [
    'too little grace',
    (o) => void (podOf(o, 'StatefulSet', 'worker').terminationGracePeriodSeconds = 60),
    /takes 80 s to end and is killed after 60 s/,
  ],
  // Rights.
  ['a token', (o) => void (podOf(o).automountServiceAccountToken = true), /mounts the token/],
  ['service links', (o) => void delete podOf(o).enableServiceLinks, /gets variables of every Service/],
  [
    'a folder of the node',
    (o) => void (podOf(o).volumes![0] = { name: 'tmp', hostPath: { path: '/tmp' } }),
    /the volume tmp is a hostPath/,
  ],
  ['root', (o) => void (podOf(o).securityContext!.runAsNonRoot = false), /may run as root/],
  ['capabilities', (o) => void delete (containerOf(o).securityContext as Loose).capabilities, /keeps capabilities/],
  [
    'a root file system that can be written',
    (o) => void delete containerOf(o).securityContext!.readOnlyRootFilesystem,
    /may write to its root file system/,
  ],
  ['no seccomp', (o) => void delete podOf(o).securityContext!.seccompProfile, /has no seccomp profile/],
  [
    'an open namespace',
    (o) => void (need(o, 'Namespace', 'wa-gate').metadata.labels = {}),
    /does not enforce the restricted profile/,
  ],
  // Probes.
  ['no readiness', (o) => void delete containerOf(o).readinessProbe, /gateway has no readinessProbe/],
  ['no liveness', (o) => void delete containerOf(o).livenessProbe, /gateway has no livenessProbe/],
  ['two handlers', (o) => void (containerOf(o).livenessProbe!.exec = { command: ['true'] }), /has 2 handlers/],
  ['no handler', (o) => void delete containerOf(o).livenessProbe!.httpGet, /has 0 handlers/],
  [
    'a path that does not exist',
    (o) => void (containerOf(o).readinessProbe!.httpGet!.path = '/ready'),
    /asks \/ready, which its program does not answer/,
  ],
  [
    'a path that a worker does not have',
    (o) => void (containerOf(o, 'StatefulSet', 'worker').readinessProbe!.httpGet!.path = '/api/health'),
    /asks \/api\/health, which its program does not answer/,
  ],
  [
    'a liveness that asks the database',
    (o) => void (containerOf(o).livenessProbe!.httpGet!.path = '/readyz'),
    /only \/livez asks no database/,
  ],
  [
    'a probe of a port that is not there',
    (o) => void (containerOf(o).livenessProbe!.httpGet!.port = 9000),
    /asks the port 9000/,
  ],
  [
    'an impatient liveness',
    (o) => void (containerOf(o).livenessProbe!.failureThreshold = 1),
    /ends a process that is busy for 10 s/,
  ],
  [
    'names of ready pods alone',
    (o) => void delete specOf(o, 'Service', 'worker').publishNotReadyAddresses,
    /never gets ready/,
  ],
  [
    'a monitor of a path that does not exist',
    (o) => void (specOf(o, 'ServiceMonitor', 'worker').endpoints[0].path = '/prometheus'),
    /scrapes \/prometheus/,
  ],
  // Environment.
  [
    'a misspelled variable',
    (o) => void (configOf(o, 'gateway').SMTP_HOTS = 'x'),
    /sets SMTP_HOTS, which its program does not know/,
  ],
  ['a variable of another program', (o) => setVariable(containerOf(o), 'MAX_SESSIONS', '5'), /sets MAX_SESSIONS/],
  [
    'a variable that is needed',
    (o) =>
      void (containerOf(o).env = containerOf(o).env!.filter(({ name }: { name: string }) => name !== 'WAG_MASTER_KEY')),
    /lacks WAG_MASTER_KEY/,
  ],
  [
    'a secret in the clear',
    (o) => setVariable(containerOf(o), 'WAG_MASTER_KEY', 'abc'),
    /has WAG_MASTER_KEY in the clear/,
  ],
  ['an address of loopback', (o) => void delete configOf(o, 'worker').HOST, /listens on 127\.0\.0\.1 \(HOST\)/],
  [
    'another port',
    (o) => void (configOf(o, 'worker').PORT = '9001'),
    /listens on 9001 \(PORT\), which is none of its ports: 8001/,
  ],
  [
    'a variable in a variable',
    (o) => setVariable(containerOf(o, 'StatefulSet', 'worker'), 'WORKER_ENDPOINT', 'http://$(POD_IP):8001'),
    /uses \$\(POD_IP\), which is not set/,
  ],
  [
    'versions that do not belong together',
    (o) => void (containerOf(o).image = 'wa-gate/gateway:0.2.0'),
    /images of different versions/,
  ],
  ['an image of nobody', (o) => void (containerOf(o).image = 'wa-gate/api:0.1.0'), /which is no image of ours/],
];

describe('the check of manifests (MR-182)', () => {
  test.each(MISTAKES)('finds %s', (_what, make, sentence) => {
    const objects = structuredClone(rendered);
    make(objects);
    expect(checkManifests(objects, facts).join('\n')).toMatch(sentence);
  });

  test('finds nothing in what is right, also with a registry that has a port', () => {
    const objects = structuredClone(rendered);
    for (const object of objects) {
      const { template } = (object.spec ?? {}) as { template?: { spec: PodSpec } };
      for (const container of [...(template?.spec.initContainers ?? []), ...(template?.spec.containers ?? [])])
        container.image = `registry.example.com:5000/team/${container.image}`;
    }
    expect(checkManifests(objects, facts)).toEqual([]);
    expect(find(objects, 'Deployment', 'gateway')).toBeDefined();
  });
});
