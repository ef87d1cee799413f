/** A device at a glance: its newest values, how old they are, and its functions. */
import { h } from './dom.js';
import { callFunction } from './function-call.js';
import { session } from './session.js';
import { empty } from './ui.js';
import * as format from './format.js';

/** From this age on a value says how old it is. */
export const STALE_MS = 60_000;

/** `online 6 d`, `last seen 3 min ago`. */
export function presence(device) {
  if (!device) return '';
  if (device.isOnline) return device.online_since
    ? `online ${format.duration(format.serverNow() - device.online_since)}`
    : 'online';
  return device.lastSeen ? `last seen ${format.ago(device.lastSeen)}` : 'never seen';
}

export const presenceDot = (device) => h('i', { class: `dot${device?.isOnline ? '' : ' off'}` });

/** The newest row of each table of a device, as name, value and unit. */
export function values(realm, deviceKey, { most = Infinity } = {}) {
  const withRows = realm.tables.filter(({ name }) => realm.latest.get(name)?.has(deviceKey)).length;
  const lists = realm.tables.map((table) => {
    const row = realm.latest.get(table.name)?.get(deviceKey);
    if (!row) return null;
    const age = format.serverNow() - row.tsp;
    return [
      withRows > 1 && h('h3', { key: `name ${table.name}` }, table.name),
      h('dl', { class: 'values', key: table.name }, table.columns.slice(0, most).map((column) => {
        const value = row[column.id];
        return [
          h('dt', { key: column.id, title: column.description || column.name }, column.name),
          h('dd', { key: `value ${column.id}` },
            h('b', {}, format.cell(value, column.type)),
            column.unit && value !== null && value !== undefined ? ` ${column.unit}` : ''),
        ];
      })),
      h('p', { class: 'hint', key: `age ${table.name}` },
        age > STALE_MS
          ? `stale: ${format.ago(row.tsp)}, ${format.dateTime(row.tsp)}`
          : `as of ${format.clock(row.tsp)}`),
    ];
  }).filter(Boolean);
  if (lists.length) return lists;
  return empty('No value yet.',
    realm.isOpen ? 'The device has not stored a row in this app so far.' : 'Waiting for the connection.');
}

/** The device's functions as buttons, under their heading; nothing for who may not call them. */
export function functions(realm, deviceKey) {
  return session.may('operator') ? [h('h3', {}, 'Functions'), buttons(realm, deviceKey)] : null;
}

function buttons(realm, deviceKey) {
  const entries = realm.functions.filter((entry) => entry.deviceKey === deviceKey);
  if (!entries.length) {
    return h('p', { class: 'hint' },
      realm.functionsError
        ? 'Functions cannot be listed with this account.'
        : realm.functionsLoaded
        ? 'Offers no functions at the moment.'
        : 'Looking for functions…');
  }
  return h('div', { class: 'row' }, entries.map((entry) => h('button', {
    class: 'button', key: entry.uri, type: 'button', onclick: () => callFunction(realm, entry),
  }, `${entry.name}…`)));
}
