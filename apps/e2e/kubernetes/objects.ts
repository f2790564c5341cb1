/** Rendered objects, as far as they are read here. Everything else of them is left as it came. */
export interface KubernetesObject {
  apiVersion: string;
  kind: string;
  metadata: Metadata;
  spec?: Record<string, unknown>;
  data?: Record<string, string>;
}

export interface Metadata {
  name: string;
  namespace?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
}

export interface PodTemplate {
  metadata: { labels?: Record<string, string> };
  spec: PodSpec;
}

export interface PodSpec {
  containers: Container[];
  initContainers?: Container[];
  volumes?: { name: string; [source: string]: unknown }[];
  serviceAccountName?: string;
  automountServiceAccountToken?: boolean;
  enableServiceLinks?: boolean;
  restartPolicy?: string;
  terminationGracePeriodSeconds?: number;
  securityContext?: Record<string, unknown>;
  topologySpreadConstraints?: { labelSelector?: LabelSelector }[];
  [key: string]: unknown;
}

export interface Container {
  name: string;
  image: string;
  command?: string[];
  args?: string[];
  env?: EnvVariable[];
  envFrom?: { configMapRef?: { name: string }; secretRef?: { name: string } }[];
  ports?: { name?: string; containerPort: number }[];
  startupProbe?: Probe;
  readinessProbe?: Probe;
  livenessProbe?: Probe;
  lifecycle?: { preStop?: { sleep?: { seconds: number }; [handler: string]: unknown } };
  resources?: { requests?: Record<string, string>; limits?: Record<string, string> };
  securityContext?: Record<string, unknown>;
  volumeMounts?: { name: string; mountPath: string }[];
}

export interface EnvVariable {
  name: string;
  value?: string;
  valueFrom?: {
    secretKeyRef?: { name: string; key: string; optional?: boolean };
    configMapKeyRef?: { name: string; key: string; optional?: boolean };
    fieldRef?: { fieldPath: string };
  };
}

export interface Probe {
  httpGet?: { path: string; port: number | string };
  exec?: { command: string[] };
  initialDelaySeconds?: number;
  periodSeconds?: number;
  timeoutSeconds?: number;
  successThreshold?: number;
  failureThreshold?: number;
}

export interface LabelSelector {
  matchLabels?: Record<string, string>;
  matchExpressions?: { key: string; operator: string; values?: string[] }[];
}

export const WORKLOAD_KINDS = ['Deployment', 'StatefulSet', 'Job'] as const;

/** A workload: an object that makes pods. */
export interface Workload extends KubernetesObject {
  kind: (typeof WORKLOAD_KINDS)[number];
  spec: { template: PodTemplate; replicas?: number; selector?: LabelSelector; [key: string]: unknown };
}

export const isWorkload = (object: KubernetesObject): object is Workload =>
  (WORKLOAD_KINDS as readonly string[]).includes(object.kind);

/** `Kind/name`, as kubectl shows it. */
export const nameOf = ({ kind, metadata }: KubernetesObject): string => `${kind}/${metadata?.name}`;

export const ofKind = (objects: readonly KubernetesObject[], kind: string): KubernetesObject[] =>
  objects.filter((object) => object.kind === kind);

export const find = (objects: readonly KubernetesObject[], kind: string, name: string): KubernetesObject | undefined =>
  objects.find((object) => object.kind === kind && object.metadata.name === name);

/** @throws {Error} naming what there is */
export function need(objects: readonly KubernetesObject[], kind: string, name: string): KubernetesObject {
  const found = find(objects, kind, name);
  if (!found) {
    const others = ofKind(objects, kind).map(({ metadata }) => metadata.name);
    throw new Error(`There is no ${kind}/${name}; there are ${others.join(', ') || 'none'}.`);
  }
  return found;
}

export const containersOf = ({ spec }: PodTemplate): Container[] => [
  ...(spec.initContainers ?? []),
  ...spec.containers,
];

/** Whether a selector takes these labels. An empty selector takes all. */
export function selects(selector: LabelSelector, labels: Readonly<Record<string, string>>): boolean {
  const { matchLabels = {}, matchExpressions = [] } = selector;
  return (
    Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
    matchExpressions.every(({ key, operator, values = [] }) => {
      const value = labels[key];
      if (operator === 'Exists') return value !== undefined;
      if (operator === 'DoesNotExist') return value === undefined;
      const isListed = value !== undefined && values.includes(value);
      return operator === 'In' ? isListed : !isListed;
    })
  );
}

/** The name and tag of an image; the host of a registry may have a port. */
export function splitImage(image: string): { name: string; tag: string } {
  const colon = image.lastIndexOf(':');
  return colon > image.lastIndexOf('/')
    ? { name: image.slice(0, colon), tag: image.slice(colon + 1) }
    : { name: image, tag: '' };
}

/** `wa-gate/gateway` of `registry.example.com/team/wa-gate/gateway:1`, for our images; else the name. */
export function programOfImage(image: string): string {
  const { name } = splitImage(image);
  return /(?:^|\/)(wa-gate\/[\w-]+)$/.exec(name)?.[1] ?? name;
}

/** The environment of a container as its process sees it, and what comes from a Secret. */
export interface ResolvedEnvironment {
  values: Map<string, string>;
  /** Variables by the key of a Secret. */
  secrets: Map<string, { secret: string; key: string; optional: boolean }>;
  /** Variables by the field of the pod. */
  fields: Map<string, string>;
}

/** Puts `envFrom` and `env` together as the kubelet does: later ones win, `$(NAME)` is left as it is. */
export function environmentOf(container: Container, objects: readonly KubernetesObject[]): ResolvedEnvironment {
  const resolved: ResolvedEnvironment = { values: new Map(), secrets: new Map(), fields: new Map() };
  for (const { configMapRef } of container.envFrom ?? []) {
    const data = configMapRef && find(objects, 'ConfigMap', configMapRef.name)?.data;
    for (const [name, value] of Object.entries(data ?? {})) resolved.values.set(name, value);
  }
  for (const { name, value, valueFrom } of container.env ?? []) {
    for (const known of Object.values(resolved)) (known as Map<string, unknown>).delete(name);
    const { secretKeyRef, configMapKeyRef, fieldRef } = valueFrom ?? {};
    if (secretKeyRef) {
      const { name: secret, key, optional = false } = secretKeyRef;
      resolved.secrets.set(name, { secret, key, optional });
    } else if (configMapKeyRef) {
      const found = find(objects, 'ConfigMap', configMapKeyRef.name)?.data?.[configMapKeyRef.key];
      if (found !== undefined) resolved.values.set(name, found);
    } else if (fieldRef) {
      resolved.fields.set(name, fieldRef.fieldPath);
    } else {
      resolved.values.set(name, value ?? '');
    }
  }
  return resolved;
}
