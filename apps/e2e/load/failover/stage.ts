import type { Fleet } from '../../harness/fleet.ts';
import type { Subjects } from './sessions.ts';

/** The numbers of one repetition, by the name of the column. Milliseconds unless the name says otherwise. */
export type Sample = Record<string, number>;

export interface Stage {
  fleet: Fleet;
  subjects: Subjects;
}
