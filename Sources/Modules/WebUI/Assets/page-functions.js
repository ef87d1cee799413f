/** Calls what devices offer. */
import { h, View } from './dom.js';
import { callFunction, outcome, recent } from './function-call.js';
import { fleet } from './fleet.js';
import { route } from './router.js';
import { appRealm, link } from './scope.js';
import { session } from './session.js';
import { empty, searchBox } from './ui.js';
import * as format from './format.js';

const SHOWN_MAX = 200;

class Functions extends View {
  start() {
    this.realm = appRealm();
    this.watch(fleet, 'change');
    this.watch(route, 'choice');
    this.tick(1000);
    if (!this.realm || !session.may('operator')) return;
    this.realm.wantFunctions();
    this.watch(this.realm, 'functions');
  }

  render() {
    return [
      h('div', { class: 'title' },
        h('h1', {}, 'Functions'),
        searchBox('Function or device  ( / )', route.get('q') ?? '', (q) => route.set({ q }))),
      h('div', { class: 'grid' }, this.#list(), this.#recent()),
    ];
  }

  #list() {
    const card = (...inside) => h('section', { class: 'card span-6', key: 'list' }, inside);
    if (!session.may('operator')) return card(empty(
      'A viewer cannot call functions.',
      'An administrator can change the role of this account under People, or add another one:',
      `gantry user add NAME --role operator`));
    if (!this.realm) return card(empty(
      'No app is installed yet.',
      'Functions live in an app’s realm.',
      'gantry app add "Plant Nord" press-monitor --template data-template.yml'));
    if (this.realm.functionsError) return card(h('p', { class: 'failure' }, this.realm.functionsError.message));
    if (!this.realm.functionsLoaded) return card(h('p', { class: 'soft' }, 'Looking for functions…'));
    const { functions, info } = this.realm;
    if (!functions.length) return card(empty(
      'No device offers a function at the moment.',
      'A device registers one with its SDK, for instance in Python:',
      'ironflock.register_device_function("set_setpoint", set_setpoint)'));
    const words = (route.get('q') ?? '').toLowerCase().split(/\s+/).filter(Boolean);
    const text = ({ name, deviceKey }) => `${name} ${fleet.deviceName(info.swarmKey, deviceKey)}`.toLowerCase();
    const found = functions.filter((entry) => words.every((word) => text(entry).includes(word)));
    const devices = [...new Set(found.slice(0, SHOWN_MAX).map(({ deviceKey }) => deviceKey))];
    return card(
      devices.map((key) => h('div', { key: String(key), class: 'function-group' },
        h('h3', {}, h('a', { href: link('/device', { device: key }) }, fleet.deviceName(info.swarmKey, key))),
        h('div', { class: 'row' }, found.filter(({ deviceKey }) => deviceKey === key).map((entry) => h('button', {
          class: 'button', key: entry.uri, type: 'button', title: entry.uri,
          onclick: () => callFunction(this.realm, entry).then(() => this.update()),
        }, `${entry.name}…`))))),
      !found.length && h('p', { class: 'soft' }, 'No function matches.'),
      found.length > SHOWN_MAX && h('p', { class: 'soft' },
        `${format.count(found.length - SHOWN_MAX)} more: type to find them.`));
  }

  #recent() {
    return h('section', { class: 'card span-6', key: 'recent' },
      h('header', {}, h('h2', {}, 'Called from this screen')),
      recent.length ? recent.map((run) => h('div', { key: String(run.at), class: 'stack call-log' },
        h('div', { class: 'row' },
          h('strong', {}, run.name),
          h('span', {}, `on ${fleet.deviceName(run.realm.info.swarmKey, run.deviceKey)}`),
          h('span', { class: 'soft' }, format.clock(run.at))),
        outcome(run) || h('p', { class: 'soft' }, 'waiting…'))) : h('p', { class: 'soft' }, 'Nothing yet.'));
  }
}
customElements.define('page-functions', Functions);
