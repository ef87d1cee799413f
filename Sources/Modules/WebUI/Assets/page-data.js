/** Any table's columns over any time: zoom, compare, raw rows, CSV. */
import './chart-stack.js';
import { h, View } from './dom.js';
import { exportCSV } from './csv.js';
import { fleet } from './fleet.js';
import { Plot, RANGES } from './plot.js';
import { route } from './router.js';
import { appRealm, devicesOf, link } from './scope.js';
import { drawable } from './tables.js';
import { ask, attempt, chips, empty, field } from './ui.js';
import * as format from './format.js';

const LINES_MAX = 8, LINES_FIRST = 3, COLUMNS_FIRST = 2, RAW_ROWS = 200, RAW_SETTLE_MS = 600;

class Data extends View {
  #life = null;
  #rows = [];
  #rowsNote = '';
  #timer = 0;

  start(signal) {
    this.realm = appRealm();
    this.watch(fleet, 'change');
    this.watch(route, 'choice');
    if (!this.realm) return;
    this.realm.followAll();
    this.watch(this.realm, 'rules', 'state');
    // Which devices to begin with: those that are at work.
    const load = () => this.realm.isOpen
      && !this.first
      && Promise.all(this.realm.tables.map(({ name }) => this.realm.loadActive(name, signal)))
      .catch(() => {}).then(() => { this.isReady = true; this.update(); });
    this.realm.addEventListener('state', load, { signal });
    load();
    this.addEventListener('range', ({ detail }) => this.#ranged(detail), { signal });
    signal.addEventListener('abort', () => { clearTimeout(this.#timer); this.#life?.abort(); });
  }

  draw() {
    this.#choose();
    super.draw();
    const stack = this.querySelector('chart-stack');
    if (stack && this.plot && this.isFresh) {
      this.isFresh = false;
      this.plot.show(this.range, stack.clientWidth);
      this.#loadRows();
    }
  }

  #choose() {
    if (!this.realm?.tables.length) return;
    const { tables, info } = this.realm;
    this.table = tables.find(({ name }) => name === route.get('table'))
      ?? tables.find((table) => drawable(table).length)
      ?? tables[0];
    const able = drawable(this.table);
    const wanted = route.list('columns').map((id) => able.find((column) => column.id === id)).filter(Boolean);
    this.columns = wanted.length ? wanted : able.slice(0, COLUMNS_FIRST);
    this.devices = devicesOf(info);
    const keys = route.list('devices').map(Number).filter((key) => !Number.isNaN(key)).slice(0, LINES_MAX);
    // The first choice stays, also when other devices come online meanwhile.
    if (!keys.length && !this.first?.length && this.isReady) {
      const active = this.realm.latest.get(this.table.name);
      const rank = ({ key, isOnline }) => (active?.has(key) ? 2 : 0) + (isOnline ? 1 : 0);
      this.first = [...this.devices].sort((a, b) => rank(b) - rank(a))
        .slice(0, LINES_FIRST)
        .map(({ key }) => key)
        .sort((a, b) => a - b);
    }
    this.keys = keys.length ? keys : this.first ?? [];
    const from = Number(route.get('from')), to = Number(route.get('to'));
    const span = RANGES.find(([size]) => String(size) === route.get('span'))?.[0] ?? RANGES[0][0];
    const range = from && to > from ? { from, to } : { span };
    const same = `${this.table.name} ${this.columns.map(({ id }) => id)} ${this.keys}`;
    if (JSON.stringify(range) !== JSON.stringify(this.range)) {
      this.range = range;
      this.isFresh = true;
    }
    if (same === this.same) return;
    this.same = same;
    this.isFresh = true;
    this.#life?.abort();
    this.#life = new AbortController();
    this.plot = new Plot(this.realm, this.table.name, this.columns.map(({ id }) => id), this.keys, this.#life.signal);
    this.plot.addEventListener('change', () => this.update());
    this.plot.addEventListener('rows', () => this.range.span && this.#loadRowsSoon());
  }

  render() {
    if (!this.realm) return h('section', { class: 'card' },
      empty(
        'No app is installed yet.',
        'An app brings the tables:',
        'gantry app add "Plant Nord" press-monitor --template data-template.yml'));
    if (!this.table) return h('section', { class: 'card' },
      empty(
        `${this.realm.info.app} has no tables.`,
        'Its data template lists none. Give it one:',
        `gantry app add "${this.realm.info.project}" "${this.realm.info.app}" --template data-template.yml`));
    return [this.#title(), this.#choices(), this.#charts(), this.#raw()];
  }

  #title() {
    const { tables } = this.realm;
    return h('div', { class: 'title' }, h('h1', {}, 'Data'),
      h('select',
        {
          class: 'select',
          'aria-label': 'Table',
          value: this.table.name,
          onchange: (event) => route.set({ table: event.target.value, columns: null }),
        },
        tables.map(({ name }) => h('option', { value: name, key: name }, name))),
      h('span', { class: 'soft' }, this.table.description), h('span', { class: 'spacer' }),
      chips(
        'Range',
        RANGES,
        this.range.span,
        (span) => route.set({ span: span === RANGES[0][0] ? null : span, from: null, to: null })),
      h('button',
        { class: 'chip', type: 'button', 'aria-pressed': String(!this.range.span), onclick: () => this.#askRange() },
        this.range.span ? 'From … to …' : `${format.when(this.range.from)} – ${format.when(this.range.to)}`));
  }

  #choices() {
    const able = drawable(this.table), ids = this.columns.map(({ id }) => id);
    const toggle = (list, value) => list.includes(value) ? list.filter((other) => other !== value) : [...list, value];
    return h('section', { class: 'card choices', key: 'choices' },
      h('div', { class: 'row' }, h('span', { class: 'soft small label' }, 'Columns'), able.map((column) => h('button', {
        class: 'chip', key: column.id, type: 'button', title: column.description,
        'aria-pressed': String(ids.includes(column.id)),
        onclick: () => route.set({ columns: able.map(({ id }) => id).filter((id) => toggle(ids, column.id).includes(id)) }),
      }, column.name)), !able.length && h('span', { class: 'soft' }, 'none that can be drawn')),
      h('div', { class: 'row' },
        h('span', { class: 'soft small label' }, 'Devices'),
        this.keys.map((key, index) => h('button', {
        class: `chip series s${index}`, key: String(key), type: 'button', 'aria-pressed': 'true',
        title: 'Take out of the chart',
        disabled: this.keys.length === 1,
        onclick: () => route.set({ devices: this.keys.filter((other) => other !== key) }),
      }, fleet.deviceName(this.realm.info.swarmKey, key))),
      this.keys.length < LINES_MAX && this.devices.length > this.keys.length && h('button',
        { class: 'chip', type: 'button', key: 'add', onclick: () => this.#addDevice() },
        '+ device')));
  }

  #charts() {
    const { info } = this.realm;
    if (!this.keys.length && !this.isReady) return h('section', { class: 'card' },
      h('p', { class: 'soft' }, 'Looking for devices at work…'));
    if (!this.keys.length) return h('section', { class: 'card' },
      empty(
        'No device has this app.',
        'Install it on one:',
        `gantry app install "${info.project}" "${info.app}" press-01 --stage ${info.stage} -o env`));
    return h('section', { class: 'card', key: 'charts' },
      h('chart-stack',
        {
          '.realm': this.realm,
          '.table': this.table,
          '.columns': this.columns,
          '.deviceKeys': this.keys,
          '.plot': this.plot,
          '.range': this.range,
        }),
      h('p', { class: 'hint', role: 'status' }, this.plot.isLoading ? 'Reading history…' : this.plot.note
        || 'Drag to zoom, Shift-drag to move, wheel to zoom, double-click to go back. With the keyboard: ← → + − Home.'));
  }

  #raw() {
    const columns = [...this.table.columns];
    return h('section', { class: 'card', key: 'raw' },
      h('header', {},
        h('h2', {},
          this.#rows.length
            ? `Rows, newest first${this.#rows.length >= RAW_ROWS ? ` (${RAW_ROWS} of the range)` : ''}`
            : 'Rows'),
        h('button', { class: 'button', type: 'button', onclick: () => this.#export() }, 'Export CSV…')),
      this.#rowsNote && h('p', { class: 'failure' }, this.#rowsNote),
      this.#rows.length ? h('div', { class: 'scroll raw', tabindex: '0', 'aria-label': 'Rows' }, h('table', {},
        h('thead', {}, h('tr', {}, h('th', { scope: 'col' }, 'Time'), h('th', { scope: 'col' }, 'Device'),
          columns.map((column) => h('th',
            { scope: 'col', key: column.id, class: isNumber(column) ? 'number' : null, title: column.description },
            column.name,
            column.unit && h('span', {}, `, ${column.unit}`))))),
        h('tbody', {},
          this.#rows.map((row, index) => h('tr', { key: `${row.tsp} ${row.device_key} ${this.#rows.length - index}` },
          h('td', { title: new Date(row.tsp).toISOString() }, `${format.day(row.tsp)} ${format.clockFine(row.tsp)}`),
          h('td', {},
            h('a', { href: link('/device', { device: row.device_key }) },
              fleet.deviceName(this.realm.info.swarmKey, row.device_key))),
          columns.map((column) => h('td', { class: isNumber(column) ? 'number' : null },
            format.cell(row[column.id], column.type))))))))
        : h('p', { class: 'soft' }, 'No rows of these devices in this range.'));
  }

  #query() {
    const to = this.range.to ?? null, from = this.range.from ?? format.serverNow() - this.range.span;
    return {
      timeRange: [Math.floor(from), to && Math.ceil(to)],
      filterAnd: [{ column: 'device_key', operator: 'IN', value: this.keys }],
    };
  }

  #loadRowsSoon() {
    this.#timer ||= setTimeout(() => this.#loadRows(), RAW_SETTLE_MS * 4);
  }

  async #loadRows() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    if (!this.keys.length) return;
    try {
      const rows = await this.realm.history(this.table.name, { limit: RAW_ROWS, ...this.#query() }, this.#life.signal);
      this.#rows = rows.reverse();
      this.#rowsNote = '';
    } catch (error) {
      if (error.uri === 'gantry.error.connection_lost' || error.uri === 'wamp.error.canceled') return;
      this.#rowsNote = error.message;
    }
    this.update();
  }

  /** The chart has been zoomed or moved: the address follows, once the hand rests. */
  #ranged(detail) {
    const stack = this.querySelector('chart-stack');
    this.plot.show(detail ?? this.range, stack.clientWidth);
    clearTimeout(this.#timer);
    if (!detail) {
      this.#timer = 0;
      return;
    }
    this.#timer = setTimeout(() => {
      this.range = { from: Math.round(detail.from), to: Math.round(detail.to) };
      route.set({ span: null, ...this.range });
      this.#loadRows();
      this.update();
    }, RAW_SETTLE_MS);
  }

