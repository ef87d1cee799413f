/** An app's tables, as its data template describes them. Pure. */

/** Columns that every row has, whatever the template says. */
export const ROW_COLUMNS = ['tsp', 'device_key', 'authid'];

/**
 * [{name, description, columns: [{id, name, description, type, unit, isSecret}]}] of a template, which is a dictionary
 * or its JSON; an empty list when it is neither.
 */
export function tablesOf(template) {
  const data = dictionary(template)?.data ?? dictionary(template);
  return (data?.tables ?? []).map((table) => ({
    name: table.tablename,
    description: table.description ?? '',
    columns: (table.columns ?? []).filter(({ id }) => !ROW_COLUMNS.includes(id)).map(column),
  })).filter((table) => table.name);
}

function dictionary(value) {
  if (typeof value !== 'string') return value;
  try { return JSON.parse(value); } catch { return null; }
}

function column(entry) {
  const text = [entry.name, entry.description].map((part) => part ?? '');
  const unit = entry.unit ?? text.map(unitOf).find(Boolean) ?? '';
  const name = (entry.name ?? entry.id).replace(BRACKETED, '').trim() || entry.id;
  return {
    id: entry.id, name, description: entry.description ?? '', type: entry.dataType ?? 'numeric', unit,
    isSecret: entry.secret === true,
  };
}

/** `Oil temperature [°C]`, `Pressure in bar`, `Of the upper plate, °C`: the template has no key for the unit. */
const BRACKETED = /\s*[([]\s*([^\])\d][^\])]{0,11})\s*[)\]]\s*\.?$/;
const KNOWN = '°C|°F|K|%|m?bar|[hkM]?Pa|psi|[µmck]?m|µs|ms|s|min|h|rpm|1/min|m?V|kV|m?A|[kM]?W|[kM]?Wh|[kMG]?Hz'
  + '|[mk]?g|t|k?N|Nm|m?l|m³|l/min|m³/h|mm/s|m/s|m/s²|ppm|dB|lx';
const SPELLED = new RegExp(`(?:,|\\bin)\\s+(${KNOWN})\\s*(?:$|[.,;])`);

const unitOf = (text) => BRACKETED.exec(text)?.[1] ?? SPELLED.exec(text)?.[1] ?? '';

/** Columns that can be drawn as a line. */
export const drawable = (table) => table.columns.filter(({ type }) => ['numeric', 'bigint', 'boolean'].includes(type));

/** A value as a height in the chart; NaN for what has none. */
export function height(value) {
  if (typeof value === 'number') return value;
  if (typeof value === 'boolean') return value ? 1 : 0;
  return NaN;
}

/** The limits that alarm rules watch on one column: `>` and `<` with a number, per severity. */
export function limitsOf(rules, table, column) {
  const limits = [];
  for (const rule of rules) {
    if (rule.table !== table || rule.enabled === false) continue;
    for (const [severity, filters] of Object.entries(rule.severities ?? {})) {
      walk(filters, (filter) => {
        if (filter.column !== column || typeof filter.value !== 'number' || !/^[<>]=?$/.test(filter.operator)) return;
        if (limits.some((limit) => limit.value === filter.value && limit.severity === severity)) return;
        limits.push({ value: filter.value, severity, label: `${rule.name} ${filter.operator} ${filter.value}` });
      });
    }
  }
  return limits;
}

function walk(filters, visit) {
  for (const filter of Array.isArray(filters) ? filters : [filters]) {
    if (filter?.filters) walk(filter.filters, visit);
    else if (filter) visit(filter);
  }
}
