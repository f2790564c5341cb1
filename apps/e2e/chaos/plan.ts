import { createPrng, type Prng } from './prng.ts';

/** The kinds of faults. A cut connection drops bytes without an error. */
export const FAULT_KINDS = [
  'kill worker',
  'pause worker',
  'end worker',
  'kill gateway',
  'restart postgres',
  'flush redis',
  'restart redis',
  'cut worker-postgres',
  'cut worker-redis',
  'cut worker-whatsapp',
  'cut gateway-postgres',
  'cut gateway-redis',
  'cut gateway-worker',
] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

export interface PlannedFault {
  index: number;
  kind: FaultKind;
  /** The name of the affected process; `postgres`, `redis`. */
  target: string;
  /** Milliseconds of a cut or a pause, or before a process that was ended starts again. */
  lastsMs: number;
  /** Milliseconds of traffic without a fault before it. */
  calmMs: number;
  /** How PostgreSQL ends: in order, or by a crash. */
  end: 'fast' | 'crash';
}

export interface FleetSize {
  workers: number;
  gateways: number;
}

/** Long enough for the lease (20 s) to run out and the sessions to be taken over. */
const PAUSE_MS = 30_000;
/** Milliseconds for an orchestrator to detect the end of a process. */
const RESTART_MS = [1_000, 3_000] as const;
const SHORT_CUT_MS = [3_000, 9_000] as const;
/** Longer than the lease: the sessions are taken over while the worker runs, cut off. */
const LONG_CUT_MS = [26_000, 30_000] as const;
const CALM_MS = [1_500, 4_000] as const;

/** The kinds whose every second occurrence lasts beyond the lease. */
const ALTERNATING: readonly FaultKind[] = ['cut worker-postgres'];

function targetOf(kind: FaultKind, { workers, gateways }: FleetSize, random: Prng): string {
  if (kind.endsWith('worker') || kind.startsWith('cut worker')) return `worker-${random.between(1, workers)}`;
  if (kind.startsWith('cut gateway') || kind === 'kill gateway') return `gateway-${random.between(1, gateways)}`;
  return kind.endsWith('postgres') ? 'postgres' : 'redis';
}

function lastsMs(kind: FaultKind, occurrence: number, random: Prng): number {
  if (kind === 'pause worker') return PAUSE_MS;
  if (kind === 'flush redis' || kind.startsWith('restart')) return 0;
  if (!kind.startsWith('cut')) return random.between(...RESTART_MS);
  const isLong = ALTERNATING.includes(kind) && occurrence % 2 === 1;
  const [least, most] = isLong ? LONG_CUT_MS : SHORT_CUT_MS;
  return random.between(least, most);
}

/** All kinds in a random order, round after round. The plan of a short run is the beginning of that of a long one. */
export function planFaults(seed: number, rounds: number, fleet: FleetSize): PlannedFault[] {
  const random = createPrng(seed);
  const plan: PlannedFault[] = [];
  for (let round = 0; round < rounds; round++) {
    for (const kind of random.shuffle(FAULT_KINDS)) {
      const target = targetOf(kind, fleet, random);
      const lasts = lastsMs(kind, round, random);
      const calmMs = random.between(...CALM_MS);
      const end = round % 2 === 0 ? 'fast' : 'crash';
      plan.push({ index: plan.length + 1, kind, target, lastsMs: lasts, calmMs, end });
    }
  }
  return plan;
}
