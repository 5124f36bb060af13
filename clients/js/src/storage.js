/**
 * Where the client keeps what must survive a reload. Any object with `getItem`, `setItem` and `removeItem` will do,
 * synchronous (`localStorage`) or not (`AsyncStorage`, a wrapper of the Keychain).
 *
 * @module
 */

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
