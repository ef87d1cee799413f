/** The server itself: versions, clock, certificate. */
import { h, View } from './dom.js';
import { fleet } from './fleet.js';
import { session } from './session.js';
import { changePassword } from './account.js';
import { copyable, failure } from './ui.js';
import * as format from './format.js';

class System extends View {
  #status = null;
  #error = null;

  start(signal) {
    this.watch(fleet, 'change');
    this.tick(1000);
    this.#load();
    fleet.connection.addEventListener('state', () => fleet.connection.state === 'open' && this.#load(), { signal });
  }

  render() {
    const { details } = fleet.connection;
    const now = format.serverNow(), skew = now - Date.now();
    return [
      h('div', { class: 'title' }, h('h1', {}, 'System')),
      h('div', { class: 'grid' },
        card('Server', facts([
          ['Address', location.host], this.#status ? null : ['Answers as', details.agent],
          ['Clock', `${format.dateTimeFull(now)}`], [
            'This screen’s clock',
            skew === 0 ? 'agrees' : `${format.duration(Math.abs(skew))} ${skew > 0 ? 'behind' : 'ahead'}`],
          ...this.#facts(),
        ]), this.#error && h('p', { class: 'hint' }, failure(this.#error))),
        card('Trust',
          h('div', { class: 'stack' },
            h('p', {},
              'This server has a certificate authority of its own. Whoever imports its certificate once sees a lock, ',
              'and devices know that they talk to the right server.'),
          h('div', { class: 'row' },
            h('a', { class: 'button', href: '/ca.pem', download: 'gantry-ca.pem' }, 'Download the certificate'),
            h('a', { href: '/ca' }, 'How to import it')))),
        card('You',
          facts([
            ['Signed in as', session.name],
            ['Role', session.role],
            ['Until', format.dateTimeFull(session.expires)]]),
          h('p', { class: 'row gap' },
            h('button', { class: 'button', onclick: changePassword }, 'Change password…'),
            h('button', { class: 'button', onclick: () => session.signOut() }, 'Sign out'))),
        card('On the server itself',
          h('div', { class: 'stack' },
            h('p', { class: 'soft' }, 'What this page cannot do, the command line can:'),
            copyable('gantry status'),
            copyable('gantry check --config /etc/gantry/gantry.yml'),
            copyable('journalctl -u gantry -f')))),
    ];
  }

  #facts() {
    const status = this.#status;
    if (!status) return [];
    return [
      ['Version', status.version], [
        'Running for',
        format.duration(status.uptime_seconds * 1000)], ['Connections', format.count(status.connections)],
      ['Modules', status.modules.join(', ')], [
        'Devices connect to',
        status.device_endpoint_url], ['Certificate authority', status.ca_fingerprint],
    ];
  }

  async #load() {
    try {
      this.#status = await fleet.ask('status', {});
      this.#error = null;
    } catch (error) {
      // Without a status there is still all that this page knows by itself.
      if (![
        'gantry.error.connection_lost',
        'wamp.error.no_such_procedure',
        'wamp.error.not_authorized'].includes(error.uri)) this.#error = error;
    }
    this.update();
  }
}
customElements.define('page-system', System);

const card = (title, ...inside) => h('section', { class: 'card span-6', key: title },
  h('header', {}, h('h2', {}, title)),
  inside);
const facts = (list) => h('dl', { class: 'facts' },
  list.filter((fact) => fact?.[1]).map(([name, value]) => [
    h('dt', { key: name }, name),
    h('dd', { key: `${name} is` }, String(value))]));
