import { useEffect, useState } from 'react';
import { api } from '../../api/client.ts';
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
    const lookAgain = () => void queryClient.invalidateQueries({ queryKey: ['session', sessionId] });
    const read = async () => {
      const onState = (stream: 'open' | 'reconnecting') => stream === 'reconnecting' && lookAgain();
      for await (const { qr, attempt } of api.pairing(sessionId, { signal, maxPauseMs: AGAIN_MS, onState })) {
        setState({ qr, attempt });
        if (qr === null) lookAgain();
      }
    };
    const run = () => {
      read()
        .catch(() => undefined)
        .finally(() => {
          if (signal.aborted) return;
          lookAgain();
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
