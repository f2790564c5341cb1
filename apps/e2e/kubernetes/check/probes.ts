import {
  type Container,
  find,
  isWorkload,
  type KubernetesObject,
  nameOf,
  type Probe,
  programOfImage,
  selects,
} from '../objects.ts';
import type { Facts } from './facts.ts';
import { about, type Problem } from './problem.ts';

/** Probes that are missing, broken, or that ask what does not exist. */
export function checkProbes(objects: readonly KubernetesObject[], facts: Facts): Problem[] {
  const problems: Problem[] = [];
  for (const workload of objects.filter(isWorkload)) {
    if (workload.kind === 'Job') continue;
    const say = about(workload, problems);
    for (const container of workload.spec.template.spec.containers) checkContainer(container, say);
  }
  checkRegistration();
  checkMonitors();
  return problems;

  function checkContainer(container: Container, say: (sentence: string) => void): void {
    const { startupProbe, readinessProbe, livenessProbe, name } = container;
    const known = facts.programs[programOfImage(container.image)];
    if (!readinessProbe) say(`${name} has no readinessProbe`);
    if (known && !livenessProbe) say(`${name} has no livenessProbe`);
    for (const [kind, probe] of Object.entries({ startupProbe, readinessProbe, livenessProbe })) {
      if (!probe) continue;
      const handlers = ['httpGet', 'exec', 'tcpSocket', 'grpc'].filter((handler) => handler in probe);
      if (handlers.length !== 1) say(`the ${kind} of ${name} has ${handlers.length} handlers`);
      checkTimes(kind, probe, name, say);
      if (!probe.httpGet) continue;
      const { path, port } = probe.httpGet;
      const isOpen = container.ports?.some((one) => one.name === port || one.containerPort === port);
      if (!isOpen) say(`the ${kind} of ${name} asks the port ${port}, which it does not have`);
      if (known && !known.probePaths.includes(path))
        say(`the ${kind} of ${name} asks ${path}, which its program does not answer`);
      if (known && kind !== 'readinessProbe' && path !== known.livePath)
        say(
          `the ${kind} of ${name} asks ${path}: only ${known.livePath} asks no database, and a restart brings none back`,
        );
    }
  }

  function checkTimes(kind: string, probe: Probe, name: string, say: (sentence: string) => void): void {
    const { successThreshold = 1, failureThreshold = 3, periodSeconds = 10 } = probe;
    if (kind !== 'readinessProbe' && successThreshold !== 1)
      say(`the ${kind} of ${name} has a successThreshold of ${successThreshold}`);
    if (kind === 'livenessProbe' && failureThreshold * periodSeconds < 30)
      say(`the livenessProbe of ${name} ends a process that is busy for ${failureThreshold * periodSeconds} s`);
  }

  /** A worker is ready when it has registered, and it is asked under its name before that. */
  function checkRegistration(): void {
    for (const workload of objects.filter(isWorkload)) {
      if (workload.kind !== 'StatefulSet') continue;
      const isWorker = workload.spec.template.spec.containers.some(
        ({ image }) => programOfImage(image) === 'wa-gate/worker',
      );
      const service = find(objects, 'Service', String(workload.spec.serviceName));
      if (isWorker && service && service.spec?.publishNotReadyAddresses !== true)
        about(
          service,
          problems,
        )(`does not publish names of pods that are not ready, so ${nameOf(workload)} never gets ready`);
    }
  }

  function checkMonitors(): void {
    for (const monitor of objects.filter(({ kind }) => kind === 'ServiceMonitor' || kind === 'PodMonitor')) {
      const {
        selector = {},
        endpoints = [],
        podMetricsEndpoints = [],
      } = monitor.spec as {
        selector?: object;
        endpoints?: { path?: string }[];
        podMetricsEndpoints?: { path?: string }[];
      };
      const scraped = objects
        .filter(isWorkload)
        .filter(({ spec }) => selects(selector, spec.template.metadata.labels ?? {}));
      for (const { path = '/metrics' } of [...endpoints, ...podMetricsEndpoints]) {
        for (const { spec } of scraped) {
          for (const { image, name } of spec.template.spec.containers) {
            const known = facts.programs[programOfImage(image)];
            if (known && !known.probePaths.includes(path))
              about(monitor, problems)(`scrapes ${path} of ${name}, which its program does not answer`);
          }
        }
      }
    }
  }
}
