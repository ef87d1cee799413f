/** One app's realm: its tables, their history and live rows, its alarms and its devices' functions. */
import { Connection } from './wamp.js';
import { session } from './session.js';
import { tablesOf } from './tables.js';

const ACTIVE_ROWS = 200;
const RETRY_MS = 5000;
const RATE_WINDOW_MS = 5000;
/** `history.transformed.*` answers with at most so many rows. */
export const ROWS_MAX = 10_000;

export class AppRealm extends EventTarget {
  tables = [];
  /** What `alarms.list` answered, kept up to date by `alarms.on_change`; each knows its realm as `app`. */
  alarms = [];
  rules = [];
  /** [{uri, deviceKey, name}] */
  functions = [];
  /** Why there are no alarms, or no functions, to be seen. */
  alarmsError = null;
  functionsError = null;
  /** The newest row of each table and device: `latest.get(table).get(deviceKey)`. */
  latest = new Map();
  lastRowAt = null;
  rowCount = 0;
  #life = new AbortController();
  #feeds = new Map();
  #rate = [];
  #followedSince = performance.now();
  #functionIDs = new Map();
  #functionsWanted = false;

  constructor(info) {
    super();
    this.describe(info);
    this.connection = new Connection({ realm: info.uri, authid: session.name, ticket: () => session.token });
    this.connection.addEventListener('state', () => {
      if (this.connection.state === 'open') this.#reload();
      this.#say('state');
    }, { signal: this.#life.signal });
    this.#subscribe('alarms.on_change', ({ args }) => this.#alarmChanged(args[0]));
    this.#subscribe('alarms.on_rule_change', () => this.#loadRules());
  }

  /** What the admin realm says about it; a new version of the app may have brought other tables. */
  describe(info) {
    this.info = info;
    this.uri = info.uri;
    this.tables = tablesOf(info.template);
  }

  close() {
    this.#life.abort();
    this.connection.close();
  }

  get isOpen() { return this.connection.state === 'open'; }
  table(name) { return this.tables.find((table) => table.name === name); }

  /** Rows per second of the tables that are followed. */
  get rate() {
    const now = performance.now();
    this.#trimRate(now);
    const length = Math.max(1000, Math.min(RATE_WINDOW_MS, now - this.#followedSince));
    return this.#rate.reduce((sum, { rows }) => sum + rows, 0) / (length / 1000);
  }

  /** Also where nobody looks: a page may stay open for months. */
  #trimRate(now) {
    while (this.#rate.length && this.#rate[0].at < now - RATE_WINDOW_MS) this.#rate.shift();
  }

  // Rows

  /**
   * Rows of `history.transformed.<table>`, ascending by time.
   * `query`: {limit, offset, timeRange, filterAnd, columns}
   */
  async history(table, query, signal) {
    const chunks = [];
    const onProgress = ({ args: [index, rows] }) => { chunks[index] = rows; };
    const { args } = await this.connection.call(
      `history.transformed.${table}`,
      [{ limit: ROWS_MAX, offset: 0, ...query }],
      {},
      { onProgress, signal });
    const answer = args[0];
    if (Array.isArray(answer)) return answer;
    // "asc" tells the order of the result: the chunks came newest first.
    const rows = chunks.flat();
    if (answer?.order === 'asc') rows.reverse();
    return rows;
  }

  /** Calls `handler(rows)` for every row of a table from now on, until `signal` aborts. */
  follow(table, handler, signal) {
    let feed = this.#feeds.get(table);
    if (!feed) {
      feed = new Set();
      this.#feeds.set(table, feed);
      this.#subscribe(`transformed.${table}`, ({ args }) => this.#received(table, args));
      this.#subscribe(`transformed.bulk.${table}`, ({ args }) => this.#received(table, args[0]));
    }
    feed.add(handler);
    signal.addEventListener('abort', () => feed.delete(handler), { once: true });
  }

  /** Follows all tables, so that the newest values are at hand. */
  followAll() {
    for (const { name } of this.tables) if (!this.#feeds.has(name)) this.follow(name, () => {}, this.#life.signal);
  }

  /** The newest row of each device of a table, also of those that are silent now. */
  async loadLatest(table, deviceKeys, signal) {
    const wanted = deviceKeys.filter((key) => !this.latest.get(table)?.has(key));
    const ask = (key) => this.history(table, {
      limit: 1, filterAnd: [{ column: 'device_key', operator: '=', value: key }],
    }, signal).then((rows) => this.#remember(table, rows));
    await Promise.all(wanted.slice(0, 50).map(ask));
  }

  /** The newest rows, whoever wrote them: which devices are at work, and with which values. */
  async loadActive(table, signal) {
    this.#remember(table, await this.history(table, { limit: ACTIVE_ROWS }, signal));
  }

  #received(table, rows) {
    const now = performance.now();
    this.#trimRate(now);
    this.#rate.push({ at: now, rows: rows.length });
    this.rowCount += rows.length;
    this.lastRowAt = Date.now();
    this.#remember(table, rows);
    for (const handler of this.#feeds.get(table)) handler(rows);
  }

  #remember(table, rows) {
    let newest = this.latest.get(table);
    if (!newest) this.latest.set(table, newest = new Map());
    for (const row of rows) {
      const known = newest.get(row.device_key);
      if (!known || known.tsp <= row.tsp) newest.set(row.device_key, row);
    }
  }

  // Alarms

  /** `acknowledge`, `shelve`, `unshelve`, `reset`, `annotate`: all answer with the alarm as it is then. */
  async onAlarm(verb, alarm, kwargs = {}) {
    const answer = await this.connection.ask(`alarms.${verb}`,
      { rule: alarm.rule, device_key: alarm.device_key, ...kwargs });
    if (answer?.rule) this.#alarmChanged(answer);
  }

  ask(procedure, kwargs) { return this.connection.ask(procedure, kwargs); }

  async #loadAlarms() {
    try {
      const alarms = await this.connection.ask('alarms.list');
      this.alarms = alarms.map((alarm) => ({ ...alarm, app: this }));
      this.alarmsError = null;
    } catch (error) {
      if (error.uri === 'gantry.error.connection_lost') return;
      this.alarms = [];
      this.alarmsError = error;
      // Where the server has just been started, alarms may join the realm a moment later.
      if (error.uri === 'wamp.error.no_such_procedure') setTimeout(() => this.isOpen && this.#reload(), RETRY_MS);
    }
    this.#say('alarms');
  }

  async #loadRules() {
    try {
      this.rules = await this.connection.ask('alarms.rule.list');
    } catch {
      this.rules = [];
    }
    this.#say('rules');
  }

  #alarmChanged(alarm) {
    const isSame = (other) => other.rule === alarm.rule && other.device_key === alarm.device_key;
    const others = this.alarms.filter((other) => !isSame(other));
    const isListed = alarm.state !== 'normal' || alarm.shelf;
    this.alarms = isListed ? [...others, { ...alarm, app: this }] : others;
    this.#say('alarms');
  }

  // Functions: registrations `<S>.<device_key>.<A>.<DEV|PROD>.<fn>`

  /** Asks for the functions, and keeps them up to date from then on. */
  wantFunctions() {
    if (this.#functionsWanted) return;
    this.#functionsWanted = true;
    const added = ({ args }) => this.#addFunction(args[1]?.id ?? args[1], args[1]?.uri).catch(() => {});
    const removed = ({ args }) => {
      const uri = this.#functionIDs.get(args[1]?.id ?? args[1]);
      this.functions = this.functions.filter((entry) => entry.uri !== uri);
      this.#say('functions');
    };
    this.#subscribe('wamp.registration.on_create', added);
    this.#subscribe('wamp.registration.on_delete', removed);
    if (this.isOpen) this.#loadFunctions();
  }

  async #loadFunctions() {
    try {
      const lists = await this.connection.ask('wamp.registration.list');
      this.functions = [];
      this.#functionIDs.clear();
      await Promise.all((lists.exact ?? []).map((id) => this.#addFunction(id)));
      this.functionsError = null;
    } catch (error) {
      if (error.uri === 'gantry.error.connection_lost') return;
      this.functionsError = error;
    }
    this.functionsLoaded = true;
    this.#say('functions');
  }

  async #addFunction(id, uri) {
    try {
      uri ??= (await this.connection.ask('wamp.registration.get', {}, [id])).uri;
    } catch (error) {
      // It may have gone between the list and the question.
      if (error.uri === 'wamp.error.no_such_registration') return;
      throw error;
    }
    this.#functionIDs.set(id, uri);
    const { swarmKey, appKey, stage } = this.info;
    const match = /^(\d+)\.(\d+)\.(\d+)\.(dev|prod)\.(.+)$/i.exec(uri);
    if (!match || Number(match[1]) !== swarmKey || Number(match[3]) !== appKey || match[4].toLowerCase() !== stage) return;
    const entry = { uri, deviceKey: Number(match[2]), name: match[5] };
    this.functions = [...this.functions.filter((other) => other.uri !== uri), entry]
      .sort((a, b) => a.deviceKey - b.deviceKey || a.name.localeCompare(b.name));
    this.#say('functions');
  }

  // What all have in common

  #reload() {
    this.#loadAlarms();
    this.#loadRules();
    if (this.#functionsWanted) this.#loadFunctions();
  }

  #subscribe(topic, handler) {
    this.connection.subscribe(topic, handler, { signal: this.#life.signal }).catch((error) => {
      this.refusals = { ...this.refusals, [topic]: error };
    });
  }

  #say(event) { this.dispatchEvent(new Event(event)); }
}
