/**
 * The queue of writes for apps that also work without a network.
 *
 * A write is stored first, then sent when there is a network, in order, each with its own `Idempotency-Key`. What the server
 * refuses stays in the queue as `refused` until the app decides; what is about the same record waits behind it.
 *
 * @module
 */

import {createsRecords} from "./commands.js";
import {ApiError, isPassing, LoggedOutError, StorageError, UserChangedError} from "./errors.js";
import {withLock} from "./locks.js";
import {checkedStorage} from "./storage.js";
import {openChannel} from "./tabs.js";
import {randomId, tellAll} from "./waiting.js";

/**
 * @typedef {import("./types.js").QueueEntry} Entry
 * @typedef {import("./types.js").QueueEvent} QueueEvent
 * @typedef {{entries: Entry[], ids: Record<string, number>}} Stored the queue, and the ids of what it has created
 */

/** The server knows an Idempotency-Key for 24 hours; after that a repetition would create a second record. */
const KEY_LIFETIME = 23 * 3600 * 1000;
/** How long to wait after a failure before the next try, in milliseconds: from the first to the last. */
const [FIRST_PAUSE, LAST_PAUSE] = [5_000, 120_000];
/** How many ids of created records are remembered. */
const REMEMBERED = 500;

/** What the id of a record begins with that the server has not created yet. */
const NEW = "new:";

export class Queue {
    /** @type {import("./client.js").Client} */
    #client;
    #session;
    #storage;
    #key;
    /** @type {Set<(event: QueueEvent) => void>} */
    #listeners = new Set();
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
        this.channel = openChannel(key, () => this.#tell({type: "changed"}));
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
        const entry = await this.#add({kind: "create", model, record: `${NEW}${randomId()}`, values});
        return /** @type {string} */ (entry.record);
    }

    /**
     * @param {string} model
     * @param {number | string} record
     * @param {Record<string, unknown>} values
     * @param {{etag?: string | null}} [options]
     */
    update(model, record, values, {etag = null} = {}) {
        return this.#add({kind: "update", model, record, values, etag});
    }

    /** @param {string} model @param {number | string} record @param {{etag?: string | null}} [options] */
    delete(model, record, {etag = null} = {}) {
        return this.#add({kind: "delete", model, record, etag});
    }

    /**
     * @param {string} model
     * @param {number | string} record
     * @param {string} name
     * @param {Record<string, unknown>} [call]
     */
    action(model, record, name, call = {}) {
        return this.#add({kind: "action", model, record, name, call});
    }

    /** @param {Pick<Entry, "kind" | "model" | "record"> & Partial<Entry>} asked */
    async #add(asked) {
        const userId = await this.#session.lastUser();
        if (userId === null) throw new LoggedOutError();
        const added = {id: randomId(), key: randomId(), userId, createdAt: Date.now(), sentAt: null, state: "waiting", error: null};
        const entry = await this.#change((stored) => {
            const last = withIds(/** @type {Entry} */ ({...asked, ...added}), stored.ids);
            stored.entries.push(last);
            return last;
        });
        this.#tell({type: "queued", entry});
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
        await this.#change(({entries}) => {
            const entry = entries.find((each) => each.id === id);
            if (!entry) return;
            Object.assign(entry, changes, {state: "waiting", error: null, sentAt: null});
            // with the old key the server expects the old values
            if (changes.values) entry.key = randomId();
        });
        this.#tell({type: "changed"});
        await this.replay();
    }

    /** @param {string} id */
    async discard(id) {
        const gone = await this.#change((stored) => {
            const first = stored.entries.find((each) => each.id === id);
            const isGone = (/** @type {Entry} */ each) =>
                each === first || (first?.kind === "create" && mentions(each, first.record));
            const [removed, kept] = [stored.entries.filter(isGone), stored.entries.filter((each) => !isGone(each))];
            stored.entries = kept;
            return removed;
        });
        this.#tell({type: "changed"});
        void this.replay();
        return gone;
    }

    // --- send --------------------------------------------------------------------------------

    /** Sends what waits; one tab at a time does. */
    replay() {
        // the one that is running may have looked for the last time already
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
        // a storage that fails after the response keeps the time of the request
        if (!maybeExecuted && !(error instanceof StorageError)) await this.#patch(entry.id, {sentAt: null});
        return true;
    }

    /** Returns the first entry of the user that waits for nothing but the network. */
    async #next() {
        if (this.#closed) return undefined;
        const user = await this.#session.lastUser();
        const {entries} = await this.#load();
        /** @type {Entry[]} */
        const stuck = [];
        for (const entry of entries.filter((each) => each.userId === user)) {
            if (entry.state === "waiting" && !stuck.some((each) => isBehind(entry, each))) return entry;
            stuck.push(entry);
        }
        return undefined;
    }

    /** @param {Entry} entry */
    async #send(entry) {
        const {kind, model, values = {}, etag} = entry;
        const isKeyed = kind === "create" || kind === "action";
        const isTooLate = isKeyed && Date.now() - (entry.sentAt ?? Infinity) > KEY_LIFETIME;
        if (isTooLate || (entry.sentAt !== null && isOnce(entry))) throw outcomeUnknown();
        await this.#patch(entry.id, {sentAt: entry.sentAt ?? Date.now()});
        const id = /** @type {number} */ (entry.record);
        const by = {userId: entry.userId, ...(etag && {etag})};
        const options = {...by, fields: []};
        if (kind === "create") return this.#client.create(model, values, {...options, idempotencyKey: entry.key});
        if (kind === "update") return this.#client.update(model, id, values, options);
        if (kind === "delete") return this.#client.delete(model, id, by).catch(unlessGone(entry));
        return this.#client.action(model, id, entry.name ?? "", {...entry.call, ...by, idempotencyKey: entry.key});
    }

    /** @param {Entry} entry @param {any} result */
    async #finish(entry, result) {
        await this.#change((stored) => {
            stored.entries = stored.entries.filter((each) => each.id !== entry.id);
            if (entry.kind === "create") {
                stored.ids = remembered({...stored.ids, [entry.record]: result.record.id});
                stored.entries = stored.entries.map((each) => withIds(each, stored.ids));
            }
            if (entry.kind === "update" && entry.etag) {
                // the next change of the same record is made of what this one has left
                const next = stored.entries.filter((each) => isBehind(each, entry) && each.etag === entry.etag);
                for (const each of next) each.etag = result.etag;
            }
        });
        this.#tell({type: "done", entry, result: result?.record ?? result});
    }

    /** @param {Entry} entry @param {unknown} error */
    async #refuse(entry, error) {
        const {code = "client_error", message, status = 0, fields = {}, uncertain = false} =
            /** @type {Partial<ApiError>} */ (error);
        // the other who has changed the record may be an earlier try of this entry
        const byItself = code === "precondition_failed" && entry.sentAt !== null;
        const told = {code, message: String(message), status, fields, uncertain: uncertain || byItself};
        const refused = await this.#patch(entry.id, {state: "refused", error: told});
        this.#tell({type: "refused", entry: refused ?? entry, error});
    }

    /** @param {ApiError} error */
    #later(error) {
        const wait = Math.max(this.#pause, (error.retryAfter ?? 0) * 1000);
        this.#timer = setTimeout(() => void this.replay(), wait);
        // a script need not stay for this
        /** @type {any} */ (this.#timer).unref?.();
        this.#pause = Math.min(this.#pause * 2, LAST_PAUSE);
        this.#tell({type: "paused", error});
    }

    // --- storage -----------------------------------------------------------------------------

    /** @returns {Promise<Stored>} */
    async #load() {
        const text = await this.#storage.getItem(this.#key);
        try {
            return text ? JSON.parse(text) : {entries: [], ids: {}};
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
        return this.#change(({entries}) => {
            const entry = entries.find((each) => each.id === id);
            return entry && Object.assign(entry, changes);
        });
    }

    /** @param {QueueEvent} event */
    #tell(event) {
        tellAll(this.#listeners, event);
        if (event.type !== "changed") this.channel.post({type: "queue"});
    }
}

