/** All pages, each a custom element of its own. */
import './page-sign-in.js';
import './page-overview.js';
import './page-devices.js';
import './page-device.js';
import './page-data.js';
import './page-alarms.js';
import './page-functions.js';
import './page-apps.js';
import './page-people.js';
import './page-realms.js';
import './page-system.js';
import { h, View } from './dom.js';
import { link } from './scope.js';

class Missing extends View {
  render() {
    return h('div', { class: 'card empty' }, h('strong', {}, 'There is no such page.'),
      h('p', {}, 'The address may be mistyped. ', h('a', { href: link('/') }, 'To the overview')));
  }
}
customElements.define('page-missing', Missing);

/** What does not fit into the bar of a phone. */
class More extends View {
  render() {
    const pages = [
      ['/functions', 'Functions', 'call what devices offer'],
      ['/apps', 'Apps', 'data templates and installs'],
      ['/people', 'People', 'accounts and roles'], [
        '/realms',
        'Realms',
        'sessions, topics, procedures'], ['/system', 'System', 'server, certificate, clock']];
    return h('div', { class: 'card' }, pages.map(([path, name, text]) => h('p', { key: path, class: 'more-line' },
      h('a', { href: link(path) }, name), h('span', { class: 'soft' }, ` ${text}`))));
  }
}
customElements.define('page-more', More);
