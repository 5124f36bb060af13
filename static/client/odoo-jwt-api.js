/* odoo-jwt-api, bundled from clients/js of the repository. License: LGPL-3. Do not edit: see CONTRIBUTING.md. */

// src/errors.js
var ApiError = class extends Error {
  /**
   * @param {string} message a sentence for people, in the language of the request
   * @param {import("./types.js").ErrorDetails} details
   */
  constructor(message, details) {
    super(message, details.cause === void 0 ? void 0 : { cause: details.cause });
    this.name = new.target.name;
    this.code = details.code;
    this.status = details.status ?? 0;
    this.fields = details.fields ?? {};
    this.retryAfter = details.retryAfter ?? null;
    this.uncertain = details.uncertain ?? false;
    this.body = details.body ?? null;
  }
};
var NetworkError = class extends ApiError {
};
var TimeoutError = class extends NetworkError {
};
var AddressError = class extends ApiError {
  /** @param {string} path */
  constructor(path) {
    super(`This is no path of the server: ${path}. It begins with one "/".`, { code: "foreign_address" });
  }
};
var StorageError = class extends ApiError {
  /** @param {unknown} [cause] */
  constructor(cause) {
    super("The storage of this device cannot be used.", { code: "storage_error", cause });
  }
};
var LoggedOutError = class extends ApiError {
  /** @param {string} [message] @param {unknown} [cause] */
  constructor(message = "You are not logged in.", cause) {
    super(message, { code: "logged_out", status: 401, cause });
  }
};
var UserChangedError = class extends ApiError {
  constructor() {
    super("Another user has logged in in this browser.", { code: "user_changed", status: 401 });
  }
};
var MfaRequiredError = class extends ApiError {
  /** @param {string} message @param {import("./types.js").ErrorDetails} details */
  constructor(message, details) {
    super(message, details);
    const body = (
      /** @type {Record<string, unknown>} */
      details.body ?? {}
    );
    this.mfaToken = String(body.mfa_token);
    this.mfaType = String(body.mfa_type);
    this.expiresIn = Number(body.expires_in);
  }
};
var GATEWAY = /* @__PURE__ */ new Set([502, 504]);
var ABOUT_THE_REQUEST = /* @__PURE__ */ new Set([400, 403, 405, 413, 414, 415, 431]);
async function errorOf(response, writes) {
  const body = await jsonOf(response);
  const status = response.status;
  const retryAfter = secondsOf(response.headers);
  if (typeof body?.error !== "string") {
    const message = `The server answered ${status} ${response.statusText}`.trimEnd() + ".";
    const uncertain = writes && status >= 500 && status !== 503;
    const Kind2 = ABOUT_THE_REQUEST.has(status) ? ApiError : NetworkError;
    return new Kind2(message, { code: `http_${status}`, status, retryAfter, uncertain });
  }
  const isGateway = GATEWAY.has(status);
  const Kind = isGateway ? NetworkError : body.error === "mfa_required" ? MfaRequiredError : ApiError;
  return new Kind(String(body.message), {
    code: body.error,
    status,
    retryAfter,
    uncertain: writes && isGateway,
    fields: (
      /** @type {Record<string, string[]>} */
      body.fields ?? {}
    ),
    body
  });
}
function withUncertainty(error, uncertain) {
  if (!(error instanceof ApiError) || error.uncertain === uncertain) return error;
  const copy = new ApiError(error.message, { ...error, cause: error.cause });
  return Object.setPrototypeOf(Object.assign(copy, error, { uncertain }), Object.getPrototypeOf(error));
}
function isPassing(error) {
  if (error instanceof NetworkError || error instanceof StorageError) return true;
  return error instanceof ApiError && [429, 503].includes(error.status);
}
async function jsonOf(response) {
  try {
    return await response.json();
  } catch {
    return null;
  }
}
function secondsOf(headers) {
  const text = headers.get("Retry-After");
  if (!text) return null;
  const now = Date.parse(headers.get("Date") ?? "") || Date.now();
  const seconds = /^\d+$/.test(text.trim()) ? Number(text) : (Date.parse(text) - now) / 1e3;
  return Number.isFinite(seconds) ? Math.max(0, Math.ceil(seconds)) : null;
}

// src/address.js
var FULL = /^[a-z][a-z\d+.-]*:/i;
var PATH = /^\/(?![/\\])[^\t\n\r]*$/;
function fullAddress(url) {
  const full = url && globalThis.document && !FULL.test(url) ? new URL(url, document.baseURI).href : url;
  return (full || globalThis.origin).replace(/\/+$/, "");
}
function addressOf(url, path) {
  if (!PATH.test(path)) throw new AddressError(path);
  return url + path;
}

// src/commands.js
function createsRecords(value) {
  if (typeof value !== "object" || value === null) return false;
  if (!Array.isArray(value)) return Object.values(value).some(createsRecords);
  const isCommand = value.length === 3 && value[0] === 0 && typeof value[2] === "object" && value[2] !== null;
  return isCommand || value.some(createsRecords);
}

// src/files.js
async function readFile(response) {
  return {
    blob: await response.blob(),
    filename: filenameOf(response.headers.get("Content-Disposition")),
    etag: response.headers.get("ETag")
  };
}
function filenameOf(disposition) {
  const extended = disposition?.match(/filename\*=UTF-8''([^;]+)/i);
  if (extended) return decodeURIComponent(extended[1]);
  const plain = disposition?.match(/filename="?((?:[^";\\]|\\.)*)"?/i);
  return plain ? plain[1].replace(/\\(.)/g, "$1") : null;
}
async function toBase64(blob) {
  const bytes = new Uint8Array(await blob.arrayBuffer());
  const pieces = [];
  const size = 3 * 4096;
  for (let start = 0; start < bytes.length; start += size) {
    pieces.push(btoa(String.fromCharCode(...bytes.subarray(start, start + size))));
  }
  return pieces.join("");
}

// src/query.js
var json = (value) => JSON.stringify(value);
var flag = (value) => value ? "1" : "0";
var joined = (value) => Array.isArray(value) ? value.join(", ") : String(value);
var namesOrJson = (value) => Array.isArray(value) ? value.join(",") : json(value);
var WRITERS = {
  aggregates: json,
  archived: flag,
  count: String,
  cursor: String,
  domain: json,
  expand: namesOrJson,
  fields: json,
  groupby: json,
  lang: String,
  limit: String,
  nulls: flag,
  order: joined,
  page: String,
  relations: String,
  search: String
};
var OF_THE_CALL = /* @__PURE__ */ new Set(["signal", "timeout", "company", "userId", "etag", "idempotencyKey"]);
function parametersOf(options, without = []) {
  const params = {};
  for (const [name, value] of Object.entries(options)) {
    if (value === void 0 || OF_THE_CALL.has(name) || without.includes(name)) continue;
    if (!WRITERS[name]) throw new TypeError(`There is no option ${name}.`);
    params[name] = WRITERS[name](value);
  }
  return params;
}

