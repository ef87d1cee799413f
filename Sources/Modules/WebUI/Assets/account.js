/** The menu of who is signed in, and the dialog for a new password. */
import { h } from './dom.js';
import { ask, field, toast } from './ui.js';
import { session } from './session.js';
import { setTheme, theme } from './theme.js';

export function userMenu() {
  const close = (event) => event.currentTarget.closest('details').removeAttribute('open');
  const item = (text, run) => h('button',
    { class: 'button plain', type: 'button', onclick: (event) => { close(event); run(); } },
    text);
  const leave = (event) => { if (!event.currentTarget.contains(event.relatedTarget)) event.currentTarget.removeAttribute('open'); };
  const escape = (event) => {
    if (event.key !== 'Escape') return;
    event.currentTarget.removeAttribute('open');
    event.currentTarget.firstElementChild.focus();
  };
  return h('details', { class: 'menu', onfocusout: leave, onkeydown: escape },
    h('summary', { class: 'button', 'aria-label': `Account ${session.name}` },
      session.name,
      h('span', { 'aria-hidden': 'true' }, '▾')),
    h('div', { class: 'sheet' },
      h('p', { class: 'soft small' }, `Signed in as ${session.role}`),
      h('div', { class: 'row' }, [['auto', 'System'], ['light', 'Light'], ['dark', 'Dark']].map(([value, text]) =>
        h('button',
          { class: 'chip', type: 'button', 'aria-pressed': String(theme() === value), onclick: () => setTheme(value) },
          text))),
      item('Change password…', changePassword),
      item('Sign out', () => session.signOut())));
}

export function changePassword() {
  return ask({
    title: 'Change password', action: 'Change',
    fields: () => passwordFields(),
    submit: async (values) => {
      checkRepeat(values);
      await session.changePassword(values.password, values.next);
      toast('Password changed. Other screens of this account have been signed out.');
    },
  });
}

export const passwordFields = (known = '') => [
  field(
    'Present password',
    'password',
    { type: 'password', autocomplete: 'current-password', required: true, value: known }),
  field('New password', 'next', { type: 'password', autocomplete: 'new-password', required: true, minlength: 12 },
    'At least 12 characters. A sentence is easier to keep in mind than symbols.'),
  field('New password, again', 'again', { type: 'password', autocomplete: 'new-password', required: true }),
];

export function checkRepeat({ next, again }) {
  if (next !== again) throw new Error('The two new passwords are not the same.');
}
