/**
 * Odoo's commands in values.
 *
 * @module
 */

/**
 * Returns whether values have a command that creates a record (`[0, 0, {…}]`), so that writing them twice creates two.
 *
 * @param {unknown} value
 * @returns {boolean}
 */
export function createsRecords(value) {
    if (typeof value !== "object" || value === null) return false;
    if (!Array.isArray(value)) return Object.values(value).some(createsRecords);
    const isCommand = value.length === 3 && value[0] === 0 && typeof value[2] === "object" && value[2] !== null;
    return isCommand || value.some(createsRecords);
}
