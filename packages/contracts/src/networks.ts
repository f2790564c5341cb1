/** Where sessions connect to. */
export const NETWORKS = ['live', 'sandbox'] as const;
