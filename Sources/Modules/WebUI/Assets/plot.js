/** The rows behind a chart: history for a range, then what comes live, as series per column and device. */
import { Series } from './series.js';
import { ROWS_MAX } from './app-realm.js';
import { height } from './tables.js';
import { serverNow } from './format.js';
import { failure } from './ui.js';

/** More rows than this for one pixel cannot be told apart. */
const POINTS_PER_PIXEL = 4;
/** Rows that one `history.transformed.series.*` may answer with. */
const BUCKET_ROWS_MAX = 50_000;
/** While somebody drags, the server is asked once they pause. */
const SETTLE_MS = 250;

export class Plot extends EventTarget {
    /** A sentence about what is missing; empty when all is there. */
    note = '';
    isLoading = false;
    #series = new Map();
    #loaded = null;
    #timer = 0;
    #request = null;
    #meanwhile = [];

    /** - `columns`: of `table`; `deviceKeys`: whose rows. */
    constructor(realm, table, columns, deviceKeys, signal) {
        super();
        Object.assign(this, { realm, table, columns, deviceKeys, signal });
        this.wanted = new Set(deviceKeys);
        realm.follow(table, (rows) => this.#live(rows), signal);
        realm.addEventListener('state', () => realm.isOpen && this.#loaded && this.#load(this.range, this.width), { signal });
        signal.addEventListener('abort', () => { clearTimeout(this.#timer); this.#request?.abort(); });
    }

    series(column, deviceKey) {
        const key = `${column} ${deviceKey}`;
        if (!this.#series.has(key)) this.#series.set(key, new Series());
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
        const budget = Math.min(ROWS_MAX, Math.max(500, Math.ceil(width) * POINTS_PER_PIXEL * this.deviceKeys.length));
        this.isLoading = true;
        this.#say();
        try {
            const rows = await this.realm.history(this.table, {
                limit: budget, timeRange, columns: this.columns, filterAnd: [{ column: 'device_key', operator: 'IN', value: this.deviceKeys }],
            }, request.signal);
            if (request.signal.aborted) return;
            const isComplete = rows.length < budget;
            const buckets = isComplete ? null : await this.#buckets(from, range.to ? Math.ceil(until) : null, width, request.signal);
            if (request.signal.aborted) return;
            this.#replace(range);
            if (buckets) this.#addBuckets(buckets, rows);
            else for (const row of rows) this.#add(row);
            this.#meanwhile.forEach((row) => this.wanted.has(row.device_key) && this.#add(row));
            this.note = isComplete || buckets ? '' : `Shows the newest ${rows.length.toLocaleString()} rows of this range. Zoom in to see the rest.`;
        } catch (error) {
            if (request.signal.aborted || error.uri === 'gantry.error.connection_lost') return;
            this.note = failure(error);
        } finally {
            if (this.#request === request) {
                this.isLoading = false;
                this.#meanwhile = [];
            }
        }
        this.#say();
    }

    /** The least and the greatest value of each pixel's time; null where the server cannot say. */
    async #buckets(from, to, width, signal) {
        const limit = Math.max(10, Math.min(Math.ceil(width), Math.floor(BUCKET_ROWS_MAX / this.deviceKeys.length)));
        const metrics = this.columns.flatMap((ref) => [{ ref, method: 'MIN' }, { ref, method: 'MAX' }]);
        try {
            return await this.realm.series(this.table, {
                metrics, limit, timeRange: [from, to], groupBy: ['device_key'],
                filterAnd: [{ column: 'device_key', operator: 'IN', value: this.deviceKeys }],
            }, signal);
        } catch (error) {
            if (error.uri === 'gantry.error.connection_lost') throw error;
            return null;
        }
    }

    #addBuckets(buckets, newest) {
        const times = [...new Set(buckets.map((row) => row.tsp))].sort((a, b) => a - b);
        const width = times.reduce((least, time, index) => index ? Math.min(least, time - times[index - 1]) : least, Infinity);
        for (const row of buckets) {
            for (const column of this.columns) {
                const low = height(row[`MIN:${column}`]), high = height(row[`MAX:${column}`]);
                if (Number.isNaN(low)) continue;
                const series = this.series(column, row.device_key);
                series.add(row.tsp, low);
                if (high !== low) series.add(row.tsp + (Number.isFinite(width) ? width / 2 : 1), high);
            }
        }
        // The last bucket has no value at its end: the newest row has.
        for (const row of newest.slice(-this.deviceKeys.length * 2)) this.#add(row);
    }

    #replace(range) {
        this.#series.clear();
        this.#loaded = range;
    }

    #live(rows) {
        // While history is under way its answer replaces the series; whether it holds these rows, nobody knows.
        if (this.isLoading) this.#meanwhile.push(...rows);
        if (!this.#loaded) return;
        let isNew = false;
        for (const row of rows) isNew = (this.wanted.has(row.device_key) && this.#add(row)) || isNew;
        if (!isNew) return;
        const { span } = this.range;
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
