/** Finds one device of thousands by typing. */
import { h, View } from './dom.js';
import { urgent } from './alarm-view.js';
import { presenceDot } from './device-card.js';
import { fleet } from './fleet.js';
import { severity } from './icons.js';
import { route } from './router.js';
import { devicesOf, link, realmInfo, swarmKey } from './scope.js';
import { chips, empty, searchBox } from './ui.js';
import * as format from './format.js';

const PAGE = 100;
const FILTERS = [['', 'All'], ['online', 'Online'], ['silent', 'Silent'], ['alarm', 'With alarms']];
const collator = new Intl.Collator(undefined, { numeric: true });

class Devices extends View {
  #most = PAGE;

  start() {
    this.watch(fleet, 'change');
    this.watch(route, 'choice');
    this.tick(5000);
  }

  render() {
    const info = realmInfo(), key = swarmKey();
    const all = info && route.get('scope') === 'app'
      ? devicesOf(info)
      : fleet.devices.filter((device) => device.swarmKey === key);
    if (!all.length) return this.#none(info);
    const alarms = this.#worstAlarms();
    const found = this.#found(all, alarms);
    return [
      h('div', { class: 'title' }, h('h1', {}, 'Devices'),
        searchBox(
          'Name, serial number or key  ( / )',
          route.get('q') ?? '',
          (q) => { this.#most = PAGE; route.set({ q }); }),
        chips('Show', FILTERS, route.get('show') ?? '', (show) => route.set({ show })),
        h('span', { class: 'spacer' }),
        h('span', { class: 'soft', role: 'status' },
          found.length === all.length
            ? format.plural(all.length, 'device')
            : `${format.count(found.length)} of ${format.count(all.length)}`)),
      h('section', { class: 'card' },
        found.length
          ? this.#table(found.slice(0, this.#most), alarms)
          : h('p', { class: 'soft' }, 'No device matches.'),
        found.length > this.#most && h('p', {},
          h('button', { class: 'button', onclick: () => { this.#most += PAGE * 5; this.update(); } },
          `Show more (${format.count(found.length - this.#most)} left; typing is quicker)`))),
    ];
  }

  #none(info) {
    const project = info?.project ?? fleet.projects[0]?.name ?? 'Plant Nord';
    return h('section', { class: 'card' },
      empty('This project has no device yet.', 'Add one. The secret in the answer is shown this once:',
      `gantry device add "${project}" press-01`), info && empty('',
        'Then install the app on it; the answer is the environment for its SDK:',
      `gantry app install "${project}" "${info.app}" press-01 --stage ${info.stage} -o env`));
  }

  /** The most urgent alarm of each device of this project. */
  #worstAlarms() {
    const worst = new Map();
    for (const alarm of urgent(fleet.alarms)) {
      const key = `${alarm.app.info.swarmKey} ${alarm.device_key}`;
      if (!worst.has(key)) worst.set(key, alarm);
    }
    return worst;
  }

  #found(all, alarms) {
    const words = (route.get('q') ?? '').toLowerCase().split(/\s+/).filter(Boolean);
    const show = route.get('show');
    const found = all.filter((device) => {
      if (show === 'online' && !device.isOnline || show === 'silent' && device.isOnline) return false;
      if (show === 'alarm' && !alarms.has(`${device.swarmKey} ${device.key}`)) return false;
      const text = `${device.name} ${device.serial} ${device.key} ${device.address ?? ''}`.toLowerCase();
      return words.every((word) => text.includes(word));
    });
    const [by, direction] = (route.get('sort') ?? 'name').split('.');
    const order = ORDERS[by] ?? ORDERS.name;
    found.sort((a, b) => order(a, b) * (direction === 'down' ? -1 : 1) || collator.compare(a.name, b.name));
    return found;
  }

  #table(devices, alarms) {
    return h('div', { class: 'scroll' }, h('table', { class: 'blocks' },
      h('thead', {},
        h('tr', {},
          [['name', 'Device'], ['serial', 'Serial number'], ['', 'Apps'], ['seen', 'Last seen'], ['', 'Alarm']].map(([by, name]) => this.#head(by, name)))),
      h('tbody', {}, devices.map((device) => {
        const alarm = alarms.get(`${device.swarmKey} ${device.key}`);
        const href = link('/device', { device: device.key });
        return h('tr',
          {
            class: 'open',
            key: String(device.key),
            onclick: (event) => event.target.closest('a') || getSelection().toString() || route.go(href),
          },
          h('td', {}, presenceDot(device), h('a', { href, class: 'name indent' }, device.name)),
          h('td', { class: 'soft nowrap', 'data-label': '' }, device.serial === device.name ? '' : device.serial),
          h('td', { 'data-label': '' },
            device.installs.map(installName).join(', ') || h('span', { class: 'soft' }, 'none installed')),
          h('td',
            { class: 'nowrap', 'data-label': '', title: device.lastSeen ? format.dateTimeFull(device.lastSeen) : '' },
            device.disabled
              ? 'disabled'
              : device.isOnline
              ? 'online'
              : device.lastSeen
              ? format.ago(device.lastSeen)
              : 'never'),
          h('td', { class: 'wide' },
            alarm && [
              severity(alarm.severity, { unacknowledged: alarm.state.endsWith('_unacknowledged') }),
              alarm.message ?? alarm.rule]));
      }))));
  }

  #head(by, name) {
    if (!by) return h('th', { scope: 'col' }, name);
    const [now, direction] = (route.get('sort') ?? 'name').split('.');
    const isDown = now === by && direction === 'down';
    return h('th', { scope: 'col', 'aria-sort': now === by ? (isDown ? 'descending' : 'ascending') : null },
      h('button',
        { onclick: () => route.set({ sort: now === by && !isDown ? `${by}.down` : by === 'name' ? null : by }) },
        name,
        now === by ? (isDown ? ' ↓' : ' ↑') : ''));
  }
}
customElements.define('page-devices', Devices);

const ORDERS = {
  name: (a, b) => collator.compare(a.name, b.name),
  serial: (a, b) => collator.compare(a.serial ?? '', b.serial ?? ''),
  seen: (a, b) => (b.isOnline ? Infinity : b.lastSeen ?? 0) - (a.isOnline ? Infinity : a.lastSeen ?? 0) || 0,
};

/** An install as `press-monitor · prod`. */
export function installName(install) {
  return `${install.app} · ${install.stage}`;
}
