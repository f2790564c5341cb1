import { queryOptions } from '@tanstack/react-query';
import { queryClient } from '../../api/query-client.ts';
import { askSandbox, type Fault, isWithoutSandbox, type Phone, type PhoneMessage } from '../../api/sandbox.ts';

/** Phones tell nobody when something comes: the page looks again while it is shown. */
const EVERY_MS = 1_000;
/** Of the latest messages. */
const SHOWN = 300;

export const phonesQuery = queryOptions({
  queryKey: ['sandbox', 'phones'],
  queryFn: async () => (await askSandbox<{ phones: Phone[] }>('GET', 'phones')).phones,
  refetchInterval: ({ state }) => (state.error && isWithoutSandbox(state.error) ? false : 2 * EVERY_MS),
});

export const messagesQuery = (number: string) =>
  queryOptions({
    queryKey: ['sandbox', 'messages', number],
    queryFn: async () => {
      const known = queryClient.getQueryData<Phone[]>(['sandbox', 'phones'])?.find((phone) => phone.number === number);
      const after = Math.max(0, (known?.lastSeq ?? 0) - SHOWN);
      return (
        await askSandbox<{ messages: PhoneMessage[] }>('GET', `phones/${number}/messages?after=${after}&limit=1000`)
      ).messages;
    },
    refetchInterval: EVERY_MS,
  });

export const faultsQuery = queryOptions({
  queryKey: ['sandbox', 'faults'],
  queryFn: async () => (await askSandbox<{ faults: Fault[] }>('GET', 'faults')).faults,
  refetchInterval: 3 * EVERY_MS,
});

export const refreshSandbox = () => queryClient.invalidateQueries({ queryKey: ['sandbox'] });
