import { containersOf, find, isWorkload, type KubernetesObject, nameOf, type Workload } from '../objects.ts';
import type { Facts } from './facts.ts';
import { about, type Problem } from './problem.ts';

/** References to objects and keys that are not there, and routes to Services that do not exist. */
export function checkReferences(objects: readonly KubernetesObject[], facts: Facts): Problem[] {
  const problems: Problem[] = [];
  for (const workload of objects.filter(isWorkload)) checkPods(workload);
  checkBackends();
  checkScalers();
  return problems;

  function checkPods(workload: Workload): void {
    const say = about(workload, problems);
    const { template, volumeClaimTemplates = [] } = workload.spec as Workload['spec'] & {
      volumeClaimTemplates?: { metadata: { name: string } }[];
    };
    const { serviceAccountName, volumes = [] } = template.spec;
    if (serviceAccountName === undefined) say('runs as the default ServiceAccount');
    else if (!find(objects, 'ServiceAccount', serviceAccountName))
      say(`the ServiceAccount ${serviceAccountName} is not there`);
    const volumeNames = [
      ...volumes.map(({ name }) => name),
      ...volumeClaimTemplates.map(({ metadata }) => metadata.name),
    ];
    const mounted = new Set<string>();
    for (const container of containersOf(template)) {
      for (const { name } of container.volumeMounts ?? []) {
        mounted.add(name);
        if (!volumeNames.includes(name)) say(`${container.name} mounts the volume ${name}, which is not there`);
      }
      const paths = (container.volumeMounts ?? []).map(({ mountPath }) => mountPath);
      for (const path of paths.filter((one, index) => paths.indexOf(one) !== index))
        say(`${container.name} mounts ${path} twice`);
      for (const { configMapRef, secretRef } of container.envFrom ?? []) {
        if (configMapRef && !find(objects, 'ConfigMap', configMapRef.name))
          say(`the ConfigMap ${configMapRef.name} is not there`);
        if (secretRef)
          say(
            `takes all of the Secret ${secretRef.name}: name the keys, so that no process gets what it does not need`,
          );
      }
      for (const variable of container.env ?? []) {
        const { secretKeyRef, configMapKeyRef } = variable.valueFrom ?? {};
        if (variable.valueFrom && variable.value !== undefined) say(`${variable.name} has a value and a source`);
        if (secretKeyRef) checkSecret(secretKeyRef, say);
        if (
          configMapKeyRef &&
          find(objects, 'ConfigMap', configMapKeyRef.name)?.data?.[configMapKeyRef.key] === undefined
        )
          say(`${configMapKeyRef.key} of the ConfigMap ${configMapKeyRef.name} is not there`);
      }
    }
    for (const name of volumeNames) if (!mounted.has(name)) say(`nobody mounts the volume ${name}`);
  }

  /** A Secret is made by the operator: the documentation has to name it and its keys. */
  function checkSecret({ name, key }: { name: string; key: string }, say: (sentence: string) => void): void {
    const rendered = find(objects, 'Secret', name);
    if (rendered) {
      if (rendered.data?.[key] === undefined) say(`the Secret ${name} has no key ${key}`);
    } else if (name !== facts.secret.name) {
      say(`the Secret ${name} is neither rendered nor documented`);
    } else if (!facts.secret.keys.has(key)) {
      say(`the key ${key} of the Secret ${name} is not documented`);
    }
  }

  function checkBackends(): void {
    for (const ingress of objects.filter(({ kind }) => kind === 'Ingress')) {
      const say = about(ingress, problems);
      const { rules = [] } = ingress.spec as {
        rules?: { http?: { paths: { path: string; pathType: string; backend: { service: Backend } }[] } }[];
      };
      for (const { http } of rules) {
        for (const { path, pathType, backend } of http?.paths ?? []) {
          checkService(backend.service.name, backend.service.port.name ?? backend.service.port.number, say);
          checkOutside(path, pathType === 'Prefix', say);
        }
      }
    }
    for (const route of objects.filter(({ kind }) => kind === 'HTTPRoute')) {
      const say = about(route, problems);
      const { parentRefs = [], rules = [] } = route.spec as {
        parentRefs?: { name: string; sectionName?: string }[];
        rules?: HttpRule[];
      };
      for (const { name, sectionName } of parentRefs) {
        const listeners = (find(objects, 'Gateway', name)?.spec?.listeners ?? []) as { name: string }[];
        if (!listeners.some((listener) => sectionName === undefined || listener.name === sectionName))
          say(`the listener ${sectionName} of the Gateway ${name} is not there`);
      }
      for (const { matches = [], backendRefs = [] } of rules) {
        for (const { name, port } of backendRefs) checkService(name, port, say);
        for (const { path } of matches) checkOutside(path.value, path.type === 'PathPrefix', say);
      }
    }
  }

  function checkService(name: string, port: number | string | undefined, say: (sentence: string) => void): void {
    const service = find(objects, 'Service', name);
    if (!service) {
      say(`the Service ${name} is not there`);
      return;
    }
    const { ports = [] } = service.spec as { ports?: { name?: string; port: number }[] };
    if (!ports.some((one) => one.port === port || one.name === port)) say(`the Service ${name} has no port ${port}`);
  }

  /** Metrics and probes are for the inside. */
  function checkOutside(path: string, isPrefix: boolean, say: (sentence: string) => void): void {
    const reached = facts.insidePaths.filter((inside) => inside === path || (isPrefix && inside.startsWith(path)));
    if (reached.length > 0) say(`lets the outside reach ${reached.join(', ')}`);
  }

  function checkScalers(): void {
    const targets = new Map<string, string>();
    for (const scaler of objects.filter(({ kind }) => kind === 'HorizontalPodAutoscaler' || kind === 'ScaledObject')) {
      const say = about(scaler, problems);
      const { scaleTargetRef } = scaler.spec as { scaleTargetRef: { kind?: string; name: string } };
      const { kind = 'Deployment', name } = scaleTargetRef;
      const target = find(objects, kind, name);
      const key = `${kind}/${name}`;
      if (!target) say(`scales ${key}, which is not there`);
      else if (target.spec?.replicas !== undefined)
        say(`${key} has a number of replicas too, which every apply would set back to`);
      const other = targets.get(key);
      if (other) say(`${key} is scaled by ${other} too`);
      targets.set(key, nameOf(scaler));
    }
  }
}

interface Backend {
  name: string;
  port: { name?: string; number?: number };
}
interface HttpRule {
  matches?: { path: { type: string; value: string } }[];
  backendRefs?: { name: string; port?: number }[];
}
