/** Where the picture of a level is. */
export const badgePath = (blueprint: string, entity: string, scorecard: string) => `/api/stagedoor/v1/badges/${[blueprint, entity, `${scorecard}.svg`].map(encodeURIComponent).join('/')}`;

/** A picture in Markdown. */
export const badgeMarkdown = (title: string, address: string) => `![${title.replace(/[[\]\\]/g, '\\$&')}](${address.replace(/\(/g, '%28').replace(/\)/g, '%29')})`;
