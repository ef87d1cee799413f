/** Rows as a file for spreadsheets: RFC 4180, times in ISO 8601 UTC, and no cell that a spreadsheet would run. */
import { ROWS_MAX } from './app-realm.js';
import { download, toast } from './ui.js';
import { count } from './format.js';

const ROWS_TOTAL_MAX = 1_000_000;

/** One cell. A text that begins like a formula gets an apostrophe; numbers stay numbers. */
export function cell(value) {
  if (value === null || value === undefined) return '';
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  let text = typeof value === 'object' ? JSON.stringify(value) : value;
  if (/^[=+\-@\t\r]/.test(text)) text = `'${text}`;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Reads all rows of a query, page by page, and hands them over as a file. */
export async function exportCSV({ realm, table, query }, deviceName) {
  const columns = table.columns.map(({ id }) => id);
  const header = ['tsp', 'device_key', 'device', 'authid', ...columns];
  const pages = [];
  let total = 0;
  // Closed at its end, so that pages do not shift while rows come in.
  const timeRange = [query.timeRange[0], query.timeRange[1] ?? Date.now()];
  toast('Reading rows…');
  for (let offset = 0; total < ROWS_TOTAL_MAX; offset += ROWS_MAX) {
    const rows = await realm.history(table.name, { ...query, timeRange, limit: ROWS_MAX, offset });
    pages.unshift(rows.map((row) => [
      new Date(row.tsp).toISOString(), row.device_key, cell(deviceName(row.device_key)), cell(row.authid),
      ...columns.map((id) => cell(row[id])),
    ].join(',')).join('\r\n') + (rows.length ? '\r\n' : ''));
    total += rows.length;
    if (rows.length < ROWS_MAX) break;
    toast(`${count(total)} rows…`);
  }
  // The byte order mark tells Excel that it is UTF-8.
  download(`${realm.info.app}-${table.name}-${new Date(timeRange[0]).toISOString().slice(0, 19).replaceAll(':', '')}.csv`,
    'text/csv;charset=utf-8', ['\ufeff', `${header.map(cell).join(',')}\r\n`, ...pages]);
  toast(`${count(total)} rows exported.`);
}
