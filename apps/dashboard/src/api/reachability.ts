/** Whether the gateway answers. Pages say so instead of showing old figures as if they were new. */
let isReachable = true;
const listeners = new Set<() => void>();

function set(value: boolean): void {
  if (isReachable === value) return;
  isReachable = value;
  for (const listener of listeners) listener();
}

export const noteReachable = (): void => set(true);
export const noteUnreachable = (): void => set(false);
export const readReachability = (): boolean => isReachable;

export function subscribeReachability(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