// src/storage.js
function memoryStorage() {
  const items = /* @__PURE__ */ new Map();
  return {
    getItem: (key) => items.get(key) ?? null,
    setItem: (key, value) => void items.set(key, value),
    removeItem: (key) => void items.delete(key)
  };
}
function checkedStorage(storage) {
  const checked = (name) => async (...given) => {
    try {
      return await /** @type {any} */
      storage[name](...given);
    } catch (error) {
      throw new StorageError(error);
    }
  };
  return { getItem: checked("getItem"), setItem: checked("setItem"), removeItem: checked("removeItem") };
}
function sturdyStorage(storage) {
  const checked = checkedStorage(storage);
  const kept = /* @__PURE__ */ new Map();
  async function keep(key, value, change) {
    kept.set(key, value);
    try {
      await change;
      if (kept.get(key) === value) kept.delete(key);
    } catch (error) {
      const cause = (
        /** @type {StorageError} */
        error.cause
      );
      console.warn(`odoo-jwt-api: the storage cannot keep ${key}, so it is kept until the end of the page or app.`, cause);
      if (value !== null) await Promise.resolve(checked.removeItem(key)).catch(() => {
      });
    }
  }
  return {
    getItem: (key) => kept.has(key) ? (
      /** @type {string | null} */
      kept.get(key)
    ) : checked.getItem(key),
    setItem: (key, value) => keep(key, value, checked.setItem(key, value)),
    removeItem: (key) => keep(key, null, checked.removeItem(key))
  };
}
function localStorageOrNull() {
  try {
    const storage = globalThis.window?.localStorage;
    storage?.getItem("odoo-jwt-api");
    return storage ?? null;
  } catch {
    return null;
  }
}

// src/waiting.js
function sleep(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, milliseconds);
    signal?.addEventListener("abort", stop, { once: true });
  });
}
function abortable(promise, signal) {
  if (!signal) return promise;
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const stop = () => reject(signal.reason);
    signal.addEventListener("abort", stop, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
  });
}
function deadline(signal, milliseconds) {
  const controller = new AbortController();
  let expired = false;
  const stop = () => controller.abort(signal?.reason);
  if (signal?.aborted) stop();
  signal?.addEventListener("abort", stop, { once: true });
  const expire = () => {
    expired = true;
    controller.abort();
  };
  const timer = milliseconds > 0 ? setTimeout(expire, milliseconds) : void 0;
  return {
    signal: controller.signal,
    expired: () => expired,
    done() {
      clearTimeout(timer);
      signal?.removeEventListener("abort", stop);
    }
  };
}
function tellAll(listeners, event) {
  for (const listener of [...listeners]) {
    try {
      listener(event);
    } catch (error) {
      queueMicrotask(() => {
        throw error;
      });
    }
  }
}
function randomId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

// src/locks.js
var LEASE = 5e3;
var POLL = 50;
var tails = /* @__PURE__ */ new Map();
function withLock(name, task) {
  const earlier = tails.get(name) ?? Promise.resolve();
  const mine = earlier.then(() => acrossTabs(name, task));
  const tail = mine.catch(() => {
  });
  tails.set(name, tail);
  tail.then(() => tails.get(name) === tail && tails.delete(name));
  return mine;
}
function acrossTabs(name, task) {
  const locks = globalThis.navigator?.locks;
  return locks ? withWebLock(locks, name, task) : withStorage(name, task);
}
async function withWebLock(locks, name, task) {
  let begun = false;
  const begin = () => {
    begun = true;
    return task();
  };
  try {
    return (
      /** @type {T} */
      await locks.request(name, begin)
    );
  } catch (error) {
    if (begun) throw error;
    return withStorage(name, task);
  }
}
function withStorage(name, task) {
  const storage = localStorageOrNull();
  return storage ? withLease(storage, name, task) : task();
}
async function withLease(storage, name, task) {
  const key = `${name}.lock`;
  const id = randomId();
  const take = () => {
    try {
      storage.setItem(key, `${id} ${Date.now() + LEASE}`);
      return true;
    } catch {
      return false;
    }
  };
  const holder = () => {
    const [owner, until] = (storage.getItem(key) ?? "").split(" ");
    const left = Number(until) - Date.now();
    return left > 0 && left <= LEASE ? owner : null;
  };
  for (; ; ) {
    if (!holder()) {
      if (!take()) break;
      await sleep(20 + Math.random() * 20);
      if (holder() === id) break;
    } else {
      await sleep(POLL + Math.random() * POLL);
    }
  }
  const renewal = setInterval(take, LEASE / 4);
  try {
    return await task();
  } finally {
    clearInterval(renewal);
    if (holder() === id) storage.removeItem(key);
  }
}

// src/tabs.js
function openChannel(name, receive) {
  if (!globalThis.window?.addEventListener) return { post() {
  }, close() {
  } };
  try {
    if (typeof BroadcastChannel === "function") return broadcast(name, receive);
  } catch {
  }
  const storage = localStorageOrNull();
  return storage ? storageEvents(storage, name, receive) : { post() {
  }, close() {
  } };
}
function broadcast(name, receive) {
  const channel = new BroadcastChannel(name);
  let open = true;
  channel.onmessage = (event) => receive(event.data);
  return {
    post: (message) => open && channel.postMessage(message),
    close() {
      open = false;
      channel.close();
    }
  };
}
function storageEvents(storage, name, receive) {
  const key = `${name}.message`;
  const heard = (event) => {
    if (event.key === key && event.newValue) receive(JSON.parse(event.newValue));
  };
  window.addEventListener("storage", heard);
  return {
    post(message) {
      const { token, expiresAt, ...open } = (
        /** @type {Record<string, unknown>} */
        message
      );
      try {
        storage.setItem(key, JSON.stringify(open));
        storage.removeItem(key);
      } catch {
      }
    },
    close: () => window.removeEventListener("storage", heard)
  };
}

