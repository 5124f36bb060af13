/**
 * Waiting that can be aborted.
 *
 * @module
 */

/**
 * Waits for a number of milliseconds.
 *
 * @param {number} milliseconds
 * @param {AbortSignal} [signal]
 * @returns {Promise<void>}
 */
export function sleep(milliseconds, signal) {
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
        signal?.addEventListener("abort", stop, {once: true});
    });
}

/**
 * Waits for a promise that others wait for too: the signal ends the waiting, not the work.
 *
 * @template T
 * @param {Promise<T>} promise
 * @param {AbortSignal} [signal]
 * @returns {Promise<T>}
 */
export function abortable(promise, signal) {
    if (!signal) return promise;
    return new Promise((resolve, reject) => {
        if (signal.aborted) return reject(signal.reason);
        const stop = () => reject(signal.reason);
        signal.addEventListener("abort", stop, {once: true});
        promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
    });
}

/**
 * Makes a signal that is aborted by another one or after some time. (`AbortSignal.any` is too new for some browsers.)
 *
 * @param {AbortSignal | undefined} signal
 * @param {number} milliseconds 0: no limit
 */
export function deadline(signal, milliseconds) {
    const controller = new AbortController();
    let expired = false;
    const stop = () => controller.abort(signal?.reason);
    if (signal?.aborted) stop();
    signal?.addEventListener("abort", stop, {once: true});
    const expire = () => {
        expired = true;
        controller.abort();
    };
    const timer = milliseconds > 0 ? setTimeout(expire, milliseconds) : undefined;
    return {
        signal: controller.signal,
        expired: () => expired,
        done() {
            clearTimeout(timer);
            signal?.removeEventListener("abort", stop);
        },
    };
}

/**
 * Tells all listeners. What one of them throws is reported like any uncaught error, and stops nothing.
 *
 * @template E
 * @param {Iterable<(event: E) => void>} listeners
 * @param {E} event
 */
export function tellAll(listeners, event) {
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

/** Makes a random identifier; `crypto.randomUUID` exists on secure pages only. */
export function randomId() {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
