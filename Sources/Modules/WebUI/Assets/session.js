/** Who is signed in. A name and a password become a token, which then opens every realm as a ticket. */

const KEY = 'gantry.session';
const RANKS = ['viewer', 'operator', 'engineer', 'admin'];

/** An answer of the server that is not what was asked for; `message` is for people. */
export class SignInError extends Error {}

class Session extends EventTarget {
  #data = null;
  /** Why somebody who was signed in has to sign in again. */
  ended = null;

  constructor() {
    super();
    this.#read();
    // Signing out ends it in every tab of this browser.
    window.addEventListener('storage', (event) => {
      if (event.key !== KEY) return;
      this.#read();
      this.dispatchEvent(new Event('change'));
    });
  }

  get name() { return this.#data?.name; }
  get role() { return this.#data?.role; }
  get token() { return this.#data?.token; }
  get expires() { return this.#data?.expires; }
  /** The one project that the account is limited to. */
  get swarmKey() { return this.#data?.swarmKey ?? null; }
  get mustChangePassword() { return this.#data?.mustChangePassword ?? false; }
  get isSignedIn() { return Boolean(this.#data) && !this.mustChangePassword; }

  /** Whether the role is at least `role`. What it may really do, the server decides. */
  may(role) { return RANKS.indexOf(this.role) >= RANKS.indexOf(role); }

  async signIn(name, password) {
    this.ended = null;
    this.#grant(await post('/api/sign-in', { name, password }));
  }

  /** All tokens of the account end with the old password, this one as well; the answer holds the next one. */
  async changePassword(password, next) {
    this.#grant(await post('/api/password', { password, new_password: next }, this.token));
  }

  #grant(answer) {
    this.#write({
      name: answer.name, token: answer.token, role: answer.role, expires: answer.expires,
      swarmKey: answer.swarm_key ?? null, mustChangePassword: answer.must_change_password,
    });
  }

  signOut() {
    const { token } = this;
    if (token) post('/api/sign-out', {}, token).catch(() => {});
    this.ended = null;
    this.#write(null);
  }

  /** The server takes the token no more. */
  end(reason) {
    if (!this.#data) return;
    this.ended = reason;
    this.#write(null);
  }

  #read() {
    try { this.#data = JSON.parse(localStorage.getItem(KEY)); } catch { this.#data = null; }
    if (this.#data?.expires <= Date.now()) this.#data = null;
  }

  #write(data) {
    this.#data = data;
    if (data) localStorage.setItem(KEY, JSON.stringify(data));
    else localStorage.removeItem(KEY);
    this.dispatchEvent(new Event('change'));
  }
}

async function post(path, body, token) {
  let response;
  const headers = { 'Content-Type': 'application/json' };
  if (token) headers.Authorization = `Bearer ${token}`;
  try {
    response = await fetch(path, { method: 'POST', headers, body: JSON.stringify(body) });
  } catch {
    throw new SignInError('The server does not answer. Is it running, and is the network up?');
  }
  const answer = await response.json().catch(() => null);
  if (response.ok) return answer;
  throw new SignInError(answer?.message ?? explain(response));
}

function explain(response) {
  switch (response.status) {
  case 401: case 403: return 'Name or password is not right.';
  case 429: return 'Too many attempts. Wait a while, then try again.';
  default: return `The server answered ${response.status} ${response.statusText}.`;
  }
}

export const session = new Session();
