/** Alarms as a table, and what can be done to them. */
import { h } from './dom.js';
import { fleet } from './fleet.js';
import { session } from './session.js';
import { severity, SEVERITIES } from './icons.js';
import { ask, attempt, field } from './ui.js';
import * as format from './format.js';

/** What keeps a page from speaking for the whole plant; null is nothing. */
export const unwatched = () => fleet.unwatchedCount > 0
  ? `${format.plural(fleet.unwatchedCount, 'realm is not watched', 'realms are not watched')} here`
  : null;

const STATES = {
  normal: 'normal',
  active_unacknowledged: 'active, not acknowledged',
  active_acknowledged: 'active, acknowledged',
  returned_unacknowledged: 'returned to normal, not acknowledged',
  returned_acknowledged: 'returned to normal, waits for a reset',
};

export const isUnacknowledged = (alarm) => alarm.state.endsWith('_unacknowledged');
export const isShelved = (alarm) => Boolean(alarm.shelf) && alarm.shelf.until > format.serverNow();
const rank = (alarm) => SEVERITIES.length - SEVERITIES.indexOf(alarm.severity ?? 'none') % 4;

/** What nobody has seen first, then the worst, then the newest. */
export const byUrgency = (a, b) => isUnacknowledged(b) - isUnacknowledged(a)
  || rank(b) - rank(a)
  || b.raised_at - a.raised_at;

/** Alarms that need somebody: neither normal nor put aside. */
export const urgent = (alarms) => alarms.filter((alarm) => alarm.state !== 'normal' && !isShelved(alarm)).sort(byUrgency);

/** How many there are of each severity, put aside or returned ones not counted. */
export function counts(alarms) {
  const counts = { critical: 0, major: 0, minor: 0 };
  for (const alarm of urgent(alarms)) if (alarm.severity) counts[alarm.severity] += 1;
  return counts;
}

/** What an alarm is about, and the value that raised it: `91.4 °C > 90`. */
export function evidence(alarm) {
  const table = alarm.app.table(alarm.table);
  const rule = alarm.app.rules.find(({ name }) => name === alarm.rule);
  const filters = [rule?.severities?.[alarm.severity ?? alarm.worst] ?? []].flat();
  return Object.entries(alarm.values ?? {}).slice(0, 2).map(([id, value]) => {
    const unit = table?.columns.find((column) => column.id === id)?.unit;
    const filter = filters.find((entry) => entry.column === id && 'value' in entry);
    const text = `${format.cell(value)}${unit ? ` ${unit}` : ''}`;
    const named = Object.keys(alarm.values).length > 1 ? `${id} ${text}` : text;
    return filter ? `${named} ${filter.operator} ${filter.value}` : named;
  }).join(', ');
}

function state(alarm) {
  if (isShelved(alarm)) return `shelved until ${format.when(alarm.shelf.until)}: ${alarm.shelf.reason}`;
  if (alarm.state === 'active_acknowledged' && alarm.acknowledgement) return `acknowledged by ${alarm.acknowledgement.authid}`;
  return STATES[alarm.state] ?? alarm.state;
}

/** A table of them; which app is said when there are several. */
export function alarmTable(alarms) {
  const showApp = new Set(alarms.map(({ app }) => app)).size > 1;
  return h('div', { class: 'scroll' }, h('table', { class: 'blocks' },
    h('thead', {},
      h('tr', {}, ['Alarm', 'Device', showApp && 'App', 'Value', 'Since', 'State', ''].filter((name) => name !== false)
      .map((name) => h('th', { scope: 'col' }, name || h('span', { class: 'visually-hidden' }, 'Actions'))))),
    h('tbody', {}, alarms.map((alarm) => alarmRow(alarm, showApp)))));
}

function alarmRow(alarm, showApp) {
  const { info } = alarm.app;
  const name = fleet.deviceName(info.swarmKey, alarm.device_key);
  const device = `/device?realm=${info.uri}&device=${alarm.device_key}`;
  return h('tr', { key: `${info.uri} ${alarm.rule} ${alarm.device_key}` },
    h('td', {}, severity(alarm.severity ?? 'normal', { unacknowledged: isUnacknowledged(alarm) && !isShelved(alarm) }),
      h('span', { class: 'name', title: `Rule: ${alarm.rule}` }, alarm.message ?? alarm.rule)),
    h('td', { class: 'nowrap', 'data-label': '' }, alarm.device_key >= 0 ? h('a', { href: device }, name) : '–'),
    showApp && h('td', { class: 'nowrap', 'data-label': '' }, info.title),
    h('td', { class: 'nowrap', 'data-label': '' }, evidence(alarm)),
    h('td', { class: 'nowrap', 'data-label': 'since', title: format.dateTimeFull(alarm.raised_at) },
      format.when(alarm.raised_at)),
    h('td', { class: 'wide' },
      state(alarm),
      alarm.annotation && h('div', { class: 'soft small' }, `“${alarm.annotation.text}” ${alarm.annotation.authid}`)),
    h('td', { class: 'actions' }, session.may('operator') && actions(alarm)));
}

function actions(alarm) {
  const button = (text, run, kind = '') => h('button',
    { class: `button ${kind}`, key: text, type: 'button', onclick: run, 'aria-label': `${text} ${alarm.rule}` },
    text);
  return [
    isUnacknowledged(alarm) && button(
      'Acknowledge',
      () => attempt(() => alarm.app.onAlarm('acknowledge', alarm)),
      'primary'),
    alarm.state === 'returned_acknowledged' && button(
      'Reset',
      () => attempt(() => alarm.app.onAlarm('reset', alarm)),
      'primary'),
    isShelved(alarm) ? button('Unshelve', () => attempt(() => alarm.app.onAlarm('unshelve', alarm)))
      : alarm.state !== 'normal' && isUnacknowledged(alarm) && button('Shelve…', () => shelve(alarm)),
    !isUnacknowledged(alarm) && alarm.state !== 'normal' && button('Note…', () => annotate(alarm)),
  ];
}

function shelve(alarm) {
  return ask({
    title: `Shelve “${alarm.rule}”`, action: 'Shelve',
    fields: () => [
      h('p', { class: 'soft' }, 'It is put aside, goes on underneath, and comes back by itself when the time is over.'),
      field(
        'For',
        'duration',
        {
          options: [
            ['30min', '30 minutes'],
            ['1h', '1 hour'],
            ['4h', '4 hours'],
            ['8h', 'one shift (8 hours)'],
            ['24h', '1 day']],
          value: '1h',
        }),
      field(
        'Reason',
        'reason',
        { required: true, placeholder: 'sensor is being replaced', maxlength: 500, autofocus: true }),
    ],
    submit: ({ duration, reason }) => alarm.app.onAlarm('shelve', alarm, { duration, reason }),
  });
}

function annotate(alarm) {
  return ask({
    title: `Note on “${alarm.rule}”`, action: 'Save',
    fields: () => field('Note', 'text', { tag: 'textarea', rows: 3, required: true, maxlength: 2000, autofocus: true }),
    submit: ({ text }) => alarm.app.onAlarm('annotate', alarm, { text }),
  });
}

/** The severities that somebody has to act on, for the header. */
export function badges(alarms, href) {
  const numbers = counts(alarms);
  return SEVERITIES.filter((name) => numbers[name]).map((name) => h('a', {
    class: `badge ${name}`, key: name, href: `${href}${href.includes('?') ? '&' : '?'}severity=${name}`,
    'aria-label': `${numbers[name]} ${name}`,
  }, severity(name), String(numbers[name]), h('b', {}, ` ${name}`)));
}
