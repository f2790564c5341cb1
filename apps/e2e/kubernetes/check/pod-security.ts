import { type Container, containersOf, isWorkload, type KubernetesObject, type PodSpec } from '../objects.ts';
import { about, type Problem } from './problem.ts';

/** Kinds of volumes that the restricted profile allows. */
const VOLUMES = new Set([
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'persistentVolumeClaim',
  'projected',
  'secret',
]);

/**
 * The restricted profile of the Pod Security Standards, and what wa-gate asks for besides: a read-only root file
 * system, a numeric user, no token of the API server and no variables of other Services.
 */
export function checkPodSecurity(objects: readonly KubernetesObject[]): Problem[] {
  const problems: Problem[] = [];
  for (const workload of objects.filter(isWorkload)) {
    const { template } = workload.spec;
    const say = about(workload, problems);
    checkPod(template.spec, say);
    for (const container of containersOf(template)) checkContainer(container, template.spec, say);
  }
  for (const account of objects.filter(({ kind }) => kind === 'ServiceAccount')) {
    if ((account as { automountServiceAccountToken?: boolean }).automountServiceAccountToken !== false)
      about(account, problems)('its token is mounted');
  }
  for (const namespace of objects.filter(({ kind }) => kind === 'Namespace')) {
    if (namespace.metadata.labels?.['pod-security.kubernetes.io/enforce'] !== 'restricted')
      about(namespace, problems)('does not enforce the restricted profile');
  }
  return problems;
}

function checkPod(spec: PodSpec, say: (sentence: string) => void): void {
  if (spec.automountServiceAccountToken !== false) say('mounts the token of its ServiceAccount');
  // A Service called "sandbox" would set SANDBOX_PORT to a URL.
  if (spec.enableServiceLinks !== false)
    say('gets variables of every Service (enableServiceLinks), which may be taken for its own');
  for (const key of ['hostNetwork', 'hostPID', 'hostIPC']) if (spec[key]) say(`sets ${key}`);
  for (const { name, ...sources } of spec.volumes ?? []) {
    for (const source of Object.keys(sources)) if (!VOLUMES.has(source)) say(`the volume ${name} is a ${source}`);
  }
}

interface SecurityContext {
  allowPrivilegeEscalation?: boolean;
  privileged?: boolean;
  readOnlyRootFilesystem?: boolean;
  runAsNonRoot?: boolean;
  runAsUser?: number;
  capabilities?: { drop?: string[]; add?: string[] };
  seccompProfile?: { type?: string };
}

function checkContainer(container: Container, pod: PodSpec, say: (sentence: string) => void): void {
  const own = (container.securityContext ?? {}) as SecurityContext;
  const all = { ...(pod.securityContext as SecurityContext), ...own };
  const wrong = (what: string) => say(`${container.name} ${what}`);
  if (own.allowPrivilegeEscalation !== false) wrong('may get more rights (allowPrivilegeEscalation)');
  if (own.privileged) wrong('is privileged');
  if (!own.capabilities?.drop?.includes('ALL')) wrong('keeps capabilities');
  if (own.capabilities?.add?.some((one) => one !== 'NET_BIND_SERVICE')) wrong('adds capabilities');
  if (own.readOnlyRootFilesystem !== true) wrong('may write to its root file system');
  if (all.runAsNonRoot !== true) wrong('may run as root (runAsNonRoot)');
  if (!all.runAsUser) wrong('has no numeric user, which a check for root needs');
  if (all.seccompProfile?.type !== 'RuntimeDefault' && all.seccompProfile?.type !== 'Localhost')
    wrong('has no seccomp profile');
}
