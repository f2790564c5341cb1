/** SQL: whether a login counts in the trial of row `v`. A gateway of the version before sets no begin: all do. */
const inTrial = (at: string): string => `(v.candidate_since IS NULL OR ${at} >= v.candidate_since)`;

/** SQL: whether the candidate of `v` was refused to the session of connection `c`, in this trial and last. */
export const HAS_REFUSED = `(c.refused_version = v.candidate AND ${inTrial('c.refused_at')})`;

/** SQL: whether the session of connection `c` has logged in with the candidate of `v` in this trial, last. */
export const HAS_ACCEPTED = `(c.client_version = v.candidate AND ${inTrial('c.opened_at')} AND c.refused_version IS DISTINCT FROM v.candidate)`;
