/** Draws a `<gantry-chart>` once: grid, limits, lines, markers, names at the lines' ends, crosshair. */
import { spread, timeTicks, valueTicks } from './series.js';
import { severityShape } from './icons.js';
import * as format from './format.js';

const LABEL_HEIGHT = 15, AXIS_HEIGHT = 24, TOP = 14, GUTTER_MAX = 150;

export class Painter {
  /** `chart` says what is drawn, `colors` (of `readColors`) how. */
  constructor(context, colors, chart) {
    Object.assign(this, { context, colors, chart });
  }

  /** Draws; returns where everything is, for whoever points at it. `selection`: two pixels between which somebody drags. */
  draw(width, height, selection) {
    const { context } = this;
    context.clearRect(0, 0, width, height);
    context.font = this.colors.font;
    const box = this.#layout(width, height);
    this.#drawGrid(box);
    this.#drawLimits(box);
    this.#drawLines(box);
    this.#drawMarkers(box);
    this.#drawLabels(box);
    if (selection) this.#drawSelection(box, selection);
    else if (this.chart.cursor !== null) this.#drawCursor(box);
    if (!this.#hasPoints(box)) this.#drawEmpty(box);
    return box;
  }

  #layout(width, height) {
    const { context } = this;
    const { from, to } = this.chart.window;
    const [low, high] = this.#extent(from, to);
    const bottom = height - AXIS_HEIGHT;
    const { step, ticks } = valueTicks(low, high, Math.max(2, Math.floor((bottom - TOP) / 44)));
    const decimals = Math.max(0, Math.min(6, -Math.floor(Math.log10(step) + 1e-9)));
    const names = ticks.map((tick) => axisNumber(tick, decimals, step));
    const left = Math.ceil(Math.max(24, ...names.map((name) => context.measureText(name).width))) + 12;
    const narrow = width < 460;
    const labels = this.chart.lines.map((line) => context.measureText(line.label).width);
    const gutter = narrow || !labels.length ? 10 : Math.min(GUTTER_MAX, Math.ceil(Math.max(...labels)) + 16);
    const right = width - gutter;
    const x = (time) => left + (time - from) / (to - from) * (right - left);
    const y = (value) => bottom - (value - low) / (high - low) * (bottom - TOP);
    const time = (px) => from + (px - left) / (right - left) * (to - from);
    return { width, height, left, right, top: TOP, bottom, from, to, low, high, ticks, names, narrow, x, y, time };
  }

