import { QueryClient } from '@tanstack/react-query';
import { isAway } from './away.ts';

const TRIES = 12;

/** Milliseconds before the next try: quick at first, because a gateway that restarts is back in a second or two. */
const pause = (attempt: number): number => Math.min(300 * 2 ** attempt, 1_200);

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 20_000,
      gcTime: 5 * 60_000,
      retry: (count, error) => isAway(error) && count < TRIES,
      retryDelay: pause,
      refetchOnWindowFocus: true,
      // Loopback has no network interface that could be offline.
      networkMode: 'always',
    },
    mutations: { retry: false, networkMode: 'always' },
  },
});

/** Options of a mutation that may be sent twice: it carries an id by which the API knows the copy. */
export const repeatable = {
  retry: (count: number, error: Error) => isAway(error) && count < TRIES,
  retryDelay: pause,
} as const;
