/** Is the hall well? Three seconds must do. */
import { h, View } from './dom.js';
import { alarmTable, evidence, isUnacknowledged, unwatched, urgent } from './alarm-view.js';
import { functions, presence, values } from './device-card.js';
import { fleet } from './fleet.js';
import { SEVERITIES } from './icons.js';
import { Plot, RANGES } from './plot.js';
import { route } from './router.js';
import { appRealm, devicesOf, link, realmInfo } from './scope.js';
import { drawable, limitsOf } from './tables.js';
import { chips, copyable, empty } from './ui.js';
import * as format from './format.js';

const LINES_MAX = 6, ALARMS_SHOWN = 8;

class Overview extends View {
  #plot = null;
  #life = null;
  #delays = [];

  start(signal) {
    this.realm = appRealm();
    this.watch(fleet, 'change');
    this.watch(route, 'choice');
    this.tick(1000);
    if (!this.realm) return;
    this.realm.followAll();
    this.realm.wantFunctions();
    this.watch(this.realm, 'functions', 'rules');
    for (const { name } of this.realm.tables) this.realm.follow(name, (rows) => this.#measure(rows), signal);
    const load = () => this.realm.isOpen
      && this.realm.tables.forEach(({ name }) => this.realm.loadActive(name, signal).then(() => this.update(),
        () => {}));
    this.realm.addEventListener('state', load, { signal });
    load();
  }

  draw() {
    this.#choose();
    super.draw();
    this.#drawChart();
  }

  render() {
    if (!this.realm) return firstSteps();
    return h('div', { class: 'grid' },
      h('h1', { class: 'visually-hidden' }, 'Overview'),
      this.#figures(),
      this.#chart(),
      this.#device(),
      this.#alarms());
  }

  // Figures

  #figures() {
    const { info } = this.realm;
    const devices = devicesOf(info), online = devices.filter(({ isOnline }) => isOnline);
    const silent = devices.filter(({ isOnline }) => !isOnline).sort((a, b) => (b.lastSeen ?? 0) - (a.lastSeen ?? 0));
    const waiting = urgent(fleet.alarms).filter(isUnacknowledged);
    const worst = SEVERITIES.find((name) => waiting.some(({ severity }) => severity === name));
    const oldest = waiting.reduce((first, alarm) => !first || alarm.raised_at < first.raised_at ? alarm : first, null);
    const [numberOnline, all] = [online.length, devices.length].map(format.count);
    const names = silent.slice(0, 3).map(({ name }) => name).join(', ') + (silent.length > 3 ? '…' : '');
    const silence = silent.length ? `${format.plural(silent.length, 'is silent', 'are silent')}: ${names}` : 'all of them';
    const newest = this.realm.lastRowAt ? `newest ${format.ago(this.realm.lastRowAt)}` : 'none since this page opened';
    return [
      figure('Devices online', link('/devices'), [numberOnline, h('small', {}, ` / ${all}`)],
        devices.length ? silence : 'none has been added'),
      figure('Rows per second', link('/data'), format.compact(rate(this.realm.rate)), newest),
      figure('Unacknowledged alarms', link('/alarms'), format.count(waiting.length),
        oldest ? `oldest ${format.duration(format.serverNow() - oldest.raised_at)}, ${deviceOf(oldest)}` : unwatched() ?? 'nothing waits for anybody',
        worst),
      this.#delay(),
    ];
  }

  /** From the device's clock to this screen's: 99 of 100 rows are quicker. */
  #delay() {
    const recent = this.#delays.slice().sort((a, b) => a - b);
    if (recent.length < 5) return figure('Device to screen', link('/data'), '–', 'measured as soon as rows come');
    const p99 = recent[Math.floor((recent.length - 1) * 0.99)], middle = recent[recent.length >> 1];
    const show = (ms) => ms < 1000 ? [format.count(Math.max(0, ms)), h('small', {}, ' ms')] : [format.duration(ms)];
    return figure('Device to screen', link('/data'), show(p99), middle < -1000
      ? `device clocks are ${format.duration(-middle)} ahead`
        : `99 of 100 rows; half of them within ${format.count(Math.max(0, middle))} ms`);
  }

  #measure(rows) {
    this.updateSoon();
    const now = format.serverNow();
    for (const { tsp } of rows.slice(-20)) this.#delays.push(now - tsp);
    if (this.#delays.length > 600) this.#delays.splice(0, this.#delays.length - 500);
  }

