/** The door: name and password, and a password of one's own where the present one was handed out. */
import { h, View } from './dom.js';
import { session } from './session.js';
import { checkRepeat, passwordFields } from './account.js';
import { failure, field } from './ui.js';

class SignIn extends View {
  #busy = false;
  #error = null;
  #password = '';

  start() { this.watch(session, 'change'); }

  connectedCallback() {
    super.connectedCallback();
    document.title = 'Sign in · Gantry';
    this.querySelector('input')?.focus();
  }

  render() {
    const changing = session.mustChangePassword;
    const title = changing ? 'Choose a password of your own' : 'Gantry';
    return h('main', {},
      h('form',
        {
          class: 'card sign-in',
          onsubmit: (event) => this.#submit(event),
          key: String(changing),
          'aria-label': 'Sign in',
        },
      h('div', {}, h('h1', {}, title), h('p', { class: 'soft' }, changing
        ? `You are ${session.name}. The password that you were given works this once.` : location.hostname)),
      session.ended && !this.#error && h('p', { class: 'failure' }, 'Your session has ended. Please sign in again.'),
      changing ? passwordFields(this.#password) : [
        field(
          'Name',
          'name',
          { autocomplete: 'username', required: true, autocapitalize: 'none', spellcheck: 'false' }),
        field('Password', 'password', { type: 'password', autocomplete: 'current-password', required: true }),
      ],
      this.#error && h('p', { class: 'failure', role: 'alert' }, this.#error),
      h('button', { class: 'button primary', disabled: this.#busy },
        this.#busy ? 'Asking the server…' : changing ? 'Set password' : 'Sign in'),
      changing && h('button', { class: 'button plain', type: 'button', onclick: () => session.signOut() }, 'Back')));
  }

  async #submit(event) {
    event.preventDefault();
    if (this.#busy) return;
    const values = Object.fromEntries(new FormData(event.target));
    this.#busy = true;
    this.#error = null;
    this.update();
    try {
      if (session.mustChangePassword) {
        checkRepeat(values);
        await session.changePassword(values.password, values.next);
      } else {
        this.#password = values.password;
        await session.signIn(values.name.trim(), values.password);
      }
    } catch (error) {
      this.#error = failure(error);
    }
    this.#busy = false;
    this.update();
  }
}
customElements.define('page-sign-in', SignIn);
