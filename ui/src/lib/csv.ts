/** One cell. A cell that a spreadsheet would run as a formula gets a `'` in front of it. */
export function csvCell(value: unknown): string {
  const text = value === null || value === undefined ? '' : String(value);
  const safe = /^[=+\-@\t\r]/.test(text) && !isNumber(value) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replace(/"/g, '""')}"` : safe;
}

// a number in the data is no formula: -5 stays -5
const isNumber = (value: unknown) => typeof value === 'number';

/** A CSV file (RFC 4180) with a byte order mark, which spreadsheets need to see UTF-8. */
export function toCsv(header: string[], rows: unknown[][]): string {
  return `\uFEFF${[header, ...rows].map((row) => row.map(csvCell).join(',')).join('\r\n')}\r\n`;
}
