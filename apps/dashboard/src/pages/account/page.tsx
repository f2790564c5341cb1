import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { LinkButton } from '../../ui/button.tsx';
import { ErrorNotice, Loading, Notice, Page } from '../../ui/surface.tsx';
import { sessionQuery } from '../sessions/queries.ts';
import { CallsCard } from './calls-card.tsx';
import { PrivacyCard } from './privacy-card.tsx';
import { ProfileCard } from './profile-card.tsx';
import { accountTexts } from './texts.ts';

export function AccountPage() {
  const t = accountTexts.use();
  const { sessionId } = useParams({ from: '/app/sessions/$sessionId/account' });
  const session = useQuery(sessionQuery(sessionId));
  const isConnected = session.data?.state === 'connected';
  return (
    <Page
      title={t('title')}
      lead={session.data && t('lead', { name: session.data.name })}
      isNarrow
      actions={
        <LinkButton to="/sessions/$sessionId" params={{ sessionId }}>
          {t('back')}
        </LinkButton>
      }
    >
      {session.isLoading && <Loading rows={3} height={120} />}
      {session.error && <ErrorNotice error={session.error} onRetry={() => void session.refetch()} />}
      {session.data && !isConnected && <Notice tone="info">{t('notConnected')}</Notice>}
      {isConnected && (
        <>
          <ProfileCard sessionId={sessionId} />
          <PrivacyCard sessionId={sessionId} />
        </>
      )}
      {session.data && <CallsCard sessionId={sessionId} />}
    </Page>
  );
}
