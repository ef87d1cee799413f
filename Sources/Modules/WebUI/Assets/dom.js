/**
 * The page as a function of what is known: `h(…)` describes an element, `patch(…)` changes only what differs, so that
 * focus, selection and scroll survive an update. `View` is a custom element that draws itself this way.
 *
 * Text is always text: nothing here, and nothing in the pages, parses HTML.
 */

const SVG = 'http://www.w3.org/2000/svg';
/** Values that change quicker than this are a flicker. */
const READABLE_MS = 250;

const described = new WeakMap();  // DOM node → the description that it shows

/**
 * - `key` tells children of one parent apart; `ref(element)` is called once, when the element has been made.
 * - `on…` is an event handler, `.name` a property, `style` an object of CSS properties, all else an attribute.
 * - A tag with a dash is a custom element: it owns its children.
 */
export function h(tag, props, ...children) {
  return { tag, props: props ?? {}, children: flatten(children) };
}

function flatten(children, into = []) {
  for (const child of children) {
    if (Array.isArray(child)) flatten(child, into);
    else if (child !== null && child !== undefined && child !== false && child !== true) {
      into.push(typeof child === 'object' ? child : String(child));
    }
  }
  return into;
}

/** Makes the children of `parent` show `nodes`. */
export function patch(parent, nodes) {
  const wanted = flatten([nodes]);
  const keyed = new Map(), rest = [];
  for (const node of parent.childNodes) {
    const key = described.get(node)?.props?.key;
    if (key !== undefined) keyed.set(key, node);
    else rest.push(node);
  }
  let place = parent.firstChild;
  const kept = new Set();
  for (const want of wanted) {
    const node = show(want, candidate(want, keyed, rest), parent);
    kept.add(node);
    while (place && place !== node && !kept.has(place) && gone(place, wanted, keyed)) {
      const next = place.nextSibling;
      place.remove();
      place = next;
    }
    if (place === node) place = node.nextSibling;
    else parent.insertBefore(node, place);
  }
  for (const node of [...parent.childNodes]) if (!kept.has(node)) node.remove();
}

/** Whether a keyed node is not wanted any more: removing it early spares moving all that follow. */
function gone(node, wanted, keyed) {
  const key = described.get(node)?.props?.key;
  return key !== undefined && keyed.get(key) === node && !wanted.some((want) => want.props?.key === key);
}

function candidate(want, keyed, rest) {
  const key = want.props?.key;
  if (key !== undefined) {
    const node = keyed.get(key);
    keyed.delete(key);
    return node && fits(node, want) ? node : null;
  }
  const index = rest.findIndex((node) => fits(node, want));
  return index < 0 ? null : rest.splice(index, 1)[0];
}

function fits(node, want) {
  if (typeof want === 'string') return node.nodeType === Node.TEXT_NODE;
  return described.get(node)?.tag === want.tag;
}

function show(want, node, parent) {
  if (typeof want === 'string') {
    if (!node) return document.createTextNode(want);
    if (node.data !== want) node.data = want;
    return node;
  }
  const isNew = !node;
  if (isNew) {
    const isSVG = want.tag === 'svg' || (parent.namespaceURI === SVG && parent.tagName !== 'foreignObject');
    node = isSVG ? document.createElementNS(SVG, want.tag) : document.createElement(want.tag);
  }
  const before = described.get(node)?.props ?? {};
  described.set(node, want);
  // A select can only show a value that it offers: children first.
  if (!want.tag.includes('-')) patch(node, want.children);
  for (const name in before) if (!(name in want.props)) set(node, name, undefined, before[name]);
  for (const name in want.props) set(node, name, want.props[name], before[name]);
  if (isNew) want.props.ref?.(node);
  return node;
}

function set(node, name, value, before) {
  if (name === 'key' || name === 'ref') return;
  if (name === 'value' || name === 'checked' || name === 'selected') {
    // What somebody has typed since is not overwritten by the same state of the page, drawn again.
    if (value !== before && node[name] !== value) node[name] = value ?? '';
    return;
  }
  if (name === 'style') {
    for (const property in before ?? {}) if (!(property in (value ?? {}))) node.style.removeProperty(property);
    for (const property in value ?? {}) node.style.setProperty(property, value[property]);
    return;
  }
  if (value === before) return;
  if (name.startsWith('.')) node[name.slice(1)] = value;
  else if (name.startsWith('on')) node[name] = value ?? null;
  else if (value === undefined || value === null || value === false) node.removeAttribute(name);
  else node.setAttribute(name, value === true ? '' : value);
}

/**
 * A custom element that shows what `render()` describes.
 *
 * `start(signal)` runs when it enters the page; `signal` aborts when it leaves: hand it to listeners and
 * subscriptions, and nothing outlives the page that wanted it.
 */
export class View extends HTMLElement {
  #frame = 0;
  #soon = 0;
  #life = null;

  connectedCallback() {
    this.#life = new AbortController();
    this.start?.(this.#life.signal);
    if (this.#life) this.draw();
  }

  disconnectedCallback() {
    cancelAnimationFrame(this.#frame);
    clearTimeout(this.#soon);
    this.#frame = this.#soon = 0;
    this.#life.abort();
    this.#life = null;
  }

  get signal() { return this.#life?.signal; }

  /** Draws with the next frame, however often it is asked. */
  update() {
    if (!this.#life || this.#frame) return;
    this.#frame = requestAnimationFrame(() => { this.#frame = 0; this.draw(); });
  }

  /** Draws in a moment, for what changes more often than anybody can read. */
  updateSoon() {
    this.#soon ||= setTimeout(() => { this.#soon = 0; this.update(); }, READABLE_MS);
  }

  draw() { patch(this, this.render()); }

  /** Draws again whenever `target` says one of `events`. */
  watch(target, ...events) {
    for (const event of events) target.addEventListener(event, () => this.update(), { signal: this.signal });
  }

  /** Draws again every `ms`, for what changes with time alone. */
  tick(ms) {
    const timer = setInterval(() => this.update(), ms);
    this.signal.addEventListener('abort', () => clearInterval(timer));
  }
}

/** Draws `node` into an element of its own. */
export function element(node) {
  const holder = document.createElement('div');
  patch(holder, [node]);
  return holder.firstChild;
}
