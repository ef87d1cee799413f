/** Numbers in the reader's locale, times in the server's zone, durations in words. */

const locale = navigator.languages?.[0];
const numbers = new Map();

function numberFormat(options) {
  const key = JSON.stringify(options);
  if (!numbers.has(key)) numbers.set(key, new Intl.NumberFormat(locale, options));
  return numbers.get(key);
}

/** A whole number with its groups: `40,213`. */
export const count = (value) => numberFormat({ maximumFractionDigits: 0 }).format(value);

/** A large number in three figures: `63.4 M`. */
export const compact = (value) => Math.abs(value) < 10_000 ? count(value)
  : numberFormat({ notation: 'compact', maximumSignificantDigits: 3 }).format(value);

/** A measured value, with as many digits as say something. */
export function measure(value) {
  if (!Number.isFinite(value)) return '–';
  const size = Math.abs(value);
  if (size !== 0 && (size >= 1e9 || size < 1e-4)) return numberFormat({
    notation: 'scientific',
    maximumFractionDigits: 3,
  }).format(value);
  const digits = size >= 1000 ? 1 : size >= 100 ? 1 : size >= 1 ? 2 : 4;
  return numberFormat({ maximumFractionDigits: digits }).format(value);
}

/** Any column's value, as text. */
export function cell(value, type) {
  if (value === null || value === undefined) return '–';
  if (type === 'timestamp' && typeof value === 'number') return dateTime(value);
  if (typeof value === 'number') return measure(value);
  if (typeof value === 'boolean') return value ? 'true' : 'false';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

export function bytes(value) {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let step = 0;
  while (value >= 1000 && step < units.length - 1) { value /= 1000; step += 1; }
  return `${measure(Number(value.toPrecision(3)))} ${units[step]}`;
}

export const plural = (number, one, many = `${one}s`) => `${count(number)} ${number === 1 ? one : many}`;

// Time: everything is shown in the zone of the server, so that two people who look at the same event read the same time.

let zone, skew = 0, formats = new Map();

/** Told once, when the server has been asked: its zone, and its clock in milliseconds. */
export function setServerTime(name, now) {
  try {
    new Intl.DateTimeFormat(locale, { timeZone: name });
    zone = name;
  } catch {
    zone = undefined;
  }
  // Less than a second is the way through the network, not a difference of clocks.
  const difference = now - Date.now();
  skew = Math.abs(difference) < 1000 ? 0 : difference;
  formats = new Map();
}

/** The server's clock, in milliseconds. */
export const serverNow = () => Date.now() + skew;

function timeFormat(options) {
  const key = JSON.stringify(options);
  if (!formats.has(key)) formats.set(key,
    new Intl.DateTimeFormat(locale, { timeZone: zone, hourCycle: 'h23', ...options }));
  return formats.get(key);
}

const CLOCK = { hour: '2-digit', minute: '2-digit', second: '2-digit' };

export const clock = (ms) => timeFormat(CLOCK).format(ms);
export const clockShort = (ms) => timeFormat({ hour: '2-digit', minute: '2-digit' }).format(ms);
export const clockFine = (ms) => timeFormat({ ...CLOCK, fractionalSecondDigits: 3 }).format(ms);
export const day = (ms) => timeFormat({ day: 'numeric', month: 'short' }).format(ms);
export const dateTime = (ms) => timeFormat({ day: 'numeric', month: 'short', ...CLOCK }).format(ms);
export const dateTimeFull = (ms) =>
  `${timeFormat({ day: 'numeric', month: 'short', year: 'numeric', ...CLOCK }).format(ms)} (${offset(ms)})`;

/** The time of day when it was today, the date as well when it was not. */
export const when = (ms) => day(ms) === day(serverNow()) ? clock(ms) : dateTime(ms);

/** The zone's offset: `UTC+1`. */
export function offset(ms = serverNow()) {
  const minutes = offsetMinutes(ms);
  if (minutes === 0) return 'UTC';
  const size = Math.abs(minutes), rest = size % 60;
  return `UTC${minutes < 0 ? '−' : '+'}${Math.floor(size / 60)}${rest ? `:${String(rest).padStart(2, '0')}` : ''}`;
}

/** How far the zone is ahead of UTC at that time. */
export function offsetMinutes(ms) {
  const parts = {};
  const format = timeFormat({
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    ...CLOCK,
    calendar: 'gregory',
    numberingSystem: 'latn',
  });
  for (const { type, value } of format.formatToParts(ms)) parts[type] = Number(value);
  const local = Date.UTC(parts.year, parts.month - 1, parts.day, parts.hour, parts.minute, parts.second);
  return Math.round((local - Math.floor(ms / 1000) * 1000) / 60_000);
}

/** `2026-11-21T14:30` of the server's zone, for `<input type="datetime-local">`, and back. */
export const toInput = (ms) => new Date(ms + offsetMinutes(ms) * 60_000).toISOString().slice(0, 19);
export function fromInput(text) {
  const local = Date.parse(`${text}Z`);
  return Number.isNaN(local) ? null : local - offsetMinutes(local - offsetMinutes(local) * 60_000) * 60_000;
}

const STEPS = [[86_400_000, 'd'], [3_600_000, 'h'], [60_000, 'min'], [1000, 's']];

/** A duration in its largest unit: `6 min`, `3 d`; two units below ten of the larger one: `1 h 20 min`. */
export function duration(ms) {
  if (ms < 1000) return '0 s';
  const index = STEPS.findIndex(([size]) => ms >= size);
  const [size, unit] = STEPS[index];
  const whole = Math.floor(ms / size);
  const next = STEPS[index + 1];
  const rest = next && whole < 3 ? Math.floor((ms % size) / next[0]) : 0;
  return rest && next ? `${whole} ${unit} ${rest} ${next[1]}` : `${whole} ${unit}`;
}

/** `just now`, `12 s ago`, `3 d ago`. */
export function ago(ms) {
  const age = serverNow() - ms;
  return age < 2000 ? 'just now' : `${duration(age)} ago`;
}
