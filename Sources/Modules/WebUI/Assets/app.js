/** The frame around every page: who is signed in, what is looked at, whether the line is up, which alarms wait. */
import './theme.js';
import './chart.js';
import './pages.js';
import { h, patch, View } from './dom.js';
import { badges, counts } from './alarm-view.js';
import { fleet } from './fleet.js';
import { outline } from './icons.js';
import { PAGES, route } from './router.js';
import { appRealm, chooseRealm, devicesOf, link, realmInfo } from './scope.js';
import { session } from './session.js';
import { userMenu } from './account.js';
import * as format from './format.js';

/** A connection that heals within this time is nobody's business. */
const LOST_AFTER_MS = 1500;

const NAVIGATION = [
  ['/', 'Overview'], ['/devices', 'Devices'], ['/data', 'Data'], ['/alarms', 'Alarms'], ['/functions', 'Functions'],
  null,
  ['/apps', 'Apps'], ['/people', 'People'], ['/realms', 'Realms'], ['/system', 'System'],
];
/** What has a place in the bar of a phone; the rest is behind “More”. */
const THUMB = new Set(['/', '/devices', '/data', '/alarms']);

class App extends View {
  #page = null;

  start(signal) {
    this.watch(fleet, 'change');
    this.watch(route, 'choice');
    this.watch(document, 'themechange');
    route.addEventListener('change', () => { this.moved = true; this.update(); }, { signal });
    document.addEventListener('keydown', (event) => this.#key(event), { signal });
    this.tick(1000);
    askServer(signal);
    const timer = setInterval(() => askServer(signal), 300_000);
    signal.addEventListener('abort', () => clearInterval(timer), { once: true });
  }

  draw() {
    super.draw();
    const { page } = route;
    const title = NAVIGATION.find((entry) => entry && PAGES[entry[0]] === page)?.[1] ?? 'Device';
    const numbers = counts(fleet.alarms), waiting = numbers.critical + numbers.major + numbers.minor;
    document.title = `${waiting ? `(${waiting}) ` : ''}${title} · Gantry`;
    // A screen reader hears where it is, and Tab goes on from there.
    if (this.moved && page !== this.#page) this.querySelector('main').focus();
    this.#page = page;
    this.moved = false;
  }

  render() {
    const lost = this.#lost();
    this.className = lost ? 'lost' : '';
    const info = realmInfo();
    return [
      h('a',
        { class: 'skip', href: '#main', onclick: (event) => { event.preventDefault(); this.querySelector('main').focus(); } },
        'Skip to the page'),
      lost && h('div', { class: 'notice', role: 'alert', key: 'notice' }, lost),
      this.#header(info),
      this.#navigation(info),
      h('main', { class: 'main', id: 'main', tabindex: '-1', key: 'main' }, this.#content(info)),
    ];
  }

  #content(info) {
    if (fleet.error) return h('div', { class: 'card' }, h('p', { class: 'failure' }, fleet.error.message));
    if (!fleet.isLoaded) return h('p', { class: 'soft', key: 'wait' }, 'Asking the server for devices and apps…');
    return h(`page-${route.page}`,
      { key: `${route.page} ${info?.uri} ${route.page === 'device' ? route.get('device') : ''}` });
  }

  /** What is said when the line has been down for a moment. */
  #lost() {
    const connections = [fleet.connection, appRealm()?.connection].filter(Boolean);
    const broken = connections.find(({ state }) => state === 'lost')
      ?? connections.find(({ state }) => state === 'refused');
    if (broken?.state === 'refused' && broken !== fleet.connection) {
      return `The realm of this app cannot be joined: ${broken.refusal.message}`;
    }
    if (!broken || Date.now() - broken.since < LOST_AFTER_MS) return null;
    const age = Date.now() - broken.heard;
    const since = format.clock(format.serverNow() - age);
    return `Connection lost. What you see is ${format.duration(age)} old, from ${since}; it comes back by itself.`;
  }

  #header(info) {
    return h('header', { class: 'header', key: 'header' },
      h('a', { class: 'brand', href: link('/') },
        h('b', {}, 'Gantry'),
        h('small', { title: location.host }, location.hostname)),
      h('div', { class: 'scope row' }, this.#scope(info)),
      h('span', { class: 'grow' }),
      h('div', { class: 'live', role: 'status' }, this.#live()),
      h('div', { class: 'badges' }, badges(fleet.alarms, link('/alarms'))),
      userMenu());
  }

  #scope(info) {
    if (!info) return null;
    const projects = [...new Map(fleet.realms.map((realm) => [realm.swarmKey, realm.project]))];
    const apps = fleet.realms.filter(({ swarmKey }) => swarmKey === info.swarmKey);
    const first = (swarmKey) => fleet.realms.find((realm) => realm.swarmKey === swarmKey && realm.stage === 'prod')
      ?? fleet.realms.find((realm) => realm.swarmKey === swarmKey);
    return [
      h('select',
        {
          class: 'select',
          'aria-label': 'Project',
          value: String(info.swarmKey),
          onchange: (event) => chooseRealm(first(Number(event.target.value)).uri),
        },
        projects.map(([key, name]) => h('option', { value: String(key), key }, name))),
      h('select',
        {
          class: 'select',
          'aria-label': 'App and stage',
          value: info.uri,
          onchange: (event) => chooseRealm(event.target.value),
        },
        apps.map(({ uri, title }) => h('option', { value: uri, key: uri }, title))),
    ];
  }

  #live() {
    const realm = appRealm();
    if (!realm) return null;
    const { state } = realm.connection;
    // The rate of the whole app, on whichever page.
    realm.followAll();
    if (state !== 'open') return [h('i', { class: 'dot off' }), state === 'connecting' ? 'joining…' : 'not connected'];
    return [h('i', { class: 'dot' }), 'live', h('span', {}, `· ${format.measure(rounded(realm.rate))} rows/s`)];
  }

