import { type ErrorComponentProps, useRouter } from '@tanstack/react-router';
import { Compass, Unplug } from 'lucide-react';
import { isAway } from '../api/away.ts';
import { Button, LinkButton } from '../ui/button.tsx';
import { Empty, Page, sentenceOf } from '../ui/surface.tsx';
import { shellTexts } from './texts.ts';

/** A page that could not be shown. Nothing else of the dashboard is affected. */
export function RouteError({ error, reset }: ErrorComponentProps) {
  const router = useRouter();
  const t = shellTexts.use();
  const wasAway = isAway(error);
  const again = () => {
    reset();
    void router.invalidate();
  };
  return (
    <Page title={wasAway ? t('awayTitle') : t('brokenTitle')} isNarrow>
      <Empty
        icon={Unplug}
        title={wasAway ? t('awayTitle') : t('brokenTitle')}
        action={
          <Button look="primary" onClick={again}>
            {t('tryAgain')}
          </Button>
        }
      >
        {wasAway ? t('awayText') : sentenceOf(error)}
      </Empty>
    </Page>
  );
}

export function NotFound() {
  const t = shellTexts.use();
  return (
    <Page title={t('notFoundTitle')} isNarrow>
      <Empty
        icon={Compass}
        title={t('notFoundText')}
        action={
          <LinkButton to="/" look="primary">
            {t('toHome')}
          </LinkButton>
        }
      />
    </Page>
  );
}
