import { get } from 'node:http';
import type { Container, Probe } from '../../kubernetes/objects.ts';
import { ms } from './clock.ts';

/** What the kubelet asks of one container, and what it makes of the answers. */
export interface ProbeListener {
  /** The result has held for as many times as the thresholds say. */
  onResult(kind: ProbeKind, succeeded: boolean): void;
}

export type ProbeKind = 'startupProbe' | 'readinessProbe' | 'livenessProbe';

const DEFAULTS = {
  initialDelaySeconds: 0,
  periodSeconds: 10,
  timeoutSeconds: 1,
  successThreshold: 1,
  failureThreshold: 3,
};

/**
 * Plays the prober of the kubelet: the startup probe first, then readiness and liveness beside each other, with the
 * times and thresholds of the manifest. A container without a readiness probe is ready.
 *
 * @param urlOf the address of a port of the container, by its name or number
 */
export function runProbes(
  container: Container,
  urlOf: (port: number | string) => string,
  listener: ProbeListener,
): { stop(): void } {
  const timers = new Set<NodeJS.Timeout>();
  let isStopped = false;

  function run(kind: ProbeKind, probe: Probe, onSuccess: () => boolean): void {
    const { initialDelaySeconds, periodSeconds, timeoutSeconds, successThreshold, failureThreshold } = {
      ...DEFAULTS,
      ...probe,
    };
    let successes = 0;
    let failures = 0;
    const next = (delayMs: number) => {
      if (isStopped) return;
      const timer = setTimeout(() => {
        timers.delete(timer);
        void ask();
      }, delayMs);
      timers.add(timer);
    };
    const ask = async () => {
      const { httpGet } = probe;
      if (!httpGet) throw new Error(`The ${kind} of ${container.name} is no httpGet: nothing else is played here`);
      const begun = performance.now();
      const isFine = await answers(urlOf(httpGet.port) + httpGet.path, ms(timeoutSeconds));
      if (isStopped) return;
      successes = isFine ? successes + 1 : 0;
      failures = isFine ? 0 : failures + 1;
      if (successes === successThreshold) {
        listener.onResult(kind, true);
        if (!onSuccess()) return;
      }
      if (failures === failureThreshold) {
        listener.onResult(kind, false);
        failures = 0;
      }
      next(Math.max(0, ms(periodSeconds) - (performance.now() - begun)));
    };
    next(ms(initialDelaySeconds));
  }

  const { startupProbe, readinessProbe, livenessProbe } = container;
  function begin(): void {
    if (readinessProbe) run('readinessProbe', readinessProbe, () => true);
    else listener.onResult('readinessProbe', true);
    if (livenessProbe) run('livenessProbe', livenessProbe, () => true);
  }
  if (startupProbe) {
    run('startupProbe', startupProbe, () => {
      begin();
      return false;
    });
  } else {
    begin();
  }
  return {
    stop() {
      isStopped = true;
      for (const timer of timers) clearTimeout(timer);
    },
  };
}

/** One connection for each question, as the kubelet does. */
function answers(url: string, timeoutMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const request = get(url, { agent: false, timeout: timeoutMs }, (response) => {
      const { statusCode = 0 } = response;
      response.resume();
      resolve(statusCode >= 200 && statusCode < 400);
    });
    const deadline = setTimeout(() => request.destroy(), timeoutMs);
    request.on('timeout', () => request.destroy());
    request.on('error', () => resolve(false));
    request.on('close', () => {
      clearTimeout(deadline);
      resolve(false);
    });
  });
}