  #navigation(info) {
    const numbers = {
      '/devices': info ? devicesOf(info).length : fleet.devices.length,
      '/alarms': fleet.alarms.length,
    };
    const here = route.path === '/device' ? '/devices' : route.path;
    return h('nav', { class: 'nav', 'aria-label': 'Pages', key: 'nav' },
      NAVIGATION.map((entry) => entry ? h('a', {
        href: link(entry[0]), 'aria-current': entry[0] === here
          ? 'page'
          : null, class: THUMB.has(entry[0])
          ? null
          : 'further', key: entry[0],
      }, outline(PAGES[entry[0]]), h('span', {}, entry[1]), numbers[entry[0]]
        ? h('small', {}, format.count(numbers[entry[0]]))
        : null)
        : h('hr', { key: 'rule' })),
      h('a', { class: 'more', href: link('/more'), 'aria-current': THUMB.has(here) ? null : 'page', key: 'more' },
        outline('more'),
        h('span', {}, 'More')),
      h('footer', {}, fleet.connection?.details.agent ?? fleet.connection?.details.authprovider ?? 'Gantry', h('br'),
        `Server ${format.clock(format.serverNow())} (${format.offset()})`));
  }

  #key(event) {
    if (event.key !== '/' || event.ctrlKey || event.metaKey || event.target.closest('input, textarea, select')) return;
    const box = document.querySelector('[data-search]');
    if (!box) return;
    event.preventDefault();
    box.focus();
  }
}
customElements.define('gantry-app', App);

/** Few rows per second are worth a decimal place, many are not. */
const rounded = (rate) => rate < 10 ? Math.round(rate * 10) / 10 : Math.round(rate);

/** The server's clock and zone: what the pages' times are in. */
async function askServer(signal) {
  try {
    const { time_zone: zone, time } = await (await fetch('/api/clock', { signal, cache: 'no-store' })).json();
    format.setServerTime(zone, time);
  } catch { /* The next time will do; until then it is this screen's clock and zone. */ }
}

/** Signed in or not: the frame with its pages, or the door. */
function show() {
  const isIn = session.isSignedIn;
  const want = isIn ? `app ${session.name} ${session.role}` : 'door';
  if (show.now === want) return;
  show.now = want;
  fleet.stop();
  if (isIn) fleet.start();
  patch(document.body, isIn ? h('gantry-app', { key: want }) : h('page-sign-in', { key: want }));
}

session.addEventListener('change', show);
show();
