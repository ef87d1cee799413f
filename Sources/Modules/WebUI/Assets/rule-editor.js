/** Writing an alarm rule: a threshold per severity, tried against the last day's rows before it is stored. */
import { h } from './dom.js';
import { severity, SEVERITIES } from './icons.js';
import { height } from './tables.js';
import { ask, copyable, field, toast } from './ui.js';
import * as format from './format.js';

const OPERATORS = ['>', '>=', '<', '<=', '=', '!=', 'LIKE', 'NOT LIKE', 'IS NULL', 'IS NOT NULL'];
const DAY_MS = 86_400_000;
const PREVIEW_ROWS = 10_000;

/** A new rule, or `rule` with other conditions. */
export function editRule(realm, rule) {
  const isSimple = !rule
    || Object.values(rule.severities).every((filters) => [filters].flat().length === 1 && ![filters].flat()[0].filters);
  const rows = preview(realm);
  return ask({
    title: rule ? `Rule “${rule.name}”` : 'New alarm rule', isWide: true, action: 'Save rule',
    fields: (values, draw) => {
      rows.onload = draw;
      return isSimple ? form(realm, rule, values, rows) : complex(realm, rule);
    },
    submit: isSimple ? async (values) => {
      await realm.ask('alarms.rule.put', { rule: written(values, realm, rule) });
      toast('Rule saved. It watches from the next row on.');
    } : undefined,
  });
}

/** Conditions that a form of thresholds cannot hold are shown, not mangled. */
const complex = (realm, rule) => [
  h('p', {}, 'This rule combines several conditions. Edit it as a file:'),
  copyable(`gantry alarm rule add rule.yml --project "${realm.info.project}" --app "${realm.info.app}" --stage ${realm.info.stage}`),
  h('pre', {}, JSON.stringify(rule, null, 2)),
];

function form(realm, rule, values, rows) {
  const table = realm.table(values.table ?? rule?.table) ?? realm.tables[0];
  const first = Object.values(rule?.severities ?? {}).flat()[0];
  const columns = table?.columns.filter(({ type }) => type !== 'json') ?? [];
  const column = columns.find(({ id }) => id === (values.column ?? first?.column)) ?? columns[0];
  return [
    field(
      'Name',
      'name',
      {
        required: true,
        maxlength: 100,
        value: rule?.name ?? '',
        placeholder: 'Oil temperature high',
        readonly: Boolean(rule),
        autofocus: true,
      }),
    h('div', { class: 'pair' },
      field('Table', 'table', { options: realm.tables.map(({ name }) => [name, name]), value: table?.name }),
      field(
        'Column',
        'column',
        { options: columns.map(({ id, name, unit }) => [id, unit ? `${name}, ${unit}` : name]), value: column?.id })),
    h('fieldset', { class: 'stack', 'aria-label': 'Conditions' },
      h('p', { class: 'hint' },
        'When is it an alarm? The highest severity that matches wins; leave empty what is not needed.'),
      SEVERITIES.map((name) => threshold(name, rule, column, rows.count(values, name, table, column)))),
    h('div', { class: 'pair' },
      field(
        'Only after',
        'on_delay',
        { value: rule?.on_delay ?? '0s', placeholder: '5s' },
        'so long without a break, like 5s or 2min'),
      field(
        'Ends after',
        'off_delay',
        { value: rule?.off_delay ?? '0s', placeholder: '30s' },
        'so long back to normal')),
    field(
      'Message',
      'message',
      {
        value: rule?.message ?? '',
        maxlength: 500,
        placeholder: `${column?.name ?? 'Value'} is {${column?.id ?? 'column'}}${column?.unit ? ` ${column.unit}` : ''}`,
      },
      'optional; {column} stands for its value'),
    h('label', { class: 'check' },
      h('input', { type: 'checkbox', name: 'latched', checked: rule?.auto_resolve === false }),
      'Latched: stays until somebody resets it'),
    h('label', { class: 'check' },
      h('input', { type: 'checkbox', name: 'enabled', checked: rule?.enabled !== false }),
      'Switched on'),
    h('p', { class: 'hint', role: 'status' }, rows.note(table)),
  ];
}