  #extent(from, to) {
    let low = Infinity, high = -Infinity;
    for (const { series } of this.chart.lines) {
      const [least, greatest] = series.extent(from, to);
      low = Math.min(low, least);
      high = Math.max(high, greatest);
    }
    if (low > high) [low, high] = this.chart.limits.length ? extentOf(this.chart.limits) : [0, 1];
    const size = high - low;
    // A limit that is near is shown; one that is far away would flatten what is to be seen.
    for (const { value } of this.chart.limits) {
      if (value > high && value - high <= Math.max(size * 1.5, Math.abs(high) * 0.25)) high = value;
      if (value < low && low - value <= Math.max(size * 1.5, Math.abs(low) * 0.25)) low = value;
    }
    const least = Math.max(Math.abs(high), Math.abs(low)) * 0.01 || 1;
    const margin = Math.max((high - low) * 0.08, (high - low) < least ? least / 2 : 0);
    return [low - margin, high + margin];
  }

  #drawGrid(box) {
    const { colors, context } = this;
    context.lineWidth = 1;
    context.strokeStyle = colors.line;
    context.fillStyle = colors.soft;
    context.textAlign = 'right';
    context.textBaseline = 'middle';
    box.ticks.forEach((tick, index) => {
      const y = Math.round(box.y(tick)) + 0.5;
      this.#rule(box.left, y, box.right, y);
      context.fillText(box.names[index], box.left - 8, y);
    });
    const most = Math.max(2, Math.floor((box.right - box.left) / 92));
    const { step, ticks } = timeTicks(box.from, box.to, most, format.offsetMinutes);
    context.textAlign = 'center';
    context.textBaseline = 'alphabetic';
    for (const tick of ticks) {
      const x = Math.round(box.x(tick)) + 0.5;
      const name = timeName(tick, step);
      if (x - context.measureText(name).width / 2 < 0) continue;
      this.#rule(x, box.bottom, x, box.bottom + 4);
      context.fillText(name, x, box.height - 5);
    }
  }

  #drawLimits(box) {
    const { context } = this;
    for (const { value, severity, label } of this.chart.limits) {
      if (value < box.low || value > box.high) continue;
      const y = Math.round(box.y(value)) + 0.5;
      context.lineWidth = 1;
      context.strokeStyle = this.colors[severity];
      context.setLineDash([5, 4]);
      this.#rule(box.left, y, box.right, y);
      context.setLineDash([]);
      context.textAlign = 'left';
      context.textBaseline = 'bottom';
      this.#text(label, box.left + 4, y - 2, this.colors[`${severity}Ink`]);
    }
  }

  #drawLines(box) {
    const { context } = this;
    context.save();
    context.beginPath();
    context.rect(box.left, 0, box.right - box.left, box.bottom + 1);
    context.clip();
    context.lineWidth = 1.6;
    context.lineJoin = 'round';
    context.lineCap = 'round';
    for (const line of this.chart.lines) {
      context.strokeStyle = context.fillStyle = this.#color(line);
      context.beginPath();
      let lone = null;
      const dot = () => lone && context.rect(lone[0] - 0.8, lone[1] - 0.8, 1.6, 1.6);
      const move = (x, y) => { dot(); lone = [x, y]; context.moveTo(x, y); };
      const draw = (x, y) => { lone = null; context.lineTo(x, y); };
      line.series.trace(box.from, box.to, box.right - box.left, box.x, box.y, move, draw);
      dot();
      context.stroke();
    }
    context.restore();
  }

  #drawMarkers(box) {
    const { context } = this;
    for (const { time, severity } of this.chart.markers) {
      if (time < box.from || time > box.to) continue;
      const x = box.x(time);
      context.strokeStyle = context.fillStyle = this.colors[severity];
      context.lineWidth = 1;
      context.globalAlpha = 0.4;
      this.#rule(Math.round(x) + 0.5, box.top, Math.round(x) + 0.5, box.bottom);
      context.globalAlpha = 1;
      context.save();
      context.translate(x - 5, 0);
      context.scale(10 / 12, 10 / 12);
      context.fill(new Path2D(severityShape(severity)));
      context.restore();
    }
  }

  /** Each line's name at its end; when all are crowded they step aside, a short stroke keeps them together. */
  #drawLabels(box) {
    const { context } = this;
    const ends = [];
    for (const line of this.chart.lines) {
      const index = line.series.lowerBound(box.to + 1) - 1;
      if (index < 0 || line.series.times[index] < box.from) continue;
      ends.push({ line, x: box.x(line.series.times[index]), y: box.y(line.series.values[index]) });
    }
    if (!box.narrow) {
      const places = spread(ends.map((end) => end.y - 7), LABEL_HEIGHT, 0, box.bottom - 12);
      context.textAlign = 'left';
      context.textBaseline = 'top';
      ends.forEach(({ line, y }, index) => {
        const middle = places[index] + 7;
        context.strokeStyle = this.#color(line);
        context.lineWidth = 1;
        if (Math.abs(middle - y) > 2) this.#rule(box.right + 1, y, box.right + 6, middle);
        const text = this.#fitted(line.label, box.width - box.right - 10);
        this.#text(text, box.right + 8, places[index] + 1, this.#color(line));
      });
      return;
    }
    const places = spread(ends.map((end) => end.y - 16), LABEL_HEIGHT, 0, box.bottom - 14);
    context.textAlign = 'right';
    context.textBaseline = 'top';
    ends.forEach(({ line }, index) => this.#text(line.label, box.right - 3, places[index], this.#color(line)));
  }

  #drawSelection(box, [start, now]) {
    const { context } = this;
    const [a, b] = [Math.min(start, now), Math.max(start, now)];
    context.fillStyle = this.colors.accent;
    context.globalAlpha = 0.14;
    context.fillRect(a, box.top, b - a, box.bottom - box.top);
    context.globalAlpha = 1;
    context.textAlign = 'center';
    context.textBaseline = 'top';
    const text = format.duration(box.time(b) - box.time(a));
    this.#text(text, (a + b) / 2, box.top + 4, this.colors.ink);
  }

  #drawCursor(box) {
    const { context } = this;
    const x = Math.round(box.x(this.chart.cursor)) + 0.5;
    if (x < box.left || x > box.right) return;
    context.strokeStyle = this.colors.soft;
    context.lineWidth = 1;
    this.#rule(x, box.top, x, box.bottom);
    const reach = Math.max(this.chart.lines[0]?.series.gap ?? 0, (box.to - box.from) / 50);
    const rows = [];
    for (const line of this.chart.lines) {
      const index = line.series.nearest(this.chart.cursor);
      if (index < 0 || Math.abs(line.series.times[index] - this.chart.cursor) > reach) continue;
      const value = line.series.values[index], px = box.x(line.series.times[index]), py = box.y(value);
      if (px < box.left || px > box.right) continue;
      context.fillStyle = this.#color(line);
      context.beginPath();
      context.arc(px, py, 3, 0, 7);
      context.fill();
      rows.push({ color: this.#color(line), label: line.label, value, text: format.measure(value) });
    }
    rows.sort((a, b) => b.value - a.value);
    this.#drawReadout(box, x, rows);
  }

  #drawReadout(box, x, rows) {
    const { context } = this;
    const title = box.to - box.from < 60_000 ? format.clockFine(this.chart.cursor) : format.dateTime(this.chart.cursor);
    const unit = this.chart.unit ? ` ${this.chart.unit}` : '';
    const texts = rows.map((row) => row.text + unit);
    const names = Math.max(0, ...rows.map((row) => context.measureText(row.label).width));
    const values = Math.max(0, ...texts.map((text) => context.measureText(text).width));
    const width = Math.max(context.measureText(title).width, names + 18 + values) + 20;
    const height = 24 + rows.length * 17;
    const left = x + 12 + width > box.right ? Math.max(2, x - 12 - width) : x + 12;
    const top = box.top + 4;
    context.fillStyle = this.colors.panel;
    context.strokeStyle = this.colors.line;
    context.beginPath();
    context.roundRect(left, top, width, height, 6);
    context.fill();
    context.stroke();
    context.textBaseline = 'top';
    context.textAlign = 'left';
    context.fillStyle = this.colors.soft;
    context.fillText(title, left + 10, top + 7);
    rows.forEach((row, index) => {
      const y = top + 24 + index * 17;
      context.textAlign = 'left';
      context.fillStyle = row.color;
      context.fillText(row.label, left + 10, y);
      context.textAlign = 'right';
      context.fillStyle = this.colors.ink;
      context.fillText(texts[index], left + width - 10, y);
    });
  }

  #drawEmpty(box) {
    const { context } = this;
    context.textAlign = 'center';
    context.textBaseline = 'middle';
    context.fillStyle = this.colors.soft;
    context.fillText(
      this.#fitted(this.chart.empty, box.right - box.left),
      (box.left + box.right) / 2,
      (box.top + box.bottom) / 2);
  }

  #hasPoints(box) {
    return this.chart.lines.some(({ series }) => {
      const index = series.lowerBound(box.from);
      return index < series.length && series.times[index] <= box.to;
    });
  }

  /** Text with a halo of the panel's colour, readable across lines. */
  #text(text, x, y, color) {
    const { context } = this;
    context.lineWidth = 4;
    context.lineJoin = 'round';
    context.strokeStyle = this.colors.panel;
    context.strokeText(text, x, y);
    context.fillStyle = color;
    context.fillText(text, x, y);
  }

  #color(line) { return this.colors.series[line.color % this.colors.series.length]; }

  /** What is to be seen, for who cannot. */
  describe(box) {
    const lines = this.chart.lines.filter(({ series }) => series.length)
      .map(({ label, series }) => `${label} ${format.measure(series.lastValue)}${this.chart.unit ? ` ${this.chart.unit}` : ''}`);
    return `${this.chart.label}, ${format.dateTime(box.from)} to ${format.dateTime(box.to)}: ${lines.join(', ') || this.chart.empty}`;
  }

  #rule(x1, y1, x2, y2) {
    const { context } = this;
    context.beginPath();
    context.moveTo(x1, y1);
    context.lineTo(x2, y2);
    context.stroke();
  }

  /** The text, cut so that it fits. */
  #fitted(text, width) {
    const { context } = this;
    if (context.measureText(text).width <= width) return text;
    let end = text.length;
    while (end > 1 && context.measureText(`${text.slice(0, end)}…`).width > width) end -= 1;
    return `${text.slice(0, end)}…`;
  }
}

