/** What pages share: dialogs, messages, copying, empty states. */
import { h, patch, element } from './dom.js';
import { outline } from './icons.js';

/** Says something for a few seconds, to the screen reader as well. */
export function toast(text) {
  let holder = document.querySelector('.toasts');
  if (!holder) {
    holder = element(h('div', { class: 'toasts', role: 'status', 'aria-live': 'polite' }));
    document.body.append(holder);
  }
  const note = element(h('div', { class: 'toast' }, text));
  holder.append(note);
  setTimeout(() => note.remove(), 6000);
}

/** Does `work`, and says what went wrong. Resolves to whether it went well. */
export async function attempt(work, done) {
  try {
    await work();
    if (done) toast(done);
    return true;
  } catch (error) {
    toast(failure(error));
    return false;
  }
}

/** An error as a sentence. */
export function failure(error) {
  switch (error.uri) {
  case 'wamp.error.not_authorized': return 'Your account may not do this. Ask an administrator for a higher role.';
  case 'wamp.error.no_such_procedure': return error.message === error.uri
    ? 'Nobody offers this at the moment: the part of the server, or the device, is not there.'
    : error.message;
  case 'wamp.error.timeout': return 'No answer in time.';
  default: return error.uri && error.message !== error.uri ? error.message : error.uri ?? error.message;
  }
}

/**
 * A modal form. `fields(form)` describes its inside and is drawn again after every input; `submit(values, form)` may throw:
 * the sentence is shown and the form stays. Resolves to what `submit` returned, or undefined when it was dismissed.
 */
export function ask({ title, fields, submit, action = 'OK', isWide = false, isDangerous = false }) {
  return new Promise((resolve) => {
    const dialog = document.createElement('dialog');
    if (isWide) dialog.style.width = 'min(760px, calc(100vw - 24px))';
    const opener = document.activeElement;
    let result, error = null, busy = false;
    const draw = () => patch(dialog,
      h('form',
        { method: 'dialog', onsubmit: send, oninput: draw, onchange: draw, 'aria-label': title, novalidate: false },
      h('h2', {}, title),
      fields?.(values(dialog), draw),
      error && h('p', { class: 'failure', role: 'alert' }, error),
      h('div', { class: 'buttons' },
        h('button', { class: 'button', type: 'button', onclick: () => dialog.close() }, submit ? 'Cancel' : 'Close'),
        submit && h('button', { class: `button ${isDangerous ? '' : 'primary'}`, disabled: busy },
          busy ? `${action}…` : action))));
    const send = async (event) => {
      event.preventDefault();
      if (busy || !submit) return submit ? undefined : dialog.close();
      busy = true;
      error = null;
      draw();
      try {
        result = (await submit(values(dialog), draw)) ?? true;
        dialog.close();
      } catch (problem) {
        error = failure(problem);
      }
      busy = false;
      draw();
    };
    dialog.addEventListener('close', () => {
      dialog.remove();
      if (opener?.isConnected) opener.focus();
      resolve(result);
    });
    document.body.append(dialog);
    draw();
    dialog.showModal();
    dialog.querySelector('[autofocus], input:not([type=hidden]), select, textarea')?.focus();
  });
}

function values(dialog) {
  const form = dialog.querySelector('form');
  return form ? Object.fromEntries(new FormData(form)) : {};
}

/** Asks before something that cannot be taken back. */
export const confirm = (title, text, action) => ask({
  title, action, isDangerous: true, fields: () => h('p', {}, text), submit: async () => true,
});

/** A labelled input; `props` go to the input itself. */
export function field(label, name, props = {}, hint) {
  const { tag = 'input', options, ...rest } = props;
  const control = options
    ? h('select', { class: 'select', name, ...rest },
      options.map(([value, text]) => h('option', { value, selected: rest.value === value }, text)))
    : h(tag, { class: 'input', name, autocomplete: 'off', ...rest });
  return h('label', { class: 'field' }, label, control, hint && h('span', { class: 'hint' }, hint));
}

/** A text that is to be copied: the clipboard where the browser has one, selecting it otherwise. */
export function copyable(text, label = 'Copy') {
  const copy = async (event) => {
    const button = event.currentTarget;
    const block = button.parentElement.querySelector('pre');
    getSelection().selectAllChildren(block);
    try {
      await navigator.clipboard.writeText(text);
      toast('Copied.');
    } catch {
      toast('Selected: copy it with Ctrl+C.');
    }
  };
  return h('div', { class: 'command' },
    h('pre', { tabindex: '0' }, text),
    h('button', { class: 'button', type: 'button', onclick: copy }, label));
}

/** What stands where nothing is yet: what it means, and the exact next step. */
export const empty = (title, text, command) => h('div', { class: 'empty' },
  h('strong', {}, title), text && h('p', {}, text), command && copyable(command));

/** Choices of which one is pressed. */
export function chips(label, options, current, choose) {
  return h('div', { class: 'chips', role: 'group', 'aria-label': label }, options.map(([value, text]) =>
    h('button',
      { class: 'chip', type: 'button', 'aria-pressed': String(value === current), onclick: () => choose(value) },
      text)));
}

export function searchBox(placeholder, value, changed) {
  return h('div', { class: 'search' }, outline('search'), h('input', {
    class: 'input', type: 'search', placeholder, 'aria-label': placeholder, value,
    oninput: (event) => changed(event.target.value),
    'data-search': '',
  }));
}

/** Hands a file to the browser. */
export function download(name, type, parts) {
  const url = URL.createObjectURL(new Blob(parts, { type }));
  const link = element(h('a', { href: url, download: name }));
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
