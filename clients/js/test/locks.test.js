/** The lock where a page is not secure: a lease in localStorage. Web Locks are tested in a browser. */

import assert from "node:assert/strict";
import {afterEach, beforeEach, test} from "node:test";

import {memoryStorage} from "../src/index.js";

/** A module of its own for each tab: what tabs share is the storage alone. */
let number = 0;
const openTab = async () => (await import(`../src/locks.js?tab=${number++}`)).withLock;
const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

let storage;
beforeEach(() => {
    storage = memoryStorage();
    globalThis.window = {localStorage: storage};
});
afterEach(() => delete globalThis.window);

test("ten tabs work one after the other", async () => {
    const tabs = await Promise.all(Array.from({length: 10}, openTab));
    let inside = 0;
    let most = 0;
    const work = async () => {
        most = Math.max(most, ++inside);
        await pause(10);
        inside--;
    };
    await Promise.all(tabs.map((withLock) => withLock("x", work)));
    assert.equal(most, 1);
    assert.equal(storage.getItem("x.lock"), null);
});

test("a failure frees the lock and is told", async () => {
    const withLock = await openTab();
    await assert.rejects(withLock("x", () => Promise.reject(new Error("broken"))), /broken/);
    assert.equal(await withLock("x", async () => 5), 5);
});

test("different names do not wait for each other", async () => {
    const withLock = await openTab();
    await withLock("x", () => withLock("y", async () => {}));
});

test("a lease that its tab has left is over after its time", async () => {
    storage.setItem("x.lock", `gone ${Date.now() + 200}`);
    const started = Date.now();
    await (await openTab())("x", async () => {});
    assert.ok(Date.now() - started >= 190);
});

test("a lease of a clock that was changed is no lease", async () => {
    storage.setItem("x.lock", `gone ${Date.now() + 3_600_000}`);
    await (await openTab())("x", async () => {});
});

test("a long task keeps its lease", {timeout: 20_000}, async () => {
    const [first, second] = [await openTab(), await openTab()];
    let over = false;
    const long = first("x", async () => {
        await pause(6_000);
        over = true;
    });
    await pause(100);
    await second("x", async () => assert.ok(over));
    await long;
});