// src/queue.js
var KEY_LIFETIME = 23 * 3600 * 1e3;
var [FIRST_PAUSE, LAST_PAUSE] = [5e3, 12e4];
var REMEMBERED = 500;
var NEW = "new:";
var Queue = class {
  /** @type {import("./client.js").Client} */
  #client;
  #session;
  #storage;
  #key;
  /** @type {Set<(event: QueueEvent) => void>} */
  #listeners = /* @__PURE__ */ new Set();
  /** @type {Promise<void> | null} */
  #replaying = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #pause = FIRST_PAUSE;
  #again = false;
  #closed = false;
  /**
   * @param {import("./client.js").Client} client
   * @param {import("./session.js").Session} session
   * @param {import("./types.js").ClientStorage} storage
   * @param {string} key
   */
  constructor(client, session, storage, key) {
    this.#client = client;
    this.#session = session;
    this.#storage = checkedStorage(storage);
    this.#key = key;
    this.online = () => void this.replay();
    globalThis.window?.addEventListener?.("online", this.online);
    this.unsubscribe = session.subscribe((state) => state.status === "logged-in" && void this.replay());
    this.channel = openChannel(key, () => this.#tell({ type: "changed" }));
  }
  close() {
    this.#closed = true;
    clearTimeout(this.#timer);
    globalThis.window?.removeEventListener?.("online", this.online);
    this.unsubscribe();
    this.channel.close();
    this.#listeners.clear();
  }
  /** @param {(event: QueueEvent) => void} listener */
  onChange(listener) {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }
  // --- add ---------------------------------------------------------------------------------
  /** @param {string} model @param {Record<string, unknown>} values */
  async create(model, values) {
    const entry = await this.#add({ kind: "create", model, record: `${NEW}${randomId()}`, values });
    return (
      /** @type {string} */
      entry.record
    );
  }
  /**
   * @param {string} model
   * @param {number | string} record
   * @param {Record<string, unknown>} values
   * @param {{etag?: string | null}} [options]
   */
  update(model, record, values, { etag = null } = {}) {
    return this.#add({ kind: "update", model, record, values, etag });
  }
  /** @param {string} model @param {number | string} record @param {{etag?: string | null}} [options] */
  delete(model, record, { etag = null } = {}) {
    return this.#add({ kind: "delete", model, record, etag });
  }
  /**
   * @param {string} model
   * @param {number | string} record
   * @param {string} name
   * @param {Record<string, unknown>} [call]
   */
  action(model, record, name, call = {}) {
    return this.#add({ kind: "action", model, record, name, call });
  }
  /** @param {Pick<Entry, "kind" | "model" | "record"> & Partial<Entry>} asked */
  async #add(asked) {
    const userId = await this.#session.lastUser();
    if (userId === null) throw new LoggedOutError();
    const added = { id: randomId(), key: randomId(), userId, createdAt: Date.now(), sentAt: null, state: "waiting", error: null };
    const entry = await this.#change((stored) => {
      const last = withIds(
        /** @type {Entry} */
        { ...asked, ...added },
        stored.ids
      );
      stored.entries.push(last);
      return last;
    });
    this.#tell({ type: "queued", entry });
    void this.replay();
    return entry;
  }
  // --- look and decide ---------------------------------------------------------------------
  async entries() {
    return (await this.#load()).entries;
  }
  /** @param {string} record */
  async idOf(record) {
    return (await this.#load()).ids[record] ?? null;
  }
  /**
   * @param {string} id
   * @param {{values?: Record<string, unknown>, etag?: string | null}} [changes]
   */
  async retry(id, changes = {}) {
    await this.#change(({ entries }) => {
      const entry = entries.find((each) => each.id === id);
      if (!entry) return;
      Object.assign(entry, changes, { state: "waiting", error: null, sentAt: null });
      if (changes.values) entry.key = randomId();
    });
    this.#tell({ type: "changed" });
    await this.replay();
  }
  /** @param {string} id */
  async discard(id) {
    const gone = await this.#change((stored) => {
      const first = stored.entries.find((each) => each.id === id);
      const isGone = (each) => each === first || first?.kind === "create" && mentions(each, first.record);
      const [removed, kept] = [stored.entries.filter(isGone), stored.entries.filter((each) => !isGone(each))];
      stored.entries = kept;
      return removed;
    });
    this.#tell({ type: "changed" });
    void this.replay();
    return gone;
  }
  // --- send --------------------------------------------------------------------------------
  /** Sends what waits; one tab at a time does. */
  replay() {
    this.#again = true;
    this.#replaying ??= withLock(`${this.#key}.replay`, () => this.#replayLocked()).finally(() => {
      this.#replaying = null;
    });
    return this.#replaying;
  }
  async #replayLocked() {
    clearTimeout(this.#timer);
    while (this.#again) {
      this.#again = false;
      const error = await this.#replayOnce().catch(onlyPassing);
      if (error && !this.#again) return this.#later(error);
    }
  }
  /** Sends all that can be sent; returns the error that ends it, if it will pass by itself. */
  async #replayOnce() {
    for (let entry = await this.#next(); entry; entry = await this.#next()) {
      try {
        const result = await this.#send(entry);
        this.#pause = FIRST_PAUSE;
        await this.#finish(entry, result);
      } catch (error) {
        if (!isForLater(error, entry)) await this.#refuse(entry, error);
        else if (await this.#keep(entry, error)) return isPassing(error) || error.status === 409 ? error : null;
      }
    }
    return null;
  }
  /**
   * Keeps an entry for the next try; not one whose second execution nothing prevents, if there may have been a first one.
   *
   * @param {Entry} entry as it was before it was sent
   * @param {ApiError} error
   */
  async #keep(entry, error) {
    const maybeExecuted = entry.sentAt !== null || error.uncertain;
    if (maybeExecuted && isOnce(entry)) {
      await this.#refuse(entry, outcomeUnknown(error));
      return false;
    }
    if (!maybeExecuted && !(error instanceof StorageError)) await this.#patch(entry.id, { sentAt: null });
    return true;
  }
  /** Returns the first entry of the user that waits for nothing but the network. */
  async #next() {
    if (this.#closed) return void 0;
    const user = await this.#session.lastUser();
    const { entries } = await this.#load();
    const stuck = [];
    for (const entry of entries.filter((each) => each.userId === user)) {
      if (entry.state === "waiting" && !stuck.some((each) => isBehind(entry, each))) return entry;
      stuck.push(entry);
    }
    return void 0;
  }
  /** @param {Entry} entry */
  async #send(entry) {
    const { kind, model, values = {}, etag } = entry;
    const isKeyed = kind === "create" || kind === "action";
    const isTooLate = isKeyed && Date.now() - (entry.sentAt ?? Infinity) > KEY_LIFETIME;
    if (isTooLate || entry.sentAt !== null && isOnce(entry)) throw outcomeUnknown();
    await this.#patch(entry.id, { sentAt: entry.sentAt ?? Date.now() });
    const id = (
      /** @type {number} */
      entry.record
    );
    const by = { userId: entry.userId, ...etag && { etag } };
    const options = { ...by, fields: [] };
    if (kind === "create") return this.#client.create(model, values, { ...options, idempotencyKey: entry.key });
    if (kind === "update") return this.#client.update(model, id, values, options);
    if (kind === "delete") return this.#client.delete(model, id, by).catch(unlessGone(entry));
    return this.#client.action(model, id, entry.name ?? "", { ...entry.call, ...by, idempotencyKey: entry.key });
  }
  /** @param {Entry} entry @param {any} result */
  async #finish(entry, result) {
    await this.#change((stored) => {
      stored.entries = stored.entries.filter((each) => each.id !== entry.id);
      if (entry.kind === "create") {
        stored.ids = remembered({ ...stored.ids, [entry.record]: result.record.id });
        stored.entries = stored.entries.map((each) => withIds(each, stored.ids));
      }
      if (entry.kind === "update" && entry.etag) {
        const next = stored.entries.filter((each) => isBehind(each, entry) && each.etag === entry.etag);
        for (const each of next) each.etag = result.etag;
      }
    });
    this.#tell({ type: "done", entry, result: result?.record ?? result });
  }
  /** @param {Entry} entry @param {unknown} error */
  async #refuse(entry, error) {
    const { code = "client_error", message, status = 0, fields = {}, uncertain = false } = (
      /** @type {Partial<ApiError>} */
      error
    );
    const byItself = code === "precondition_failed" && entry.sentAt !== null;
    const told = { code, message: String(message), status, fields, uncertain: uncertain || byItself };
    const refused = await this.#patch(entry.id, { state: "refused", error: told });
    this.#tell({ type: "refused", entry: refused ?? entry, error });
  }
  /** @param {ApiError} error */
  #later(error) {
    const wait = Math.max(this.#pause, (error.retryAfter ?? 0) * 1e3);
    this.#timer = setTimeout(() => void this.replay(), wait);
    this.#timer.unref?.();
    this.#pause = Math.min(this.#pause * 2, LAST_PAUSE);
    this.#tell({ type: "paused", error });
  }
  // --- storage -----------------------------------------------------------------------------
  /** @returns {Promise<Stored>} */
  async #load() {
    const text = await this.#storage.getItem(this.#key);
    try {
      return text ? JSON.parse(text) : { entries: [], ids: {} };
    } catch (error) {
      throw new StorageError(error);
    }
  }
  /**
   * Changes the stored queue; the lock keeps the changes of other tabs.
   *
   * @template T
   * @param {(stored: Stored) => T} change
   * @returns {Promise<T>}
   */
  #change(change) {
    return withLock(`${this.#key}.storage`, async () => {
      const stored = await this.#load();
      const result = change(stored);
      await this.#storage.setItem(this.#key, JSON.stringify(stored));
      return result;
    });
  }
  /** @param {string} id @param {Partial<Entry>} changes */
  #patch(id, changes) {
    return this.#change(({ entries }) => {
      const entry = entries.find((each) => each.id === id);
      return entry && Object.assign(entry, changes);
    });
  }
  /** @param {QueueEvent} event */
  #tell(event) {
    tellAll(this.#listeners, event);
    if (event.type !== "changed") this.channel.post({ type: "queue" });
  }
};
function isBehind(entry, earlier) {
  const same = entry.model === earlier.model && entry.record === earlier.record;
  return same || earlier.kind === "create" && mentions(entry, earlier.record);
}
function mentions(entry, record) {
  return JSON.stringify([entry.record, entry.values, entry.call]).includes(`"${record}"`);
}
function withIds(entry, ids) {
  return JSON.parse(
    JSON.stringify(entry),
    (_key, value) => typeof value === "string" && value.startsWith(NEW) ? ids[value] ?? value : value
  );
}
function remembered(ids) {
  return Object.fromEntries(Object.entries(ids).slice(-REMEMBERED));
}
function isOnce(entry) {
  return entry.kind === "update" && !entry.etag && createsRecords(entry.values);
}
function outcomeUnknown(cause) {
  const details = { code: "outcome_unknown", uncertain: true, cause };
  return new ApiError("It is not known whether the server has executed this.", details);
}
function isForLater(error, entry) {
  if (error instanceof LoggedOutError || error instanceof UserChangedError || isPassing(error)) return true;
  const isRace = error instanceof ApiError && error.code === "conflict";
  return isRace && (entry.kind === "update" || entry.kind === "delete");
}
function onlyPassing(error) {
  if (!isPassing(error)) throw error;
  return (
    /** @type {ApiError} */
    error
  );
}
function unlessGone(entry) {
  return (error) => {
    const isGone = error instanceof ApiError && error.code === "not_found" && entry.sentAt !== null;
    if (!isGone) throw error;
    return entry.record;
  };
}

