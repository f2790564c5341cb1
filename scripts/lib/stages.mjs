/** The order of the stop: a process is stopped before those that it uses. */
export const STAGES = { services: 0, sandbox: 1, redis: 2, postgres: 3 };
