import { createParser } from 'eventsource-parser';
import { useEffect, useState } from 'react';
import { authorizedFetch } from '../../api/authorized-fetch.ts';
import { apiUrl } from '../../api/base-path.ts';
import { queryClient } from '../../api/query-client.ts';

export interface QrState {
  qr: string | null;
  attempt: number | null;
}

const AGAIN_MS = 1_500;

/** The QR codes of a session as they come. The stream is opened again when it ends before the session is linked. */
export function useQr(sessionId: string, isWanted: boolean): QrState {
  const [state, setState] = useState<QrState>({ qr: null, attempt: null });
  useEffect(() => {
    if (!isWanted) return;
    const controller = new AbortController();
    const { signal } = controller;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const parser = createParser({
      onEvent({ data }) {
        const { qr, attempt } = JSON.parse(data) as QrState;
        setState({ qr, attempt });
        if (qr === null) void queryClient.invalidateQueries({ queryKey: ['session', sessionId] });
      },
    });
    const read = async () => {
      const path = `/api/sessions/${encodeURIComponent(sessionId)}/qr/stream` as const;
      const response = await authorizedFetch(new Request(apiUrl(path), { signal }));
      if (!response.ok || !response.body) return;
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      for (let part = await reader.read(); !part.done; part = await reader.read()) parser.feed(part.value);
    };
    const run = () => {
      read()
        .catch(() => undefined)
        .finally(() => {
          if (signal.aborted) return;
          parser.reset();
          void queryClient.invalidateQueries({ queryKey: ['session', sessionId] });
          timer = setTimeout(run, AGAIN_MS);
        });
    };
    run();
    return () => {
      clearTimeout(timer);
      controller.abort();
    };
  }, [sessionId, isWanted]);
  return state;
}
