/** What the admin realm tells: projects, apps, devices and realms, kept up to date by its events. */
import { Connection } from './wamp.js';
import { session } from './session.js';
import { AppRealm } from './app-realm.js';

/** Lists are asked for again at most so often, however many devices come and go. */
const RELOAD_MS = 1000;
/** The sessions that watch for alarms in realms that are not on screen; three pages' share of what one address may have. */
const WATCHED_REALMS_MAX = 16;

class Fleet extends EventTarget {
  projects = [];
  apps = [];
  devices = [];
  realms = [];
  /** True once the lists are there. */
  isLoaded = false;
  /** Why they are not. */
  error = null;
  connection = null;
  #open = new Map();
  #timer = 0;
  #life = null;

  /** Joins the admin realm with the token of who is signed in. */
  start() {
    this.stop();
    this.#life = new AbortController();
    const { signal } = this.#life;
    const connection = this.connection = new Connection({
      realm: 'gantry.admin', authid: session.name, ticket: () => session.token,
    });
    connection.addEventListener('state', () => {
      if (connection.state === 'refused') return session.end(connection.refusal);
      if (connection.state === 'open') this.#load();
      this.#changed();
    }, { signal });
    // An account that is limited to a project hears of that project alone.
    const suffix = session.swarmKey === null ? '' : `.${session.swarmKey}`;
    const follow = (topic, handler) => connection.subscribe(
      `gantry.${topic}${suffix}`,
      handler,
      { signal }).catch(() => {});
    follow('device.on_change', ({ kwargs }) => this.#deviceChanged(kwargs));
    for (const topic of ['realm.on_open', 'realm.on_change', 'realm.on_close']) follow(topic, () => this.reload());
  }

  stop() {
    this.#life?.abort();
    clearTimeout(this.#timer);
    this.#timer = 0;
    this.connection?.close();
    for (const realm of this.#open.values()) realm.close();
    this.#open.clear();
    Object.assign(this,
      { connection: null, isLoaded: false, error: null, projects: [], apps: [], devices: [], realms: [] });
  }

  ask(procedure, kwargs) { return this.connection.ask(`gantry.${procedure}`, kwargs); }

  /** Asks for the lists again, soon. */
  reload() {
    this.#timer ||= setTimeout(() => { this.#timer = 0; this.#load(); }, RELOAD_MS);
  }

  /** An app's realm, joined at first use. */
  realm(uri) {
    const info = this.realms.find((realm) => realm.uri === uri);
    if (!info) return null;
    let realm = this.#open.get(uri);
    if (!realm) {
      realm = new AppRealm(info);
      this.#open.set(uri, realm);
      for (const event of ['state', 'alarms', 'rules']) realm.addEventListener(event, () => this.#changed());
    }
    return realm;
  }

  /** The realms that have been joined. */
  get open() { return [...this.#open.values()]; }

  /** How many realms there are whose alarms nobody sees here. */
  get unwatchedCount() { return this.realms.filter(({ uri }) => !this.#open.has(uri)).length; }

  /** The alarms of all realms that are watched, each with its `app`: the AppRealm. */
  get alarms() { return this.open.flatMap((app) => app.alarms); }

  device(swarmKey, deviceKey) {
    return this.devices.find((device) => device.swarmKey === swarmKey && device.key === deviceKey);
  }

  /** What a device is called; its number when nobody knows it (any more). */
  deviceName(swarmKey, deviceKey) {
    return this.device(swarmKey, deviceKey)?.name ?? `device ${deviceKey}`;
  }

  async #load() {
    const { connection } = this;
    try {
      const [projects, apps, devices, realms] = await Promise.all(
        ['project.list', 'app.list', 'device.list', 'realm.list'].map((verb) => connection.ask(`gantry.${verb}`)));
      if (connection !== this.connection) return;
      this.projects = projects.map(project);
      this.apps = apps.map(app);
      this.devices = devices.map(device).sort(byName);
      this.realms = realms.map(realm).sort(byName);
      this.isLoaded = true;
      this.error = null;
      this.#follow();
    } catch (error) {
      if (connection !== this.connection || error.uri === 'gantry.error.connection_lost') return;
      this.error = error;
    }
    this.#changed();
  }

  /** A device has come or gone: that is said in full. Anything else about it: its lists are asked for again. */
  #deviceChanged(entry) {
    const index = this.devices.findIndex(({ key, swarmKey }) => key === entry.device_key && swarmKey === entry.swarm_key);
    const known = this.devices[index];
    const isPresence = known
      && !entry.removed
      && (known.joins !== entry.joins || known.sessions !== entry.sessions || known.isOnline !== entry.connected);
    if (!isPresence) return this.reload();
    this.devices = this.devices.with?.(index,
      device({ ...known, ...entry })) ?? this.devices.map((one, at) => at === index
        ? device({ ...known, ...entry })
        : one);
    this.#changed();
  }

  /** Watches the alarms of the realms, those in production first, and lets go of realms that are gone. */
  #follow() {
    const inOrder = [...this.realms].sort((a, b) => (b.stage === 'prod') - (a.stage === 'prod'));
    for (const { uri } of inOrder.slice(0, WATCHED_REALMS_MAX)) this.realm(uri);
    for (const [uri, realm] of this.#open) {
      const info = this.realms.find((entry) => entry.uri === uri);
      if (info) {
        realm.describe(info);
      } else {
        realm.close();
        this.#open.delete(uri);
      }
    }
  }

  #changed() { this.dispatchEvent(new Event('change')); }
}

const collator = new Intl.Collator(undefined, { numeric: true });
const byName = (a, b) => collator.compare(a.name, b.name);

const realm = ({ realm: uri, swarm_key: swarmKey, app_key: appKey, stage, project, app, template }) =>
  ({ uri, swarmKey, appKey, stage, project, app, template, name: `${app} · ${stage}`, title: `${app} · ${stage}` });

const project = (entry) => ({ key: entry.swarm_key, name: entry.name });

const app = (entry) => ({ ...entry, key: entry.app_key, swarmKey: entry.swarm_key });

const device = (entry) => ({
  ...entry, key: entry.device_key, swarmKey: entry.swarm_key,
  isOnline: entry.connected === true, lastSeen: entry.last_seen, realms: entry.realms ?? [],
  installs: entry.installs ?? [],
});

export const fleet = new Fleet();
