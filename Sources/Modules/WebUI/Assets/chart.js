/**
 * `<gantry-chart>`: lines over time on a canvas.
 *
 * - `lines`: [{label, series, color: 0…7}], `limits`: [{value, severity, label}], `markers`: [{time, severity, label}]
 * - `range`: {from, to}, or `{span}` for the last `span` milliseconds, which moves on as time does
 * - `unit`, `label`: what the values are; `wheel`: zoom with the wheel without Control
 *
 * Says `range` (detail {from, to} or {span}) when somebody has zoomed or moved, `cursor` (detail: time or null) while
 * pointing, so that several charts can share one crosshair (`cursor` property).
 */
import { Painter, readColors } from './chart-painter.js';
import * as format from './format.js';

const SPAN_MIN = 1000, SPAN_MAX = 400 * 86_400_000;

class Chart extends HTMLElement {
  #lines = [];
  #limits = [];
  #markers = [];
  #range = { span: 900_000 };
  #home = null;
  #cursor = null;
  #drag = null;
  #pointers = new Map();
  #frame = 0;

  get lines() { return this.#lines; }
  set lines(lines) { this.#lines = lines; this.redraw(); }
  get limits() { return this.#limits; }
  set limits(limits) { this.#limits = limits; this.redraw(); }
  get markers() { return this.#markers; }
  set markers(markers) { this.#markers = markers; this.redraw(); }
  get range() { return this.#range; }
  set range(range) { this.#range = this.#home = range; this.redraw(); }
  get cursor() { return this.#cursor; }
  set cursor(time) { this.#cursor = time; this.redraw(); }
  unit = '';
  label = '';
  wheel = false;
  /** What is said where there is nothing to draw. */
  empty = 'No data in this range.';

  /** The range as two times. */
  get window() {
    if (this.#range.span === undefined) return this.#range;
    const to = format.serverNow();
    return { from: to - this.#range.span, to };
  }

  connectedCallback() {
    if (!this.canvas) {
      this.canvas = document.createElement('canvas');
      this.canvas.tabIndex = 0;
      this.canvas.setAttribute('role', 'img');
      this.append(this.canvas);
      this.#listen();
    }
    this.sizes = new ResizeObserver(() => this.redraw());
    this.sizes.observe(this);
    this.recolor = () => { this.colors = null; this.redraw(); };
    document.addEventListener('themechange', this.recolor);
    this.timer = setInterval(() => this.#range.span !== undefined && this.redraw(), 1000);
    this.recolor();
  }

  disconnectedCallback() {
    this.sizes.disconnect();
    document.removeEventListener('themechange', this.recolor);
    clearInterval(this.timer);
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
  }

  /** Draws with the next frame. */
  redraw() {
    if (!this.isConnected || this.#frame) return;
    this.#frame = requestAnimationFrame(() => { this.#frame = 0; this.#draw(); });
  }

  #draw() {
    const width = this.clientWidth, height = this.clientHeight;
    if (!width || !height) return;
    const ratio = window.devicePixelRatio || 1;
    if (this.canvas.width !== Math.round(width * ratio) || this.canvas.height !== Math.round(height * ratio)) {
      this.canvas.width = Math.round(width * ratio);
      this.canvas.height = Math.round(height * ratio);
    }
    this.colors ??= readColors(this);
    const context = this.canvas.getContext('2d');
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    const painter = new Painter(context, this.colors, this);
    this.box = painter.draw(width, height, this.#drag?.select ? [this.#drag.start, this.#drag.now] : null);
    this.canvas.setAttribute('aria-label', painter.describe(this.box));
  }

  // Pointing, zooming, moving

  #listen() {
    const { canvas } = this;
    canvas.addEventListener('pointerdown', (event) => this.#down(event));
    canvas.addEventListener('pointermove', (event) => this.#move(event));
    canvas.addEventListener('pointerup', (event) => this.#up(event));
    canvas.addEventListener('pointercancel',
      (event) => { this.#drag = null; this.#pointers.delete(event.pointerId); this.redraw(); });
    canvas.addEventListener('pointerleave', () => { if (!this.#drag) this.#point(null); });
    canvas.addEventListener('dblclick', () => this.#reset());
    canvas.addEventListener('keydown', (event) => this.#key(event));
    canvas.addEventListener('wheel', (event) => this.#wheel(event), { passive: false });
  }

  #down(event) {
    if (!this.box || event.button > 1) return;
    this.canvas.setPointerCapture(event.pointerId);
    this.#pointers.set(event.pointerId, event.offsetX);
    const isPan = event.shiftKey || event.button === 1 || event.pointerType === 'touch';
    this.#drag = {
      start: event.offsetX, now: event.offsetX, select: false, isPan, window: { from: this.box.from, to: this.box.to },
      pinch: this.#pointers.size === 2 ? this.#spread() : null,
    };
  }

  #move(event) {
    if (!this.box) return;
    if (!this.#drag) return this.#point(this.box.time(event.offsetX));
    this.#pointers.set(event.pointerId, event.offsetX);
    const drag = this.#drag, { from, to } = drag.window;
    drag.now = Math.min(this.box.right, Math.max(this.box.left, event.offsetX));
    if (drag.pinch) {
      const factor = Math.min(20, Math.max(0.05, drag.pinch.size / Math.max(8, this.#spread().size)));
      const at = from + (drag.pinch.middle - this.box.left) / (this.box.right - this.box.left) * (to - from);
      return this.#show(at - (at - from) * factor, at + (to - at) * factor);
    }
    if (drag.isPan) {
      const shift = (drag.start - event.offsetX) / (this.box.right - this.box.left) * (to - from);
      return this.#show(from + shift, to + shift);
    }
    drag.select = Math.abs(drag.now - drag.start) > 4;
    this.redraw();
  }

  #up(event) {
    const drag = this.#drag;
    this.#pointers.delete(event.pointerId);
    if (this.#pointers.size) return;
    this.#drag = null;
    if (drag?.select) {
      const times = [this.box.time(drag.start), this.box.time(drag.now)].sort((a, b) => a - b);
      this.#show(times[0], times[1]);
    }
    this.redraw();
  }

  #spread() {
    const [a, b] = [...this.#pointers.values()];
    return { size: Math.abs(a - b), middle: (a + b) / 2 };
  }

  #wheel(event) {
    if (!this.box || !(this.wheel || event.ctrlKey)) return;
    event.preventDefault();
    const { from, to } = this.box;
    if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
      const shift = event.deltaX / (this.box.right - this.box.left) * (to - from);
      return this.#show(from + shift, to + shift);
    }
    this.#zoom(1.0015 ** event.deltaY, this.box.time(event.offsetX));
  }

  #key(event) {
    const { from, to } = this.window, step = (to - from) / 5;
    switch (event.key) {
    case 'ArrowLeft': this.#show(from - step, to - step); break;
    case 'ArrowRight': this.#show(from + step, to + step); break;
    case '+': case '=': this.#zoom(0.6, (from + to) / 2); break;
    case '-': this.#zoom(1 / 0.6, (from + to) / 2); break;
    case 'Home': case 'Escape': this.#reset(); break;
    default: return;
    }
    event.preventDefault();
  }

  #zoom(factor, at) {
    const { from, to } = this.window;
    const span = (to - from) * factor;
    if (span < SPAN_MIN || span > SPAN_MAX) return;
    this.#show(at - (at - from) * factor, at + (to - at) * factor);
  }

  #show(from, to) {
    if (!(to - from >= SPAN_MIN / 2)) return;
    const now = format.serverNow();
    if (from > now) return;
    this.#range = { from, to };
    this.redraw();
    this.dispatchEvent(new CustomEvent('range', { detail: this.#range, bubbles: true }));
  }

  #reset() {
    if (this.#home) this.#range = this.#home;
    this.redraw();
    this.dispatchEvent(new CustomEvent('range', { detail: null, bubbles: true }));
  }

  #point(time) {
    this.cursor = time;
    this.dispatchEvent(new CustomEvent('cursor', { detail: time, bubbles: true }));
  }
}

customElements.define('gantry-chart', Chart);