// src/passkeys.js
async function askBrowser(options, signal) {
  const publicKey = parsed(options);
  const credential = await navigator.credentials.get({ publicKey, ...signal && { signal } });
  return asJson(
    /** @type {PublicKeyCredential} */
    credential
  );
}
function parsed(options) {
  if (PublicKeyCredential.parseRequestOptionsFromJSON) {
    const json2 = (
      /** @type {PublicKeyCredentialRequestOptionsJSON} */
      options
    );
    return PublicKeyCredential.parseRequestOptionsFromJSON(json2);
  }
  const allowCredentials = (options.allowCredentials ?? []).map(
    (each) => ({ ...each, id: decoded(each.id) })
  );
  return { ...options, challenge: decoded(options.challenge), allowCredentials };
}
function asJson(credential) {
  if (typeof credential.toJSON === "function") return credential.toJSON();
  const response = (
    /** @type {AuthenticatorAssertionResponse} */
    credential.response
  );
  return {
    id: credential.id,
    rawId: encoded(credential.rawId),
    type: credential.type,
    authenticatorAttachment: credential.authenticatorAttachment,
    clientExtensionResults: credential.getClientExtensionResults(),
    response: {
      clientDataJSON: encoded(response.clientDataJSON),
      authenticatorData: encoded(response.authenticatorData),
      signature: encoded(response.signature),
      userHandle: response.userHandle ? encoded(response.userHandle) : null
    }
  };
}
function decoded(text) {
  const binary = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}
