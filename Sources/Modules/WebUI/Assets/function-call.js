/** Calling a device's function: arguments by hand, progress as it comes, the result or the error as it was sent. */
import { h, View } from './dom.js';
import { ask } from './ui.js';
import { fleet } from './fleet.js';
import { failure } from './ui.js';
import * as format from './format.js';

/** Words that stop a machine: such a function asks first. */
const DANGEROUS = /stop|halt|reset|restart|reboot|shutdown|power|delete|erase|clear|format|flash|update|emergency|unlock|off\b/i;

/** What has been called from this screen, newest first; the page of functions shows it. */
export const recent = [];
const RECENT_MAX = 50;
const TIMEOUT_MS = 30_000;

/** A dialog with a form for the call; it stays open and shows what came back. */
export function callFunction(realm, entry) {
  return ask({
    title: `${entry.name} on ${fleet.deviceName(realm.info.swarmKey, entry.deviceKey)}`, isWide: true,
    fields: () => h('function-form', { '.realm': realm, '.entry': entry }),
  });
}

/** Numbers, true, false, null and JSON are what they look like; anything else is a text. */
export function argument(text) {
  const trimmed = text.trim();
  if (trimmed === '') return '';
  try { return JSON.parse(trimmed); } catch { return text; }
}

class FunctionForm extends View {
  #rows = [{ name: '', text: '' }];
  #run = null;
  #armed = false;

  start() { this.tick(500); }

  render() {
    const { args, kwargs } = this.#arguments();
    const isDangerous = DANGEROUS.test(this.entry.name);
    return h('div', { class: 'stack' },
      h('p', { class: 'soft' }, h('code', {}, this.entry.uri)),
      h('fieldset', { class: 'stack' }, h('legend', { class: 'visually-hidden' }, 'Arguments'),
        this.#rows.map((row, index) => this.#row(row, index, isDangerous))),
      h('div', { class: 'row' },
        h('button',
          { class: 'button', type: 'button', onclick: () => { this.#rows.push({ name: '', text: '' }); this.update(); } },
          'Add an argument'),
        h('span', { class: 'hint grow' },
          'Sends ',
          h('code', {},
            `args ${JSON.stringify(args)}`,
            Object.keys(kwargs).length ? `, kwargs ${JSON.stringify(kwargs)}` : ''))),
      h('div', { class: 'row' },
        h('button',
          {
            class: 'button primary call',
            type: 'button',
            disabled: this.#run?.isOpen,
            onclick: () => this.#call(isDangerous),
          },
          this.#run?.isOpen
            ? `Waiting ${format.duration(Date.now() - this.#run.at)}…`
            : this.#armed
            ? `Yes, call ${this.entry.name} now`
            : 'Call'),
        this.#run?.isOpen && h('button', { class: 'button', type: 'button', onclick: () => this.#run.abort.abort() },
          'Cancel the call'),
        this.#armed && h('span', { role: 'alert' },
          'This sounds as if it changes how the machine runs. Is everybody clear of it?')),
      this.#run && outcome(this.#run));
  }

  #row(row, index, isDangerous) {
    // Enter would close the dialog around it.
    const enter = (event) => {
      if (event.key !== 'Enter') return;
      event.preventDefault();
      if (!this.#run?.isOpen) this.#call(isDangerous);
    };
    const set = (name) => (event) => {
      event.stopPropagation();
      row[name] = event.target.value;
      this.#armed = false;
      this.update();
    };
    return h('div', { class: 'row', key: String(index) },
      h('input',
        {
          class: 'input',
          'aria-label': `Name of argument ${index + 1}`,
          placeholder: 'name (optional)',
          value: row.name,
          oninput: set('name'),
          onkeydown: enter,
          size: 14,
        }),
      h('input',
        {
          class: 'input grow',
          'aria-label': `Value of argument ${index + 1}`,
          placeholder: index ? 'value' : 'value: 42, true, text, {"key": 1}; empty for none',
          value: row.text,
          oninput: set('text'),
          onkeydown: enter,
          autofocus: !index,
        }),
      this.#rows.length > 1 && h('button',
        {
          class: 'button',
          type: 'button',
          'aria-label': `Remove argument ${index + 1}`,
          onclick: () => { this.#rows.splice(index, 1); this.update(); },
        },
        '×'));
  }

  #arguments() {
    const args = [], kwargs = {};
    for (const { name, text } of this.#rows) {
      if (name.trim()) kwargs[name.trim()] = argument(text);
      else if (text.trim()) args.push(argument(text));
    }
    return { args, kwargs };
  }

  async #call(isDangerous) {
    if (isDangerous && !this.#armed) {
      this.#armed = true;
      return this.update();
    }
    this.#armed = false;
    const { args, kwargs } = this.#arguments();
    const run = this.#run = {
      uri: this.entry.uri, name: this.entry.name, deviceKey: this.entry.deviceKey, realm: this.realm, args, kwargs,
      at: Date.now(), isOpen: true, progress: [], abort: new AbortController(),
    };
    recent.unshift(run);
    recent.length = Math.min(recent.length, RECENT_MAX);
    this.update();
    try {
      run.result = await this.realm.connection.call(this.entry.uri, args, kwargs, {
        timeout: TIMEOUT_MS, signal: run.abort.signal,
        onProgress: (part) => { run.progress.push(part); this.update(); },
      });
    } catch (error) {
      run.error = error;
    }
    run.isOpen = false;
    run.took = Date.now() - run.at;
    this.update();
  }
}
customElements.define('function-form', FunctionForm);

/** What came back. */
export function outcome(run) {
  const progress = run.progress.length > 0 && h('pre', { class: 'progress' },
    run.progress.slice(-20).map(shown).join('\n'));
  if (run.isOpen) return progress;
  if (run.error) {
    return h('div', { class: 'stack' }, progress, h('div', { class: 'failure', role: 'alert' },
      h('strong', {},
        failure(run.error)), h('div', { class: 'soft small' }, `${run.error.uri ?? ''} after ${run.took} ms`)));
  }
  return h('div', { class: 'stack', role: 'status' }, progress,
    h('pre', { class: 'result' }, shown(run.result)), h('p', { class: 'hint' }, `answered in ${run.took} ms`));
}

function shown({ args, kwargs }) {
  const isPlain = Object.keys(kwargs).length === 0;
  if (isPlain && args.length === 0) return 'done (nothing returned)';
  return JSON.stringify(isPlain ? (args.length === 1 ? args[0] : args) : { args, kwargs }, null, 2);
}
