/** Charts of several columns under each other, with one range and one crosshair. */
import { h, View } from './dom.js';
import { fleet } from './fleet.js';
import { limitsOf } from './tables.js';

/**
 * `<chart-stack>`: `realm`, `table`, `columns` (of the table), `plot`, `range`; `deviceKeys` are its lines.
 * Says `range` as the charts do.
 */
class ChartStack extends View {
  #plot = null;
  #range = null;

  set plot(plot) {
    if (this.#plot === plot) return;
    this.#plot = plot;
    plot?.addEventListener('rows', () => this.#feed(), { signal: this.signal });
    plot?.addEventListener('change', () => this.#feed(), { signal: this.signal });
    this.update();
  }

  get plot() { return this.#plot; }

  set range(range) {
    this.#range = range;
    this.update();
  }

  start(signal) {
    this.watch(fleet, 'change');
    this.addEventListener('cursor', ({ target, detail }) => {
      for (const chart of this.querySelectorAll('gantry-chart')) if (chart !== target) chart.cursor = detail;
    }, { signal });
    this.addEventListener('range', ({ target, detail }) => {
      if (target === this) return;
      for (const chart of this.querySelectorAll('gantry-chart')) if (chart !== target) chart.range = detail
        ?? this.#range;
    }, { signal });
  }

  draw() {
    super.draw();
    this.#feed();
  }

  render() {
    const many = (this.columns?.length ?? 0) > 1;
    return (this.columns ?? []).map((column) => h('figure', { key: column.id },
      h('figcaption', { class: 'caption' }, column.name, column.unit ? `, ${column.unit}` : ''),
      h('gantry-chart', { class: many ? 'low' : 'tall', '.wheel': true })));
  }

  #feed() {
    if (!this.#plot) return;
    const { realm, table, deviceKeys } = this;
    const charts = this.querySelectorAll('gantry-chart');
    this.columns.forEach((column, index) => {
      const chart = charts[index];
      if (!chart) return;
      chart.label = `${table.name}, ${column.name}`;
      chart.unit = column.unit;
      chart.empty = this.#plot.isLoading ? 'Reading history…' : 'No data in this range.';
      chart.limits = limitsOf(realm.rules, table.name, column.id);
      chart.markers = realm.alarms.filter((alarm) => alarm.table === table.name && deviceKeys.includes(alarm.device_key)
        && alarm.severity && column.id in (alarm.values ?? {})).map((alarm) => ({
          time: alarm.raised_at,
          severity: alarm.severity,
        }));
      chart.lines = deviceKeys.map((key, color) => ({
        label: fleet.deviceName(realm.info.swarmKey, key), series: this.#plot.series(column.id, key), color,
      }));
      if (this.#range && chart.stackRange !== this.#range) chart.range = chart.stackRange = this.#range;
    });
  }
}
customElements.define('chart-stack', ChartStack);
