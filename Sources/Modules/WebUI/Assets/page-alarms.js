/** Alarms: what is on, what has been, and the rules that decide. */
import { h, View } from './dom.js';
import { alarmTable, byUrgency, isShelved, isUnacknowledged, unwatched } from './alarm-view.js';
import { fleet } from './fleet.js';
import { severity, SEVERITIES } from './icons.js';
import { editRule } from './rule-editor.js';
import { route } from './router.js';
import { appRealm } from './scope.js';
import { session } from './session.js';
import { attempt, chips, confirm, copyable, empty, failure, searchBox } from './ui.js';
import * as format from './format.js';

const VIEWS = [['', 'Open'], ['history', 'History'], ['rules', 'Rules']];
const FILTERS = [['', 'All'], ['unacknowledged', 'Not acknowledged'], ['active', 'Active'], ['shelved', 'Shelved']];
const HISTORY_LIMIT = 500;

class Alarms extends View {
  #journal = null;
  #journalError = null;

  start() {
    this.realm = appRealm();
    this.watch(fleet, 'change');
    this.watch(route, 'choice');
    this.tick(5000);
    if (!this.realm) return;
    this.watch(this.realm, 'rules');
    this.realm.addEventListener(
      'alarms',
      () => this.view === 'history' && this.#loadJournal(),
      { signal: this.signal });
  }

  get view() { return route.get('view') ?? ''; }

  render() {
    if (!this.realm) return h('section', { class: 'card' },
      empty(
        'No app is installed yet, so there is nothing to watch.',
        'Begin with an app:',
        'gantry app add "Plant Nord" press-monitor --template data-template.yml'));
    return [
      h('div', { class: 'title' },
        h('h1', {}, 'Alarms'),
        chips('View', VIEWS, this.view, (view) => route.set({ view })),
        this.view === '' && [
          searchBox('Alarm, device or app  ( / )', route.get('q') ?? '', (q) => route.set({ q })),
          chips('State', FILTERS, route.get('state') ?? '', (state) => route.set({ state })),
          chips(
            'Severity',
            [['', 'Any'], ...SEVERITIES.map((name) => [name, name])],
            route.get('severity') ?? '',
            (name) => route.set({ severity: name })),
        ],
        h('span', { class: 'spacer' }),
        this.view === 'rules' && session.may('engineer') && h('button',
          { class: 'button primary', onclick: () => editRule(this.realm) },
          'New rule…')),
      this.view === 'history' ? this.#history() : this.view === 'rules' ? this.#rules() : this.#open(),
    ];
  }

  #open() {
    const found = fleet.alarms.filter((alarm) => this.#matches(alarm)).sort(byUrgency);
    const waiting = found.filter((alarm) => isUnacknowledged(alarm) && !isShelved(alarm));
    return h('section', { class: 'card', key: 'open' },
      waiting.length > 1 && session.may('operator') && h('header', {},
        h('h2', {}, `${format.count(waiting.length)} not acknowledged`),
        h('button', { class: 'button', onclick: () => this.#acknowledgeAll(waiting) },
          `Acknowledge these ${format.count(waiting.length)}…`)),
      found.length ? alarmTable(found) : this.#none());
  }

  #none() {
    if (fleet.alarms.length) return h('p', { class: 'soft' }, 'No alarm matches.');
    const refused = fleet.open.find(({ alarmsError }) => alarmsError)?.alarmsError;
    if (refused) return h('p', { class: 'failure' }, failure(refused));
    if (this.realm.rules.length) return h('p', { class: 'soft' }, `No alarm is open. ${unwatched() ?? 'All is well'}.`);
    return empty(
      'No rule watches yet.',
      'Write the first one under “Rules”, or from a file:',
      `gantry alarm rule add rule.yml --project "${this.realm.info.project}" --app "${this.realm.info.app}" --stage ${this.realm.info.stage}`);
  }

  #matches(alarm) {
    const words = (route.get('q') ?? '').toLowerCase().split(/\s+/).filter(Boolean);
    const state = route.get('state'), wanted = route.get('severity');
    if (wanted && alarm.severity !== wanted) return false;
    if (state === 'unacknowledged' && !isUnacknowledged(alarm)) return false;
    if (state === 'active' && !alarm.active) return false;
    if (state === 'shelved' ? !isShelved(alarm) : false) return false;
    const { info } = alarm.app;
    const text = `${alarm.rule} ${alarm.message} ${fleet.deviceName(info.swarmKey, alarm.device_key)} ${info.title}`.toLowerCase();
    return words.every((word) => text.includes(word));
  }

