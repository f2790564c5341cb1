import {
  containersOf,
  find,
  isWorkload,
  type KubernetesObject,
  type LabelSelector,
  nameOf,
  selects,
  type Workload,
} from '../objects.ts';
import { about, type Problem } from './problem.ts';

const labelsOf = ({ spec }: Workload): Record<string, string> => spec.template.metadata?.labels ?? {};

interface ServicePort {
  name?: string;
  port: number;
  targetPort?: number | string;
}

/** Selectors that take no pods or those of another workload, and references to ports and workloads not there. */
export function checkSelectors(objects: readonly KubernetesObject[]): Problem[] {
  const problems: Problem[] = [];
  const workloads = objects.filter(isWorkload);
  const taken = (selector: LabelSelector) => workloads.filter((workload) => selects(selector, labelsOf(workload)));

  for (const workload of workloads) {
    const say = about(workload, problems);
    const { selector, template } = workload.spec;
    if (selector) {
      if (!selects(selector, labelsOf(workload))) say('its selector does not take its own pods');
      const others = taken(selector).filter((other) => other !== workload);
      if (others.length > 0) say(`its selector takes the pods of ${others.map(nameOf).join(', ')} too`);
    } else if (workload.kind !== 'Job') {
      say('has no selector');
    }
    for (const { labelSelector } of template.spec.topologySpreadConstraints ?? []) {
      if (!labelSelector || !selects(labelSelector, labelsOf(workload)))
        say('a topology spread constraint does not count its own pods');
    }
    if (workload.kind === 'StatefulSet') checkGoverningService(workload, say);
  }

  function checkGoverningService(workload: Workload, say: (sentence: string) => void): void {
    const { serviceName } = workload.spec as { serviceName?: string };
    const service = serviceName === undefined ? undefined : find(objects, 'Service', serviceName);
    if (!service) {
      say(`its Service ${serviceName} is not there, so its pods have no names`);
      return;
    }
    const { clusterIP, selector = {} } = service.spec as { clusterIP?: string; selector?: Record<string, string> };
    if (clusterIP !== 'None') say(`its Service ${serviceName} is not headless, so its pods have no names`);
    if (!selects({ matchLabels: selector }, labelsOf(workload)))
      say(`its Service ${serviceName} does not select its pods`);
  }

  for (const service of objects.filter(({ kind }) => kind === 'Service')) {
    const say = about(service, problems);
    const { selector, ports = [] } = service.spec as { selector?: Record<string, string>; ports?: ServicePort[] };
    if (!selector || Object.keys(selector).length === 0) {
      say('selects nothing');
      continue;
    }
    const behind = taken({ matchLabels: selector }).filter(({ kind }) => kind !== 'Job');
    if (behind.length === 0) say('selects no pods');
    if (behind.length > 1) say(`selects the pods of ${behind.map(nameOf).join(' and ')}`);
    for (const { port, targetPort = port } of ports) {
      for (const workload of behind) {
        if (!hasPort(workload, targetPort))
          say(`its port ${port} leads to ${targetPort}, which ${nameOf(workload)} does not have`);
      }
    }
  }

  for (const budget of objects.filter(({ kind }) => kind === 'PodDisruptionBudget')) {
    const { selector = {} } = budget.spec as { selector?: LabelSelector };
    const behind = taken(selector);
    if (behind.length !== 1)
      about(budget, problems)(`is about ${behind.map(nameOf).join(' and ') || 'no pods'}, not about one workload`);
  }

  for (const monitor of objects.filter(({ kind }) => kind === 'ServiceMonitor')) {
    const say = about(monitor, problems);
    const { selector = {}, endpoints = [] } = monitor.spec as {
      selector?: LabelSelector;
      endpoints?: { port?: string }[];
    };
    const services = objects.filter(
      ({ kind, metadata }) => kind === 'Service' && selects(selector, metadata.labels ?? {}),
    );
    if (services.length === 0) say('finds no Service');
    for (const { port } of endpoints) {
      for (const service of services) {
        const { ports = [] } = service.spec as { ports?: ServicePort[] };
        if (!ports.some(({ name }) => name === port))
          say(`scrapes the port ${port}, which ${nameOf(service)} does not have`);
      }
    }
  }

  for (const policy of objects.filter(({ kind }) => kind === 'NetworkPolicy')) checkPolicy(policy);

  function checkPolicy(policy: KubernetesObject): void {
    const say = about(policy, problems);
    const {
      podSelector = {},
      ingress = [],
      egress = [],
    } = policy.spec as {
      podSelector?: LabelSelector;
      ingress?: Rule[];
      egress?: Rule[];
    };
    const own = taken(podSelector);
    if (own.length === 0) say('is about no pods');
    for (const { from = [], ports = [] } of ingress) {
      checkPeers(from, say);
      checkTargetPorts(ports, own, say);
    }
    for (const { to = [], ports = [] } of egress) {
      checkPeers(to, say);
      const targets = to.flatMap((peer) =>
        peer.podSelector && !peer.namespaceSelector ? taken(peer.podSelector) : [],
      );
      checkTargetPorts(ports, targets, say);
    }
  }

  function checkPeers(peers: readonly Peer[], say: (sentence: string) => void): void {
    for (const { podSelector, namespaceSelector } of peers) {
      if (podSelector && !namespaceSelector && taken(podSelector).length === 0)
        say(`names pods that nothing makes: ${JSON.stringify(podSelector)}`);
    }
  }

  function checkTargetPorts(
    ports: readonly PolicyPort[],
    targets: readonly Workload[],
    say: (sentence: string) => void,
  ): void {
    for (const { port, endPort } of ports) {
      if (port === undefined || endPort !== undefined) continue;
      for (const target of targets)
        if (!hasPort(target, port)) say(`names the port ${port}, which ${nameOf(target)} does not have`);
    }
  }

  return problems;
}

interface Peer {
  podSelector?: LabelSelector;
  namespaceSelector?: LabelSelector;
}
interface Rule {
  from?: Peer[];
  to?: Peer[];
  ports?: PolicyPort[];
}
interface PolicyPort {
  port?: number | string;
  endPort?: number;
}

function hasPort(workload: Workload, port: number | string): boolean {
  const ports = containersOf(workload.spec.template).flatMap((container) => container.ports ?? []);
  return ports.some(({ name, containerPort }) => (typeof port === 'number' ? containerPort === port : name === port));
}