  // The chart

  /** What is drawn: what the address says, else the first column of the first table. */
  #choose() {
    if (!this.realm) return;
    const tables = this.realm.tables.filter((table) => drawable(table).length);
    const [table, column] = (route.get('column') ?? '').split('.');
    this.table = tables.find(({ name }) => name === table) ?? tables[0];
    this.column = this.table && (drawable(this.table).find(({ id }) => id === column) ?? drawable(this.table)[0]);
    this.span = RANGES.find(([span]) => String(span) === route.get('span'))?.[0] ?? RANGES[0][0];
    if (!this.table) return;
    const keys = this.#devices();
    const want = `${this.table.name} ${this.column.id} ${keys}`;
    if (this.want === want && this.shownSpan === this.span) return;
    if (this.want !== want) {
      this.#life?.abort();
      this.#life = new AbortController();
      this.signal.addEventListener('abort', () => this.#life.abort());
      this.#plot = new Plot(this.realm, this.table.name, [this.column.id], keys, this.#life.signal);
      this.#plot.addEventListener('change', () => this.update());
      this.#plot.addEventListener('rows', () => this.#drawChart());
    }
    this.want = want;
    this.shownSpan = this.span;
    this.isFresh = true;
  }

  /** The devices worth a line: those with alarms first, then those that are online. They stay as long as they can. */
  #devices() {
    const { info } = this.realm;
    const known = devicesOf(info).map(({ key, isOnline }) => ({ key, isOnline }));
    for (const key of this.realm.latest.get(this.table.name)?.keys() ?? []) {
      if (!known.some((device) => device.key === key)) known.push({ key, isOnline: true });
    }
    const alarms = urgent(this.realm.alarms).filter(({ table }) => table === this.table.name);
    const alarmed = new Set(alarms.map(({ device_key: key }) => key));
    const active = this.realm.latest.get(this.table.name);
    const rank = ({ key, isOnline }) => 4 * Boolean(active?.has(key)) + 3 * alarmed.has(key)
      + 2 * Boolean(this.lines?.includes(key)) + isOnline;
    this.lines = known.sort((a, b) => rank(b) - rank(a))
      .slice(0, LINES_MAX)
      .map(({ key }) => key)
      .sort((a, b) => a - b);
    return this.lines;
  }

  #chart() {
    if (!this.table) {
      return h('section', { class: 'card span-8' }, empty('This app has no table that can be drawn.',
        'A table of its data template needs a column of dataType numeric, bigint or boolean.'));
    }
    const columns = this.realm.tables.flatMap((table) => drawable(table).map((column) => [table, column]));
    const unit = this.column.unit ? `, ${this.column.unit}` : '';
    return h('section', { class: 'card span-8 fill', key: 'chart' },
      h('header', {},
        h('h2', {}, columns.length > 1 ? h('select', {
          class: 'select bare', 'aria-label': 'Column', value: `${this.table.name}.${this.column.id}`,
          onchange: (event) => route.set({ column: event.target.value }),
        }, columns.map(([table, column]) => h('option',
          { value: `${table.name}.${column.id}`, key: `${table.name}.${column.id}` },
          `${table.name} · ${column.name}${column.unit ? `, ${column.unit}` : ''}`))) : `${this.table.name} · ${this.column.name}${unit}`),
        chips('Range', RANGES, this.span, (span) => route.set({ span: span === RANGES[0][0] ? null : span }))),
      h('gantry-chart', { key: 'chart' }),
      h('p', { class: 'hint', role: 'status' },
        this.#plot.isLoading && !this.#plot.note ? 'Reading history…' : this.#plot.note));
  }

  #drawChart() {
    const chart = this.querySelector('gantry-chart');
    if (!chart || !this.#plot) return;
    const { info } = this.realm;
    chart.label = `${this.table.name}, ${this.column.name}`;
    chart.unit = this.column.unit;
    chart.empty = this.#plot.isLoading ? 'Reading history…' : 'No data in this range.';
    chart.limits = limitsOf(this.realm.rules, this.table.name, this.column.id);
    const isDrawn = (alarm) => alarm.table === this.table.name && this.lines.includes(alarm.device_key) && alarm.severity;
    chart.markers = this.realm.alarms.filter(isDrawn)
      .map((alarm) => ({ time: alarm.raised_at, severity: alarm.severity }));
    chart.lines = this.lines.map((key, index) => ({
      label: fleet.deviceName(info.swarmKey, key), series: this.#plot.series(this.column.id, key), color: index,
    }));
    if (!this.isFresh) return;
    this.isFresh = false;
    chart.range = { span: this.span };
    this.#plot.show({ span: this.span }, chart.clientWidth);
    chart.onrange ??= chart.addEventListener('range',
      ({ detail }) => this.#plot.show(detail ?? { span: this.span }, chart.clientWidth)) ?? true;
  }

  // The device that is looked at

  #device() {
    const { info } = this.realm;
    const devices = devicesOf(info);
    const first = urgent(this.realm.alarms)[0]?.device_key ?? this.lines?.[0] ?? devices[0]?.key;
    const key = Number(route.get('device') ?? first);
    if (Number.isNaN(key)) {
      return h('section', { class: 'card span-4', key: 'device' },
        empty('No device has this app.', 'Add one and install the app on it:',
        `gantry device add "${info.project}" press-01\ngantry app install "${info.project}" "${info.app}" press-01 --stage ${info.stage} -o env`));
    }
    const device = fleet.device(info.swarmKey, key);
    const table = this.table?.name ?? this.realm.tables[0]?.name;
    if (table && this.asked !== key && this.realm.isOpen) {
      this.asked = key;
      for (const { name } of this.realm.tables) this.realm.loadLatest(name, [key], this.signal).then(
        () => this.update(),
        () => {});
    }
    return h('section', { class: 'card span-4', key: 'device' },
      h('header', {},
        h('h2', {}, h('a', { href: link('/device', { device: key }) }, fleet.deviceName(info.swarmKey, key))),
        h('span', { class: 'soft small' }, presence(device))),
      values(this.realm, key, { most: 8 }), functions(this.realm, key));
  }

  // Alarms

  #alarms() {
    const alarms = urgent(fleet.alarms);
    return h('section', { class: 'card span-12', key: 'alarms' },
      h('header', {},
        h('h2', {}, 'Alarms that need somebody'),
        fleet.alarms.length > 0 && h('a', { href: link('/alarms'), class: 'small' },
          `all ${format.count(fleet.alarms.length)} ›`)),
      alarms.length ? alarmTable(alarms.slice(0, ALARMS_SHOWN))
        : h('p', { class: 'soft' }, this.realm.alarmsError ? `Alarms cannot be seen: ${this.realm.alarmsError.message}`
          : this.realm.rules.length
            ? `None. ${unwatched() ?? 'All rules are content'}.`
            : ['None, and no rule watches. ', h('a', { href: link('/alarms') }, 'Write the first rule')]));
  }
}
customElements.define('page-overview', Overview);

