/**
 * Where the client keeps what must survive a reload. Any object with `getItem`, `setItem` and `removeItem` will do,
 * synchronous (`localStorage`) or not (`AsyncStorage`, a wrapper of the Keychain).
 *
 * @module
 */

import {StorageError} from "./errors.js";

/**
 * Makes a storage that forgets everything with the page or the process.
 *
 * @returns {import("./types.js").ClientStorage}
 */
export function memoryStorage() {
    /** @type {Map<string, string>} */
    const items = new Map();
    return {
        getItem: (key) => items.get(key) ?? null,
        setItem: (key, value) => void items.set(key, value),
        removeItem: (key) => void items.delete(key),
    };
}

/**
 * Returns a storage whose failures are `StorageError`.
 *
 * @param {import("./types.js").ClientStorage} storage
 * @returns {import("./types.js").ClientStorage}
 */
export function checkedStorage(storage) {
    const checked = (/** @type {"getItem" | "setItem" | "removeItem"} */ name) => async (/** @type {any[]} */ ...given) => {
        try {
            return await /** @type {any} */ (storage)[name](...given);
        } catch (error) {
            throw new StorageError(error);
        }
    };
    return {getItem: checked("getItem"), setItem: checked("setItem"), removeItem: checked("removeItem")};
}

/**
 * Returns a storage that keeps in memory what the given one cannot store, because it is full or locked. A value that has
 * been replaced so is no longer in the given one either, if it can be removed: an old refresh token must not come back.
 *
 * @param {import("./types.js").ClientStorage} storage
 * @returns {import("./types.js").ClientStorage}
 */
export function sturdyStorage(storage) {
    const checked = checkedStorage(storage);
    /** @type {Map<string, string | null>} what differs from the storage */
    const kept = new Map();

    /** @param {string} key @param {string | null} value @param {Promise<unknown> | void} change */
    async function keep(key, value, change) {
        kept.set(key, value);
        try {
            await change;
            if (kept.get(key) === value) kept.delete(key);
        } catch (error) {
            const cause = /** @type {StorageError} */ (error).cause;
            console.warn(`odoo-jwt-api: the storage cannot keep ${key}, so it is kept until the end of the page or app.`, cause);
            if (value !== null) await Promise.resolve(checked.removeItem(key)).catch(() => {});
        }
    }

    return {
        getItem: (key) => (kept.has(key) ? /** @type {string | null} */ (kept.get(key)) : checked.getItem(key)),
        setItem: (key, value) => keep(key, value, checked.setItem(key, value)),
        removeItem: (key) => keep(key, null, checked.removeItem(key)),
    };
}

/**
 * Returns the page's `localStorage`, or null where there is none or the person has blocked it.
 *
 * @returns {Storage | null}
 */
export function localStorageOrNull() {
    try {
        const storage = globalThis.window?.localStorage;
        storage?.getItem("odoo-jwt-api");
        return storage ?? null;
    } catch {
        return null;
    }
}