function encoded(buffer) {
  const text = btoa(String.fromCharCode(...new Uint8Array(buffer)));
  return text.replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

// src/transport.js
var FIRST_WAIT = 500;
var REDIRECTED = "redirected";
var REDIRECTS = /* @__PURE__ */ new Set([301, 302, 303, 307, 308]);
var Transport = class {
  /** @param {Required<Pick<import("./types.js").ClientOptions, "url" | "mode" | "fetch" | "timeout" | "retries" | "maxRetryDelay">> & {database?: string}} options */
  constructor(options) {
    this.options = options;
  }
  /**
   * Sends a request, again if that is safe and may help, and reads the response.
   *
   * @template T
   * @param {Sending} request
   * @param {(response: Response) => Promise<T>} read
   * @returns {Promise<T>}
   */
  async send(request, read) {
    const retries = request.retries ?? this.options.retries;
    let uncertain = false;
    for (let attempt = 0; ; attempt++) {
      try {
        return await this.#once(request, read);
      } catch (error) {
        if (uncertain && error instanceof ApiError && !isProof(error, request)) error.uncertain = true;
        const wait = attempt < retries ? this.#wait(error, request, attempt) : null;
        if (wait === null) throw error;
        await sleep(wait, request.signal);
        uncertain = /** @type {ApiError} */
        error.uncertain;
        if (uncertain) request.onUncertain?.();
      }
    }
  }
  /**
   * @template T
   * @param {Sending} request
   * @param {(response: Response) => Promise<T>} read
   * @returns {Promise<T>}
   */
  async #once(request, read) {
    const limit = deadline(request.signal, request.timeout ?? this.options.timeout);
    const writes = request.method !== "GET";
    const offline = isOffline();
    try {
      const response = await this.#fetch(request, limit.signal);
      if (isRedirect(response)) throw redirected(response);
      if (!response.ok) throw await errorOf(response, writes);
      return await read(response);
    } catch (error) {
      if (error instanceof ApiError) throw withUncertainty(error, error.uncertain && writes);
      if (request.signal?.aborted) throw request.signal.reason;
      const details = { uncertain: writes && !(offline && isOffline()), cause: error };
      if (limit.expired()) {
        throw new TimeoutError("The server did not answer in time.", { code: "timeout", ...details });
      }
      throw new NetworkError("The server cannot be reached.", { code: "network_error", ...details });
    } finally {
      limit.done();
    }
  }
  /**
   * Sends a request once. A redirect is not followed: the refresh token would go along, also to another server.
   *
   * @param {Sending} request
   * @param {AbortSignal} signal
   */
  #fetch(request, signal) {
    const { url, database, mode, fetch } = this.options;
    const query = new URLSearchParams(request.params).toString();
    const headers = {
      Accept: "application/json",
      "X-Client-Type": mode,
      "X-Odoo-Database": database,
      "Content-Type": request.json === void 0 ? void 0 : "application/json",
      ...request.headers
    };
    const given = Object.entries(headers).filter(([, value]) => value !== void 0);
    return fetch(`${addressOf(url, request.path)}${query && `?${query}`}`, {
      method: request.method,
      headers: (
        /** @type {Record<string, string>} */
        Object.fromEntries(given)
      ),
      body: request.json === void 0 ? request.body : JSON.stringify(request.json),
      credentials: mode === "app" ? "omit" : request.cookies ? "include" : "same-origin",
      cache: "no-store",
      redirect: "manual",
      signal
    });
  }
  /**
   * Returns how long to wait before a retry, or null if there shall be none.
   *
   * 429 and 503 say that nothing was executed. Without a response nobody knows, so only what may be executed twice is
   * sent twice.
   *
   * @param {unknown} error
   * @param {Sending} request
   * @param {number} attempt
   * @returns {number | null}
   */
  #wait(error, request, attempt) {
    if (!(error instanceof ApiError) || !isPassing(error) || error.code === REDIRECTED) return null;
    if (error.status !== 429 && error.status !== 503) {
      const repeatable = request.repeatable ?? request.method !== "POST";
      if (!repeatable || isOffline()) return null;
      if (error instanceof TimeoutError && !request.retryTimeouts) return null;
    }
    const asked = (error.retryAfter ?? 0) * 1e3;
    if (asked > this.options.maxRetryDelay) return null;
    const own = FIRST_WAIT * 2 ** attempt * (0.5 + Math.random() / 2);
    return Math.max(asked, own);
  }
};
var isOffline = () => globalThis.navigator?.onLine === false;
function isRedirect(response) {
  return response.type === "opaqueredirect" || response.redirected || REDIRECTS.has(response.status);
}
function redirected(response) {
  const message = "The server redirects to another address. Check the url of the client: is it http:// in place of https://?";
  return new NetworkError(message, {
    code: REDIRECTED,
    status: response.status,
    uncertain: response.redirected
  });
}
function isProof(error, request) {
  return request.hasKey === true && error.body !== null && [400, 422].includes(error.status);
}
async function readJson(response) {
  const text = await response.text();
  try {
    return JSON.parse(text);
  } catch {
    throw badResponse(response.status);
  }
}
function badResponse(status) {
  return new NetworkError("The response is not that of the API.", { code: "bad_response", status, uncertain: true });
}

