/**
 * A WAMP v2 client for the browser: one realm, one WebSocket, JSON.
 *
 * `Connection` keeps a session in a realm alive: it joins, answers the ticket challenge, and when the socket is lost
 * it joins again and renews its subscriptions. Calls that were under way fail with `gantry.error.connection_lost`,
 * because nobody can know whether they were carried out; calls made meanwhile wait until the session is back.
 */

const HELLO = 1, WELCOME = 2, ABORT = 3, CHALLENGE = 4, AUTHENTICATE = 5, GOODBYE = 6, ERROR = 8,
   PUBLISH = 16, PUBLISHED = 17, SUBSCRIBE = 32, SUBSCRIBED = 33, UNSUBSCRIBE = 34, UNSUBSCRIBED = 35, EVENT = 36,
   CALL = 48, CANCEL = 49, RESULT = 50;

const ROLES = {
  subscriber: { features: { pattern_based_subscription: true, publisher_identification: true } },
  publisher: { features: { publisher_exclusion: true } },
  caller: { features: { progressive_call_results: true, call_canceling: true, call_timeout: true } },
};

/** Refusals that trying again cannot cure: whoever holds the ticket has to sign in again. */
const FINAL_REFUSALS = new Set([
  'wamp.error.authentication_failed', 'wamp.error.authentication_denied', 'wamp.error.authentication_required',
  'wamp.error.no_such_principal', 'wamp.error.no_matching_auth_method', 'wamp.error.not_authorized',
  'wamp.error.no_such_role',
]);

const RETRY_FIRST_MS = 400, RETRY_MAX_MS = 8_000, RETRY_GROWTH = 1.7;
const HEARTBEAT_MS = 6_000, HEARTBEAT_LIMIT_MS = 5_000, JOIN_LIMIT_MS = 10_000;

/** An ERROR or ABORT: `uri`, `args`, `kwargs`; `message` is the sentence that the peer wrote, if it wrote one. */
export class WampError extends Error {
  constructor(uri, args = [], kwargs = {}) {
    super(sentence(args, kwargs) ?? uri);
    this.name = 'WampError';
    this.uri = uri;
    this.args = args;
    this.kwargs = kwargs;
  }
}

function sentence(args, kwargs) {
  if (typeof args[0] === 'string' && args[0]) return args[0];
  if (typeof kwargs?.message === 'string' && kwargs.message) return kwargs.message;
  return null;
}

/** The WebSocket address of the server that served this page. */
export function socketURL(location = window.location) {
  return `${location.protocol === 'http:' ? 'ws' : 'wss'}://${location.host}/ws`;
}

/**
 * States, told by `state` events: `connecting` → `open` ⇄ `lost` (healing) → `refused` (final, see `refusal`) or `closed`.
 * `since` is when the state began, in milliseconds.
 */
export class Connection extends EventTarget {
  #socket = null;
  #nextRequest = 1;
  #pending = new Map();        // request id → {resolve, reject, onProgress}
  #subscriptions = new Map();  // "match topic" → {topic, match, handlers, id, failed}
  #byID = new Map();           // subscription id → the same entries
  #retry = RETRY_FIRST_MS;
  #timers = new Set();
  #waiting = [];

