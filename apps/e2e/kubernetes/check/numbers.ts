import {
  containersOf,
  environmentOf,
  isWorkload,
  type KubernetesObject,
  type LabelSelector,
  selects,
} from '../objects.ts';
import { about, type Problem } from './problem.ts';

const MAX_PORT = 65_535;

interface Budget {
  minAvailable?: number | string;
  maxUnavailable?: number | string;
  selector?: LabelSelector;
}

/** Bounds that contradict each other or themselves: replicas, budgets, ports, times. */
export function checkNumbers(objects: readonly KubernetesObject[]): Problem[] {
  const problems: Problem[] = [];
  for (const object of objects) {
    const say = about(object, problems);
    const spec = (object.spec ?? {}) as Record<string, unknown>;
    checkPorts(spec, say);
    checkBounds(spec, 'minReplicas', 'maxReplicas', say);
    checkBounds(spec, 'minReplicaCount', 'maxReplicaCount', say);
    if (typeof spec.replicas === 'number' && spec.replicas < 0) say(`replicas is ${spec.replicas}`);
    if (object.kind === 'PodDisruptionBudget') checkBudget(object, spec, say);
  }
  for (const workload of objects.filter(isWorkload)) {
    const say = about(workload, problems);
    const { template } = workload.spec;
    for (const { name, image, resources } of containersOf(template)) {
      if (!/[:@]/.test(image.slice(image.lastIndexOf('/') + 1))) say(`the image of ${name} has no tag`);
      for (const [what, request] of Object.entries(resources?.requests ?? {})) {
        const limit = resources?.limits?.[what];
        if (limit !== undefined && quantity(request) > quantity(limit))
          say(`${name} requests more ${what} (${request}) than its limit (${limit})`);
      }
      if (!resources?.requests?.cpu || !resources.requests.memory) say(`${name} requests no cpu or no memory`);
      if (!resources?.limits?.memory) say(`${name} has no limit of memory`);
      if (resources?.limits?.cpu) say(`${name} has a limit of cpu, which stops it for parts of a second`);
    }
    if (workload.kind !== 'Job') checkGrace(template.spec, say);
  }
  return problems;

  function checkBudget(budget: KubernetesObject, spec: Record<string, unknown>, say: (sentence: string) => void): void {
    const { minAvailable, maxUnavailable, selector = {} } = spec as Budget;
    if ((minAvailable === undefined) === (maxUnavailable === undefined)) {
      say('needs one of minAvailable and maxUnavailable');
      return;
    }
    if (maxUnavailable === 0 || maxUnavailable === '0%' || minAvailable === '100%')
      say('allows no disruption, so no node can be drained');
    const target = objects
      .filter(isWorkload)
      .find((workload) => selects(selector, workload.spec.template.metadata.labels ?? {}));
    const replicas = target?.spec.replicas;
    if (typeof minAvailable === 'number' && replicas !== undefined && minAvailable >= replicas)
      say(`wants ${minAvailable} of ${replicas} pods, so no node can be drained (${budget.metadata.name})`);
  }

  /** Everything that happens at the end has to fit into the time that the kubelet gives. */
  function checkGrace(
    spec: { terminationGracePeriodSeconds?: number; containers: Parameters<typeof environmentOf>[0][] },
    say: (sentence: string) => void,
  ): void {
    const { terminationGracePeriodSeconds = 30 } = spec;
    for (const container of spec.containers) {
      const { values } = environmentOf(container, objects);
      const own = Number(values.get('SHUTDOWN_GRACE_MS') ?? 0) / 1_000;
      const before = container.lifecycle?.preStop?.sleep?.seconds ?? 0;
      if (own > 0 && own + before >= terminationGracePeriodSeconds)
        say(`${container.name} takes ${own + before} s to end and is killed after ${terminationGracePeriodSeconds} s`);
      if (Number(values.get('SHUTDOWN_DELAY_MS') ?? 0) / 1_000 >= own && own > 0)
        say(`${container.name} waits for longer (SHUTDOWN_DELAY_MS) than its end takes (SHUTDOWN_GRACE_MS)`);
    }
  }
}

function checkBounds(spec: Record<string, unknown>, min: string, max: string, say: (sentence: string) => void): void {
  const [least, most] = [spec[min], spec[max]];
  if (typeof least === 'number' && typeof most === 'number' && least > most)
    say(`${min} ${least} is more than ${max} ${most}`);
}

/** Numbers below the keys that hold ports, at any depth. */
function checkPorts(value: unknown, say: (sentence: string) => void): void {
  if (Array.isArray(value)) for (const one of value) checkPorts(one, say);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return;
  for (const [key, child] of Object.entries(value)) {
    const isPort = /^(port|containerPort|targetPort|endPort|hostPort)$/.test(key) && typeof child === 'number';
    if (isPort && (child < 1 || child > MAX_PORT)) say(`${key} is ${child}`);
    checkPorts(child, say);
  }
}

const UNITS: Record<string, number> = {
  m: 1e-3,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
};

/** A quantity such as `500m` or `1Gi` as a number; `NaN` for what is none. */
export function quantity(text: string | number): number {
  const [, number = '', unit = ''] = /^([\d.]+)([A-Za-z]*)$/.exec(String(text)) ?? [];
  return number === '' ? Number.NaN : Number(number) * (unit === '' ? 1 : (UNITS[unit] ?? Number.NaN));
}
