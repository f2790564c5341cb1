import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '@wa-gate/testkit';
import { ownCheckout, programOf } from '../harness/checkout.ts';
import type { ProcessSpec } from '../harness/managed-process.ts';
import { repositoryFile } from '../harness/repository.ts';
import {
  type Container,
  environmentOf,
  type KubernetesObject,
  programOfImage,
  splitImage,
} from '../kubernetes/objects.ts';
import type { Machine, PodPlan } from './cluster/pod.ts';

/** Tags that a scenario gives to images. */
export const TAGS = {
  /** Starts and never gets ready. */
  neverReady: 'never-ready',
  /** No registry has it. */
  missing: 'missing',
} as const;

const HOST = '127.0.0.1';

export interface MachineOptions {
  /** What is in the Secret of the operator. */
  secret: Readonly<Record<string, string>>;
  /** Control API of the sandbox, which stands for WhatsApp. */
  sandboxUrl: string;
  /** The objects that were applied last, for ConfigMaps. */
  objects: () => readonly KubernetesObject[];
  /** The address of a Service. */
  serviceUrl: (service: string) => string;
  /** The folder of the migrations of an image, by its tag. */
  migrationsOf(tag: string): string;
}

/**
 * Settings that cannot be as in a cluster, all of them: there is the sandbox in place of WhatsApp, everything is on
 * loopback, and receivers of webhooks are too. Everything else is as the manifests say.
 */
const SETTINGS: Record<string, Record<string, string>> = {
  'wa-gate/gateway': { DEFAULT_NETWORK: 'sandbox', WEBHOOK_ALLOW_PRIVATE: 'true', WORKER_ENDPOINT_ALLOW: 'loopback' },
  'wa-gate/worker': { NETWORK: 'sandbox' },
};
const ANY_ADDRESS = new Set(['0.0.0.0', '::']);

/**
 * This machine as the node of a cluster: images are the programs of this checkout, pods listen on ports of loopback,
 * and names of Services are those ports. A pod of a StatefulSet keeps its ports, as it keeps its name.
 */
export function createMachine(options: MachineOptions): Machine {
  const { secret, sandboxUrl, objects, serviceUrl, migrationsOf } = options;
  const logFolder = mkdtempSync(join(tmpdir(), 'wa-gate-rollout-'));
  const ports = new Map<string, number>();

  function portOf(pod: PodPlan, containerPort: number): number {
    const port = ports.get(`${pod.name}:${containerPort}`);
    if (port === undefined) throw new Error(`${pod.name} has no port ${containerPort}`);
    return port;
  }

  async function openPorts(pod: PodPlan): Promise<void> {
    for (const { containerPort } of pod.template.spec.containers.flatMap((one) => one.ports ?? [])) {
      const key = `${pod.name}:${containerPort}`;
      if (!ports.has(key)) ports.set(key, await freePort());
    }
  }

  function variablesOf(container: Container, pod: PodPlan): Record<string, string> {
    const { values, secrets, fields } = environmentOf(container, objects());
    const variables = new Map<string, string>();
    for (const [name, path] of fields) variables.set(name, fieldOf(pod, path));
    for (const [name, { key, optional }] of secrets) {
      const value = secret[key];
      if (value !== undefined) variables.set(name, value);
      else if (!optional) throw new Error(`CreateContainerConfigError: the Secret has no ${key} for ${pod.name}`);
    }
    for (const [name, value] of values) variables.set(name, value);
    const expanded = [...variables].map(([name, value]): [string, string] => [
      name,
      value.replace(/\$\((\w+)\)/g, (text, other: string) => variables.get(other) ?? text),
    ]);
    return Object.fromEntries(expanded);
  }

  /** What is only true in a cluster: addresses, ports and the network. */
  function localized(program: string, variables: Record<string, string>, container: Container, pod: PodPlan) {
    const local: Record<string, string> = { ...variables, ...SETTINGS[program] };
    for (const [name, value] of Object.entries(variables)) {
      if (name.endsWith('HOST') && ANY_ADDRESS.has(value)) local[name] = HOST;
      else if (name.endsWith('PORT') && container.ports?.some(({ containerPort }) => String(containerPort) === value))
        local[name] = String(portOf(pod, Number(value)));
      else if (value.startsWith('http://')) local[name] = addressOf(value, pod);
    }
    // The volume that all pods mount.
    if (local.MEDIA_DIR !== undefined) local.MEDIA_DIR = join(logFolder, 'media');
    if (program === 'wa-gate/worker') local.SANDBOX_URL = sandboxUrl;
    return local;
  }

  /** `http://gateway:8000` is a Service, `http://worker-0.worker.wa-gate.svc:8001` a pod. */
  function addressOf(url: string, pod: PodPlan): string {
    const { hostname, port } = new URL(url);
    const [first = ''] = hostname.split('.');
    return first === pod.name ? `http://${HOST}:${portOf(pod, Number(port))}` : serviceUrl(first);
  }

  return {
    logFolder,
    async specOf(container, pod): Promise<ProcessSpec | null> {
      const program = programOfImage(container.image);
      const { tag } = splitImage(container.image);
      if (tag === TAGS.missing) return null;
      await openPorts(pod);
      const env = localized(program, variablesOf(container, pod), container, pod);
      const shared = { name: `${pod.name}.${container.name}`, env, url: 'http://127.0.0.1:0', readyPath: '/readyz' };
      if (program === 'wa-gate/migrate') {
        const args = [...(container.args ?? []), migrationsOf(tag)];
        return { ...shared, main: join(ownCheckout, 'packages/db/bin/migrate.mjs'), args };
      }
      const [first] = container.ports ?? [];
      const url = first ? `http://${HOST}:${portOf(pod, first.containerPort)}` : shared.url;
      const main =
        tag === TAGS.neverReady
          ? fileURLToPath(repositoryFile('apps/e2e/rollout/fixtures/never-ready.mjs'))
          : programOf(program.replace('wa-gate/', ''));
      return { ...shared, url, main, args: container.args ?? [] };
    },
    urlOf(pod, container, port) {
      const found = container.ports?.find(({ name, containerPort }) => name === port || containerPort === port);
      if (!found) throw new Error(`${container.name} of ${pod.name} has no port ${port}`);
      return `http://${HOST}:${portOf(pod, found.containerPort)}`;
    },
  };
}

/** The fields of the downward API that the manifests use. */
function fieldOf(pod: PodPlan, path: string): string {
  if (path === 'metadata.name') return pod.name;
  if (path === 'metadata.namespace') return 'wa-gate';
  // Of a StatefulSet, set by its controller.
  if (path === `metadata.labels['controller-revision-hash']`) return pod.revision;
  throw new Error(`The field ${path} is not played here`);
}
