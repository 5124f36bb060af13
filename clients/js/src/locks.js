/**
 * A lock that all tabs of an origin share.
 *
 * Web Locks exist on secure pages (https, localhost) only. Elsewhere a lease in `localStorage` replaces them. It is
 * almost as good: if two tabs ever refresh at the same time in spite of it, the server gives both the same token.
 *
 * @module
 */

import {localStorageOrNull} from "./storage.js";
import {randomId, sleep} from "./waiting.js";

/** How long a lease lasts that its holder does not renew, because its tab was closed. */
const LEASE = 5_000;
/** How often a waiting tab looks whether the lease is free. */
const POLL = 50;

/** @type {Map<string, Promise<unknown>>} the last task of each name in this page or process */
const tails = new Map();

/**
 * Runs a task while no other one of the same name runs, in this tab and in all others of this origin.
 *
 * @template T
 * @param {string} name
 * @param {() => Promise<T>} task
 * @returns {Promise<T>}
 */
export function withLock(name, task) {
    const earlier = tails.get(name) ?? Promise.resolve();
    const mine = earlier.then(() => acrossTabs(name, task));
    const tail = mine.catch(() => {});
    tails.set(name, tail);
    tail.then(() => tails.get(name) === tail && tails.delete(name));
    return mine;
}

/**
 * @template T
 * @param {string} name
 * @param {() => Promise<T>} task
 * @returns {Promise<T>}
 */
function acrossTabs(name, task) {
    const locks = globalThis.navigator?.locks;
    return locks ? withWebLock(locks, name, task) : withStorage(name, task);
}

/**
 * @template T
 * @param {LockManager} locks
 * @param {string} name
 * @param {() => Promise<T>} task
 * @returns {Promise<T>}
 */
async function withWebLock(locks, name, task) {
    let begun = false;
    const begin = () => {
        begun = true;
        return task();
    };
    try {
        return /** @type {T} */ (await locks.request(name, begin));
    } catch (error) {
        if (begun) throw error;
        // the person has blocked whatever a page stores
        return withStorage(name, task);
    }
}

/**
 * @template T
 * @param {string} name
 * @param {() => Promise<T>} task
 * @returns {Promise<T>}
 */
function withStorage(name, task) {
    const storage = localStorageOrNull();
    return storage ? withLease(storage, name, task) : task();
}

/**
 * @template T
 * @param {Storage} storage
 * @param {string} name
 * @param {() => Promise<T>} task
 * @returns {Promise<T>}
 */
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
        // a lease beyond its longest time is one of a clock that was changed
        return left > 0 && left <= LEASE ? owner : null;
    };
    for (;;) {
        if (!holder()) {
            // the storage is full: better no lock than no work
            if (!take()) break;
            // another tab may have seen the same free lease: the one that wrote last has it
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
