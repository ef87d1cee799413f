/** One device: its newest values, its lines, its functions, its alarms, and what is known of it. */
import './chart-stack.js';
import { h, View } from './dom.js';
import { alarmTable, byUrgency } from './alarm-view.js';
import { functions, presence, presenceDot, values } from './device-card.js';
import { fleet } from './fleet.js';
import { installName } from './page-devices.js';
import { Plot, RANGES } from './plot.js';
import { route } from './router.js';
import { appRealm, link, realmInfo, swarmKey } from './scope.js';
import { drawable } from './tables.js';
import { chips, empty } from './ui.js';
import * as format from './format.js';

const COLUMNS_MAX = 4;

class Device extends View {
  #life = null;

  start(signal) {
    this.key = Number(route.get('device'));
    this.realm = appRealm();
    this.watch(fleet, 'change');
    this.watch(route, 'choice');
    this.tick(1000);
    if (!this.realm) return;
    this.realm.followAll();
    this.realm.wantFunctions();
    this.watch(this.realm, 'functions', 'rules');
    const load = () => {
      if (!this.realm.isOpen) return;
      for (const { name } of this.realm.tables) this.realm.loadLatest(name, [this.key], signal).then(
        () => this.update(),
        () => {});
    };
    this.realm.addEventListener('state', load, { signal });
    load();
    for (const { name } of this.realm.tables) this.realm.follow(name, () => this.updateSoon(), signal);
    this.addEventListener(
      'range',
      ({ detail }) => this.plot.show(detail ?? this.range, this.querySelector('chart-stack').clientWidth),
      { signal });
    signal.addEventListener('abort', () => this.#life?.abort());
  }

  draw() {
    this.#choose();
    super.draw();
    const stack = this.querySelector('chart-stack');
    if (stack && this.isFresh) {
      this.isFresh = false;
      this.plot.show(this.range, stack.clientWidth);
    }
  }

  #choose() {
    const tables = this.realm?.tables.filter((table) => drawable(table).length) ?? [];
    this.table = tables.find(({ name }) => name === route.get('table')) ?? tables[0];
    if (!this.table) return;
    const span = RANGES.find(([size]) => String(size) === route.get('span'))?.[0] ?? RANGES[0][0];
    this.columns = drawable(this.table).slice(0, COLUMNS_MAX);
    if (this.shown === `${this.table.name} ${span}`) return;
    if (this.plot?.table !== this.table.name) {
      this.#life?.abort();
      this.#life = new AbortController();
      this.plot = new Plot(
        this.realm,
        this.table.name,
        this.columns.map(({ id }) => id),
        [this.key],
        this.#life.signal);
      this.plot.addEventListener('change', () => this.update());
    }
    this.shown = `${this.table.name} ${span}`;
    this.range = { span };
    this.isFresh = true;
  }

  render() {
    const device = fleet.device(swarmKey(), this.key);
    const name = fleet.deviceName(swarmKey(), this.key);
    return [
      h('div', { class: 'title' },
        h('a', { href: link('/devices'), class: 'soft', 'aria-label': 'Back to devices' }, 'Devices ›'),
        h('h1', {}, name),
        presenceDot(device), h('span', { class: 'soft' }, presence(device))),
      h('div', { class: 'grid' },
        this.#charts(),
        h('section', { class: 'card span-4', key: 'values' }, h('header', {}, h('h2', {}, 'Values')),
          this.realm ? values(this.realm, this.key) : empty('No app is installed.', ''),
          this.realm && functions(this.realm, this.key)),
        this.#alarms(),
        this.#facts(device)),
    ];
  }

  #charts() {
    if (!this.table) {
      const info = realmInfo();
      return h('section', { class: 'card span-8', key: 'charts' },
        empty('Nothing to draw.',
          info ? 'The app has no table with a numeric column.' : 'No app is installed on this device.'));
    }
    const tables = this.realm.tables.filter((table) => drawable(table).length);
    return h('section', { class: 'card span-8', key: 'charts' },
      h('header', {},
        h('h2', {},
          tables.length > 1 ? h('select',
            {
              class: 'select bare',
              'aria-label': 'Table',
              value: this.table.name,
              onchange: (event) => route.set({ table: event.target.value }),
            },
        tables.map(({ name }) => h('option', { value: name, key: name }, name))) : this.table.name),
      chips('Range', RANGES, this.range.span, (span) => route.set({ span: span === RANGES[0][0] ? null : span })),
      h('a', { class: 'small', href: link('/data', { table: this.table.name, devices: this.key }) },
        'rows and export ›')),
      h('chart-stack',
        {
          '.realm': this.realm,
          '.table': this.table,
          '.columns': this.columns,
          '.deviceKeys': [this.key],
          '.plot': this.plot,
          '.range': this.range,
          key: this.table.name,
        }),
      h('p', { class: 'hint', role: 'status' }, this.plot.isLoading ? 'Reading history…' : this.plot.note));
  }

  #alarms() {
    const isMine = ({ device_key: key, app }) => key === this.key && app.info.swarmKey === swarmKey();
    const alarms = fleet.alarms.filter(isMine).sort(byUrgency);
    return h('section', { class: 'card span-8', key: 'alarms' }, h('header', {}, h('h2', {}, 'Alarms')),
      alarms.length ? alarmTable(alarms) : h('p', { class: 'soft' }, 'None.'));
  }

  #facts(device) {
    const skew = this.#skew();
    const facts = [
      ['Device key', String(this.key)], [
        'Serial number',
        device?.serial], ['Apps', device?.installs.map(installName).join(', ') || 'none installed'],
      ['Address', device?.address], [
        'Last seen',
        device?.isOnline ? 'now' : device?.lastSeen ? format.dateTimeFull(device.lastSeen) : 'never'],
      ['Clock', skew],
    ].filter(([, value]) => value);
    return h('section', { class: 'card span-4', key: 'facts' }, h('header', {}, h('h2', {}, 'About this device')),
      h('dl', { class: 'facts' },
        facts.map(([name, value]) => [h('dt', { key: name }, name), h('dd', { key: `${name} is` }, value)])));
  }

  /** Only a row from the future proves that the clocks differ: an old one may have been on its way. */
  #skew() {
    const newestOf = ({ name }) => this.realm.latest.get(name)?.get(this.key)?.tsp ?? -Infinity;
    const newest = Math.max(...(this.realm?.tables ?? []).map(newestOf));
    const ahead = newest - format.serverNow();
    return ahead > 2000 ? `${format.duration(ahead)} ahead of the server` : null;
  }
}
customElements.define('page-device', Device);
