/** Points in time, and their reduction to what a screen can show. Pure: no DOM, no clock. */

/** A growing pair of columns, always ordered by time. */
export class Series {
  /** `gap`: the distance from which on neighbours are not joined; told where points have been left out on purpose. */
  constructor(gap, capacity = 256) {
    this.knownGap = gap;
    this.times = new Float64Array(capacity);
    this.values = new Float64Array(capacity);
    this.length = 0;
  }

  /** Adds a point; a late one goes where it belongs, a second one of the same time replaces the first. */
  add(time, value) {
    if (this.length === this.times.length) this.#grow();
    if (this.length && time <= this.times[this.length - 1]) return this.#insert(time, value);
    this.times[this.length] = time;
    this.values[this.length] = value;
    this.length += 1;
  }

  /** Forgets what lies before `time`. */
  prune(time) {
    const first = this.lowerBound(time);
    // Moving costs: wait until a quarter can go.
    if (first * 4 < this.length) return;
    this.times.copyWithin(0, first, this.length);
    this.values.copyWithin(0, first, this.length);
    this.length -= first;
  }

  /** The index of the first point at or after `time`. */
  lowerBound(time) {
    let low = 0, high = this.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.times[middle] < time) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The index of the point nearest to `time`, -1 when there is none. */
  nearest(time) {
    if (!this.length) return -1;
    const after = this.lowerBound(time);
    if (after === 0) return 0;
    if (after === this.length) return this.length - 1;
    return time - this.times[after - 1] <= this.times[after] - time ? after - 1 : after;
  }

  get lastTime() { return this.length ? this.times[this.length - 1] : NaN; }
  get lastValue() { return this.length ? this.values[this.length - 1] : NaN; }

  /**
   * The distance in time from which on two neighbours are not joined: four times what is usual at the slowest, and
   * never less than two seconds. Nobody knows what happened in between, so nothing is drawn.
   */
  get gap() {
    if (this.knownGap) return this.knownGap;
    if (this.gapLength === this.length) return this.gapValue;
    const steps = [], stride = Math.max(1, Math.floor(this.length / 400));
    for (let index = 1; index < this.length; index += stride) steps.push(this.times[index] - this.times[index - 1]);
    steps.sort((a, b) => a - b);
    this.gapLength = this.length;
    this.gapValue = steps.length ? Math.max(2000, steps[Math.floor((steps.length - 1) * 0.9)] * 4) : Infinity;
    return this.gapValue;
  }

  /** Least and greatest value between two times, `[Infinity, -Infinity]` when there is none. */
  extent(from, to) {
    let least = Infinity, greatest = -Infinity;
    for (let index = this.lowerBound(from); index < this.length && this.times[index] <= to; index += 1) {
      const value = this.values[index];
      if (value < least) least = value;
      if (value > greatest) greatest = value;
    }
    return [least, greatest];
  }

  /**
   * Calls `move(x, y)` and `line(x, y)` for the path of the series in a box of `width` pixels: first, least, greatest
   * and last value of each pixel column, which is what drawing all of them would show.
   */
  trace(from, to, width, x, y, move, line) {
    const gap = this.gap, scale = width / (to - from);
    let index = Math.max(0, this.lowerBound(from) - 1);
    let before = NaN;
    while (index < this.length && !(before > to)) {
      const time = this.times[index];
      const column = Math.floor((time - from) * scale);
      const first = this.values[index];
      let least = first, greatest = first, last = first, end = time;
      index += 1;
      while (index < this.length && this.times[index] - end <= gap
        && Math.floor((this.times[index] - from) * scale) === column) {
        last = this.values[index];
        end = this.times[index];
        if (last < least) least = last;
        if (last > greatest) greatest = last;
        index += 1;
      }
      const px = x(time);
      (Number.isNaN(before) || time - before > gap ? move : line)(px, y(first));
      if (end !== time) {
        line(px, y(least));
        line(px, y(greatest));
        line(x(end), y(last));
      }
      before = end;
    }
  }

  #insert(time, value) {
    const index = this.lowerBound(time);
    if (this.times[index] === time) {
      this.values[index] = value;
      return;
    }
    this.times.copyWithin(index + 1, index, this.length);
    this.values.copyWithin(index + 1, index, this.length);
    this.times[index] = time;
    this.values[index] = value;
    this.length += 1;
  }

  #grow() {
    const times = new Float64Array(this.times.length * 2), values = new Float64Array(this.times.length * 2);
    times.set(this.times);
    values.set(this.values);
    this.times = times;
    this.values = values;
  }
}

/** Round steps of a value axis that need at most `most` lines. */
export function valueTicks(low, high, most) {
  const raw = (high - low) / Math.max(1, most);
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= raw * 0.999);
  const ticks = [];
  for (let index = Math.ceil(low / step - 1e-9); index * step <= high + step * 1e-9; index += 1) ticks.push(index * step);
  return { step, ticks };
}

const SECOND = 1000, MINUTE = 60_000, HOUR = 3_600_000, DAY = 86_400_000;
const TIME_STEPS = [
  SECOND, 2 * SECOND, 5 * SECOND, 10 * SECOND, 15 * SECOND, 30 * SECOND,
  MINUTE, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE, 15 * MINUTE, 30 * MINUTE,
  HOUR, 2 * HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, DAY, 2 * DAY, 7 * DAY, 14 * DAY, 28 * DAY,
];

/** Round times of a zone `offset(time)` minutes ahead of UTC; at most `most` of them. */
export function timeTicks(from, to, most, offset) {
  const raw = (to - from) / Math.max(1, most);
  const step = TIME_STEPS.find((size) => size >= raw) ?? Math.ceil(raw / (28 * DAY)) * 28 * DAY;
  const shift = offset(from) * MINUTE;
  const ticks = [];
  for (let local = Math.ceil((from + shift) / step) * step; local - shift <= to; local += step) {
    // Where daylight saving begins or ends within the range, ticks keep to the clock on the wall.
    const tick = step >= HOUR ? local - offset(local - shift) * MINUTE : local - shift;
    ticks.push(tick);
  }
  return { step, ticks };
}

/** Heights for labels of one line each that want to stand at `wanted`, without overlap, within `top` and `bottom`. */
export function spread(wanted, height, top, bottom) {
  const order = wanted.map((_, index) => index).sort((a, b) => wanted[a] - wanted[b]);
  const places = [];
  let next = top;
  for (const index of order) {
    places[index] = Math.max(next, wanted[index]);
    next = places[index] + height;
  }
  let limit = bottom;
  for (const index of order.reverse()) {
    places[index] = Math.min(places[index], limit);
    limit = places[index] - height;
  }
  return places;
}
