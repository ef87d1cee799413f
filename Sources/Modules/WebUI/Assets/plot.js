/** The rows behind a chart: history for a range, then what comes live, as series per column and device. */
import { Series } from './series.js';
import { ROWS_MAX } from './app-realm.js';
import { height } from './tables.js';
import { serverNow, when } from './format.js';
import { failure } from './ui.js';

/** Points in time at which a range that has too many rows is looked at. */
const SLICES_MAX = 240, SLICES_AT_ONCE = 12;
/** While somebody drags, the server is asked once they pause. */
const SETTLE_MS = 250;
const RETRY_MS = 3000;

export class Plot extends EventTarget {
  /** A sentence about what is missing; empty when all is there. */
  note = '';
  isLoading = false;
  #series = new Map();
  #loaded = null;
  #timer = 0;
  #request = null;
  #meanwhile = [];
  #gap;

  /** - `columns`: of `table`; `deviceKeys`: whose rows. */
  constructor(realm, table, columns, deviceKeys, signal) {
    super();
    Object.assign(this, { realm, table, columns, deviceKeys, signal });
    this.wanted = new Set(deviceKeys);
    realm.follow(table, (rows) => this.#live(rows), signal);
    realm.addEventListener(
      'state',
      () => realm.isOpen && this.range && this.#load(this.range, this.width),
      { signal });
    signal.addEventListener('abort', () => { clearTimeout(this.#timer); this.#request?.abort(); });
  }

  series(column, deviceKey) {
    const key = `${column} ${deviceKey}`;
    if (!this.#series.has(key)) this.#series.set(key, new Series(this.#gap));
    return this.#series.get(key);
  }

  /** Shows `{span}` or `{from, to}` on `width` pixels. */
  show(range, width) {
    this.range = range;
    this.width = width;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#load(range, width), this.#loaded ? SETTLE_MS : 0);
  }

  async #load(range, width) {
    if (!this.deviceKeys.length || !this.columns.length) return;
    this.#request?.abort();
    const request = this.#request = new AbortController();
    const until = range.to ?? serverNow();
    const from = Math.floor(range.from ?? until - range.span);
    // Open at the end where the present is on screen: a device's clock may be ahead of the server's.
    const timeRange = [from, range.to ? Math.ceil(until) : null];
    this.isLoading = true;
    this.#say();
    try {
      // As many as one answer holds: leaving rows out hides peaks, and reducing 10,000 to pixels takes a millisecond.
      const rows = await this.#read(ROWS_MAX, timeRange, request.signal);
      if (request.signal.aborted) return;
      const isComplete = rows.length < ROWS_MAX;
      this.#replace(range, rows);
      if (!isComplete) {
        this.#say();
        const before = await this.#samples(from, rows[0].tsp, width, request.signal);
        if (request.signal.aborted) return;
        this.#replace(range, [...before.rows, ...rows], before.gap);
      }
      this.note = isComplete
        ? ''
        : `All rows since ${when(rows[0].tsp)}; single ones before that, where short peaks may be missing. Zoom in to see every row.`;
    } catch (error) {
      if (request.signal.aborted || error.uri === 'gantry.error.connection_lost') return;
      this.note = failure(error);
      // Where the server has just been started its tables may not be there yet.
      if (error.uri === 'wamp.error.no_such_procedure') {
        this.#timer = setTimeout(() => this.#load(range, width), RETRY_MS);
      }
    } finally {
      if (this.#request === request) {
        this.isLoading = false;
        this.#meanwhile = [];
      }
    }
    this.#say();
  }

  /** One row of each device from each slice of the range: its course, where all of its rows would be too many. */
  async #samples(from, to, width, signal) {
    const count = Math.max(20, Math.min(SLICES_MAX, Math.ceil(width / 3)));
    const size = (to - from) / count;
    const slices = Array.from({ length: count }, (_, index) => from + index * size);
    const rows = [];
    const next = async () => {
      while (slices.length && !signal.aborted) {
        const start = Math.floor(slices.pop());
        rows.push(...await this.#read(this.deviceKeys.length, [start, Math.ceil(start + size)], signal));
      }
    };
    await Promise.all(Array.from({ length: SLICES_AT_ONCE }, next));
    return { rows: rows.sort((a, b) => a.tsp - b.tsp), gap: size * 2.5 };
  }

  #read(limit, timeRange, signal) {
    const filterAnd = [{ column: 'device_key', operator: 'IN', value: this.deviceKeys }];
    return this.realm.history(this.table, { limit, timeRange, columns: this.columns, filterAnd }, signal);
  }

  #replace(range, rows, gap) {
    this.#series.clear();
    this.#gap = gap;
    this.#loaded = range;
    for (const row of rows) this.#add(row);
    for (const row of this.#meanwhile) if (this.wanted.has(row.device_key)) this.#add(row);
  }

  #live(rows) {
    // While history is under way its answer replaces the series; whether it holds these rows, nobody knows.
    if (this.isLoading) this.#meanwhile.push(...rows);
    let isNew = false;
    // Behind the end of a range that stands still there is nothing to draw.
    const end = this.range?.to ?? Infinity;
    for (const row of rows) isNew = (row.tsp <= end && this.wanted.has(row.device_key) && this.#add(row)) || isNew;
    if (!isNew) return;
    const span = this.range?.span;
    if (span) for (const series of this.#series.values()) series.prune(serverNow() - span * 1.05);
    this.dispatchEvent(new Event('rows'));
  }

  #add(row) {
    let isNew = false;
    for (const column of this.columns) {
      const value = height(row[column]);
      if (Number.isNaN(value)) continue;
      this.series(column, row.device_key).add(row.tsp, value);
      isNew = true;
    }
    return isNew;
  }

  #say() { this.dispatchEvent(new Event('change')); }
}

/** The ranges that are offered, in milliseconds. */
export const RANGES = [
  [900_000, '15 min'], [3_600_000, '1 h'], [28_800_000, '8 h'], [86_400_000, '1 d'], [604_800_000, '7 d'],
];
