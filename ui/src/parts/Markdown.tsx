import { useMemo } from 'react';
import { parseMarkdown, type Block, type Inline } from '~/lib/markdown';
import { ExternalLink } from './ExternalLink';
import classes from './parts.module.css';

export function Markdown({ source }: { source: string }) {
  const blocks = useMemo(() => parseMarkdown(source), [source]);
  return (
    <div className={classes.markdown}>
      {blocks.map((block, i) => (
        <BlockView key={i} block={block} />
      ))}
    </div>
  );
}

function BlockView({ block }: { block: Block }) {
  if (block.kind === 'code') return <pre tabIndex={0}>{block.text}</pre>;
  if (block.kind === 'list') {
    const items = block.items.map((item, i) => (
      <li key={i}>
        <Inlines inlines={item} />
      </li>
    ));
    return block.ordered ? <ol>{items}</ol> : <ul>{items}</ul>;
  }
  const Tag = block.kind === 'heading' ? 'h3' : 'p';
  return (
    <Tag>
      <Inlines inlines={block.inlines} />
    </Tag>
  );
}

function Inlines({ inlines }: { inlines: Inline[] }) {
  return inlines.map((part, i) => {
    if (part.kind === 'strong') return <strong key={i}>{part.text}</strong>;
    if (part.kind === 'em') return <em key={i}>{part.text}</em>;
    if (part.kind === 'code') return <code key={i}>{part.text}</code>;
    if (part.kind === 'link') return <ExternalLink key={i} url={part.href} text={part.text} />;
    return part.text;
  });
}