function axisNumber(value, decimals, step) {
  if (step >= 100_000) return format.compact(value);
  return new Intl.NumberFormat(navigator.languages?.[0],
    { minimumFractionDigits: decimals, maximumFractionDigits: decimals })
    .format(Math.abs(value) < step / 1e6 ? 0 : value);
}

function timeName(time, step) {
  if (step >= 86_400_000) return format.day(time);
  if (step < 60_000) return format.clock(time);
  const name = format.clockShort(time);
  return name === '00:00' ? format.day(time) : name;
}

function extentOf(limits) {
  const values = limits.map((limit) => limit.value);
  return [Math.min(...values), Math.max(...values)];
}

/** The colours of the scheme, as the element sees them. */
export function readColors(element) {
  const style = getComputedStyle(element);
  const color = (name) => style.getPropertyValue(`--${name}`).trim();
  return {
    ink: color('ink'), soft: color('soft'), line: color('line'), panel: color('panel'), accent: color('accent'),
    critical: color('critical'), major: color('major'), minor: color('minor'),
    criticalInk: color('critical-ink'), majorInk: color('major-ink'), minorInk: color('minor-ink'),
    series: [1, 2, 3, 4, 5, 6, 7, 8].map((index) => color(`series-${index}`)),
    font: `${style.fontSize} ${style.fontFamily}`,
  };
}
