import type { Intake } from './recipients.tsx';

const noted = new Map<string, readonly Intake[]>();

/** What became of the list of a new broadcast, for its page, which opens next. */
export function noteIntakes(broadcastId: string, intakes: readonly Intake[]): void {
  noted.set(broadcastId, intakes);
}

export const intakesOf = (broadcastId: string): readonly Intake[] => noted.get(broadcastId) ?? [];
