/** The order of stopping: a process is stopped before those it uses. */
export const STAGES = { services: 0, sandbox: 1, redis: 2, postgres: 3 };
