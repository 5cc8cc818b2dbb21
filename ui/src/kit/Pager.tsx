import { IconChevronLeft, IconChevronRight } from '@tabler/icons-react';
import { formatNumber } from '~/lib/text';
import classes from './Pager.module.css';

interface PagerProps {
  page: number;
  pageSize: number;
  total: number;
  onPage: (page: number) => void;
}

export function Pager({ page, pageSize, total, onPage }: PagerProps) {
  const last = Math.max(1, Math.ceil(total / pageSize));
  const from = (page - 1) * pageSize + 1;
  const to = Math.min(total, page * pageSize);
  return (
    <nav className={classes.pager} aria-label="Pages">
      <span role="status">
        {from <= total ? `${formatNumber(from)}–${formatNumber(to)} of ${formatNumber(total)}` : `Page ${page} is past the end of ${formatNumber(total)}`}
      </span>
      {(last > 1 || page > 1) && (
        <span className={classes.buttons}>
          <button type="button" disabled={page <= 1} onClick={() => onPage(Math.min(page - 1, last))} aria-label="Previous page">
            <IconChevronLeft size={16} aria-hidden />
          </button>
          <span>
            {formatNumber(page)} / {formatNumber(last)}
          </span>
          <button type="button" disabled={page >= last} onClick={() => onPage(page + 1)} aria-label="Next page">
            <IconChevronRight size={16} aria-hidden />
          </button>
        </span>
      )}
    </nav>
  );
}