  constructor({ url = socketURL(), realm, authid, ticket }) {
    super();
    Object.assign(this, { url, realm, authid });
    this.ticket = ticket;
    this.state = 'connecting';
    this.since = Date.now();
    /** When the peer was last heard of. */
    this.heard = this.since;
    this.refusal = null;
    this.session = null;
    this.details = {};
    this.wake = () => { if (this.state === 'lost') this.#connect(); };
    window.addEventListener('online', this.wake);
    document.addEventListener('visibilitychange', this.wake);
    this.#connect();
  }

  /** Calls a procedure; resolves to `{args, kwargs}`, rejects with a `WampError`. Aborting `signal` sends CANCEL. */
  async call(procedure, args = [], kwargs = {}, { onProgress, timeout, signal } = {}) {
    await this.#opened(signal);
    const options = {};
    if (onProgress) options.receive_progress = true;
    if (timeout) options.timeout = timeout;
    return this.#request((id) => [CALL, id, options, procedure, args, kwargs], { onProgress, signal });
  }

  /** The one value that an admin procedure answers with. */
  async ask(procedure, kwargs = {}, args = []) {
    const result = await this.call(procedure, args, kwargs);
    return result.args.length ? result.args[0] : result.kwargs;
  }

  /** Publishes with acknowledgement. */
  async publish(topic, args = [], kwargs = {}) {
    await this.#opened();
    await this.#request((id) => [PUBLISH, id, { acknowledge: true }, topic, args, kwargs], {});
  }

  /**
   * Calls `handler({args, kwargs, topic, details})` for each event until `signal` aborts, over reconnects.
   * Resolves when the broker has confirmed (for the first time); rejects when it refuses.
   */
  async subscribe(topic, handler, { match = 'exact', signal } = {}) {
    const key = `${match} ${topic}`;
    let entry = this.#subscriptions.get(key);
    if (!entry) {
      entry = { topic, match, handlers: new Set(), id: null, done: null };
      this.#subscriptions.set(key, entry);
    }
    entry.handlers.add(handler);
    signal?.addEventListener('abort', () => this.#forget(key, entry, handler), { once: true });
    entry.done ??= this.#opened().then(() => entry.id ?? this.#renew(entry));
    try {
      await entry.done;
    } catch (error) {
      if (error.uri === 'gantry.error.connection_lost') return;  // renewed with the session
      entry.done = null;
      this.#forget(key, entry, handler);
      throw error;
    }
  }

  /** Leaves the realm for good. */
  close() {
    window.removeEventListener('online', this.wake);
    document.removeEventListener('visibilitychange', this.wake);
    if (this.state === 'open') this.#send([GOODBYE, {}, 'wamp.close.close_realm']);
    this.#drop('closed');
  }

  // Life of the socket

  #connect() {
    this.#clearTimers();
    this.#nextRequest = 1;
    const socket = new WebSocket(this.url, ['wamp.2.json']);
    this.#socket = socket;
    const mine = () => this.#socket === socket;
    this.#after(JOIN_LIMIT_MS, () => mine() && this.state !== 'open' && this.#lose());
    socket.onopen = () => {
      this.#send([HELLO, this.realm, { roles: ROLES, authmethods: ['ticket'], authid: this.authid }]);
    };
    socket.onmessage = ({ data }) => {
      if (!mine()) return;
      this.heard = Date.now();
      this.#receive(JSON.parse(data));
    };
    socket.onclose = () => mine() && this.#lose();
  }

  #lose() {
    this.#drop('lost');
    this.#after(this.#retry * (0.75 + Math.random() / 2), () => this.#connect());
    this.#retry = Math.min(this.#retry * RETRY_GROWTH, RETRY_MAX_MS);
  }

  /** Takes the socket down, fails what was under way, and enters a state in which there is none. */
  #drop(state) {
    this.#clearTimers();
    const socket = this.#socket;
    this.#socket = null;
    if (socket) {
      socket.onopen = socket.onmessage = socket.onclose = null;
      socket.close();
    }
    this.session = null;
    this.#byID.clear();
    for (const entry of this.#subscriptions.values()) entry.id = null;
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    const lost = new WampError('gantry.error.connection_lost',
      ['The connection was lost before the server answered. Look before you try again.']);
    for (const request of pending) request.reject(lost);
    this.#enter(state);
    if (state !== 'lost') {
      const reason = this.refusal ?? lost;
      for (const waiter of this.#waiting.splice(0)) waiter.reject(reason);
    }
  }

  #enter(state) {
    if (this.state === state) return;
    this.state = state;
    this.since = Date.now();
    this.dispatchEvent(new Event('state'));
  }

  #welcome(session, details) {
    this.session = session;
    this.details = details;
    this.#retry = RETRY_FIRST_MS;
    for (const entry of this.#subscriptions.values()) {
      if (entry.done) this.#renew(entry).catch(() => {});
    }
    this.#enter('open');
    for (const waiter of this.#waiting.splice(0)) waiter.resolve();
    this.#beat();
  }

