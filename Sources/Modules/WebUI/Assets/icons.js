/** Shapes: each severity has its own, so that nobody needs colour to tell them apart; a few outlines for navigation. */
import { h } from './dom.js';

const SHAPES = {
  critical: 'M3.6 0h4.8L12 3.6v4.8L8.4 12H3.6L0 8.4V3.6z',
  major: 'M6 .4 12 11.6H0z',
  minor: 'M6 0l6 6-6 6-6-6z',
  normal: 'M6 1a5 5 0 1 1 0 10A5 5 0 0 1 6 1z',
};

export const SEVERITIES = ['critical', 'major', 'minor'];

/** The path of a severity's shape in a box of 12 × 12, for the chart. */
export const severityShape = (severity) => SHAPES[severity] ?? SHAPES.normal;

/** A severity's shape. Blinks slowly as long as nobody has acknowledged. */
export function severity(name, { unacknowledged = false } = {}) {
  return h('svg', {
    class: `shape ${name}${unacknowledged ? ' unacknowledged' : ''}`, viewBox: '0 0 12 12', role: 'img',
    'aria-label': name,
  }, h('path', { d: severityShape(name) }));
}

const OUTLINES = {
  overview: 'M3 11.5 12 4l9 7.5M5.5 9.8V20h13V9.8M10 20v-6h4v6',
  devices: 'M6 6h12v12H6zM9.5 9.5h5v5h-5zM9 2.5v3.5M15 2.5v3.5M9 18v3.5M15 18v3.5M2.5 9h3.5M2.5 15h3.5M18 9h3.5M18 15h3.5',
  data: 'M4 4v16h16M7 15l4-5 3.5 3L20 6.5',
  alarms: 'M6 16.5V11a6 6 0 0 1 12 0v5.5l1.5 1.5h-15zM10 20.5h4',
  functions: 'M13 2.5 5 13.5h6l-1 8 9-12h-6.5z',
  apps: 'M4 4h6.5v6.5H4zM13.5 4H20v6.5h-6.5zM4 13.5h6.5V20H4zM13.5 13.5H20V20h-6.5z',
  people: 'M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4 20.5c.6-4 3.8-6 8-6s7.400 2 8 6',
  realms: 'M5.5 8a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5zM18.5 21a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5zM8 5.5h10.5V16M16 18.5H5.5V8',
  system: 'M4 5h16v6H4zM4 13h16v6H4zM7.5 8h.1M7.5 16h.1',
  more: 'M4 7h16M4 12h16M4 17h16',
  close: 'M6 6l12 12M18 6 6 18',
  search: 'M10.5 17a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13zM15.5 15.5 21 21',
};

export function outline(name) {
  return h('svg', { class: 'outline', viewBox: '0 0 24 24', 'aria-hidden': 'true' }, h('path', { d: OUTLINES[name] }));
}