  #askRange() {
    const until = this.range.to ?? format.serverNow(), from = this.range.from ?? until - this.range.span;
    const input = (label, name, value) => field(
      label,
      name,
      { type: 'datetime-local', step: 1, required: true, value: format.toInput(value) });
    return ask({
      title: 'Time range', action: 'Show',
      fields: () => [input(`From (server time, ${format.offset()})`, 'from', from), input('To', 'to', until)],
      submit: (values) => {
        const [start, end] = [format.fromInput(values.from), format.fromInput(values.to)];
        if (!(end > start)) throw new Error('The end must lie after the beginning.');
        route.set({ span: null, from: start, to: end });
      },
    });
  }

  #addDevice() {
    const left = this.devices.filter(({ key }) => !this.keys.includes(key));
    return ask({
      title: 'Add a device to the chart', action: 'Add',
      fields: () => [
        field('Device', 'name', { list: 'left-devices', required: true, autofocus: true, placeholder: left[0]?.name }),
        h('datalist', { id: 'left-devices' },
          left.slice(0, 500).map(({ name, key }) => h('option', { value: name, key }))),
      ],
      submit: ({ name }) => {
        const device = left.find((one) => one.name === name || one.serial === name);
        if (!device) throw new Error('No such device in this app.');
        route.set({ devices: [...this.keys, device.key] });
      },
    });
  }

  #export() {
    const what = { realm: this.realm, table: this.table, query: this.#query() };
    return attempt(() => exportCSV(what, (deviceKey) => fleet.deviceName(this.realm.info.swarmKey, deviceKey)));
  }
}
customElements.define('page-data', Data);

const isNumber = ({ type }) => type === 'numeric' || type === 'bigint';
