/** Which page is shown, and with which choices: all of it stands in the address, so that a reload or a link brings it back. */

export const PAGES = {
  '/': 'overview', '/devices': 'devices', '/device': 'device', '/data': 'data', '/alarms': 'alarms',
  '/functions': 'functions',
  '/apps': 'apps', '/people': 'people', '/realms': 'realms', '/system': 'system', '/more': 'more',
};

class Route extends EventTarget {
  constructor() {
    super();
    window.addEventListener('popstate', () => this.dispatchEvent(new Event('change')));
    document.addEventListener('click', (event) => this.#follow(event));
  }

  get path() { return location.pathname; }
  get page() { return PAGES[location.pathname] ?? 'missing'; }

  /** A choice that stands in the address. */
  get(name) { return new URLSearchParams(location.search).get(name); }
  list(name) { return (this.get(name) ?? '').split(',').filter(Boolean); }

  /** Goes to another page. */
  go(path) {
    history.pushState(null, '', path);
    this.dispatchEvent(new Event('change'));
  }

  /** Changes choices of this page, without a step in the history. */
  set(choices) {
    const target = this.address(this.path, { ...Object.fromEntries(new URLSearchParams(location.search)), ...choices });
    if (target === location.pathname + location.search) return;
    history.replaceState(null, '', target);
    this.dispatchEvent(new Event('choice'));
  }

  /** The address of a page; empty choices are left out. */
  address(path, choices = {}) {
    const query = new URLSearchParams();
    for (const [name, value] of Object.entries(choices)) {
      const text = Array.isArray(value) ? value.join(',') : value;
      if (text !== null && text !== undefined && text !== '') query.set(name, text);
    }
    const text = query.toString().replaceAll('%2C', ',').replaceAll('%3A', ':');
    return text ? `${path}?${text}` : path;
  }

  #follow(event) {
    if (event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = event.target.closest?.('a[href]');
    if (!link || link.target || link.hasAttribute('download') || link.origin !== location.origin) return;
    if (!(link.pathname in PAGES)) return;
    event.preventDefault();
    this.go(link.pathname + link.search);
  }
}

export const route = new Route();