const deviceOf = (alarm) => fleet.deviceName(alarm.app.info.swarmKey, alarm.device_key);
const rate = (value) => value < 10 ? Math.round(value * 10) / 10 : Math.round(value);

const figure = (title, href, value, text, kind = '') => h('a', { class: 'card kpi span-3', href, key: title },
  h('h2', {}, title), h('b', { class: kind }, value), h('p', { title: text }, text));

/** Nothing is there yet: the whole road, to be copied line by line. */
function firstSteps() {
  const [project] = fleet.projects;
  const name = project?.name ?? 'Plant Nord';
  return h('div', { class: 'grid' }, h('section', { class: 'card span-8' }, h('div', { class: 'empty' },
    h('strong', {}, 'Nothing is set up yet. Five minutes from here to the first live chart:'),
    !project && [h('p', {}, '1. A project: a hall, a line, a customer.'), copyable('gantry project add "Plant Nord"')],
    h('p', {}, `${project ? 1 : 2}. An app with its data template: which tables there are, and which columns.`),
    copyable(`gantry app add "${name}" press-monitor --template data-template.yml`),
    h('p', {},
      `${project ? 2 : 3}. A device, and the app on it. The answer is the environment that the device's SDK needs.`),
    copyable(`gantry device add "${name}" press-01\ngantry app install "${name}" press-monitor press-01 --stage prod -o env`),
    h('p', {}, 'No device at hand? A virtual one sends readings from the same template:'),
    copyable(`gantry app install "${name}" press-monitor press-01 --stage prod -o env > press-01.env\ngantry simulate --template data-template.yml --environment press-01.env`),
    h('p', { class: 'soft' }, 'This page comes alive by itself as soon as the first app is installed.'))));
}