function threshold(name, rule, column, matches) {
  const filter = [rule?.severities?.[name] ?? []].flat()[0];
  return h('div', { class: 'row threshold', key: name },
    h('span', { class: 'severity' }, severity(name), name),
    h('select',
      {
        class: 'select',
        name: `${name}_operator`,
        'aria-label': `${name}: comparison`,
        value: filter?.operator ?? '>',
      },
      OPERATORS.map((operator) => h('option', { value: operator, key: operator }, operator))),
    h('input',
      {
        class: 'input',
        name: `${name}_value`,
        'aria-label': `${name}: value`,
        value: filter && 'value' in filter ? String(filter.value) : '',
        size: 9,
        placeholder: 'value',
        autocomplete: 'off',
      }),
    h('span', { class: 'soft' }, column?.unit),
    h('input',
      {
        class: 'input',
        name: `${name}_deadband`,
        'aria-label': `${name}: deadband`,
        value: filter?.deadband ? String(filter.deadband) : '',
        size: 7,
        placeholder: 'deadband',
        inputmode: 'decimal',
        autocomplete: 'off',
      }),
    h('span', { class: 'hint' }, matches));
}

/** What is in the form, as `alarms.rule.put` takes it. */
function written(values, realm, rule) {
  const column = realm.table(values.table)?.columns.find(({ id }) => id === values.column);
  const severities = {};
  for (const name of SEVERITIES) {
    const filter = filterOf(values, name, column);
    if (filter) severities[name] = [filter];
  }
  if (!Object.keys(severities).length) throw new Error('Give at least one severity a value.');
  const result = {
    name: values.name.trim(), table: values.table, severities, auto_resolve: !values.latched,
    enabled: Boolean(values.enabled),
    on_delay: values.on_delay.trim() || '0s', off_delay: values.off_delay.trim() || '0s',
  };
  if (values.message.trim()) result.message = values.message.trim();
  const isTaken = !rule && realm.rules.some((other) => other.name === result.name);
  if (isTaken) throw new Error(`There is a rule “${result.name}” already.`);
  return result;
}

/** The condition of one severity; null when its fields are empty. */
function filterOf(values, name, column) {
  const operator = values[`${name}_operator`], text = (values[`${name}_value`] ?? '').trim();
  if (operator?.endsWith('NULL')) return { column: values.column, operator };
  if (!text) return null;
  const isText = column?.type === 'string' || operator.endsWith('LIKE');
  const value = isText ? text : text === 'true' ? true : text === 'false' ? false : Number(text.replace(',', '.'));
  if (Number.isNaN(value)) throw new Error(`${name}: “${text}” is no number.`);
  const filter = { column: values.column, operator, value };
  const deadband = Number((values[`${name}_deadband`] ?? '').replace(',', '.'));
  if (deadband > 0) filter.deadband = deadband;
  return filter;
}

/** The newest rows of the last day, to try thresholds on. */
function preview(realm) {
  const loaded = new Map();
  const self = {
    onload: () => {},
    rows(table) {
      if (table && !loaded.has(table.name)) {
        loaded.set(table.name, null);
        realm.history(table.name, { limit: PREVIEW_ROWS, timeRange: [format.serverNow() - DAY_MS, null] })
          .then((rows) => { loaded.set(table.name, rows); self.onload(); }, () => loaded.set(table.name, []));
      }
      return loaded.get(table?.name);
    },
    count(values, name, table, column) {
      const rows = self.rows(table);
      let filter = null;
      try { filter = filterOf(values, name, column); } catch { return 'no number'; }
      const test = filter && TESTS[filter.operator];
      if (!rows || !test || filter.operator.endsWith('NULL') || typeof filter.value !== 'number') return '';
      const matching = rows.filter((row) => test(height(row[column.id]), filter.value));
      const devices = new Set(matching.map((row) => row.device_key)).size;
      return matching.length
        ? `${format.plural(matching.length, 'row')} of ${format.plural(devices, 'device')}`
        : 'no row';
    },
    note(table) {
      const rows = self.rows(table);
      if (!rows) return 'Reading the last day’s rows…';
      return rows.length
        ? `Tried on ${format.plural(rows.length, 'row')} since ${format.when(rows[0].tsp)}.`
        : 'No rows in the last day to try it on.';
    },
  };
  return self;
}

const TESTS = {
  '>': (a, b) => a > b, '>=': (a, b) => a >= b, '<': (a, b) => a < b, '<=': (a, b) => a <= b, '=': (a, b) => a === b,
  '!=': (a, b) => a !== b,
};
