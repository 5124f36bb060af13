/**
 * Messages between the tabs of an origin.
 *
 * A `BroadcastChannel` stays in memory, so it may carry an access token. The event of `localStorage` that replaces it in
 * old browsers carries none: its tabs refresh for themselves.
 *
 * @module
 */

import {localStorageOrNull} from "./storage.js";

/**
 * @typedef {{type: "token", userId: number, session: string | null, token?: string, expiresAt?: number}
 *     | {type: "out", session: string | null}
 *     | {type: "queue"}} Message
 */

/**
 * Opens a channel to the other tabs.
 *
 * @param {string} name
 * @param {(message: Message) => void} receive
 * @returns {{post: (message: Message) => unknown, close: () => void}}
 */
export function openChannel(name, receive) {
    if (!globalThis.window?.addEventListener) return {post() {}, close() {}};
    try {
        if (typeof BroadcastChannel === "function") return broadcast(name, receive);
    } catch {
        // the person has blocked whatever a page stores
    }
    const storage = localStorageOrNull();
    return storage ? storageEvents(storage, name, receive) : {post() {}, close() {}};
}

/** @param {string} name @param {(message: Message) => void} receive */
function broadcast(name, receive) {
    const channel = new BroadcastChannel(name);
    let open = true;
    channel.onmessage = (event) => receive(event.data);
    return {
        post: (/** @type {Message} */ message) => open && channel.postMessage(message),
        close() {
            open = false;
            channel.close();
        },
    };
}

/** @param {Storage} storage @param {string} name @param {(message: Message) => void} receive */
function storageEvents(storage, name, receive) {
    const key = `${name}.message`;
    const heard = (/** @type {StorageEvent} */ event) => {
        if (event.key === key && event.newValue) receive(JSON.parse(event.newValue));
    };
    window.addEventListener("storage", heard);
    return {
        post(/** @type {Message} */ message) {
            const {token, expiresAt, ...open} = /** @type {Record<string, unknown>} */ (message);
            try {
                storage.setItem(key, JSON.stringify(open));
                storage.removeItem(key);
            } catch {
                // it is full: the other tabs learn it from the server
            }
        },
        close: () => window.removeEventListener("storage", heard),
    };
}
