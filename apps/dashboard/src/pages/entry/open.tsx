import { useNavigate } from '@tanstack/react-router';
import { useEffect, useRef, useState } from 'react';
import { loginByLink } from '../../account/account.ts';
import { LinkButton } from '../../ui/button.tsx';
import { ErrorNotice, Loading } from '../../ui/surface.tsx';
import { EntryFrame } from './entry-frame.tsx';
import { takeTokenFromAddress } from './next-address.ts';
import { entryTexts } from './texts.ts';

/** The link that `npm start` prints: logs in once, then it is worth nothing. */
export function OpenPage() {
  const t = entryTexts.use();
  const navigate = useNavigate();
  const [error, setError] = useState<unknown>();
  const isBegun = useRef(false);
  useEffect(() => {
    if (isBegun.current) return;
    isBegun.current = true;
    loginByLink(takeTokenFromAddress()).then(() => navigate({ to: '/', replace: true }), setError);
  }, [navigate]);
  return (
    <EntryFrame title={t('openTitle')}>
      {error ? (
        <>
          <ErrorNotice error={error} />
          <p>{t('openUsed')}</p>
          <LinkButton to="/login" search={{}} look="primary" isWide>
            {t('login')}
          </LinkButton>
        </>
      ) : (
        <Loading rows={2} />
      )}
    </EntryFrame>
  );
}