// src/session.js
var REFRESH_TIMEOUT = 8e3;
var MARGIN = 6e4;
var Session = class {
  /** @type {Access | null} */
  #access = null;
  /** @type {import("./types.js").AuthState} */
  #state = { status: "unknown", userId: null, reason: "start" };
  /** @type {Promise<void> | null} */
  #renewing = null;
  /** @type {Set<(state: import("./types.js").AuthState) => void>} */
  #listeners = /* @__PURE__ */ new Set();
  /**
   * @param {import("./transport.js").Transport} transport
   * @param {import("./types.js").ClientStorage} storage
   * @param {string} key the beginning of all names in the storage
   * @param {boolean} shared whether other tabs have the same refresh token
   */
  constructor(transport, storage, key, shared) {
    this.transport = transport;
    this.storage = sturdyStorage(storage);
    this.isApp = transport.options.mode === "app";
    this.lock = `${key}.session`;
    this.keys = {
      /** What an app stores: the refresh token and its user. */
      refresh: `${key}.refresh-token`,
      /** Who was logged in last: enough to know whose writes wait, before the server can be asked. */
      user: `${key}.user`,
      /** A log-out that the server has not heard of yet: the cookie must not be used any more. */
      ended: `${key}.ended`
    };
    const silent = { post() {
    }, close() {
    } };
    this.channel = shared ? openChannel(this.lock, (message) => this.#hear(message)) : silent;
  }
  get state() {
    return this.#state;
  }
  /**
   * @param {(state: import("./types.js").AuthState) => void} listener
   * @returns {() => void}
   */
  subscribe(listener) {
    this.#listeners.add(listener);
    queueMicrotask(() => this.#listeners.has(listener) && listener(this.#state));
    return () => void this.#listeners.delete(listener);
  }
  close() {
    this.channel.close();
    this.#listeners.clear();
  }
  // --- log in and out ----------------------------------------------------------------------
  /**
   * @param {string} path
   * @param {unknown} body
   * @param {AbortSignal} [signal]
   */
  logIn(path, body, signal) {
    return withLock(this.lock, async () => {
      const answer = await this.#post(path, { json: body, signal, retries: 0 });
      await this.#store(answer.value.refreshToken, answer.value.user_id);
      await this.storage.removeItem(this.keys.ended);
      await this.#adopt(accessOf(answer.value.token, answer.expiresIn), "login");
      return this.#state;
    });
  }
  /**
   * @param {import("./types.js").PasskeyOptions} options
   */
  async logInWithPasskey({ signal, ask = askBrowser }) {
    const path = "/api/login/passkey";
    const challenge = (await this.#post(`${path}/options`, { signal })).value;
    const credential = await ask(challenge.options, signal);
    return this.logIn(path, { passkey_token: challenge.passkey_token, credential }, signal);
  }
  /** @param {{all?: boolean}} options */
  logOut({ all = false }) {
    return withLock(this.lock, async () => {
      const stored = await this.#stored();
      const access = this.#access;
      if (!this.isApp) await this.storage.setItem(this.keys.ended, "1");
      await this.storage.removeItem(this.keys.refresh);
      await this.#end("logout");
      this.channel.post({ type: "out", session: access?.session ?? null });
      if (!this.isApp || stored || access) await this.#revoke(all, access, stored);
    });
  }
  /**
   * @param {boolean} all
   * @param {Access | null} access
   * @param {Stored | null} stored
   */
  async #revoke(all, access, stored) {
    const headers = {
      Authorization: access ? `Bearer ${access.token}` : void 0,
      refreshToken: stored?.refreshToken
    };
    try {
      await this.#post("/api/revoke/token", { json: all ? { all } : {}, headers, repeatable: true });
    } catch (error) {
      if (!isRefused(error)) throw error;
    }
    await this.storage.removeItem(this.keys.ended);
  }
  /** Finds out who is logged in, for a page or an app that begins. */
  async restore() {
    if (this.#state.status !== "logged-in") {
      try {
        await this.#renew(null);
      } catch (error) {
        if (!(error instanceof LoggedOutError)) throw error;
      }
    }
    return this.#state;
  }
  /** Who is logged in, or was when there was a network last. */
  async lastUser() {
    const known = this.#state.userId ?? Number(await this.storage.getItem(this.keys.user));
    return known || null;
  }
  // --- the access token --------------------------------------------------------------------
  /**
   * Returns an access token that is valid for a while.
   *
   * @param {AbortSignal} [signal]
   * @returns {Promise<Access>}
   */
  async access(signal) {
    const access = this.#access;
    if (access && Date.now() < access.renewAt) return access;
    if (this.#state.status === "logged-out") throw new LoggedOutError();
    const user = this.#state.userId;
    try {
      await abortable(this.#renew(access), signal);
    } catch (error) {
      const usable = access && this.#access === access && Date.now() < access.expiresAt;
      if (!usable || !isPassing(error)) throw error;
    }
    return this.#accessOf(user);
  }
  /**
   * Returns another access token than the one that the server has refused.
   *
   * @param {Access} refused
   * @param {AbortSignal} [signal]
   * @returns {Promise<Access>}
   */
  async accessAfter(refused, signal) {
    if (this.#access?.token === refused.token) await abortable(this.#renew(this.#access), signal);
    return this.#accessOf(refused.userId);
  }
  /**
   * Returns the access token, which must be that of the user who began the request.
   *
   * @param {number | null} userId
   */
  #accessOf(userId) {
    if (!this.#access) throw new LoggedOutError();
    if (userId !== null && this.#access.userId !== userId) throw new UserChangedError();
    return this.#access;
  }
  /** Replaces the refresh token of an app; once more if the server refuses the access token. */
  rotate() {
    return withLock(this.lock, async () => {
      try {
        await this.#rotateLocked();
      } catch (error) {
        if (!(error instanceof ApiError) || error.code !== "invalid_token") throw error;
        await this.#renewLocked();
        await this.#rotateLocked();
      }
    });
  }
  async #rotateLocked() {
    const stored = await this.#stored();
    if (!stored || !this.#access) throw new LoggedOutError();
    const headers = {
      Authorization: `Bearer ${this.#access.token}`,
      refreshToken: stored.refreshToken
    };
    const answer = await this.#refresh("/api/update/refresh-token", headers);
    await this.#store(answer.value.refreshToken, stored.userId);
  }
  /**
   * Gets a new access token in place of *stale*: one request for all who wait for it.
   *
   * @param {Access | null} stale
   * @returns {Promise<void>}
   */
  #renew(stale) {
    this.#renewing ??= withLock(this.lock, async () => {
      await sleep(0);
      if (this.#access && this.#access !== stale) return;
      await this.#finishLogOut();
      await this.#renewLocked();
    }).finally(() => {
      this.#renewing = null;
    });
    return this.#renewing;
  }
  /** Tells the server of a log-out that it has not heard of, because there was no network. */
  async #finishLogOut() {
    if (this.isApp || !await this.storage.getItem(this.keys.ended)) return;
    await this.#revoke(false, null, null);
    await this.#end("logout");
    throw new LoggedOutError();
  }
  async #renewLocked() {
    for (; ; ) {
      const stored = await this.#stored();
      if (this.isApp && !stored) {
        await this.#end(await this.lastUser() ? "expired" : "start");
        throw new LoggedOutError();
      }
      try {
        const headers = { refreshToken: stored?.refreshToken };
        const answer = await this.#refresh("/api/update/access-token", headers);
        const access = accessOf(answer.value.access_token, answer.expiresIn);
        if (this.isApp) await this.#store(answer.value.refreshToken, access.userId);
        return await this.#adopt(access, "refresh");
      } catch (error) {
        if (!isRefused(error)) throw error;
        const now = await this.#stored();
        if (now && now.refreshToken !== stored?.refreshToken) continue;
        await this.#expire(error);
      }
    }
  }
  /** @param {unknown} error */
  async #expire(error) {
    const session = this.#access?.session ?? null;
    const reason = await this.lastUser() ? "expired" : "start";
    await this.storage.removeItem(this.keys.refresh);
    await this.#end(reason);
    if (session) this.channel.post({ type: "out", session });
    throw new LoggedOutError("The session has ended. Log in again.", error);
  }
  /**
   * @param {string} path
   * @param {Record<string, string | undefined>} headers
   */
  #refresh(path, headers) {
    return this.#post(path, {
      headers,
      timeout: REFRESH_TIMEOUT,
      repeatable: true,
      retryTimeouts: true
    });
  }
  /**
   * @param {string} path
   * @param {Partial<import("./transport.js").Sending>} request
   */
  #post(path, request) {
    return this.transport.send({ json: {}, cookies: true, ...request, method: "POST", path }, async (response) => ({
      value: await readJson(response),
      expiresIn: Number(response.headers.get("X-Token-Expires-In")) || null
    }));
  }
  // --- what is known and stored ------------------------------------------------------------
  /** @returns {Promise<Stored | null>} */
  async #stored() {
    const text = this.isApp ? await this.storage.getItem(this.keys.refresh) : null;
    try {
      return text ? JSON.parse(text) : null;
    } catch {
      return null;
    }
  }
  /**
   * Stores a new refresh token, before it is used.
   *
   * @param {unknown} refreshToken a string if it is a new one for this client to keep
   * @param {number} userId
   */
  async #store(refreshToken, userId) {
    if (!this.isApp || typeof refreshToken !== "string") return;
    await this.storage.setItem(this.keys.refresh, JSON.stringify({ refreshToken, userId }));
  }
  /**
   * @param {Access} access
   * @param {"login" | "refresh"} reason
   */
  async #adopt(access, reason) {
    this.#access = access;
    await this.storage.setItem(this.keys.user, String(access.userId));
    this.channel.post({ type: "token", ...access });
    this.#tell({ status: "logged-in", userId: access.userId, reason });
  }
  /** @param {"logout" | "expired" | "start"} reason */
  async #end(reason) {
    this.#access = null;
    await this.storage.removeItem(this.keys.user);
    this.#tell({ status: "logged-out", userId: null, reason });
  }
  /** @param {import("./types.js").AuthState} state */
  #tell(state) {
    const before = this.#state;
    this.#state = state;
    if (before.status === state.status && before.userId === state.userId) return;
    tellAll(this.#listeners, state);
  }
  /** @param {import("./tabs.js").Message} message */
  #hear(message) {
    if (message.type === "token") {
      const { token, userId, session, expiresAt } = message;
      const same = this.#access?.userId === userId;
      if (token && expiresAt) this.#access = withTimes(token, userId, session, expiresAt);
      else if (!same) this.#access = null;
      this.#tell({ status: "logged-in", userId, reason: "other-tab" });
    } else if (message.type === "out") {
      const other = this.#access && message.session && this.#access.session !== message.session;
      if (other) return;
      this.#access = null;
      this.#tell({ status: "logged-out", userId: null, reason: "other-tab" });
    }
  }
};
function accessOf(token, expiresIn) {
  const claims = claimsOf(token);
  const seconds = expiresIn ?? claims.exp - claims.iat;
  return withTimes(token, claims.user_id, claims.sid ?? null, Date.now() + seconds * 1e3);
}
function withTimes(token, userId, session, expiresAt) {
  const margin = Math.min(MARGIN, (expiresAt - Date.now()) / 10);
  return { token, userId, session, expiresAt, renewAt: expiresAt - margin };
}
function claimsOf(token) {
  try {
    const payload = token.split(".")[1].replace(/-/g, "+").replace(/_/g, "/");
    return JSON.parse(atob(payload));
  } catch {
    throw badResponse(200);
  }
}
var REFUSALS = /* @__PURE__ */ new Set(["invalid_refresh_token", "invalid_grant", "invalid_token", "missing_token"]);
function isRefused(error) {
  return error instanceof ApiError && REFUSALS.has(error.code);
}