  /** A browser cannot see WebSocket pings: a small call tells a silent line from a dead one. */
  #beat() {
    const asked = Date.now();
    this.#after(HEARTBEAT_MS, () => {
      if (this.heard > asked) return this.#beat();
      const limit = this.#after(HEARTBEAT_LIMIT_MS, () => this.#lose());
      const answered = () => { this.#cancel(limit); this.#beat(); };
      this.call('wamp.session.get', [this.session]).then(answered, (error) => {
        if (error.uri !== 'gantry.error.connection_lost') answered();
      });
    });
  }

  // Messages

  #receive(message) {
    switch (message[0]) {
    case WELCOME: return this.#welcome(message[1], message[2]);
    case CHALLENGE: return this.#send([AUTHENTICATE, this.ticket(), {}]);
    case ABORT: return this.#refused(message[1], message[2]);
    // Whoever ended the session may have had the account changed: the ticket says whether it may come back.
    case GOODBYE: return this.#lose();
    case ERROR: return this.#settle(message[2], (request) =>
      request.reject(new WampError(message[4], message[5] ?? [], message[6] ?? {})));
    case SUBSCRIBED: case PUBLISHED: return this.#settle(message[1], (request) => request.resolve(message[2]));
    case UNSUBSCRIBED: return this.#settle(message[1], (request) => request.resolve());
    case RESULT: return this.#result(message);
    case EVENT: return this.#event(message);
    }
  }

  #refused(details, reason) {
    if (!FINAL_REFUSALS.has(reason)) return this.#lose();
    this.refusal = new WampError(reason, [details?.message ?? reason]);
    this.#drop('refused');
  }

  #result([, id, details, args = [], kwargs = {}]) {
    if (details.progress) this.#pending.get(id)?.onProgress?.({ args, kwargs });
    else this.#settle(id, (request) => request.resolve({ args, kwargs }));
  }

  #event([, subscription, , details, args = [], kwargs = {}]) {
    const entry = this.#byID.get(subscription);
    if (!entry) return;
    const event = { args, kwargs, details, topic: details.topic ?? entry.topic };
    for (const handler of entry.handlers) {
      try { handler(event); } catch (error) { console.error(error); }
    }
  }

  #settle(id, finish) {
    const request = this.#pending.get(id);
    if (request && this.#pending.delete(id)) finish(request);
  }

  #request(build, { onProgress, signal }) {
    const id = this.#nextRequest++;
    const cancel = () => this.#send([CANCEL, id, { mode: 'killnowait' }]);
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject, onProgress });
      signal?.addEventListener('abort', cancel, { once: true });
      this.#send(build(id));
    }).finally(() => signal?.removeEventListener('abort', cancel));
  }

  #send(message) {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }

  #opened(signal) {
    if (this.state === 'open') return Promise.resolve();
    if (this.state === 'refused' || this.state === 'closed') {
      return Promise.reject(this.refusal ?? new WampError('gantry.error.connection_closed'));
    }
    let cancel;
    return new Promise((resolve, reject) => {
      cancel = () => reject(new WampError('wamp.error.canceled'));
      this.#waiting.push({ resolve, reject });
      signal?.addEventListener('abort', cancel, { once: true });
    }).finally(() => signal?.removeEventListener('abort', cancel));
  }

  // Subscriptions

  async #renew(entry) {
    const options = entry.match === 'exact' ? {} : { match: entry.match };
    const id = await this.#request((request) => [SUBSCRIBE, request, options, entry.topic], {});
    entry.id = id;
    this.#byID.set(id, entry);
    return id;
  }

  #forget(key, entry, handler) {
    entry.handlers.delete(handler);
    if (entry.handlers.size || this.#subscriptions.get(key) !== entry) return;
    this.#subscriptions.delete(key);
    if (entry.id === null) return;
    this.#byID.delete(entry.id);
    if (this.state === 'open') {
      this.#request((request) => [UNSUBSCRIBE, request, entry.id], {}).catch(() => {});
    }
  }

  // Timers

  #after(delay, run) {
    const timer = setTimeout(() => { this.#timers.delete(timer); run(); }, delay);
    this.#timers.add(timer);
    return timer;
  }

  #cancel(timer) {
    clearTimeout(timer);
    this.#timers.delete(timer);
  }

  #clearTimers() {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }
}
