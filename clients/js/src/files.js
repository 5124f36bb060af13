/**
 * Files in responses and in values.
 *
 * @module
 */

/**
 * Reads a response that is a file.
 *
 * @param {Response} response
 * @returns {Promise<import("./types.js").Download>}
 */
export async function readFile(response) {
    return {
        blob: await response.blob(),
        filename: filenameOf(response.headers.get("Content-Disposition")),
        etag: response.headers.get("ETag"),
    };
}

/**
 * @param {string | null} disposition a `Content-Disposition` (RFC 6266)
 * @returns {string | null}
 */
function filenameOf(disposition) {
    const extended = disposition?.match(/filename\*=UTF-8''([^;]+)/i);
    if (extended) return decodeURIComponent(extended[1]);
    const plain = disposition?.match(/filename="?((?:[^";\\]|\\.)*)"?/i);
    return plain ? plain[1].replace(/\\(.)/g, "$1") : null;
}

/**
 * Turns a file into base64, for the value of a binary field.
 *
 * @param {Blob} blob
 * @returns {Promise<string>}
 */
export async function toBase64(blob) {
    const bytes = new Uint8Array(await blob.arrayBuffer());
    const pieces = [];
    // so many bytes that none is left over, and not too many for one call
    const size = 3 * 4096;
    for (let start = 0; start < bytes.length; start += size) {
        pieces.push(btoa(String.fromCharCode(...bytes.subarray(start, start + size))));
    }
    return pieces.join("");
}
