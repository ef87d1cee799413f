/** The debugger that every WAMP user misses: who is in a realm, what is registered, tail a topic, call a procedure. */
import { h, View } from './dom.js';
import { fleet } from './fleet.js';
import { argument } from './function-call.js';
import { appRealm, chooseRealm } from './scope.js';
import { failure } from './ui.js';
import * as format from './format.js';

const SESSIONS_SHOWN = 200, TAIL_MAX = 200;

class Realms extends View {
  #meta = null;
  #tail = { events: [], total: 0, life: null, error: null };
  #answer = null;
  #admin = false;

  start(signal) {
    this.watch(fleet, 'change');
    this.tick(1000);
    this.realm = appRealm();
    signal.addEventListener('abort', () => this.#tail.life?.abort());
    for (const connection of [fleet.connection, this.realm?.connection]) {
      connection?.addEventListener('state', () => this.#load(), { signal });
    }
    this.#load();
    const timer = setInterval(() => this.#load(), 5000);
    signal.addEventListener('abort', () => clearInterval(timer));
  }

  get connection() { return this.#admin || !this.realm ? fleet.connection : this.realm.connection; }

  render() {
    return [
      h('div', { class: 'title' }, h('h1', {}, 'Realms'), h('code', {}, this.connection.realm)),
      h('div', { class: 'grid' },
        this.#list(),
        this.#sessions(),
        this.#registrations(),
        this.#tailCard(),
        this.#callCard()),
    ];
  }

  #list() {
    const choose = (admin, uri) => {
      this.#stopTail();
      this.#admin = admin;
      this.#meta = null;
      if (!admin && uri !== this.realm?.uri) return chooseRealm(uri);
      this.#load();
      this.update();
    };
    const rows = [{ uri: 'gantry.admin', title: 'the appliance itself', admin: true }, ...fleet.realms];
    return h('section', { class: 'card span-12', key: 'list' },
      h('div', { class: 'row' }, rows.map((entry) => h('button', {
      class: 'chip', key: entry.uri, type: 'button', 'aria-pressed': String(entry.uri === this.connection.realm),
      title: entry.title,
      onclick: () => choose(Boolean(entry.admin), entry.uri),
    }, h('span', { class: 'mono' }, entry.uri), ` ${entry.project ? `${entry.project} · ` : ''}${entry.title}`))));
  }

  #sessions() {
    const meta = this.#meta;
    return h('section', { class: 'card span-6', key: 'sessions' },
      h('header', {}, h('h2', {}, meta?.sessions ? `Sessions (${format.count(meta.count)})` : 'Sessions')),
      !meta ? h('p', { class: 'soft' }, 'Asking…') : meta.sessionsError ? refused(meta.sessionsError)
        : h('div', { class: 'scroll' }, h('table', {},
          h('thead', {},
            h('tr', {}, ['authid', 'role', 'method', 'session'].map((name) => h('th', { scope: 'col' }, name)))),
          h('tbody', {}, meta.sessions.map((one) => h('tr', { key: String(one.session) },
            h('td', {},
              one.authid,
              one.session === this.connection.session && h('span', { class: 'soft' },
                '  this page')), h('td', { class: 'soft' }, one.authrole),
            h('td', { class: 'soft' }, one.authmethod), h('td', { class: 'soft mono' }, String(one.session))))))));
  }

  #registrations() {
    const meta = this.#meta;
    return h('section', { class: 'card span-6', key: 'registrations' },
      h('header', {},
        h('h2', {}, meta?.registrations ? `Procedures (${format.count(meta.registrations.length)})` : 'Procedures')),
      !meta ? h('p', { class: 'soft' }, 'Asking…') : meta.registrationsError ? refused(meta.registrationsError)
        : h('div', { class: 'raw' }, h('ul', { class: 'plain' }, meta.registrations.map((uri) => h('li', { key: uri },
          h('button',
            { class: 'link mono', type: 'button', onclick: () => this.#fillIn(uri) },
            uri))))));
  }

  #fillIn(procedure) {
    const input = this.querySelector('[name=procedure]');
    input.value = procedure;
    input.focus();
  }

  // Tail a topic

  #tailCard() {
    const { events, total, life, error, topic } = this.#tail;
    return h('section', { class: 'card span-6', key: 'tail' }, h('header', {}, h('h2', {}, 'Tail a topic')),
      h('form', { class: 'row', onsubmit: (event) => this.#startTail(event) },
        h('input',
          {
            class: 'input grow mono',
            name: 'topic',
            'aria-label': 'Topic',
            placeholder: this.realm?.tables[0] ? `transformed.${this.realm.tables[0].name}` : 'gantry.device.on_change',
            autocomplete: 'off',
          }),
        h('select', { class: 'select', name: 'match', 'aria-label': 'Match' },
          ['exact', 'prefix', 'wildcard'].map((match) => h('option', { value: match, key: match }, match))),
        life ? h('button', { class: 'button', type: 'button', onclick: () => { this.#stopTail(); this.update(); } },
          'Stop') : h('button', { class: 'button primary' }, 'Subscribe')),
      error && h('p', { class: 'failure' }, failure(error)),
      life && h('p', { class: 'hint', role: 'status' },
        total ? `${format.plural(total, 'event')} on ${topic}` : `Subscribed to ${topic}; nothing has come yet.`),
      events.length > 0 && h('pre', { class: 'tail', tabindex: '0' },
        events.map(({ at, text }) => `${format.clockFine(at)} ${text}`).join('\n')));
  }

  async #startTail(event) {
    event.preventDefault();
    const { topic: { value, placeholder }, match } = event.target.elements;
    const topic = value.trim() || placeholder;
    this.#stopTail();
    const tail = this.#tail = { events: [], total: 0, life: new AbortController(), error: null, topic };
    this.update();
    try {
      await this.connection.subscribe(topic, (news) => {
        const { args, kwargs } = news;
        const text = `${news.topic} ${JSON.stringify(args)}${Object.keys(kwargs).length ? ` ${JSON.stringify(kwargs)}` : ''}`;
        tail.events.unshift({ at: format.serverNow(), text: text.slice(0, 2000) });
        tail.events.length = Math.min(tail.events.length, TAIL_MAX);
        tail.total += 1;
        this.update();
      }, { match: match.value, signal: tail.life.signal });
    } catch (error) {
      tail.error = error;
      tail.life = null;
    }
    this.update();
  }

  #stopTail() {
    this.#tail.life?.abort();
    this.#tail.life = null;
  }

  // Call a procedure

  #callCard() {
    return h('section', { class: 'card span-6', key: 'call' }, h('header', {}, h('h2', {}, 'Call a procedure')),
      h('form', { class: 'stack', onsubmit: (event) => this.#call(event) },
        h('input',
          {
            class: 'input mono',
            name: 'procedure',
            'aria-label': 'Procedure',
            placeholder: 'wamp.session.count',
            required: true,
            autocomplete: 'off',
          }),
        h('div', { class: 'row' },
          h('input',
            {
              class: 'input grow mono',
              name: 'args',
              'aria-label': 'Arguments',
              placeholder: 'args: [1, "text"]',
              autocomplete: 'off',
            }),
          h('input',
            {
              class: 'input grow mono',
              name: 'kwargs',
              'aria-label': 'Keyword arguments',
              placeholder: 'kwargs: {"key": 1}',
              autocomplete: 'off',
            }),
          h('button', { class: 'button primary' }, 'Call'))),
      this.#answer && h('pre', { class: 'tail', tabindex: '0', role: 'status' }, this.#answer));
  }

  async #call(event) {
    event.preventDefault();
    const { procedure, args, kwargs } = event.target.elements;
    const list = argument(args.value), dictionary = argument(kwargs.value) || {};
    const begin = performance.now();
    this.#answer = 'waiting…';
    this.update();
    try {
      const result = await this.connection.call(
        procedure.value.trim(),
        list === '' ? [] : Array.isArray(list) ? list : [list],
        typeof dictionary === 'object' ? dictionary : {});
      this.#answer = `${JSON.stringify(result, null, 2)}\n\nin ${Math.round(performance.now() - begin)} ms`;
    } catch (error) {
      this.#answer = `${error.uri}\n${JSON.stringify({ args: error.args, kwargs: error.kwargs }, null, 2)}`;
    }
    this.update();
  }

  // Meta API

  async #load() {
    const { connection } = this;
    if (connection?.state !== 'open') return;
    const meta = {};
    const ask = (procedure, ...args) => connection.ask(procedure, {}, args);
    const sessions = ask('wamp.session.list').then(async (ids) => {
      meta.count = ids.length;
      meta.sessions = (await Promise.all(ids.slice(0, SESSIONS_SHOWN).map((id) => ask('wamp.session.get', id).catch(() => null))))
        .filter(Boolean).sort((a, b) => String(a.authid).localeCompare(String(b.authid)));
    }).catch((error) => { meta.sessionsError = error; });
    const registrations = ask('wamp.registration.list').then(async ({ exact = [], prefix = [] }) => {
      const known = this.#uris ??= new Map();
      meta.registrations = (await Promise.all([...exact, ...prefix].map(async (id) => {
        const key = `${connection.realm} ${connection.session} ${id}`;
        if (!known.has(key)) known.set(key, (await ask('wamp.registration.get', id).catch(() => null))?.uri);
        return known.get(key);
      }))).filter(Boolean).sort();
    }).catch((error) => { meta.registrationsError = error; });
    await Promise.all([sessions, registrations]);
    if (connection !== this.connection) return;
    this.#meta = meta;
    this.update();
  }

  #uris = null;
}
customElements.define('page-realms', Realms);

const refused = (error) => h('p', { class: 'soft' },
  error.uri === 'wamp.error.not_authorized' ? 'Your role may not see this; an administrator may.' : failure(error));
