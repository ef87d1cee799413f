/** Apps: their tables, where they are installed, and the environment that a device's SDK needs. */
import { h, View } from './dom.js';
import { fleet } from './fleet.js';
import { route } from './router.js';
import { realmInfo, swarmKey } from './scope.js';
import { session } from './session.js';
import { tablesOf } from './tables.js';
import { ask, copyable, download, empty, field } from './ui.js';
import * as format from './format.js';

const INSTALLS_SHOWN = 30;

class Apps extends View {
  start() {
    this.watch(fleet, 'change');
    this.watch(route, 'choice');
  }

  render() {
    const key = swarmKey();
    const apps = fleet.apps.filter((app) => app.swarmKey === key);
    const project = fleet.projects.find((one) => one.key === key)?.name ?? 'Plant Nord';
    return [
      h('div', { class: 'title' },
        h('h1', {}, 'Apps'),
        h('span', { class: 'soft' }, project),
        h('span', { class: 'spacer' }),
        session.may('engineer') && key !== null && h('button',
          { class: 'button primary', onclick: () => addApp(project) },
          'New app…')),
      apps.length ? h('div', { class: 'grid' }, apps.map((app) => this.#app(app, project)))
        : h('section', { class: 'card' },
          empty('No app yet.',
            'An app is a data template: which tables there are, and which columns. It gets realms and tables of its own.',
          `gantry app add "${project}" press-monitor --template data-template.yml`)),
    ];
  }

  #app(app, project) {
    const realms = fleet.realms.filter((realm) => realm.appKey === app.key && realm.swarmKey === app.swarmKey);
    const tables = tablesOf(realms[0]?.template);
    const installs = app.installs ?? [];
    return h('section', { class: 'card span-12', key: String(app.key) },
      h('header', {}, h('h2', {}, h('span', { class: 'name' }, app.name), ` · app key ${app.key}`),
        session.may('engineer') && h('button', { class: 'button', onclick: () => install(app, project) },
          'Install on a device…')),
      h('div', { class: 'grid' },
        h('div', { class: 'span-7' },
          h('h3', {}, 'Tables'),
          tables.length ? tables.map((table) => h('details', { key: table.name, class: 'fold' },
          h('summary', {},
            h('span', { class: 'name' }, table.name),
            h('span', { class: 'soft' },
              ` ${format.plural(table.columns.length, 'column')}${table.description ? ` · ${table.description}` : ''}`)),
          h('div', { class: 'scroll' },
            h('table', {}, h('tbody', {}, table.columns.map((column) => h('tr', { key: column.id },
            h('td', {},
              h('code', {}, column.id)), h('td', {}, column.name, column.unit
                ? `, ${column.unit}`
                : ''), h('td', { class: 'soft' }, column.type), h('td', { class: 'soft' }, column.description)))))),
        )) : h('p', { class: 'soft' }, app.tables?.length
          ? `${app.tables.join(', ')}. Their columns are shown once the app is installed on a device.`
          : 'The template lists none.')),
        h('div', { class: 'span-5' },
          h('h3', {}, installs.length ? `Installed on ${format.plural(installs.length, 'device')}` : 'Installed'),
          installs.length ? h('ul', { class: 'plain' },
            installs.slice(0, INSTALLS_SHOWN).map((one) => h('li',
              { key: `${one.device_key} ${one.stage}`, class: 'row' },
            h('a',
              {
                class: 'grow',
                href: `/device?realm=${realms.find(({ stage }) => stage === one.stage)?.uri}&device=${one.device_key}`,
              },
              one.device), h('span', { class: 'soft' }, one.stage),
            session.may('engineer') && h('button',
              {
                class: 'button',
                onclick: () => environment(app, project, one),
                'aria-label': `Environment of ${app.name} on ${one.device}`,
              },
              'Environment…'))),
          installs.length > INSTALLS_SHOWN && h('li', { class: 'soft' },
            `and ${format.count(installs.length - INSTALLS_SHOWN)} more`))
            : empty(
              '',
              'On none so far. The answer of the install is what the SDK needs:',
              `gantry app install "${project}" "${app.name}" press-01 --stage prod -o env`))));
  }
}
customElements.define('page-apps', Apps);

function install(app, project) {
  const devices = fleet.devices.filter((device) => device.swarmKey === app.swarmKey);
  return ask({
    title: `Install ${app.name}`, action: 'Install',
    fields: () => devices.length ? [
      field(
        'Device',
        'device',
        { list: 'install-devices', required: true, autofocus: true, placeholder: devices[0].name }),
      h('datalist', { id: 'install-devices' },
        devices.slice(0, 500).map(({ name, key }) => h('option', { value: name, key: String(key) }))),
      field(
        'Stage',
        'stage',
        {
          options: [['prod', 'prod: the real one'], ['dev', 'dev: a realm of its own, to try things']],
          value: realmInfo()?.stage ?? 'prod',
        }),
    ] : empty('There is no device in this project yet.', '', `gantry device add "${project}" press-01`),
    submit: devices.length ? async ({ device, stage }) => {
      const found = devices.find((one) => one.name === device || one.serial === device);
      if (!found) throw new Error('There is no such device in this project.');
      const answer = await fleet.ask('app.install', { project, app: app.name, device: found.serial, stage });
      fleet.reload();
      setTimeout(() => showEnvironment(answer, app, found.name, stage));
    } : undefined,
  });
}

async function environment(app, project, { device, serial, stage }) {
  return ask({
    title: `Environment of ${app.name} on ${device}`, action: 'Show', isDangerous: true,
    fields: () => h('p', {},
      'It holds the app’s secret on this device. Show it only where nobody looks over your shoulder.'),
    submit: async () => {
      const answer = await fleet.ask('app.environment', { project, app: app.name, device: serial, stage });
      setTimeout(() => showEnvironment(answer, app, device, stage));
    },
  });
}

function showEnvironment(answer, app, device, stage) {
  const quote = (value) => /^[\w@%+=:,./-]+$/.test(value) ? value : `'${String(value).replaceAll("'", `'\\''`)}'`;
  const text = Object.entries(answer).map(([name, value]) => `${name}=${quote(String(value))}`).join('\n');
  return ask({
    title: `${app.name} · ${stage} on ${device}`, isWide: true,
    fields: () => [
      h('p', { class: 'soft' },
        'The environment of the device’s SDK, ready to source. Copy the certificate authority to the device as well: ',
        h('a', { href: '/ca.pem', download: 'gantry-ca.pem' }, 'ca.pem')),
      copyable(text),
      h('div', {},
        h('button',
          {
            class: 'button',
            type: 'button',
            onclick: () => download(`${app.name}-${device}.env`, 'text/plain', [`${text}\n`]),
          },
          'Save as file')),
    ],
  });
}

function addApp(project) {
  return ask({
    title: 'New app', isWide: true, action: 'Add app',
    fields: () => [
      field('Name', 'name', { required: true, placeholder: 'press-monitor', autofocus: true }),
      field(
        'data-template.yml',
        'template',
        { tag: 'textarea', rows: 14, required: true, class: 'input mono', spellcheck: 'false', placeholder: EXAMPLE },
        'Which tables there are, and which columns. Mistakes are named by line and rule.'),
      h('div', {},
        h('label', { class: 'button' },
          'From a file…',
          h('input', { type: 'file', class: 'visually-hidden', accept: '.yml,.yaml,text/yaml', onchange: readFile }))),
    ],
    submit: async ({ name, template }) => {
      await fleet.ask('app.add', { project, name: name.trim(), template });
      fleet.reload();
    },
  });
}

async function readFile({ target }) {
  const [file] = target.files;
  if (file) target.form.elements.template.value = await file.text();
}

const EXAMPLE = `data:
  tables:
    - tablename: sensordata
      description: what the press measures
      columns:
        - { id: tsp, name: Time, description: when it was measured, dataType: timestamp }
        - { id: temperature, name: Oil temperature, description: "in °C", dataType: numeric }`;