/**
 * Returns whether *entry* has to wait for *earlier*: it is about the same record, or about one that *earlier* creates.
 *
 * @param {Entry} entry
 * @param {Entry} earlier
 */
function isBehind(entry, earlier) {
    const same = entry.model === earlier.model && entry.record === earlier.record;
    return same || (earlier.kind === "create" && mentions(entry, earlier.record));
}

/** @param {Entry} entry @param {number | string} record */
function mentions(entry, record) {
    return JSON.stringify([entry.record, entry.values, entry.call]).includes(`"${record}"`);
}

/**
 * Returns an entry with the ids of the records that have been created by now.
 *
 * @param {Entry} entry
 * @param {Record<string, number>} ids
 * @returns {Entry}
 */
function withIds(entry, ids) {
    return JSON.parse(JSON.stringify(entry), (_key, value) =>
        typeof value === "string" && value.startsWith(NEW) ? (ids[value] ?? value) : value,
    );
}

/** @param {Record<string, number>} ids */
function remembered(ids) {
    return Object.fromEntries(Object.entries(ids).slice(-REMEMBERED));
}

/**
 * Returns whether nothing on the server prevents that an entry is executed twice, and twice is not the same as once.
 *
 * @param {Entry} entry
 */
function isOnce(entry) {
    return entry.kind === "update" && !entry.etag && createsRecords(entry.values);
}

/** @param {unknown} [cause] */
function outcomeUnknown(cause) {
    const details = {code: "outcome_unknown", uncertain: true, cause};
    return new ApiError("It is not known whether the server has executed this.", details);
}

/**
 * Returns whether an entry has to wait, in place of being refused.
 *
 * @param {unknown} error
 * @param {Entry} entry
 * @returns {error is ApiError}
 */
function isForLater(error, entry) {
    if (error instanceof LoggedOutError || error instanceof UserChangedError || isPassing(error)) return true;
    // two requests have changed the same data at the same time: nothing of this one is written
    const isRace = error instanceof ApiError && error.code === "conflict";
    return isRace && (entry.kind === "update" || entry.kind === "delete");
}

/**
 * @param {unknown} error
 * @returns {ApiError}
 */
function onlyPassing(error) {
    if (!isPassing(error)) throw error;
    return /** @type {ApiError} */ (error);
}

/**
 * Makes a handler for the error of a delete: a record that an earlier try may have deleted is deleted.
 *
 * @param {Entry} entry
 */
function unlessGone(entry) {
    return (/** @type {unknown} */ error) => {
        const isGone = error instanceof ApiError && error.code === "not_found" && entry.sentAt !== null;
        if (!isGone) throw error;
        return entry.record;
    };
}