// src/client.js
var isInsecurePage = () => globalThis.window !== void 0 && globalThis.isSecureContext === false;
var Client = class {
  /** @type {Session} */
  #session;
  /** @type {Transport} */
  #transport;
  /** @param {import("./types.js").ClientOptions} options */
  constructor(options) {
    const inPage = globalThis.document !== void 0;
    const mode = options.mode ?? (inPage ? "browser" : "app");
    const url = (options.url ?? "").replace(/\/+$/, "");
    if (!url && !inPage) throw new TypeError("createClient needs a url.");
    if (mode === "browser" && isInsecurePage()) {
      console.warn(
        'odoo-jwt-api: without https the browser does not keep the refresh token, so the login ends with the access token. Serve https, or try it with mode "app" and a storage.'
      );
    }
    const local = localStorageOrNull();
    const storage = options.storage ?? (mode === "browser" && local ? local : memoryStorage());
    this.#transport = new Transport({
      url: fullAddress(url),
      mode,
      database: options.database,
      fetch: options.fetch ?? ((...call) => globalThis.fetch(...call)),
      timeout: options.timeout ?? 6e4,
      retries: options.retries ?? 3,
      maxRetryDelay: options.maxRetryDelay ?? 3e4
    });
    const place = `${url || globalThis.location?.origin}/${options.database ?? ""}`;
    const key = `odoo-jwt-api.${place.replace(/[^\w.-]+/g, "_")}`;
    const shared = mode === "browser" || storage === local;
    this.#session = new Session(this.#transport, storage, key, shared);
    this.defaults = { language: options.language, company: options.company };
    this.queue = new Queue(this, this.#session, options.queueStorage ?? storage, `${key}.queue`);
  }
  get url() {
    return this.#transport.options.url;
  }
  // --- log in and out ----------------------------------------------------------------------
  get authState() {
    return this.#session.state;
  }
  /** @param {(state: import("./types.js").AuthState) => void} listener */
  onAuthStateChange(listener) {
    return this.#session.subscribe(listener);
  }
  /** @param {string} login @param {string} password @param {CallOptions} [options] */
  logIn(login, password, { signal } = {}) {
    return this.#session.logIn("/api/login", { login, password }, signal);
  }
  /** @param {string} mfaToken @param {string} code @param {CallOptions} [options] */
  logInWithCode(mfaToken, code, { signal } = {}) {
    return this.#session.logIn("/api/login/mfa", { mfa_token: mfaToken, code }, signal);
  }
  /** @param {import("./types.js").PasskeyOptions} [options] */
  logInWithPasskey(options = {}) {
    return this.#session.logInWithPasskey(options);
  }
  restore() {
    return this.#session.restore();
  }
  /** @param {{all?: boolean}} [options] */
  logOut(options = {}) {
    return this.#session.logOut(options);
  }
  rotateRefreshToken() {
    return this.#session.rotate();
  }
  /** @param {CallOptions} [options] */
  async accessToken({ signal } = {}) {
    return (await this.#session.access(signal)).token;
  }
  close() {
    this.queue.close();
    this.#session.close();
  }
  /** @param {CallOptions} [options] */
  async me(options = {}) {
    return (await this.#json("GET", "/api/me", options)).data;
  }
  /** @param {CallOptions} [options] */
  async sessions(options = {}) {
    return (await this.#json("GET", "/api/sessions", options)).data;
  }
  /** @param {number} id @param {CallOptions} [options] */
  async endSession(id, options = {}) {
    await this.#json("DELETE", `/api/sessions/${id}`, options);
  }
  // --- read --------------------------------------------------------------------------------
  /** @param {CallOptions} [options] */
  async models(options = {}) {
    return (await this.#json("GET", "/api/v1", options)).data;
  }
  /** @param {string} model @param {CallOptions} [options] */
  async schema(model, options = {}) {
    return (await this.#json("GET", pathOf(model, "schema"), options)).data;
  }
  /** @param {string} model @param {Options} [options] */
  async list(model, options = {}) {
    const body = await this.#json("GET", pathOf(model), options, { params: parametersOf(options) });
    return {
      records: body.data,
      page: body.page,
      pageSize: body.page_size,
      total: body.total,
      totalPages: body.total_pages,
      nextCursor: body.next_cursor,
      errors: body.errors
    };
  }
  /** @param {string} model @param {Options} [options] */
  async *pages(model, options = {}) {
    for (let cursor = options.cursor ?? ""; cursor !== void 0; ) {
      const page = await this.list(model, { ...options, cursor });
      yield page;
      cursor = page.nextCursor;
    }
  }
  /** @param {string} model @param {Options} [options] */
  async *iterate(model, options = {}) {
    for await (const page of this.pages(model, options)) yield* page.records;
  }
  /** @param {string} model @param {number} id @param {Options} [options] */
  async get(model, id, options = {}) {
    return this.#tagged("GET", pathOf(model, id), options, { params: parametersOf(options) });
  }
  // --- write -------------------------------------------------------------------------------
  /** @param {string} model @param {Options} values @param {Options} [options] */
  async create(model, values, options = {}) {
    return this.#tagged("POST", pathOf(model), options, once(options, writing(options, { values })));
  }
  /** @param {string} model @param {Options[]} values @param {Options} [options] */
  async createMany(model, values, options = {}) {
    const rest = once(options, writing(options, { values }));
    return (await this.#json("POST", pathOf(model), options, rest)).data;
  }
  /** @param {string} model @param {number} id @param {Options} values @param {Options} [options] */
  async update(model, id, values, options = {}) {
    const rest = writing(options, { values });
    if (options.etag || createsRecords(values)) rest.repeatable = false;
    return this.#tagged("PATCH", pathOf(model, id), options, rest);
  }
  /** @param {string} model @param {{id: number, values: Options}[]} records @param {Options} [options] */
  async updateMany(model, records, options = {}) {
    const rest = writing(options, { records });
    if (createsRecords(records)) rest.repeatable = false;
    return (await this.#json("PATCH", pathOf(model), options, rest)).data;
  }
  /** @param {string} model @param {number} id @param {Options} [options] */
  async delete(model, id, options = {}) {
    let repeated = false;
    const onUncertain = () => void (repeated = true);
    const rest = { params: parametersOf(options), onUncertain };
    try {
      await this.#json("DELETE", pathOf(model, id), options, rest);
    } catch (error) {
      const gone = repeated && error instanceof ApiError && error.code === "not_found";
      if (!gone) throw error;
    }
    return id;
  }
  /** @param {string} model @param {number[]} ids @param {Options} [options] */
  async deleteMany(model, ids, options = {}) {
    const params = { ...parametersOf(options), ids: JSON.stringify(ids) };
    return (await this.#json("DELETE", pathOf(model), options, { params })).deleted_ids;
  }
  /**
   * @param {string} model
   * @param {number | number[] | null} records
   * @param {string} name
   * @param {Options} [options]
   */
  async action(model, records, name, options = {}) {
    const { args, kwargs, context } = options;
    const one = typeof records === "number";
    const path = one ? pathOf(model, records, name) : pathOf(model, name);
    const body = { ids: one ? void 0 : records ?? void 0, args, kwargs, context };
    const rest = once(options, writing(options, body, ["args", "kwargs", "context"]));
    return (await this.#json("POST", path, options, rest)).result;
  }
  // --- files -------------------------------------------------------------------------------
  /**
   * @param {string} model
   * @param {number} id
   * @param {string} field
   * @param {Blob | ArrayBuffer | ArrayBufferView<ArrayBuffer>} data
   * @param {Options} [options]
   */
  async upload(model, id, field, data, options = {}) {
    const type = options.type ?? (data instanceof Blob && data.type);
    const rest = {
      timeout: 0,
      repeatable: !options.etag,
      body: data,
      headers: { "Content-Type": type || "application/octet-stream" },
      params: parametersOf(options, ["type"])
    };
    return this.#tagged("PUT", pathOf(model, id, field), options, rest);
  }
  /** @param {string} model @param {number} id @param {string} field @param {Options} [options] */
  download(model, id, field, options = {}) {
    return this.#file(pathOf(model, id, field), options);
  }
  /** @param {string} model @param {number} id @param {string} field @param {CallOptions} [options] */
  async link(model, id, field, options = {}) {
    const rest = { json: {}, repeatable: true };
    const { data } = await this.#json("POST", pathOf(model, id, field, "link"), options, rest);
    return { url: this.url + data.url, expiresIn: data.expires_in };
  }
  /** @param {string} model @param {number} id @param {string} name @param {Options} [options] */
  report(model, id, name, options = {}) {
    return this.#file(pathOf(model, id, "report", name), options);
  }
  // --- any request -------------------------------------------------------------------------
  /**
   * @param {string} method
   * @param {string} path
   * @param {Options} [options]
   */
  request(method, path, options = {}) {
    const { params, headers, json: json2, body, repeatable } = options;
    return this.#call(method, path, options, { params, headers, json: json2, body, repeatable }, async (response) => response);
  }
  /** @param {string} path @param {Options} options */
  #file(path, options) {
    const rest = { timeout: 0, params: parametersOf(options), headers: { Accept: "*/*" } };
    return this.#call("GET", path, options, rest, readFile);
  }
  /** @param {string} method @param {string} path @param {Options} options @param {Rest} [rest] */
  #json(method, path, options, rest = {}) {
    return this.#call(method, path, options, rest, readJson);
  }
  /** @param {string} method @param {string} path @param {Options} options @param {Rest} rest */
  #tagged(method, path, options, rest) {
    return this.#call(method, path, options, rest, async (response) => {
      const body = await readJson(response);
      return { record: body.data, etag: response.headers.get("ETag"), errors: body.errors };
    });
  }
  /**
   * Sends a request as the user; once more with a new access token if the server refuses the old one.
   *
   * @template T
   * @param {string} method
   * @param {string} path
   * @param {Options} options those of the call
   * @param {Rest} rest
   * @param {(response: Response) => Promise<T>} read
   * @returns {Promise<T>}
   */
  async #call(method, path, options, rest, read) {
    const { signal, company = this.defaults.company } = options;
    const send = (token) => {
      const headers = {
        "Accept-Language": this.defaults.language,
        "X-Odoo-Company": company === void 0 ? void 0 : String(company),
        "If-Match": options.etag ?? void 0,
        ...rest.headers,
        Authorization: `Bearer ${token}`
      };
      const timeout = options.timeout ?? rest.timeout;
      return this.#transport.send({ ...rest, method, path, headers, signal, timeout }, read);
    };
    let access = await sure(this.#session.access(signal));
    if (options.userId && options.userId !== access.userId) throw new UserChangedError();
    try {
      return await send(access.token);
    } catch (error) {
      if (!(error instanceof ApiError) || error.code !== "invalid_token") throw error;
      access = await sure(this.#session.accessAfter(access, signal), error.uncertain);
      return await sure(send(access.token), error.uncertain || null);
    }
  }
};
async function sure(result, uncertain = false) {
  try {
    return await result;
  } catch (error) {
    throw uncertain === null ? error : withUncertainty(error, uncertain);
  }
}
function pathOf(...parts) {
  return ["/api/v1", ...parts.map((part) => encodeURIComponent(part))].join("/");
}
function writing(options, body, inBody = []) {
  const { fields, expand, files } = options;
  const params = parametersOf(options, ["fields", "expand", "files", ...inBody]);
  const content = { ...body, fields, expand };
  return files ? { params, body: formOf(content, files), timeout: 0 } : { params, json: content };
}
function formOf(content, files) {
  const form = new FormData();
  for (const [name, value] of Object.entries(content)) {
    if (value !== void 0) form.append(name, JSON.stringify(value));
  }
  for (const [name, file] of Object.entries(files)) form.append(name, file);
  return form;
}
function once(options, rest) {
  const headers = { "Idempotency-Key": options.idempotencyKey ?? randomId() };
  return { ...rest, headers, repeatable: true, hasKey: true };
}

// src/index.js
function createClient(options = {}) {
  return new Client(options);
}
export {
  AddressError,
  ApiError,
  LoggedOutError,
  MfaRequiredError,
  NetworkError,
  StorageError,
  TimeoutError,
  UserChangedError,
  createClient,
  memoryStorage,
  toBase64
};
