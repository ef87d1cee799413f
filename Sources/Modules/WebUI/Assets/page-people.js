/** Accounts: who may do what. */
import { h, View } from './dom.js';
import { fleet } from './fleet.js';
import { session } from './session.js';
import { ask, attempt, confirm, copyable, empty, failure, field } from './ui.js';

const ROLES = [
  ['viewer', 'viewer: looks at live data, history and alarms'], [
    'operator',
    'operator: and acknowledges alarms, calls functions'],
  ['engineer', 'engineer: and writes rules and templates, installs apps'], [
    'admin',
    'admin: and hands out accounts and keys'],
];

class People extends View {
  #people = null;
  #error = null;

  start(signal) {
    this.watch(fleet, 'change');
    this.#load();
    fleet.connection.addEventListener('state', () => fleet.connection.state === 'open' && this.#load(), { signal });
  }

  render() {
    return [
      h('div', { class: 'title' }, h('h1', {}, 'People'), h('span', { class: 'spacer' }),
        session.may('admin') && h('button', { class: 'button primary', onclick: () => this.#add() }, 'New account…')),
      h('section', { class: 'card' },
        this.#error
          ? this.#refused()
          : this.#people
          ? this.#table()
          : h('p', { class: 'soft' }, 'Asking for the accounts…')),
    ];
  }

  #refused() {
    if (this.#error.uri !== 'wamp.error.not_authorized') return h('p', { class: 'failure' }, failure(this.#error));
    return empty(
      `You are ${session.name}, ${session.role}.`,
      'Accounts are an administrator’s business. With access to the server:',
      'gantry user list');
  }

  #table() {
    if (!this.#people.length) return empty('No account yet.', '', 'gantry user add NAME --role operator');
    return h('div', { class: 'scroll' }, h('table', { class: 'blocks' },
      h('thead', {},
        h('tr', {},
          ['Name', 'Role', 'Project', 'State', ''].map((name) => h('th', { scope: 'col' },
            name || h('span', { class: 'visually-hidden' }, 'Actions'))))),
      h('tbody', {}, this.#people.map((person) => h('tr', { key: person.name },
        h('td', {},
          h('span', { class: 'name' }, person.name),
          person.name === session.name && h('span', { class: 'soft' }, '  you')),
        h('td', { 'data-label': 'role' }, person.role),
        h('td', { 'data-label': 'project' }, projectName(person)),
        h('td', { 'data-label': '' }, state(person)),
        h('td', { class: 'actions' }, session.may('admin') && person.name !== session.name && [
          h('button', { class: 'button', key: 'role', onclick: () => this.#setRole(person) }, 'Role…'),
          h('button', { class: 'button', key: 'password', onclick: () => this.#setPassword(person) }, 'New password…'),
          person.locked ? h('button',
            { class: 'button', key: 'unlock', onclick: () => this.#do('user.unlock', person) },
            'Unlock')
            : h('button', { class: 'button', key: 'lock', onclick: () => this.#lock(person) }, 'Lock…')]))))));
  }

  async #load() {
    try {
      const answer = await fleet.ask('user.list', {});
      this.#people = answer;
      this.#error = null;
    } catch (error) {
      if (error.uri !== 'gantry.error.connection_lost') this.#error = error;
    }
    this.update();
  }

  #add() {
    return ask({
      title: 'New account', action: 'Add account',
      fields: () => [
        field(
          'Name',
          'name',
          { required: true, autocapitalize: 'none', autofocus: true, pattern: '[A-Za-z][A-Za-z0-9._\\-]{0,63}' },
          'letters, digits, dots, hyphens and underscores, beginning with a letter'),
        field('Role', 'role', { options: ROLES, value: 'operator' }),
        field(
          'Project',
          'project',
          { options: [['', 'all projects'], ...fleet.projects.map(({ name }) => [name, name])], value: '' }),
      ],
      submit: async ({ name, role, project }) => {
        const answer = await fleet.ask('user.add', { name, role, ...(project ? { project } : {}) });
        setTimeout(() => showPassword(answer));
        await this.#load();
      },
    });
  }

  async #setPassword({ name }) {
    const sure = await confirm(
      `New password for ${name}?`,
      'The server makes one up and shows it once. All sessions of this account end.',
      'Make one');
    if (sure) await attempt(async () => showPassword(await fleet.ask('user.set_password', { name })));
    await this.#load();
  }

  #setRole(person) {
    return ask({
      title: `Role of ${person.name}`, action: 'Change',
      fields: () => [
        field('Role', 'role', { options: ROLES, value: person.role }),
        h('p', { class: 'hint' }, 'The sessions of this account end and come back with the new role.')],
      submit: async ({ role }) => {
        await fleet.ask('user.set_role', { name: person.name, role });
        await this.#load();
      },
    });
  }

  async #lock(person) {
    const sure = await confirm(
      `Lock ${person.name}?`,
      'The account cannot sign in any more, and its sessions end. It can be unlocked again.',
      'Lock');
    if (sure) await this.#do('user.lock', person);
  }

  async #do(verb, { name }) {
    if (await attempt(() => fleet.ask(verb, { name }))) await this.#load();
  }
}
customElements.define('page-people', People);

const projectName = ({ swarm_key: key }) => key === null
  ? 'all'
  : fleet.projects.find((one) => one.key === key)?.name ?? `project ${key}`;
const state = (person) => person.locked
  ? 'locked'
  : person.must_change_password
  ? 'has to choose a password'
  : 'active';

/** Shown this once: nobody can look it up later. */
const showPassword = ({ name, password }) => ask({
  title: `First password of ${name}`, fields: () => [
    h('p', {}, 'Hand it over now; it is shown this once, and has to be changed at the first sign-in.'),
    copyable(password)],
});