  async #acknowledgeAll(alarms) {
    const sure = await confirm(
      'Acknowledge all of these?',
      `You say that you have seen ${format.plural(alarms.length, 'alarm')}: ${alarms.slice(0, 5).map(({ message, rule }) => message ?? rule).join('; ')}${alarms.length > 5 ? '; …' : ''}`,
      'Acknowledge');
    if (sure) await attempt(() => Promise.all(alarms.map((alarm) => alarm.app.onAlarm('acknowledge', alarm))));
  }

  // What has been

  async #loadJournal() {
    try {
      this.#journal = await this.realm.ask('alarms.history', { limit: HISTORY_LIMIT });
      this.#journalError = null;
    } catch (error) {
      if (error.uri !== 'gantry.error.connection_lost') this.#journalError = error;
    }
    this.update();
  }

  #history() {
    if (!this.#journal && !this.#journalError && !this.asked) {
      this.asked = true;
      this.#loadJournal();
    }
    const { info } = this.realm;
    return h('section', { class: 'card', key: 'history' },
      h('header', {}, h('h2', {}, `What happened in ${info.title}, newest first`)),
      this.#journalError ? h('p', { class: 'failure' }, failure(this.#journalError))
        : !this.#journal ? h('p', { class: 'soft' }, 'Reading the journal…')
          : !this.#journal.length ? h('p', { class: 'soft' }, 'Nothing yet.')
            : h('div', { class: 'scroll' }, h('table', { class: 'blocks' },
              h('thead', {},
                h('tr', {},
                  ['What', 'Alarm', 'Device', 'When', 'Who', ''].map((name) => h('th', { scope: 'col' }, name)))),
              h('tbody', {},
                [...this.#journal].sort((a, b) => b.at - a.at).map((entry) => h('tr', { key: String(entry.id) },
                h('td', {}, severity(entry.severity ?? 'normal'), entry.kind.replaceAll('_', ' ')),
                h('td', { 'data-label': '' }, entry.evidence?.message ?? entry.rule),
                h('td', { 'data-label': '' },
                  entry.device_key === null ? '' : fleet.deviceName(info.swarmKey, entry.device_key)),
                h('td', { class: 'nowrap', 'data-label': '', title: format.dateTimeFull(entry.at) },
                  format.when(entry.at)),
                h('td', { 'data-label': '' }, entry.authid ?? ''),
                h('td', { class: 'wide soft' }, entry.comment ? `“${entry.comment}”` : '')))))));
  }

  // Rules

  #rules() {
    const { rules, info } = this.realm;
    const may = session.may('engineer');
    return h('section', { class: 'card', key: 'rules' },
      h('header', {}, h('h2', {}, `Rules of ${info.title}`)),
      rules.length ? h('div', { class: 'scroll' }, h('table', { class: 'blocks' },
        h('thead', {},
          h('tr', {},
            ['Rule', 'Table', 'Conditions', 'Behaviour', ''].map((name) => h('th', { scope: 'col' },
              name || h('span', { class: 'visually-hidden' }, 'Actions'))))),
        h('tbody', {}, rules.map((rule) => h('tr', { key: rule.name },
          h('td', {},
            h('span', { class: 'name' }, rule.name),
            rule.enabled === false && h('span', { class: 'soft' }, '  (off)')),
          h('td', { 'data-label': 'table' }, rule.table),
          h('td', { class: 'wide' },
            SEVERITIES.filter((name) => rule.severities?.[name]).map((name) => h('div', { key: name },
              severity(name),
              describe(rule.severities[name])))),
          h('td', { class: 'wide soft' }, behaviour(rule)),
          h('td', { class: 'actions' }, may && [
            h('button', { class: 'button', key: 'edit', onclick: () => editRule(this.realm, rule) }, 'Edit…'),
            h('button', { class: 'button', key: 'delete', onclick: () => this.#delete(rule) }, 'Delete…')]))))))
        : [empty('No rule yet.',
          may ? 'Write one with “New rule…”, or keep them in files:'
            : 'An engineer can write one here, or from a file:'),
          copyable(`gantry alarm rule add rule.yml --project "${info.project}" --app "${info.app}" --stage ${info.stage}`)]);
  }

  async #delete({ name }) {
    const sure = await confirm(
      `Delete rule “${name}”?`,
      'Its open alarms are closed. The journal keeps what has happened.',
      'Delete');
    if (sure) await attempt(() => this.realm.ask('alarms.rule.delete', { name }), `Rule “${name}” deleted.`);
  }
}
customElements.define('page-alarms', Alarms);

/** Filters as a sentence: `temperature > 90 and (status = hot or status = failing)`. */
function describe(filters, combinator = 'AND') {
  const parts = [filters].flat().map((filter) => filter.filters
    ? `(${describe(filter.filters, filter.combinator)})`
    : `${filter.column} ${filter.operator}${'value' in filter ? ` ${[filter.value].flat().join(', ')}` : ''}${filter.deadband ? ` (deadband ${filter.deadband})` : ''}`);
  return parts.join(combinator === 'OR' ? ' or ' : ' and ');
}

function behaviour(rule) {
  const parts = [rule.auto_resolve === false ? 'latched: stays until it is reset' : 'resolves by itself'];
  if (rule.on_delay && rule.on_delay !== '0s') parts.push(`after ${rule.on_delay}`);
  if (rule.off_delay && rule.off_delay !== '0s') parts.push(`ends after ${rule.off_delay}`);
  return parts.join(', ');
}
