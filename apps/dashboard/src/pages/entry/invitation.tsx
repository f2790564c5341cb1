import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { meQuery, switchWorkspace } from '../../account/account.ts';
import { api } from '../../api/client.ts';
import { queryClient } from '../../api/query-client.ts';
import { Button, LinkButton } from '../../ui/button.tsx';
import { Form, TextField } from '../../ui/field.tsx';
import { ErrorNotice, Loading, Notice } from '../../ui/surface.tsx';
import { EntryFrame } from './entry-frame.tsx';
import { entryTexts } from './texts.ts';

const tokenInAddress = (): string => decodeURIComponent(location.hash.slice(1));

/** An invitation to a workspace. It keeps its token in the address, so that it survives the login in between. */
export function InvitationPage() {
  const t = entryTexts.use();
  const [token, setToken] = useState(tokenInAddress);
  const [typed, setTyped] = useState('');
  const navigate = useNavigate();
  const [error, setError] = useState<unknown>();
  const [isBusy, setBusy] = useState(false);
  const invitation = useQuery({
    queryKey: ['invitation', token],
    queryFn: () => api.invitations.get({ token }),
    enabled: token !== '',
  });
  const me = useQuery({ ...meQuery, retry: false });
  const next = `/invitation#${encodeURIComponent(token)}`;
  const accept = async () => {
    setError(undefined);
    setBusy(true);
    try {
      const { workspace } = await api.invitations.accept({ token });
      await queryClient.invalidateQueries({ queryKey: ['me'] });
      await switchWorkspace(workspace.id);
      await navigate({ to: '/' });
    } catch (failure) {
      setError(failure);
    } finally {
      setBusy(false);
    }
  };
  const found = invitation.data?.invitation;
  return (
    <EntryFrame title={t('invitationTitle')} lead={found && t('invitationLead', { workspace: found.workspace.name })}>
      {token === '' && (
        <Form
          onSubmit={(event) => {
            event.preventDefault();
            setToken(typed.trim());
          }}
        >
          <TextField
            label={t('token')}
            hint={t('tokenHint')}
            value={typed}
            onChange={(event) => setTyped(event.target.value)}
          />
          <Button type="submit" look="primary" isWide>
            {t('look')}
          </Button>
        </Form>
      )}
      {invitation.isLoading && <Loading rows={2} />}
      {invitation.error && <ErrorNotice error={invitation.error} />}
      {error ? <ErrorNotice error={error} /> : null}
      {found && (
        <>
          <p>{t('invitationText', { email: found.email, role: t(found.role) })}</p>
          {me.data ? (
            me.data.user.email.toLowerCase() === found.email.toLowerCase() ? (
              <Button look="primary" isWide isBusy={isBusy} onClick={() => void accept()}>
                {t('accept')}
              </Button>
            ) : (
              <Notice tone="warn">{t('otherAddress', { email: me.data.user.email })}</Notice>
            )
          ) : (
            <>
              <LinkButton to="/login" search={{ next }} look="primary" isWide>
                {t('loginToAccept')}
              </LinkButton>
              <Link to="/register" search={{ next }}>
                {t('registerToAccept')}
              </Link>
            </>
          )}
        </>
      )}
    </EntryFrame>
  );
}
